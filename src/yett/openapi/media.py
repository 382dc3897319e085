"""Media types as a description writes them, and which of them Yett reads: `application/json` and `+json`."""

from __future__ import annotations

from yett.openapi.library import Site

JSON = "application/json"


def plain(name: str) -> str:
    """A media type or range in lower case, without parameters."""
    return name.split(";", 1)[0].strip().lower()


def is_json(name: str) -> bool:
    """Whether a plain media type is JSON by RFC 8259 or RFC 6839."""
    return name == JSON or (name.endswith("+json") and "*" not in name)


def covers_json(name: str) -> bool:
    """Whether a range such as `*/*` holds JSON."""
    return name in ("*/*", "application/*")


def media_types(owner: Site) -> dict[str, Site]:
    """The entries of `content` by their plain names; the first of two that differ in parameters alone."""
    content = owner.member("content")
    found: dict[str, Site] = {}
    for name, site in content.members() if content else []:
        found.setdefault(plain(name), site)
    return found


def readable(types: dict[str, Site]) -> dict[str, Site]:
    """Those that Yett reads; a range that holds JSON stands for `application/json`."""
    found = {name: site for name, site in types.items() if is_json(name)}
    ranges = [site for name, site in types.items() if covers_json(name)]
    if ranges:
        found.setdefault(JSON, ranges[0])
    return found
