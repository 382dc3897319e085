"""The objects of OpenAPI 3.0.4 and 3.1.1 as a table: their fields, what each holds, which are required. Nothing but
the table.

How a field is written: a name in lower case is a primitive, a capitalised name is another row, `[X]` a list, `{X}` a
map.
"""

from __future__ import annotations

from typing import NamedTuple


class Shape(NamedTuple):
    """One object: its fields, those that only 3.1 has, and those that must be there."""

    fields: dict[str, str]
    since_31: dict[str, str]
    required: tuple[str, ...]


def _shape(fields: str, required: str = "", since_31: str = "") -> Shape:
    return Shape(_fields(fields), _fields(since_31), tuple(required.split()))


def _fields(text: str) -> dict[str, str]:
    return dict(field.split("=") for field in text.split())


REFERABLE = frozenset(
    [
        "Schema",
        "Response",
        "Parameter",
        "Example",
        "RequestBody",
        "Header",
        "SecurityScheme",
        "Link",
        "Callback",
        "PathItem",
    ]
)

_VALUED = (
    "description=string required=boolean deprecated=boolean allowEmptyValue=boolean style=string explode=boolean"
    " allowReserved=boolean schema=Schema example=any examples={Example} content={MediaType}"
)
_OPERATIONS = " ".join(
    f"{method}=Operation" for method in ("get", "put", "post", "delete", "options", "head", "patch", "trace")
)

SHAPES: dict[str, Shape] = {
    "OpenAPI": _shape(
        "openapi=string info=Info servers=[Server] paths=Paths components=Components security=[SecurityRequirement] "
        "tags=[Tag] externalDocs=ExternalDocs",
        "openapi info",
        "webhooks={PathItem} jsonSchemaDialect=string",
    ),
    "Info": _shape(
        "title=string description=string termsOfService=string contact=Contact license=License version=string",
        "title version",
        "summary=string",
    ),
    "Contact": _shape("name=string url=string email=string"),
    "License": _shape("name=string url=string", "name", "identifier=string"),
    "Server": _shape("url=string description=string variables={ServerVariable}", "url"),
    "ServerVariable": _shape("enum=[string] default=string description=string", "default"),
    "Components": _shape(
        "schemas={Schema} responses={Response} parameters={Parameter} examples={Example} requestBodies={RequestBody} "
        "headers={Header} securitySchemes={SecurityScheme} links={Link} callbacks={Callback}",
        since_31="pathItems={PathItem}",
    ),
    "PathItem": _shape(
        f"$ref=string summary=string description=string servers=[Server] parameters=[Parameter] {_OPERATIONS}"
    ),
    "Operation": _shape(
        "tags=[string] summary=string description=string externalDocs=ExternalDocs operationId=string "
        "parameters=[Parameter] requestBody=RequestBody responses=Responses callbacks={Callback} deprecated=boolean "
        "security=[SecurityRequirement] servers=[Server]",
    ),
    "ExternalDocs": _shape("description=string url=string", "url"),
    "Parameter": _shape(f"name=string in=string {_VALUED}", "name in"),
    "Header": _shape(_VALUED),
    "RequestBody": _shape("description=string content={MediaType} required=boolean", "content"),
    "MediaType": _shape("schema=Schema example=any examples={Example} encoding={Encoding}"),
    "Encoding": _shape(
        "contentType=string headers={Header} style=string explode=boolean allowReserved=boolean",
    ),
    "Response": _shape("description=string headers={Header} content={MediaType} links={Link}", "description"),
    "Example": _shape("summary=string description=string value=any externalValue=string"),
    "Link": _shape(
        "operationRef=string operationId=string parameters=any requestBody=any description=string server=Server"
    ),
    "Tag": _shape("name=string description=string externalDocs=ExternalDocs", "name"),
    "SecurityScheme": _shape(
        "type=string description=string name=string in=string scheme=string bearerFormat=string flows=OAuthFlows "
        "openIdConnectUrl=string",
        "type",
    ),
    "OAuthFlows": _shape(
        "implicit=OAuthFlow password=OAuthFlow clientCredentials=OAuthFlow authorizationCode=OAuthFlow"
    ),
    "OAuthFlow": _shape("authorizationUrl=string tokenUrl=string refreshUrl=string scopes={string}", "scopes"),
}

# Objects whose keys are names of the author's choice; `x-` keys are extensions in the first three.
MAPS = {"Paths": "PathItem", "Responses": "Response", "Callback": "PathItem", "SecurityRequirement": "[string]"}
EXTENSIBLE_MAPS = frozenset({"Paths", "Responses", "Callback"})
METHODS = ("get", "put", "post", "delete", "options", "head", "patch", "trace")
