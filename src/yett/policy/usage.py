"""How a caller uses a plan: header and URL of an operation that takes an API key. For people; decides nothing."""

from __future__ import annotations

import json
from collections.abc import Iterator
from ipaddress import ip_address
from typing import Any

from yett.controls.api_key import DEFAULT_HEADER
from yett.policy.compile import Compiled


def takes_keys(compiled: Compiled) -> bool:
    """Whether some API of the plan verifies API keys."""
    document = json.loads(compiled.plan)
    return any("api_key" in credential for api in document["apis"] for credential in api["credentials"].values())


def key_usage(compiled: Compiled) -> tuple[str, str, bool] | None:
    """The header of an API key, a URL that takes it, and whether that is complete; none where nothing takes a key."""
    found = sorted(_usages(compiled, json.loads(compiled.plan)), key=lambda usage: usage[0])
    return found[0][1] if found else None


def reading_path(compiled: Compiled) -> str:
    """The path of an operation that reads, one for strangers before others; `/` where none does."""
    found = [
        (bool(api["credentials"]) and [] not in operation["security"], number, api["base"] + operation["path"])
        for api in json.loads(compiled.plan)["apis"]
        for number, operation in enumerate(api["operations"])
        if operation["method"] == "GET" and not operation["closed"] and "{" not in operation["path"]
    ]
    return min(found)[2] if found else "/"


def _usages(compiled: Compiled, document: dict[str, Any]) -> Iterator[tuple[int, tuple[str, str, bool]]]:
    """Every operation that one API key alone opens, with how far it is from a plain GET."""
    for api in document["apis"]:
        headers = {
            name: _spelled(compiled, api["name"], name)
            for name, each in api["credentials"].items()
            if "api_key" in each
        }
        for number, operation in enumerate(api["operations"]):
            alone = [all_of[0] for all_of in operation["security"] if len(all_of) == 1]
            header = next((headers[each["credential"]] for each in alone if each["credential"] in headers), None)
            if header is None or operation["closed"] or operation["method"] != "GET":
                continue
            needed = sum(parameter["required"] for parameter in operation["parameters"])
            far = (needed + bool(operation["roles"])) * 100_000 + number
            yield far, (header, _url(compiled, document, api) + operation["path"], needed == 0)


def _spelled(compiled: Compiled, api: str, scheme: str) -> str:
    """The header of a key as the plan or the description spells it."""
    key = compiled.source.plan.apis[api].credentials[scheme].api_key
    described = compiled.descriptions[api].schemes.get(scheme)
    return (key and key.header) or (described and described.parameter) or DEFAULT_HEADER


def _url(compiled: Compiled, document: dict[str, Any], api: dict[str, Any]) -> str:
    """By a listener without TLS where there is one."""
    listeners: list[tuple[dict[str, Any], Any]] = list(zip(document["gateway"]["listen"], compiled.tls, strict=True))
    listen, material = min(listeners, key=lambda each: bool(each[0]["tls"]))
    host, _, port = listen["address"].rpartition(":")
    if ip_address(host.strip("[]")).is_unspecified:
        host = "[::1]" if host.startswith("[") else "127.0.0.1"
    names = [name for shown in material.shown for name in shown.names] if material else []
    if names and host.strip("[]") not in names:
        host = next((name for name in names if name == "localhost"), host)
    named = api["hosts"][0]
    return f"{'https' if listen['tls'] else 'http'}://{host if named.startswith('*') else named}:{port}{api['base']}"
