"""What a user may write in the plan about authenticate: how schemes are verified, and what no description says."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar, Self

from pydantic import Field, model_validator

from yett.controls.api_key import ApiKey
from yett.controls.jwt import Jwt
from yett.policy.section import Section, wrong
from yett.policy.values import Texts

_UNTIL = "an operation that needs it compiles closed until then"


class Credential(Section):
    """An entry of `credentials`: how one security scheme of the description is verified."""

    not_built: ClassVar[Mapping[str, str]] = dict.fromkeys(
        ("mtls", "introspection", "oidc", "openid", "basic", "session", "hmac", "dpop", "paseto"), _UNTIL
    )

    jwt: Jwt | None = Field(default=None, description="Bearer tokens, signed by a known issuer")
    api_key: ApiKey | None = Field(default=None, description="Keys of Yett's own store")

    @model_validator(mode="after")
    def _sound(self) -> Self:
        if (self.jwt is None) == (self.api_key is None):
            raise wrong("one of {jwt: …} and {api_key: …}", "neither" if self.jwt is None else "both")
        return self


class Security(Section):
    """`security`: for operations whose description says nothing."""

    default: Texts | None = Field(default=None, description="A credential, or several of which one must be shown")
    public: list[str] = Field(default=[], description="Operations that need none, by operationId or as `GET /path`")
