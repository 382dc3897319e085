"""The files of one description, and how a `$ref` leads from one place to another; nothing is interpreted here.

A reference may lead to files at or below the description's own folder, and nowhere else: a URL, or a path that leaves
the folder (symbolic links resolved), is an error.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import NamedTuple
from urllib.parse import unquote, urlsplit

from yett.openapi.json_types import Json, is_array, is_object
from yett.openapi.load import Document, Where
from yett.openapi.problem import Place, Problems, shown
from yett.openapi.yaml_tree import Pointer

_ANCHOR = re.compile(r"[A-Za-z_][-A-Za-z0-9._]*\Z")
MOST_FILES = 1000


class Site(NamedTuple):
    """A value and where it stands."""

    document: Document
    pointer: Pointer
    value: Json

    @property
    def key(self) -> tuple[str, Pointer]:
        """What tells this site from every other."""
        return self.document.file, self.pointer

    def below(self, *parts: str) -> Site:
        """The site of a member or item; it must exist."""
        value = self.value
        for part in parts:
            value = value[int(part)] if is_array(value) else value[part]
        return Site(self.document, (*self.pointer, *parts), value)

    def members(self) -> list[tuple[str, Site]]:
        """The members of an object, or nothing."""
        if not is_object(self.value):
            return []
        return [(name, Site(self.document, (*self.pointer, name), value)) for name, value in self.value.items()]

    def items(self) -> list[Site]:
        """The items of an array, or nothing."""
        if not is_array(self.value):
            return []
        return [Site(self.document, (*self.pointer, str(i)), value) for i, value in enumerate(self.value)]

    def member(self, name: str) -> Site | None:
        """The site of a member, if this is an object that has it."""
        return self.below(name) if is_object(self.value) and name in self.value else None

    def place(self, *, key: bool = False) -> Place:
        """File, line and column."""
        return self.document.place(self.pointer, key=key)

    def where(self, *, key: bool = False) -> Where:
        """The same, found when it is asked for."""
        return Where(self.document, self.pointer, key)


class Library:
    """Opens each file once and follows references."""

    def __init__(self, path: Path, problems: Problems, shown_as: str | None = None) -> None:
        """Open the main document; a file that cannot be read becomes a problem, and `root` is then null."""
        self.problems = problems
        self._folder = path.parent.resolve()
        self._shown_folder = Path(shown_as).parent if shown_as else path.parent
        self._documents: dict[Path, Document | None] = {}
        self._names: dict[Path, Path] = {}  # by a document's path: its name, which may be a link
        self._anchors: dict[str, dict[str, Pointer]] = {}
        self._folders: dict[str, Path] = {}
        self._beside: dict[str, Path] = {}
        self._followed: dict[tuple[str, str], Site] = {}
        self._told: set[tuple[str, Pointer]] = set()
        main = self._open(path.absolute(), path.resolve(), None)
        self.root = Site(main or Document(str(path), b"null", Problems()), (), main.root if main else None)

    @property
    def files(self) -> tuple[Path, ...]:
        """Every file that was opened, by its name where that leads to it: mounts swap links."""
        opened = (path for path, document in self._documents.items() if document is not None)
        return tuple(self._names[path] for path in opened)

    @property
    def tried(self) -> tuple[Path, ...]:
        """The same, with those that cannot be read."""
        return tuple(self._names.values())

    def follow(self, site: Site, reference: str) -> Site | None:
        """Where `reference`, written at `site`, leads; none (and a problem) if nowhere."""
        key = (site.document.file, reference)
        if key not in self._followed:
            found = self._follow(site, reference)
            if found is None:
                return None
            self._followed[key] = found
        return self._followed[key]

    def _follow(self, site: Site, reference: str) -> Site | None:
        try:
            parts = urlsplit(reference)
        except ValueError:
            return self._lost(site, shown(reference), "a reference to a local file or into this one")
        if parts.scheme or parts.netloc:
            return self._lost(site, f"the URL {shown(reference)}", "a reference to a local file or into this one")
        document = self._target(site, parts.path) if parts.path else site.document
        if document is None:
            return None
        fragment = unquote(parts.fragment)
        if fragment and not fragment.startswith("/"):
            return self._anchor(site, document, fragment)
        return self._point(site, document, fragment)

    def settle(self, site: Site) -> Site | None:
        """Follow `$ref` after `$ref` until there is none; none (and a problem) if it leads nowhere or round."""
        seen: set[tuple[str, Pointer]] = set()
        while is_object(site.value) and isinstance(site.value.get("$ref"), str):
            if site.key in seen:
                return self._lost(site, "references that lead back to themselves", "a chain of references that ends")
            seen.add(site.key)
            target = self.follow(site, site.value["$ref"])
            if target is None:
                return None
            site = target
        return site

    def _lost(self, site: Site, found: str, expected: str) -> None:
        if site.key not in self._told:
            self._told.add(site.key)
            at = (*site.pointer, "$ref") if is_object(site.value) and "$ref" in site.value else site.pointer
            self.problems.error(site.document.place(at), found, expected)

    def _target(self, site: Site, reference: str) -> Document | None:
        folder = self._folders[site.document.file]
        path = (folder / unquote(reference)).resolve()
        if path in self._documents:
            document = self._documents[path]
            if document is None:
                self._lost(site, f"the file {reference}, which cannot be read", "a file that can be read")
            return document
        if not path.is_relative_to(self._folder):
            return self._lost(
                site, f"the file {reference}", f"a file in or below the description's folder {self._shown_folder}"
            )
        if len(self._documents) >= MOST_FILES:
            return self._lost(site, f"more than {MOST_FILES} files", "a smaller description")
        return self._open(self._beside[site.document.file] / unquote(reference), path, site)

    def _open(self, named: Path, path: Path, site: Site | None) -> Document | None:
        self._names[path] = named if named.resolve() == path else path
        shown_as = (
            str(self._shown_folder / path.relative_to(self._folder)) if path.is_relative_to(self._folder) else str(path)
        )
        try:
            text = path.read_bytes()
        except OSError as error:
            self._documents[path] = None
            found = f"no file that can be read at {shown_as} ({error.strerror})"
            if site is None:
                self.problems.error(Place(shown_as, 1, 1), found, "an OpenAPI description")
            else:
                self._lost(site, found, "a file that can be read")
            return None
        document = Document(shown_as, text, self.problems)
        self._documents[path] = document
        self._folders[document.file] = path.parent
        self._beside[document.file] = self._names[path].parent
        return document

    def _point(self, site: Site, document: Document, fragment: str) -> Site | None:
        target = Site(document, (), document.root)
        for part in fragment.split("/")[1:]:
            name = part.replace("~1", "/").replace("~0", "~")
            try:
                target = target.below(name)
            except (KeyError, IndexError, ValueError, TypeError):
                return self._lost(site, f"#{fragment}, which is not in {document.file}", "a pointer to something there")
        return target

    def _anchor(self, site: Site, document: Document, name: str) -> Site | None:
        if document.file not in self._anchors:
            self._anchors[document.file] = dict(_anchors(Site(document, (), document.root)))
        pointer = self._anchors[document.file].get(name) if _ANCHOR.match(name) else None
        if pointer is None:
            return self._lost(site, f"#{name}", f"a JSON pointer or an $anchor in {document.file}")
        return Site(document, (), document.root).below(*pointer)


def _anchors(site: Site) -> list[tuple[str, Pointer]]:
    found: list[tuple[str, Pointer]] = []
    todo = [site]
    while todo:
        here = todo.pop()
        name = here.value.get("$anchor") if is_object(here.value) else None
        if isinstance(name, str):
            found.append((name, here.pointer))
        todo.extend(below for _, below in here.members())
        todo.extend(here.items())
    return found
