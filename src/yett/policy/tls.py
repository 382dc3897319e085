"""What a user may write in the plan about TLS of a listener. The files that it names are judged elsewhere."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, ClassVar, Literal

from pydantic import BeforeValidator, Field

from yett.openapi.json_types import is_object
from yett.policy.secret import Secret, outside
from yett.policy.section import Also, Section
from yett.policy.values import Address, Text

Profile = Literal["modern", "intermediate"]


class Certificate(Section):
    """An entry of `certificates`: a chain and its key."""

    chain: Text = Field(description="PEM file: the certificate, then those that lead to its authority")
    key: Annotated[Secret, BeforeValidator(outside)] = Field(description="Its private key, PEM, without a password")


class Clients(Section):
    """`clients`: certificates that clients show."""

    ask: Literal["optional", "required"] = Field(
        default="required", description="Whether there is no connection without one"
    )
    authorities: Text = Field(description="PEM file: who signs the certificates of clients")
    revoked: Text | None = Field(default=None, description="PEM file: lists of certificates that are revoked")


class Tls(Section):
    """`tls` of a listener."""

    not_built: ClassVar[Mapping[str, str]] = {"acme": "name files in `certificates` until then"}

    profile: Profile = Field(
        default="intermediate", description="Mozilla's guidelines 6.0: TLS 1.3 alone, or TLS 1.2 beside it"
    )
    certificates: list[Certificate] = Field(
        min_length=1, max_length=1000, description="By the name that a client asks for; else the first"
    )
    clients: Clients | None = Field(default=None, description="Certificates of clients; default: they are not asked")


class Listen(Section):
    """An entry of `listen`. A plain text stands for `{address: …}`."""

    address: Address = Field(description="Where clients connect")
    tls: Tls | None = Field(default=None, description="Speak TLS; default: plain text")


def as_listen(value: object) -> object:
    """An address alone is a listener of plain text."""
    return value if is_object(value) else {"address": value}


Listener = Annotated[Listen, BeforeValidator(as_listen), Also(type="string", examples=["127.0.0.1:8080"])]


def settings(listen: Listen) -> dict[str, Any] | None:
    """How a listener speaks TLS, as the compiled plan writes it: neither certificates nor keys."""
    if listen.tls is None:
        return None
    clients = listen.tls.clients
    return {"profile": listen.tls.profile, "clients": "off" if clients is None else clients.ask}
