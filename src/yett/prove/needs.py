"""What a case may ask of an operation, one function a need. A need is answered from the plan alone; nothing is sent."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from yett.prove.site import Site

Need = Callable[[Site], bool]


def _by(whom: str) -> Need:
    """A limit that holds and counts the operation."""

    def need(site: Site) -> bool:
        return any(limits_of(site, whom))

    return need


def limits_of(site: Site, whom: str) -> list[dict[str, Any]]:
    """The limits by address or by subject that hold and count an operation."""
    return [
        limit
        for limit in site.api["limits"]
        if limit["by"] == whom
        and limit["mode"] == "enforce"
        and (limit["operations"] is None or site.index in limit["operations"])
    ]


def _has_json_body(site: Site) -> bool:
    body = site.plan["body"]
    return body is not None and next(iter(body["content"].values())) is not None


def _has_json_reply(site: Site) -> bool:
    answer = site.answer
    return answer is not None and answer.media_type is not None and answer.status // 100 == 2


def _proxies(header: str) -> Need:
    return lambda site: bool(site.gateway["trusted_proxies"]) and site.gateway["proxy_header"] == header


def _needs_its_scopes(site: Site) -> bool:
    """Whether a scope is asked for, and what is shown for it is not whole for an alternative that asks for none."""
    shown = {_carrier(site, demand) for demand in site.demands}
    alternatives: list[list[dict[str, Any]]] = site.plan["security"]
    scopeless = (all_of for all_of in alternatives if not any(demand["scopes"] for demand in all_of))
    return bool(site.scopes()) and not any({_carrier(site, each) for each in all_of} <= shown for all_of in scopeless)


def _carrier(site: Site, demand: dict[str, Any]) -> tuple[str, str]:
    """How a credential is verified, and the header that carries it."""
    kind, settings = next(iter(site.api["credentials"][demand["credential"]].items()))
    return kind, settings.get("header", "authorization")


def _is_default(site: Site) -> bool:
    """Shown what an unlisted request must show, and the operation asks for no more."""
    default = [[demand["credential"] for demand in demands] for demands in site.api["unlisted_security"]]
    return [demand["credential"] for demand in site.demands] in default


def _hides_undeclared_status(site: Site) -> bool:
    return "default" not in site.plan["replies"] and "2XX" not in site.plan["replies"]


NEEDS: dict[str, Need] = {
    "api_key": lambda site: site.kinds() == {"api_key"},
    "base": lambda site: bool(site.api["base"]),
    "body.json": _has_json_body,
    "body.none": lambda site: site.plan["body"] is None,
    "body.required": lambda site: site.plan["body"] is not None and site.plan["body"]["required"],
    "closed": lambda site: site.plan["closed"] is not None and not set("?#") & set(site.plan["path"]),
    "cors": lambda site: site.api["cors"] is not None and site.plan["method"] != "OPTIONS",
    "cors.named": lambda site: site.api["cors"] is not None and "*" not in site.api["cors"]["origins"],
    "credential": lambda site: bool(site.demands) and [] not in site.plan["security"],
    "get": lambda site: site.plan["method"] == "GET",
    "host.named": lambda site: all("*" not in api["hosts"] for api in site.apis),
    "jwt": lambda site: site.kinds() == {"jwt"},
    "limit.address": _by("address"),
    "limit.subject": _by("subject"),
    "open": lambda site: site.plan["closed"] is None,
    "proxy.forwarded": _proxies("forwarded"),
    "proxy.x_forwarded_for": _proxies("x-forwarded-for"),
    "reply.json": _has_json_reply,
    "reply.status": _hides_undeclared_status,
    "role": lambda site: bool(site.plan["roles"]),
    "roles.none": lambda site: not site.plan["roles"],
    "scope": _needs_its_scopes,
    "scopes.none": lambda site: not site.scopes(),
    "security.default": _is_default,
}
