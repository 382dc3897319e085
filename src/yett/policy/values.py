"""The values that a plan writes as text: durations, rates, sizes, addresses. What a key means is not known here."""

from __future__ import annotations

import ipaddress
import re
from typing import Annotated, Literal
from urllib.parse import SplitResult, urlsplit

from pydantic import BeforeValidator, WithJsonSchema
from pydantic_core import PydanticCustomError

from yett.openapi.json_types import is_array
from yett.policy.section import wrong

MILLISECONDS = {"ms": 1, "s": 1_000, "m": 60_000, "h": 3_600_000, "d": 86_400_000}
PERIODS = {"second": "1s", "minute": "1m", "hour": "1h", "day": "1d"}
BYTES = {"B": 1, "KiB": 1024, "MiB": 1024**2, "GiB": 1024**3}
LONGEST = 365 * MILLISECONDS["d"]
LARGEST = 2**40

HEADER = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
"""The name of a header (RFC 9110 §5.1)."""

_DURATION = re.compile(r"([0-9]{1,9})(ms|s|m|h|d)")
_SIZE = re.compile(r"([0-9]{1,12}) ?(B|KiB|MiB|GiB)")
_RATE = re.compile(r"([0-9]{1,9})/(second|minute|hour|day|[0-9]{1,9}(?:ms|s|m|h|d))")
_PERCENT = re.compile(r"([1-9][0-9]?|100)%")
_HOST = re.compile(r"(\*\.)?[a-z0-9_]([a-z0-9_-]*[a-z0-9_])?(\.[a-z0-9_]([a-z0-9_-]*[a-z0-9_])?)*")


def duration(value: object) -> int:
    """Milliseconds of `5s`, `250ms`, `1m`, `12h`, `1d`."""
    found = _DURATION.fullmatch(value) if isinstance(value, str) else None
    milliseconds = int(found[1]) * MILLISECONDS[found[2]] if found else 0
    if not 0 < milliseconds <= LONGEST:
        raise wrong("a duration from 1ms to 365d, such as 5s, 250ms or 1m")
    return milliseconds


def size(value: object) -> int:
    """Bytes of `512B`, `16KiB`, `1MiB`; a bare number counts bytes."""
    found = _SIZE.fullmatch(value) if isinstance(value, str) else None
    count = int(found[1]) * BYTES[found[2]] if found else value
    if not isinstance(count, int) or isinstance(count, bool) or not 0 < count <= LARGEST:
        raise wrong("a size from 1B to 1024GiB, such as 512B, 16KiB or 1MiB")
    return count


def rate(value: object) -> tuple[int, int]:
    """Count and milliseconds of `60/minute`, `5/10s`."""
    found = _RATE.fullmatch(value) if isinstance(value, str) else None
    if found is None or not 0 < int(found[1]) < 2**32:
        raise wrong("a rate such as 60/minute, 1000/hour or 5/10s")
    return int(found[1]), duration(PERIODS.get(found[2], found[2]))


def percent(value: object) -> int:
    """The number of `20%`, from 1 to 100."""
    found = _PERCENT.fullmatch(value) if isinstance(value, str) else None
    if found is None:
        raise wrong("a whole percentage from 1% to 100%, such as 20%")
    return int(found[1])


def address(value: object) -> str:
    """`127.0.0.1:8080` or `[::1]:8080`, written in its one form."""
    host, _, port = value.rpartition(":") if isinstance(value, str) else ("", "", "")
    inside = host[1:-1] if host[:1] == "[" and host[-1:] == "]" else host
    try:
        parsed = ipaddress.ip_address(inside)
    except ValueError:
        parsed = None
    bracketed = host != inside
    fits = re.fullmatch(r"0|[1-9][0-9]{0,4}", port) is not None and int(port) < 65536
    if parsed is None or not fits or bracketed != (parsed.version == 6) or "%" in inside:
        raise wrong("an IP address and a port, such as 127.0.0.1:8080 or [::1]:8080")
    return f"[{parsed}]:{port}" if bracketed else f"{parsed}:{port}"


def is_loopback(listen: str) -> bool:
    """Whether nothing beyond this machine reaches an address of `address`."""
    return ipaddress.ip_address(listen.rpartition(":")[0].strip("[]")).is_loopback


def network(value: object) -> str:
    """`10.0.0.0/8`; one address stands for itself alone."""
    try:
        if not isinstance(value, str):
            raise ValueError
        return str(ipaddress.ip_network(value))
    except ValueError:
        raise wrong("a network without host bits, such as 10.0.0.0/8, or one address") from None


def host(value: object) -> str:
    """A host pattern: `*`, `api.example.com`, `*.example.com`."""
    if not isinstance(value, str) or not (value == "*" or (len(value) <= 253 and _HOST.fullmatch(value))):
        raise wrong("`*`, a host such as api.example.com, or *.example.com; lower case, without a port")
    return value


def base(value: object) -> str:
    """A path prefix: `/v1`; `/` is none."""
    path = value if isinstance(value, str) and re.fullmatch(r"/|(/[A-Za-z0-9._~-]+)+/?", value) else ""
    if not path or {".", ".."} & set(path.split("/")):
        raise wrong("a path such as /v1, of letters, digits and - . _ ~")
    return path.rstrip("/")


def upstream(value: object) -> str:
    """An upstream's URL: `http://host:port`, or with a path before the operation's."""
    written = value if isinstance(value, str) else ""
    try:
        parts = urlsplit(written)
        sound = bool(parts.hostname) and (80 if parts.port is None else parts.port) > 0
    except ValueError:
        parts, sound = SplitResult("", "", "", "", ""), False
    if parts.scheme == "https":
        raise wrong("http://; TLS to upstreams is not built yet")
    if parts.username is not None or parts.password is not None:
        raise wrong("a URL without a user or a password", "a URL with a user or a password")
    sound = sound and written.startswith("http://") and not parts.netloc.endswith(":")
    if not sound or re.search(r"[^!-~]|[?#%]", written):
        raise wrong("a URL such as http://127.0.0.1:9000 or http://127.0.0.1:9000/path, without query and escapes")
    return written.rstrip("/")


def text(value: object) -> str:
    """A text of one line that is not empty."""
    if not isinstance(value, str) or not value.strip() or re.search(r"[\x00-\x1f\x7f]", value):
        raise wrong("a text of one line")
    return value


def texts(value: object) -> list[str]:
    """A text or a list of texts, without repeats."""
    listed = value if is_array(value) else [value]
    found: list[str] = []
    for item in listed:
        try:
            found.append(text(item))
        except PydanticCustomError:
            raise wrong("a text or a list of texts") from None
    if not found or len(set(found)) != len(found):
        raise wrong("a text or a list of different texts", "an empty list" if not found else "a text twice")
    return found


def _schema(pattern: str, *examples: str) -> WithJsonSchema:
    return WithJsonSchema({"type": "string", "pattern": f"^{pattern}$", "examples": list(examples)})


ONE_OR_MORE = {"anyOf": [{"type": "string"}, {"type": "array", "items": {"type": "string"}, "minItems": 1}]}
_SIZES = {"anyOf": [{"type": "string", "pattern": f"^{_SIZE.pattern}$"}, {"type": "integer", "minimum": 1}]}

Mode = Literal["enforce", "report"]
Duration = Annotated[int, BeforeValidator(duration), _schema(_DURATION.pattern, "5s", "1m")]
Size = Annotated[int, BeforeValidator(size), WithJsonSchema({**_SIZES, "examples": ["16KiB", "1MiB"]})]
Rate = Annotated[tuple[int, int], BeforeValidator(rate), _schema(_RATE.pattern, "60/minute")]
Percent = Annotated[int, BeforeValidator(percent), _schema(_PERCENT.pattern, "20%")]
Address = Annotated[str, BeforeValidator(address), WithJsonSchema({"type": "string", "examples": ["127.0.0.1:8080"]})]
Network = Annotated[str, BeforeValidator(network), WithJsonSchema({"type": "string", "examples": ["10.0.0.0/8"]})]
Base = Annotated[str, BeforeValidator(base), WithJsonSchema({"type": "string", "examples": ["/v1"]})]
UpstreamUrl = Annotated[str, BeforeValidator(upstream), WithJsonSchema({"type": "string", "pattern": "^http://"})]
Text = Annotated[str, BeforeValidator(text), WithJsonSchema({"type": "string", "minLength": 1})]
Texts = Annotated[list[str], BeforeValidator(texts), WithJsonSchema(ONE_OR_MORE)]
