"""A local certificate authority for development, and certificates of it. Never for a service that others reach."""

from __future__ import annotations

import ipaddress
import os
import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

_AUTHORITY_DAYS = 3650
_CERTIFICATE_DAYS = 90
_DNS = re.compile(r"(\*\.)?[A-Za-z0-9_-]{1,63}(\.[A-Za-z0-9_-]{1,63})*")


@dataclass(frozen=True, slots=True)
class DevAuthority:
    """An authority whose key lies in a folder; `repr` shows no key."""

    folder: Path
    certificate: x509.Certificate
    _key: ec.EllipticCurvePrivateKey

    def __repr__(self) -> str:
        """Where it lies."""
        return f"DevAuthority({str(self.folder)!r})"

    @classmethod
    def in_folder(cls, folder: Path) -> DevAuthority:
        """The authority of a folder, `ca.pem` and `ca.key`; else made. Raises `OSError`, `ValueError`."""
        chain, key = folder / "ca.pem", folder / "ca.key"
        there = [path for path in (chain, key) if path.exists()]
        if len(there) == 1:
            raise ValueError(f"found {there[0]} alone, expected an authority's chain and its key, or neither")
        if there:
            return cls._read(folder, chain, key)
        made = ec.generate_private_key(ec.SECP256R1())
        name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Yett development authority")])
        builder = _builder(name, name, made.public_key(), _AUTHORITY_DAYS)
        builder = builder.add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        usage = x509.KeyUsage(False, False, False, False, False, True, True, False, False)
        certificate = builder.add_extension(usage, critical=True).sign(made, hashes.SHA256())
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        _write(key, _pem(made))
        chain.write_bytes(certificate.public_bytes(Encoding.PEM))
        return cls(folder, certificate, made)

    @classmethod
    def _read(cls, folder: Path, chain: Path, key: Path) -> DevAuthority:
        loaded = load_pem_private_key(key.read_bytes(), password=None)
        certificate = _certificate(chain)
        if not isinstance(loaded, ec.EllipticCurvePrivateKey) or loaded.public_key() != certificate.public_key():
            raise ValueError(f"found {key}, which is not the key of a development authority in {chain}")
        return cls(folder, certificate, loaded)

    def issue(self, names: Iterable[str], *, client: bool = False, file: str | None = None) -> tuple[Path, Path]:
        """A chain and its key for DNS names and addresses, in the folder, in the place of older ones of this authority.

        Raises `OSError`, and `ValueError` where a name is none, or a file of another authority is in the way.
        """
        wanted = list(names)
        named = [_name(each) for each in wanted]
        base = file or wanted[0].replace("*", "any").replace(":", "-")
        chain, key = self.folder / f"{base}.pem", self.folder / f"{base}.key"
        self._check_place(chain, key)
        made = ec.generate_private_key(ec.SECP256R1())
        subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, wanted[0][:64])])
        builder = _builder(subject, self.certificate.subject, made.public_key(), _CERTIFICATE_DAYS)
        builder = builder.add_extension(x509.SubjectAlternativeName(named), critical=False)
        usage = ExtendedKeyUsageOID.CLIENT_AUTH if client else ExtendedKeyUsageOID.SERVER_AUTH
        builder = builder.add_extension(x509.ExtendedKeyUsage([usage]), critical=False)
        identifier = x509.AuthorityKeyIdentifier.from_issuer_public_key(self._key.public_key())
        builder = builder.add_extension(identifier, critical=False)
        builder = builder.add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        certificate = builder.sign(self._key, hashes.SHA256())
        chain.write_bytes(certificate.public_bytes(Encoding.PEM))
        _write(key, _pem(made))
        return chain, key

    def _check_place(self, chain: Path, key: Path) -> None:
        """Keys cannot be had again: what this authority did not make stays."""
        if chain.stem.lower() == "ca":
            raise ValueError(f"found the name {chain.stem!r}, expected another: {chain} is the authority's")
        there = next((path for path in (chain, key) if path.exists()), None)
        if there is not None and not (there == chain and self._has_issued(chain)):
            raise ValueError(f"found {there}, which is not of this authority, expected none; move it elsewhere")

    def _has_issued(self, chain: Path) -> bool:
        try:
            _certificate(chain).verify_directly_issued_by(self.certificate)
        except (ValueError, TypeError, InvalidSignature):
            return False
        return True


def _builder(
    subject: x509.Name, issuer: x509.Name, key: ec.EllipticCurvePublicKey, days: int
) -> x509.CertificateBuilder:
    begins = datetime.now(UTC) - timedelta(minutes=5)
    builder = x509.CertificateBuilder().subject_name(subject).issuer_name(issuer).public_key(key)
    builder = builder.serial_number(x509.random_serial_number())
    builder = builder.not_valid_before(begins).not_valid_after(begins + timedelta(days=days))
    return builder.add_extension(x509.SubjectKeyIdentifier.from_public_key(key), critical=False)


def _certificate(path: Path) -> x509.Certificate:
    try:
        return x509.load_pem_x509_certificate(path.read_bytes())
    except (ValueError, x509.InvalidVersion):
        raise ValueError(f"found {path}, which is no certificate in PEM") from None


def _name(text: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_address(text))
    except ValueError:
        if not _DNS.fullmatch(text) or len(text) > 253:
            raise ValueError(f"found the name {text!r}, expected a DNS name or an address") from None
        return x509.DNSName(text)


def _pem(key: ec.EllipticCurvePrivateKey) -> bytes:
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())


def _write(path: Path, text: bytes) -> None:
    path.unlink(missing_ok=True)
    with os.fdopen(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600), "wb") as stream:
        stream.write(text)
