"""Judges one certificate chain: what is wrong with it, as what was found and what was expected. No file is read here.

Rules: Mozilla's TLS guidelines 6.0 for keys and signatures, RFC 5280 for chains, RFC 9525 for names.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta

from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat, load_pem_private_key
from cryptography.x509.oid import ExtendedKeyUsageOID, SignatureAlgorithmOID

from yett.policy.tls import Profile

SHORTEST_RSA = 2048
LONGEST = {"modern": timedelta(days=90), "intermediate": timedelta(days=366)}
_CURVES = (ec.SECP256R1, ec.SECP384R1)
_NAMELESS = "a name that is no text"
_PURE = {SignatureAlgorithmOID.ED25519: "Ed25519", SignatureAlgorithmOID.ED448: "Ed448"}  # those without a hash
_HASHES = {"sha256", "sha384", "sha512"}
# What the library raises for a certificate that it parsed, and of which a part is none, or of a kind unknown to it.
UNREADABLE = (ValueError, TypeError, UnsupportedAlgorithm, x509.DuplicateExtension, x509.UnsupportedGeneralNameType)

Wrong = Iterator[tuple[str, str]]


def read_chain(text: str) -> list[x509.Certificate]:
    """Every certificate in a PEM text. Raises `ValueError` where there is none, or one that is none."""
    try:
        return x509.load_pem_x509_certificates(text.encode())
    except x509.InvalidVersion as error:
        raise ValueError(str(error)) from None


def read_lists(texts: Iterable[str]) -> list[x509.CertificateRevocationList]:
    """Lists of revoked certificates in PEM. Raises `ValueError` where one is none."""
    try:
        return [x509.load_pem_x509_crl(each.encode()) for each in texts]
    except x509.InvalidVersion as error:
        raise ValueError(str(error)) from None


def subject(certificate: x509.Certificate) -> str:
    """Whose it is, as people read it (RFC 4514)."""
    try:
        return certificate.subject.rfc4514_string()
    except UNREADABLE:
        return _NAMELESS


def issuer(certificate: x509.Certificate | x509.CertificateRevocationList) -> str:
    """Who issued it."""
    try:
        return certificate.issuer.rfc4514_string()
    except UNREADABLE:
        return _NAMELESS


def wrong_authority(one: x509.Certificate, number: int, now: datetime) -> Wrong:
    """All that is wrong with an authority of clients, the one of this number in its file."""
    try:
        yield from _authority(one, number, "authorities alone")
    except UNREADABLE as error:
        yield f"a certificate {number} that cannot be read ({error})", "one by RFC 5280"
    yield from _times(one, now)


def wrong_chain(chain: list[x509.Certificate], profile: Profile, now: datetime) -> Wrong:
    """All that is wrong with a chain that a server shows, the leaf first."""
    try:
        yield from _leaf(chain[0], profile)
        yield from _links(chain)
    except UNREADABLE as error:
        yield f"a certificate that cannot be read ({error})", "one by RFC 5280"
    for one in chain:
        yield from _times(one, now)


def names(leaf: x509.Certificate) -> tuple[str, ...]:
    """The DNS names and addresses that it is for."""
    try:
        found = leaf.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except (x509.ExtensionNotFound, *UNREADABLE):
        return ()
    return (*found.get_values_for_type(x509.DNSName), *map(str, found.get_values_for_type(x509.IPAddress)))


def kind(certificate: x509.Certificate) -> str:
    """Its key, as people say it: `RSA 2048`, `ECDSA secp256r1`, `Ed25519`."""
    try:
        key = certificate.public_key()
    except UNREADABLE:
        return "an unknown kind"
    if isinstance(key, rsa.RSAPublicKey):
        return f"RSA {key.key_size}"
    if isinstance(key, ec.EllipticCurvePublicKey):
        return f"ECDSA {key.curve.name}"
    return type(key).__name__.removesuffix("PublicKey")


def wrong_key(text: str, leaf: x509.Certificate) -> str | None:
    """Why this is not the private key of a certificate; none where it is."""
    try:
        public = load_pem_private_key(text.encode(), password=None).public_key()
    except TypeError:
        return "a key with a password"
    except (ValueError, UnsupportedAlgorithm):
        return "no private key in PEM"
    form = (Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    try:
        fits = public.public_bytes(*form) == leaf.public_key().public_bytes(*form)
    except UNREADABLE:
        fits = False
    return None if fits else "the key of another certificate"


def _leaf(leaf: x509.Certificate, profile: Profile) -> Wrong:
    if not names(leaf):
        yield "a certificate without names", "subjectAltName with DNS names or addresses (RFC 9525)"
    yield from _leaf_key(leaf, profile)
    try:
        usage = leaf.extensions.get_extension_for_class(x509.ExtendedKeyUsage).value
    except x509.ExtensionNotFound:
        return
    if not {ExtendedKeyUsageOID.SERVER_AUTH, ExtendedKeyUsageOID.ANY_EXTENDED_KEY_USAGE} & set(usage):
        yield "a certificate that is not for servers", "extended key usage serverAuth"


def _leaf_key(leaf: x509.Certificate, profile: Profile) -> Wrong:
    key = leaf.public_key()
    if isinstance(key, rsa.RSAPublicKey):
        if profile == "modern":
            yield f"a key of {kind(leaf)}", "ECDSA on P-256 or P-384 (profile modern)"
        elif key.key_size < SHORTEST_RSA:
            yield f"a key of {kind(leaf)}", f"at least {SHORTEST_RSA} bits"
    elif not (isinstance(key, ec.EllipticCurvePublicKey) and isinstance(key.curve, _CURVES)):
        expected = "ECDSA on P-256 or P-384" if profile == "modern" else "ECDSA on P-256 or P-384, or RSA"
        yield f"a key of {kind(leaf)}", expected


def _links(chain: list[x509.Certificate]) -> Wrong:
    for number, one in enumerate(chain, start=1):
        if number == 1 or one.subject != one.issuer:  # nobody verifies the signature of a root
            yield from _signature(one, number)
        if number > 1:
            yield from _authority(one, number, "those that lead to the leaf's authority behind it")
        if number < len(chain) and not _is_issued(one, chain[number]):
            yield f"a certificate {number} that is not signed by the next", "the leaf first, each signed by the next"


def _signature(one: x509.Certificate, number: int) -> Wrong:
    algorithm = one.signature_hash_algorithm
    if algorithm is None or algorithm.name not in _HASHES:
        said = algorithm.name.upper() if algorithm else _PURE.get(one.signature_algorithm_oid, "another algorithm")
        yield f"a certificate {number} that is signed with {said}", "SHA-256, SHA-384 or SHA-512"


def _authority(one: x509.Certificate, number: int, expected: str) -> Wrong:
    try:
        is_authority = one.extensions.get_extension_for_class(x509.BasicConstraints).value.ca
    except x509.ExtensionNotFound:
        is_authority = False
    if not is_authority:
        yield f"a certificate {number} that is no authority", expected
    key = one.public_key()
    if isinstance(key, rsa.RSAPublicKey) and key.key_size < SHORTEST_RSA:
        yield f"a certificate {number} with a key of {kind(one)}", f"at least {SHORTEST_RSA} bits"


def _is_issued(one: x509.Certificate, by: x509.Certificate) -> bool:
    try:
        one.verify_directly_issued_by(by)
    except (*UNREADABLE, InvalidSignature):
        return False
    return True


def _times(one: x509.Certificate, now: datetime) -> Wrong:
    begins, ends = one.not_valid_before_utc, one.not_valid_after_utc
    if now < begins:
        yield f"a certificate that begins at {begins:%Y-%m-%d %H:%M} UTC", "one that is in force"
    if now >= ends:
        yield f"a certificate that ended at {ends:%Y-%m-%d %H:%M} UTC", "one that is in force"
