"""How a caller uses a plan: header and URL of an operation that takes an API key. For people; decides nothing."""

from __future__ import annotations

import json
from collections.abc import Iterator
from ipaddress import ip_address
from typing import Any

from yett.policy.compile import Compiled


def key_usage(compiled: Compiled) -> tuple[str, str, bool] | None:
    """The header of an API key, a URL that takes it, and whether that is complete; none where nothing takes a key."""
    document = json.loads(compiled.plan)
    found = sorted(_usages(document), key=lambda usage: usage[0])
    return found[0][1] if found else None


def _usages(document: dict[str, Any]) -> Iterator[tuple[int, tuple[str, str, bool]]]:
    """Every operation that one API key alone opens, with how far it is from a plain GET."""
    for api in document["apis"]:
        headers = {name: each["api_key"]["header"] for name, each in api["credentials"].items() if "api_key" in each}
        for number, operation in enumerate(api["operations"]):
            alone = [all_of[0] for all_of in operation["security"] if len(all_of) == 1]
            header = next((headers[each["credential"]] for each in alone if each["credential"] in headers), None)
            if header is None or operation["closed"] or operation["method"] != "GET":
                continue
            needed = sum(parameter["required"] for parameter in operation["parameters"])
            far = (needed + bool(operation["roles"])) * 100_000 + number
            yield far, (header, _url(document, api) + operation["path"], needed == 0)


def _url(document: dict[str, Any], api: dict[str, Any]) -> str:
    listen = document["gateway"]["listen"][0]
    host, _, port = listen["address"].rpartition(":")
    if ip_address(host.strip("[]")).is_unspecified:
        host = "[::1]" if host.startswith("[") else "127.0.0.1"
    named = api["hosts"][0]
    return f"{'https' if listen['tls'] else 'http'}://{host if named.startswith('*') else named}:{port}{api['base']}"
