"""One API of the plan and its description → its part of the compiled document. Demands stand in `security`."""

from __future__ import annotations

from collections.abc import Hashable
from typing import Any

from yett.openapi import Description, Operation
from yett.openapi.problem import Place, Problems
from yett.policy.api import Api
from yett.policy.key_set import read_key_set
from yett.policy.operations import Names
from yett.policy.read import PlanFile
from yett.policy.security import Security, asked


class ApiCompiler:
    """Compiles one API.

    `closed`, `public`, `uncounted` (by no limit by subject) and `asked` (what each operation asks of its caller, none
    where it is closed) are known once it is compiled.
    """

    def __init__(self, file: PlanFile, name: str, description: Description, problems: Problems) -> None:
        """Check what the plan says of the API; what is wrong becomes `problems`."""
        self._file, self._problems = file, problems
        self.name, self.description = name, description
        self.api: Api = file.plan.apis[name]
        self._names = Names(description, problems)
        self._security = Security(file, name, description, self._names, problems)
        self.base = description.base if self.api.match.base is None else self.api.match.base
        self.mode = self.api.mode or file.plan.mode
        self.unlisted = {"refuse": "enforce", "report": "report", None: self.mode}[self.api.unlisted]
        for wanted in self.api.prove:
            self._names.find(wanted, self.place("prove", wanted, key=True))
        self.closed: list[tuple[str, Operation]] = []
        self.public: list[Operation] = []
        self.uncounted: list[Operation] = []
        self.asked: list[Hashable] = []
        self._counted: set[int] | None = set()

    def place(self, *below: str | int, key: bool = False) -> Place:
        """Where a part of the API stands in the plan."""
        return self._file.place("apis", self.name, *below, key=key)

    def compile(self, at: str, places: dict[str, Place]) -> dict[str, Any]:
        """The API's document; `places` learns where its parts at the JSON pointer `at` come from."""
        places[at] = self.place(key=True)
        for name in self.description.schemas:
            places[f"{at}/schemas/{name}"] = self.description.schema_place(name)
        api = self.api
        return {
            "name": self.name,
            "hosts": api.match.host,
            "base": self.base,
            "mode": self.mode,
            "unlisted": self.unlisted,
            "unlisted_security": self._security.default(),
            "upstream": api.upstream.plan(),
            "credentials": self._credentials(at, places),
            "cors": api.cors.plan(),
            "limits": self._limits(at, places),
            "contract": self._contract(),
            "headers": [list(header) for header in api.answer_headers()],
            "schemas": self.description.schemas,
            "operations": [
                self._operation(number, operation, f"{at}/operations/{number}", places)
                for number, operation in enumerate(self.description.operations)
            ],
        }

    def _credentials(self, at: str, places: dict[str, Place]) -> dict[str, Any]:
        compiled: dict[str, Any] = {}
        for name, credential in self._security.verifiable.items():
            pointer = f"{at}/credentials/{name}"
            places[pointer] = self.place("credentials", name, key=True)
            if credential.jwt is not None:
                places[f"{pointer}/jwt/keys"] = self.place("credentials", name, "jwt", "jwks")
                compiled[name] = credential.jwt.plan(self._keys(name))
            elif credential.api_key is not None:
                compiled[name] = credential.api_key.plan(self._security.header_of(name))
        return compiled

    def key_headers(self) -> dict[str, str]:
        """The headers that carry API keys, in lower case, by credential."""
        return {
            name: each.api_key.plan(self._security.header_of(name))["api_key"]["header"]
            for name, each in self._security.verifiable.items()
            if each.api_key is not None
        }

    def _keys(self, name: str) -> object:
        jwt = self.api.credentials[name].jwt
        if jwt is None or jwt.jwks.file is None:
            return jwt.jwks.fetched() if jwt else None
        place = self.place("credentials", name, "jwt", "jwks", "file")
        path = self._file.folder / jwt.jwks.file
        shown = str(path) if self._file.folder.name else jwt.jwks.file
        return {"inline": read_key_set(path, shown, place, self._problems)}

    def _limits(self, at: str, places: dict[str, Place]) -> list[dict[str, Any]]:
        compiled: list[dict[str, Any]] = []
        ids: set[str] = set()
        for number, limit in enumerate(self.api.limit):
            place = self.place("limit", number)
            places[f"{at}/limits/{number}"] = place
            name = limit.name or f"{self.name}.{limit.by}"
            if name in ids and limit.name is None:
                name = f"{name}.{number + 1}"
            if name in ids:
                self._problems.error(place, f"a second limit of the name {name!r}", "each name once")
            ids.add(name)
            count, period = limit.allow
            operations = None if limit.operations is None else self._counts(number, limit.operations)
            if limit.by == "subject" and self._counted is not None:
                self._counted = None if operations is None else self._counted | set(operations)
            compiled.append(
                {
                    "id": name,
                    "by": limit.by,
                    "count": count,
                    "period": period,
                    "burst": limit.burst or count,
                    "operations": operations,
                    "mode": limit.mode or self.mode,
                }
            )
        return compiled

    def _counts(self, number: int, names: list[str]) -> list[int]:
        """The operations that a limit counts."""
        found = [
            self._names.find(wanted, self.place("limit", number, "operations", position))
            for position, wanted in enumerate(names)
        ]
        return sorted({each for each in found if each is not None})

    def _contract(self) -> dict[str, Any]:
        api = self.api
        return {
            "requests": api.contract.requests or self.mode,
            "replies": api.contract.replies or self.mode,
            "undeclared_fields": api.contract.undeclared_fields,
            "undeclared_errors": api.contract.undeclared_errors,
            "body_bytes": api.validate_.body,
            "reply_bytes": api.receive.body,
            "json_depth": api.validate_.depth,
        }

    def _operation(self, number: int, operation: Operation, at: str, places: dict[str, Place]) -> dict[str, Any]:
        places[at] = operation.place
        demands, closed = self._security.demands(number, operation)
        closed = operation.closed or closed
        if closed is not None:
            self.closed.append((closed, operation))
        elif [] in demands:
            self.public.append(operation)
        roles = self._security.roles(number)
        self.asked.append(None if closed is not None else asked(demands, roles))
        if closed is None and any(demands) and self._counted is not None and number not in self._counted:
            self.uncounted.append(operation)
        return {
            **operation.plan(),
            "closed": closed,
            "security": demands,
            "roles": roles,
        }
