"""Fetching a description for `init` and `update`: from a URL, or from the places where running apps have theirs."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING
from urllib.parse import urljoin, urlsplit

from yett.cli.terminal import CannotRun

if TYPE_CHECKING:
    import httpx

_TOKEN = re.compile(r'"(?:[^"\\]|\\.)*"|[][{},:]|[^][{},:"\s]+')
USUAL = ("openapi.json", "openapi.yaml", "openapi.yml", "v3/api-docs", "swagger.json", "api/openapi.json")
MOST_BYTES = 32 * 1024 * 1024
SECONDS = 10.0
_REFUSED = ", refused by Yett itself"
_HOW = (
    "Yett guards this app, and its description has no operation for that path. Write the file without the gateway, for "
    "FastAPI with\n  python -c 'import json; from main import app; print(json.dumps(app.openapi()))' > openapi.json\n"
    "or describe the path as an operation"
)


@dataclass(frozen=True, slots=True)
class Fetched:
    """A description as it is kept: JSON with one member a line, so that places in it tell something."""

    url: str
    text: bytes

    @property
    def is_json(self) -> bool:
        """Whether it is written in JSON."""
        return self.text.lstrip()[:1] == b"{"


def is_url(source: str) -> bool:
    """Whether a description is to be fetched. Raises `CannotRun` for a URL of another kind, or with a password."""
    if "://" not in source:
        return False
    scheme, host = source.partition("://")[0].lower(), source.partition("://")[2].partition("/")[0]
    if scheme not in ("http", "https"):
        raise CannotRun(f"{source}: found {scheme}://, expected a file or a URL of http:// or https://")
    if "@" in host:
        raise CannotRun(
            f"{scheme}://…@{host.rpartition('@')[2]}: found a user or a password in the URL, expected none: "
            "the plan keeps the URL. Fetch the description with another program, and give the file"
        )
    return True


def fetch(url: str) -> Fetched:
    """The description at `url`, or at one of the usual places below it or below its root.

    Raises `CannotRun` with what was tried.
    """
    import httpx

    is_url(url)
    tried: list[str] = []
    with httpx.Client(timeout=SECONDS, follow_redirects=True) as client:
        for each in _places(url):
            found = _try(client, each, tried)
            if found is not None:
                is_url(found.url)
                return found
    refused = [_HOW] if any(each.endswith(_REFUSED) for each in tried) else []
    raise CannotRun("\n".join([f"found no OpenAPI description at {url}; tried:", *tried, *refused]))


def _places(url: str) -> list[str]:
    """The URL itself; below it and below the root, unless it names a document."""
    path = urlsplit(url).path
    if path.endswith((".json", ".yaml", ".yml", *USUAL)):
        return [url]
    base = url if url.endswith("/") else f"{url}/"
    below = [urljoin(each, usual) for each in (base, urljoin(url, "/")) for usual in USUAL]
    return list(dict.fromkeys([url, *below]))


def _try(client: httpx.Client, url: str, tried: list[str]) -> Fetched | None:
    import httpx

    try:
        with client.stream("GET", url) as answer:
            text = b""
            for part in answer.iter_bytes():
                text += part
                if len(text) > MOST_BYTES:
                    tried.append(f"  {url}: more than {MOST_BYTES} bytes")
                    return None
            final = str(answer.url)
    except httpx.ConnectError as error:
        raise CannotRun(f"{url}: nothing answers ({error}); is the app running?") from None
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        tried.append(f"  {url}: {error or type(error).__name__}")
        return None
    if answer.status_code != 200:
        refused = _REFUSED if b'"type":"urn:yett:' in text else ""
        tried.append(f"  {url}: status {answer.status_code}{refused}")
        return None
    if not _is_description(text):
        tried.append(f"  {url}: something that is not an OpenAPI description")
        return None
    return Fetched(final, spread(text))


def _is_description(text: bytes) -> bool:
    from yett.openapi.json_types import is_object
    from yett.openapi.load import Document
    from yett.openapi.problem import Problems

    root = Document("description", text, Problems()).root
    return is_object(root) and ("openapi" in root or "swagger" in root)


def spread(text: bytes) -> bytes:
    """JSON with one member a line; order, numbers and repeated members stay. What is not JSON stays as it is."""
    try:
        written = text.decode()
        json.loads(written)
        return ("".join(_spread(_TOKEN.findall(written))) + "\n").encode()
    except (ValueError, RecursionError):
        return text


def _spread(parts: list[str]) -> Iterator[str]:
    depth = 0
    for part, behind in pairwise([*parts, ""]):
        opens, closes = part in ("{", "["), behind in ("}", "]")
        depth += opens - closes
        yield _readable(part) if part[0] == '"' else part
        if part == ":":
            yield " "
        elif part == "," or opens != closes:
            yield "\n" + "  " * depth


def _readable(written: str) -> str:
    """A text without needless escapes; one that UTF-8 cannot hold (a lone surrogate) as it is."""
    text = json.dumps(json.loads(written), ensure_ascii=False)
    try:
        text.encode()
    except UnicodeEncodeError:
        return written
    return text
