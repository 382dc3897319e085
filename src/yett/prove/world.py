"""The proof's own world: the plan with the proof's keys in place of its own, a store, a time that stands still.

Nothing real is touched: no key set is fetched, no API key of the store is read, no counter outside moves.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from typing import Any

from yett._engine import Prover
from yett.openapi import Operation, Reply
from yett.openapi.example import Examples
from yett.openapi.json_types import Json
from yett.openapi.problem import Problems
from yett.policy.compile import Compiled
from yett.policy.given import Given
from yett.policy.operations import Names
from yett.prove.credential import KeyRecord, KeyStore
from yett.prove.issuer import Issuer
from yett.prove.site import Site

NOW = 1_900_000_000
PROXY = "127.0.0.9"
MOST_SITES = 60


class World:
    """What cases are played in: the sites of a plan, and who may be let in there."""

    def __init__(self, compiled: Compiled, seed: int = 0) -> None:
        """Rewrite the plan for the proof and load it."""
        self.compiled = compiled
        self.document: dict[str, Any] = json.loads(compiled.plan)
        self.issuer = Issuer.create()
        self.store = KeyStore()
        self.given = self._give_keys()
        self._trust_proxy()
        self.prover = Prover(self.plan(), [(api, scheme, keys) for (api, scheme), keys in self.given.items()])
        self.store.learn.append(self._know)
        self.sites = list(self._find_sites(seed))

    def plan(self) -> bytes:
        """The compiled plan of the proof."""
        return json.dumps(self.document, ensure_ascii=False, separators=(",", ":")).encode()

    def _give_keys(self) -> dict[tuple[str, str], str]:
        """Replace every source of keys with the name under which the proof's are given."""
        published = json.dumps(self.issuer.key_set())
        given: dict[tuple[str, str], str] = {}
        for api in self.document["apis"]:
            for scheme, credential in api["credentials"].items():
                if "jwt" in credential:
                    credential["jwt"]["keys"] = {"given": f"{api['name']}.{scheme}"}
                    given[api["name"], scheme] = published
        return given

    def given_by_name(self) -> dict[str, Any]:
        """The key sets by the names under which the plan of the proof asks for them."""
        return {f"{api}.{scheme}": json.loads(keys) for (api, scheme), keys in self.given.items()}

    def _trust_proxy(self) -> None:
        """Where the plan trusts a proxy, it trusts the proof's too, which can be reached from here."""
        if self.document["gateway"]["trusted_proxies"]:
            self.document["gateway"]["trusted_proxies"].append(f"{PROXY}/32")

    def _know(self, record: KeyRecord) -> None:
        self.prover.know(record.presented, json.dumps(record.as_json()))

    def _conforms(self, api: int, reference: str, value: Json) -> bool:
        return self.prover.conforms(api, reference, json.dumps(value).encode())

    def _given_values(self, api: str) -> dict[str, Given]:
        """What the plan says under `prove`, by the operations' ids."""
        description, plan = self.compiled.descriptions[api], self.compiled.source.plan.apis[api]
        names, nowhere = Names(description, Problems()), self.compiled.source.place()
        found = ((names.find(name, nowhere), given) for name, given in plan.prove.items())
        return {description.operations[number].id: given for number, given in found if number is not None}

    def _find_sites(self, seed: int) -> Iterator[Site]:
        for api_index, api in enumerate(self.document["apis"]):
            description = self.compiled.descriptions[api["name"]]
            fits = partial(self._conforms, api_index)
            examples = Examples(description, fits, seed)
            given = self._given_values(api["name"])
            for index, operation in enumerate(description.operations):
                described = with_given(operation, given.get(operation.id, Given()))
                plan = api["operations"][index]
                for demands in plan["security"]:
                    yield Site(
                        api_index,
                        api,
                        index,
                        plan,
                        described,
                        tuple(demands),
                        examples,
                        fits,
                        self.document["gateway"],
                        self.document["apis"],
                    )


def with_given(operation: Operation, given: Given) -> Operation:
    """An operation whose first examples are what the plan gives."""
    values = {"path": given.path, "query": given.query, "header": given.header, "cookie": given.cookie}
    parameters = tuple(
        replace(each, examples=(values[each.location][each.name], *each.examples))
        if each.name in values[each.location]
        else each
        for each in operation.parameters
    )
    body = operation.body
    if body is not None and given.body is not None:
        body = replace(body, examples={media: (given.body, *body.examples.get(media, ())) for media in body.content})
    replies = {
        status: _with_reply(each, given) if status.startswith("2") and given.reply is not None else each
        for status, each in operation.replies.items()
    }
    return replace(operation, parameters=parameters, body=body, replies=replies)


def _with_reply(reply: Reply, given: Given) -> Reply:
    return replace(reply, examples={media: (given.reply, *reply.examples.get(media, ())) for media in reply.content})
