"""From a file to a `Description`: the order of the stages, and nothing else. Every stage tells all of its problems at
once.
"""

from __future__ import annotations

from pathlib import Path

from yett.openapi.annotations import without_examples
from yett.openapi.bundle import Bundle
from yett.openapi.description import Description, Scheme
from yett.openapi.library import Library
from yett.openapi.operations import Operations
from yett.openapi.problem import DescriptionError, Problems
from yett.openapi.rules import check_rules
from yett.openapi.schemas import Schemas
from yett.openapi.servers import base_path
from yett.openapi.validate import is_31, validate

_TELLING = "a discriminator or required members that tell them apart; what matches two branches is refused"


def read(path: Path) -> Description:
    """Read the OpenAPI 3.0 or 3.1 description at `path`, JSON or YAML, with the local files that it refers to.

    Raises `DescriptionError` with everything that makes it invalid.
    """
    problems = Problems()
    library = Library(path, problems)
    try:
        return _read(library, problems)
    except DescriptionError as error:
        error.files = library.tried
        raise


def _read(library: Library, problems: Problems) -> Description:
    problems.hold()
    validate(library, problems)
    problems.hold()
    check_rules(library, problems)
    problems.hold()
    try:
        return _described(library, problems)
    except RecursionError:
        problems.error(library.root.place(), "schemas that lead on and on", "a description that nests less")
        raise DescriptionError(problems.errors) from None


def _described(library: Library, problems: Problems) -> Description:
    schemas = Schemas(library, new=is_31(library.root.value))
    bundle = Bundle(schemas)
    operations = tuple(Operations(library, schemas, bundle, problems).read())
    problems.hold()
    for site in bundle.indistinct:
        problems.warn(site.place(key=True), "a oneOf whose branches match the same objects", _TELLING)
    return Description(
        title=library.root.value["info"]["title"],
        base=base_path(library.root, problems),
        files=library.files,
        document=library.root.document,
        operations=operations,
        schemas={name: without_examples(schema) for name, schema in bundle.defs.items()},
        annotated=bundle.defs,
        schemes=_schemes(library),
        sources={name: site.where() for name, site in bundle.sources.items()},
        unclosed=tuple(site.where() for site in bundle.open_places),
        warnings=tuple(sorted(set(problems.warnings))),
    )


def _schemes(library: Library) -> dict[str, Scheme]:
    components = library.root.member("components")
    group = components.member("securitySchemes") if components else None
    found: dict[str, Scheme] = {}
    for name, written in group.members() if group else []:
        site = library.settle(written)
        if site:
            value = site.value
            flows = value.get("flows", {})
            scopes = {
                scope for kind, flow in flows.items() if not kind.startswith("x-") for scope in flow.get("scopes", {})
            }
            found[name] = Scheme(
                name,
                value["type"],
                site.where(),
                value.get("in", ""),
                value.get("name", ""),
                value.get("scheme", "").lower(),
                tuple(sorted(scopes)),
            )
    return found
