"""Certificates for tests, each with one thing that is unusual about it. No test here."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

SERVER, CLIENT = ExtendedKeyUsageOID.SERVER_AUTH, ExtendedKeyUsageOID.CLIENT_AUTH
Key = ec.EllipticCurvePrivateKey | ed25519.Ed25519PrivateKey | rsa.RSAPrivateKey


def p256() -> Key:
    """A key on P-256."""
    return ec.generate_private_key(ec.SECP256R1())


def rsa_key(bits: int = 2048) -> Key:
    """An RSA key."""
    return rsa.generate_private_key(65537, bits)


@dataclass(frozen=True)
class Pair:
    """A certificate and its key."""

    certificate: x509.Certificate
    private: Key

    @property
    def pem(self) -> str:
        """The certificate."""
        return self.certificate.public_bytes(Encoding.PEM).decode()

    @property
    def key(self) -> str:
        """The private key."""
        return self.private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()


def made(
    name: str,
    by: Pair | None = None,
    *,
    names: Sequence[str] = (),
    key: Key | None = None,
    begins: datetime | None = None,
    days: float = 60,
    usage: x509.ObjectIdentifier | None = None,
    hash_with: hashes.HashAlgorithm | None = None,
    ca: bool | None = None,
) -> Pair:
    """A certificate; without `by` it signs itself and is an authority, unless `ca` says otherwise."""
    private = key or p256()
    begins = begins or datetime.now(UTC) - timedelta(minutes=1)
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    builder = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(by.certificate.subject if by else subject)
        .public_key(private.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(begins)
        .not_valid_after(begins + timedelta(days=days))
        .add_extension(x509.BasicConstraints(by is None if ca is None else ca, None), critical=True)
    )
    if names:
        builder = builder.add_extension(x509.SubjectAlternativeName([_name(each) for each in names]), critical=False)
    if usage:
        builder = builder.add_extension(x509.ExtendedKeyUsage([usage]), critical=False)
    signer = by.private if by else private
    algorithm = None if isinstance(signer, ed25519.Ed25519PrivateKey) else hash_with or hashes.SHA256()
    return Pair(builder.sign(signer, algorithm), private)


def revoked(by: Pair, *certificates: Pair, due: datetime | None = None, bare: bool = False) -> str:
    """A list of an authority that revokes these; `bare`: without the extensions that every list has."""
    now = datetime.now(UTC)
    due = due or now + timedelta(days=1)
    builder = x509.CertificateRevocationListBuilder().issuer_name(by.certificate.subject)
    builder = builder.last_update(due - timedelta(days=30)).next_update(due)
    if not bare:
        builder = builder.add_extension(x509.CRLNumber(1), critical=False)
        identifier = x509.AuthorityKeyIdentifier.from_issuer_public_key(by.private.public_key())
        builder = builder.add_extension(identifier, critical=False)
    for each in certificates:
        entry = x509.RevokedCertificateBuilder().serial_number(each.certificate.serial_number)
        builder = builder.add_revoked_certificate(entry.revocation_date(due - timedelta(days=30)).build())
    return builder.sign(by.private, hashes.SHA256()).public_bytes(Encoding.PEM).decode()


def with_sha1(pair: Pair, by: Pair) -> Pair:
    """The same certificate, signed with SHA-1, which no library writes any more."""
    new, old = (bytes.fromhex(f"2a864886f70d0101{last}") for last in ("0b", "05"))  # RFC 8017: sha256, sha1 WithRSA
    certificate = x509.load_der_x509_certificate(pair.certificate.public_bytes(Encoding.DER).replace(new, old))
    assert isinstance(by.private, rsa.RSAPrivateKey)
    signature = by.private.sign(certificate.tbs_certificate_bytes, PKCS1v15(), hashes.SHA1())
    octets = certificate.public_bytes(Encoding.DER).replace(certificate.signature, signature)
    return Pair(x509.load_der_x509_certificate(octets), pair.private)


def _name(text: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ip_address(text))
    except ValueError:
        return x509.DNSName(text)
