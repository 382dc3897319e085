"""Reads the certificates that a plan names: what each listener shows, and until when. Nothing is served here."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from cryptography import x509

from yett.openapi.problem import Place, Problems
from yett.policy import chain as judge
from yett.policy.findings import Finding
from yett.policy.read import PlanFile
from yett.policy.secret import SecretError, read_secret
from yett.policy.tls import Certificate, Clients, Profile, Tls

_URGENCY = {7: "renew it now", 14: "renew it this week", 30: "renew it"}
_EXTENSIONS = {x509.AuthorityKeyIdentifier.oid: "AuthorityKeyIdentifier", x509.CRLNumber.oid: "CRLNumber"}
_LIST = re.compile(r"-----BEGIN X509 CRL-----.+?-----END X509 CRL-----", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Shown:
    """One certificate that a listener shows."""

    place: Place
    file: Path
    names: tuple[str, ...]
    key: str
    issuer: str
    begins: datetime
    ends: datetime

    def days(self, now: datetime) -> int:
        """Whole days that are left; negative once it has ended."""
        return (self.ends - now).days


@dataclass(frozen=True, slots=True)
class Material:
    """What a child is handed for one listener; `repr` shows no key."""

    profile: Profile
    shown: tuple[Shown, ...]
    authorities: tuple[tuple[Place, str, datetime], ...]  # of clients: who, and until when
    lists: tuple[tuple[Place, datetime], ...]  # of revoked certificates: when the next one is due
    files: tuple[Path, ...]
    document: dict[str, Any]

    def __repr__(self) -> str:
        """Which certificates they are."""
        return f"Material(shown={self.shown!r})"


def now() -> datetime:
    """The time, where nobody gives another."""
    return datetime.now(UTC)


def material(file: PlanFile, problems: Problems, now: datetime) -> list[Material | None]:
    """By listener: what it shows, or nothing where it speaks plain text; what is wrong goes to `problems`."""
    return [
        _Reader(file, ("gateway", "listen", number, "tls"), problems, now).read(listen.tls) if listen.tls else None
        for number, listen in enumerate(file.plan.gateway.listen)
    ]


def ending(found: Iterable[Material | None], now: datetime) -> Iterator[Finding]:
    """A warning for each certificate that ends within 30 days, with stronger words within 14 and 7."""
    for one in filter(None, found):
        certificates = ((each.place, f"the certificate of {_named(each)}", each.ends) for each in one.shown)
        authorities = ((place, f"the authority of clients {who}", ends) for place, who, ends in one.authorities)
        for place, what, ends in (*certificates, *authorities):
            said = _end(ends, now)
            if said is not None:
                yield Finding("warning", place, f"{what} {said}")
        for place, due in one.lists:
            if due <= now:
                text = f"a newer list of revoked certificates was due at {due:%Y-%m-%d %H:%M} UTC"
                yield Finding("warning", place, text)


def _end(ends: datetime, now: datetime) -> str | None:
    """What is said of an end that comes within 30 days."""
    days = (ends - now).days
    urgency = next((words for bound, words in _URGENCY.items() if days < bound), None)
    said = f"ends in {days} {'day' if days == 1 else 'days'}, at" if days >= 0 else "ended at"
    return None if urgency is None else f"{said} {ends:%Y-%m-%d %H:%M} UTC: {urgency}"


def lasting(found: Iterable[Material | None]) -> Iterator[Finding]:
    """A warning for each certificate that is longer in force than Mozilla's guidelines have it."""
    for one in filter(None, found):
        longest = judge.LONGEST[one.profile]
        for shown in one.shown:
            span = shown.ends - shown.begins
            if span > longest:
                text = f"the certificate of {_named(shown)} is in force for {span.days} days"
                yield Finding(
                    "warning", shown.place, f"{text}, longer than the {longest.days} of profile {one.profile}"
                )


def _named(shown: Shown) -> str:
    return ", ".join(shown.names[:3]) + (f" and {len(shown.names) - 3} more" if len(shown.names) > 3 else "")


class _Reader:
    """Reads what one listener names."""

    def __init__(self, file: PlanFile, at: tuple[str | int, ...], problems: Problems, now: datetime) -> None:
        self._file, self._at, self._problems, self._now = file, at, problems, now
        self._files: list[Path] = []
        self._lists: list[tuple[Place, datetime]] = []
        self._authorities: list[tuple[Place, str, datetime]] = []

    def read(self, tls: Tls) -> Material:
        pairs = [self._pair(number, pair, tls.profile) for number, pair in enumerate(tls.certificates)]
        document: dict[str, Any] = {"certificates": [text for _, text in pairs]}
        if tls.clients is not None:
            document |= self._clients(tls.clients)
        shown = tuple(each for each, _ in pairs if each is not None)
        return Material(tls.profile, shown, tuple(self._authorities), tuple(self._lists), tuple(self._files), document)

    def _place(self, *below: str | int) -> Place:
        return self._file.place(*self._at, *below)

    def _text(self, name: str, *below: str | int) -> str:
        path = (self._file.folder / name).absolute()  # a renewal may swap the link that it is
        self._files.append(path)
        try:
            text = path.read_text("ascii")
        except (OSError, UnicodeDecodeError) as error:
            text, why = "", error.strerror if isinstance(error, OSError) else "not text"
        else:
            why = "empty"
        if not text.strip():
            self._problems.error(self._place(*below), f"{name} ({why})", "a PEM file")
            return ""
        return text

    def _pair(self, number: int, pair: Certificate, profile: Profile) -> tuple[Shown | None, dict[str, Any]]:
        here = ("certificates", number)
        text = self._text(pair.chain, *here, "chain")
        key = self._key(pair, *here, "key")
        chain = self._certificates(pair.chain, text, *here, "chain")
        if not chain:
            return None, {"chain": text, "key": key}
        shown = self._judged(chain, pair, profile, *here, "chain")
        if key and (found := judge.wrong_key(key, chain[0])):
            self._problems.error(self._place(*here, "key"), found, f"the private key of {pair.chain}")
        said = {"name": (*shown.names, "")[0], "ends": int(shown.ends.timestamp())}
        return shown, {"chain": text, "key": key, "shown": said}

    def _key(self, pair: Certificate, *below: str | int) -> str:
        if pair.key.file:
            self._files.append((self._file.folder / pair.key.file).absolute())
        try:
            return read_secret(pair.key, self._file.folder)
        except SecretError as error:
            self._problems.error(self._place(*below), error.found, error.expected)
            return ""

    def _certificates(self, name: str, text: str, *below: str | int) -> list[x509.Certificate]:
        try:
            return judge.read_chain(text) if text else []
        except ValueError:
            self._problems.error(self._place(*below), f"{name}, which is no PEM of certificates", "certificates in PEM")
            return []

    def _judged(self, chain: list[x509.Certificate], pair: Certificate, profile: Profile, *below: str | int) -> Shown:
        place, leaf = self._place(*below), chain[0]
        for found, expected in judge.wrong_chain(chain, profile, self._now):
            self._problems.error(place, f"in {pair.chain} {found}", expected)
        return Shown(
            place=place,
            file=self._file.folder / pair.chain,
            names=judge.names(leaf),
            key=judge.kind(leaf),
            issuer=judge.issuer(leaf),
            begins=leaf.not_valid_before_utc,
            ends=leaf.not_valid_after_utc,
        )

    def _clients(self, clients: Clients) -> dict[str, str]:
        text = self._text(clients.authorities, "clients", "authorities")
        place = self._place("clients", "authorities")
        authorities = self._certificates(clients.authorities, text, "clients", "authorities")
        for number, each in enumerate(authorities, start=1):
            for found, expected in judge.wrong_authority(each, number, self._now):
                self._problems.error(place, f"in {clients.authorities} {found}", expected)
            self._authorities.append((place, judge.subject(each), each.not_valid_after_utc))
        document = {"authorities": text}
        if clients.revoked is not None:
            document["revoked"] = self._text(clients.revoked, "clients", "revoked")
            if document["revoked"] and authorities:
                self._revoked(clients.revoked, document["revoked"], authorities)
        return document

    def _revoked(self, name: str, text: str, authorities: list[x509.Certificate]) -> None:
        place = self._place("clients", "revoked")
        try:
            lists = judge.read_lists(_LIST.findall(text))
        except ValueError:
            lists = []
        if not lists or len(lists) != text.count("-----BEGIN"):
            self._problems.error(place, f"{name}, which is no PEM of revoked certificates", "lists (X509 CRL) in PEM")
        for each in lists:
            if not any(_is_of(each, authority) for authority in authorities):
                found = f"in {name} a list of {judge.issuer(each)}"
                self._problems.error(place, found, "lists that are signed by one of `authorities`")
            for missing in _missing(each):
                found = f"in {name} a list of {each.issuer.rfc4514_string()} without {missing}"
                self._problems.error(place, found, "lists with the extensions of RFC 5280 sections 5.2.1 and 5.2.3")
            if each.next_update_utc is not None:
                self._lists.append((place, each.next_update_utc))


def _missing(revoked: x509.CertificateRevocationList) -> Iterator[str]:
    """Of the extensions that every list has, those without which the gateway reads none."""
    had = {extension.oid for extension in revoked.extensions}
    yield from (name for oid, name in _EXTENSIONS.items() if oid not in had)


def _is_of(revoked: x509.CertificateRevocationList, authority: x509.Certificate) -> bool:
    try:
        if revoked.issuer != authority.subject:
            return False
        return revoked.is_signature_valid(authority.public_key())  # type: ignore[arg-type]
    except judge.UNREADABLE:
        return False
