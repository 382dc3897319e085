"""`servers` → the base path below which the paths stand (OpenAPI 3.1.1 §4.8.5); hosts are the plan's business."""

from __future__ import annotations

import re
from posixpath import normpath
from urllib.parse import urlsplit

from yett.openapi.json_types import Json
from yett.openapi.library import Site
from yett.openapi.problem import Problems, shown
from yett.openapi.template import TemplateError, decoded, unreachable

_VARIABLE = re.compile(r"\{([^{}]*)\}")


def base_path(owner: Site, problems: Problems) -> str:
    """The path of `servers[0]` with the defaults of its variables, decoded, without a slash at its end."""
    servers = owner.member("servers")
    listed = servers.items() if servers else []
    if not listed:
        return ""
    url = address(listed[0], problems)
    try:
        path = urlsplit(url).path
    except ValueError:
        problems.error(listed[0].place(), f"the server {shown(url)}", "a URL")
        return ""
    path = normpath("/" + path.lstrip("/"))
    try:
        sound = unreachable(path) is None
    except TemplateError:
        sound = False
    if not sound:
        problems.error(listed[0].place(), f"the server {shown(url)}", "a path that requests can have, in UTF-8")
        return ""
    return "" if path == "/" else decoded(path)


def address(server: Site, problems: Problems) -> str:
    """A server's URL with the default of each variable put in."""
    variables: dict[str, Json] = server.value.get("variables", {})

    def default(match: re.Match[str]) -> str:
        if match[1] in variables:
            return str(variables[match[1]]["default"])
        problems.error(server.below("url").place(), f"the variable {shown(match[0])}", "one that `variables` defines")
        return "-"

    return _VARIABLE.sub(default, server.value["url"])
