"""Property: a listener shows no certificate that clients would refuse or should; each is named with its place."""

import os
from base64 import b64encode
from datetime import UTC, datetime, timedelta

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed25519
from cryptography.hazmat.primitives.serialization import BestAvailableEncryption, Encoding, PrivateFormat

from tests.certificates import CLIENT, SERVER, made, revoked, rsa_key, with_sha1
from yett.openapi.problem import Problems
from yett.policy import certificates
from yett.policy.compile import compile_plan
from yett.policy.findings import PlanError
from yett.policy.read import read_plan

NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)
BEGAN = NOW - timedelta(days=10)
PLAN = """\
yett: 1
gateway:
  listen:
    - 127.0.0.1:8080
    - address: 0.0.0.0:8443
      tls:
        profile: {profile}
        certificates:
          - chain: chain.pem
            key: {{file: chain.key}}
{more}
apis:
  notes: {{openapi: notes.yaml, upstream: {{urls: [http://127.0.0.1:9000]}}}}
"""
CHAIN, KEY = "yett.yaml:9:20", "yett.yaml:10:18"
LEAF = {"names": ["a.example"], "begins": BEGAN}
IN_FORCE = "one that is in force"
SHA = "SHA-256, SHA-384 or SHA-512"
CURVES = "ECDSA on P-256 or P-384"


@pytest.fixture(scope="module")
def ca():
    return made("authority", begins=BEGAN, days=3000)


@pytest.fixture(scope="module")
def between(ca):
    return made("between", ca, begins=BEGAN, days=1000, ca=True)


@pytest.fixture
def judged(tmp_path):
    """What is wrong with a plan whose listener shows a chain, and what it shows."""

    def judged(*chain, key=None, profile="intermediate", mode=0o600, more="", text=None):
        (tmp_path / "chain.pem").write_text("".join(each.pem for each in chain) if text is None else text)
        (tmp_path / "chain.key").write_text(key or (chain[0].key if chain else p256_key()))
        (tmp_path / "chain.key").chmod(mode)
        (tmp_path / "yett.yaml").write_text(PLAN.format(profile=profile, more=more))
        problems = Problems()
        [plain, found] = certificates.material(read_plan(tmp_path / "yett.yaml"), problems, NOW)
        assert plain is None
        assert found is not None
        told = [str(each).replace(f"{tmp_path}/", "") for each in problems]
        return told, found

    return judged


def p256_key():
    return made("other", names=["a.example"]).key


def found(what, expected, place=CHAIN):
    return [f"{place}: found in chain.pem {what}, expected {expected}"]


def test_a_sound_chain(judged, ca, between):
    leaf = made("leaf", between, **LEAF, usage=SERVER)
    told, material = judged(leaf, between)
    assert told == []
    [shown] = material.shown
    assert (shown.names, shown.key, shown.issuer) == (("a.example",), "ECDSA secp256r1", "CN=between")
    assert (shown.ends, shown.days(NOW)) == (BEGAN + timedelta(days=60), 50)
    [pair] = material.document["certificates"]
    assert pair["shown"] == {"name": "a.example", "ends": int(shown.ends.timestamp())}
    assert leaf.key.strip() not in repr(material)
    assert judged(leaf, between, ca)[0] == []


@pytest.mark.parametrize("key", [ec.SECP256R1, ec.SECP384R1, 2048, 3072])
def test_sound_keys(judged, ca, key):
    private = rsa_key(key) if isinstance(key, int) else ec.generate_private_key(key())
    leaf = made("leaf", ca, **LEAF, key=private)
    assert judged(leaf)[0] == []
    modern = judged(leaf, profile="modern")[0]
    assert modern == (found(f"a key of RSA {key}", f"{CURVES} (profile modern)") if isinstance(key, int) else [])


@pytest.mark.parametrize(
    ("private", "kind", "expected"),
    [
        (lambda: rsa_key(1024), "RSA 1024", "at least 2048 bits"),
        (lambda: ec.generate_private_key(ec.SECP521R1()), "ECDSA secp521r1", f"{CURVES}, or RSA"),
        (ed25519.Ed25519PrivateKey.generate, "Ed25519", f"{CURVES}, or RSA"),
    ],
)
def test_keys_that_are_weak_or_that_clients_do_not_know(judged, ca, private, kind, expected):
    assert judged(made("leaf", ca, **LEAF, key=private()))[0] == found(f"a key of {kind}", expected)


def test_a_weak_authority(judged):
    weak = made("weak", begins=BEGAN, days=1000, key=rsa_key(1024))
    told, _ = judged(made("leaf", weak, **LEAF), weak)
    assert told == found("a certificate 2 with a key of RSA 1024", "at least 2048 bits")


def test_one_that_ended_and_one_that_has_not_begun(judged, ca):
    def leaf(begins, days):
        return made("leaf", ca, names=["a.example"], begins=begins, days=days)

    at = "a certificate that {} at 2026-11-{} 12:00 UTC"
    assert judged(leaf(BEGAN, 9))[0] == found(at.format("ended", 23), IN_FORCE)
    assert judged(leaf(BEGAN, 10))[0] == found(at.format("ended", 24), IN_FORCE), "its end is out"
    assert judged(leaf(BEGAN, 40))[0] == []
    assert judged(leaf(NOW + timedelta(days=1), 60))[0] == found(at.format("begins", 25), IN_FORCE)
    assert judged(leaf(NOW, 60))[0] == [], "its begin is in"


def test_an_authority_that_ended(judged):
    old = made("old", begins=BEGAN, days=5)
    told, _ = judged(made("leaf", old, **LEAF), old)
    assert told == found("a certificate that ended at 2026-11-19 12:00 UTC", IN_FORCE)


def test_the_key_of_another(judged, ca):
    leaf = made("leaf", ca, **LEAF)
    expected = "expected the private key of chain.pem"
    assert judged(leaf, key=p256_key())[0] == [f"{KEY}: found the key of another certificate, {expected}"]
    assert judged(leaf, key="none")[0] == [f"{KEY}: found no private key in PEM, {expected}"]
    form = (Encoding.PEM, PrivateFormat.PKCS8, BestAvailableEncryption(b"word"))
    locked = leaf.private.private_bytes(*form).decode()
    assert judged(leaf, key=locked)[0] == [f"{KEY}: found a key with a password, {expected}"]


def test_a_wrong_order(judged, ca, between):
    leaf = made("leaf", between, **LEAF)
    told, _ = judged(leaf, ca, between)
    assert told == found(
        "a certificate 1 that is not signed by the next", "the leaf first, each signed by the next"
    ) + (found("a certificate 2 that is not signed by the next", "the leaf first, each signed by the next"))
    told, _ = judged(between, leaf, key=between.key)
    assert f"{CHAIN}: found in chain.pem a certificate without names, " in told[0]
    assert told[1:] == [
        *found("a certificate 1 that is not signed by the next", "the leaf first, each signed by the next"),
        *found("a certificate 2 that is no authority", "those that lead to the leaf's authority behind it"),
    ]


def test_a_link_that_is_missing(judged, ca, between):
    told, _ = judged(made("leaf", between, **LEAF), ca)
    assert told == found("a certificate 1 that is not signed by the next", "the leaf first, each signed by the next")


def test_a_certificate_without_names(judged, ca):
    told, _ = judged(made("a.example", ca, begins=BEGAN))
    assert told == found("a certificate without names", "subjectAltName with DNS names or addresses (RFC 9525)")
    assert judged(made("leaf", ca, names=["127.0.0.1", "::1"], begins=BEGAN))[0] == []


def test_a_weak_signature(judged, ca):
    signer = made("rsa", begins=BEGAN, days=1000, key=rsa_key())
    old = with_sha1(signer, signer)
    assert judged(with_sha1(made("leaf", signer, **LEAF), signer))[0] == (
        found("a certificate 1 that is signed with SHA1", SHA)
    )
    assert judged(made("leaf", signer, **LEAF), old)[0] == [], "a root's own signature is nobody's concern"
    assert judged(made("leaf", signer, **LEAF, hash_with=hashes.SHA384()), signer)[0] == []
    edwards = made("edwards", begins=BEGAN, days=1000, key=ed25519.Ed25519PrivateKey.generate())
    assert judged(made("leaf", edwards, **LEAF))[0] == found("a certificate 1 that is signed with Ed25519", SHA)


def test_a_certificate_for_clients_alone(judged, ca):
    told, _ = judged(made("leaf", ca, **LEAF, usage=CLIENT))
    assert told == found("a certificate that is not for servers", "extended key usage serverAuth")
    assert judged(made("leaf", ca, **LEAF, usage=SERVER))[0] == []


@pytest.mark.skipif(os.name != "posix", reason="modes of files are POSIX")
def test_a_key_that_others_can_read(judged, ca):
    told, _ = judged(made("leaf", ca, **LEAF), mode=0o640)
    expected = "a file for its owner alone; `chmod 600 chain.key`"
    assert told == [f"{KEY}: found chain.key can be used by others, expected {expected}"]


@pytest.mark.parametrize("text", ["none", "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"])
def test_no_pem(judged, text):
    told, material = judged(text=text)
    assert told == [f"{CHAIN}: found chain.pem, which is no PEM of certificates, expected certificates in PEM"]
    assert material.shown == ()


def test_beside_what_is_wrong_with_the_plan_itself(judged, tmp_path, ca):
    judged(made("leaf", ca, names=["a.example"], begins=datetime(2020, 1, 1, tzinfo=UTC)))
    plan = tmp_path / "yett.yaml"
    plan.write_text(plan.read_text().replace("      tls:", "      adress: x\n      tls:") + "lmit: none\n")
    with pytest.raises(PlanError) as error:
        compile_plan(plan)
    told = "\n".join(map(str, error.value.problems))
    for each in (
        "the unknown key 'adress'",
        "the unknown key 'lmit'",
        "a certificate that ended",
        "no file notes.yaml",
    ):
        assert each in told


def test_files_that_are_not_there(judged, tmp_path, ca):
    judged(made("leaf", ca, **LEAF))
    (tmp_path / "chain.pem").unlink()
    (tmp_path / "chain.key").unlink()
    problems = Problems()
    certificates.material(read_plan(tmp_path / "yett.yaml"), problems, NOW)
    [key, chain] = sorted((str(each) for each in problems), key=len, reverse=True)
    assert chain == f"{tmp_path}/{CHAIN}: found chain.pem (No such file or directory), expected a PEM file"
    assert f"{KEY}: found {tmp_path}/chain.key cannot be read" in key


@pytest.mark.parametrize(
    ("days", "words"),
    [
        (31, None),
        (29.5, "ends in 29 days, at 2026-12-24 00:00 UTC: renew it"),
        (14, "ends in 14 days, at 2026-12-08 12:00 UTC: renew it"),
        (13.5, "ends in 13 days, at 2026-12-08 00:00 UTC: renew it this week"),
        (7, "ends in 7 days, at 2026-12-01 12:00 UTC: renew it this week"),
        (6.5, "ends in 6 days, at 2026-12-01 00:00 UTC: renew it now"),
        (1, "ends in 1 day, at 2026-11-25 12:00 UTC: renew it now"),
        (-1, "ended at 2026-11-23 12:00 UTC: renew it now"),
    ],
)
def test_warnings_before_the_end(judged, ca, days, words):
    _, material = judged(made("leaf", ca, **LEAF, days=10 + days))
    told = [(each.kind, each.text) for each in certificates.ending([None, material], NOW)]
    assert told == ([("warning", f"the certificate of a.example {words}")] if words else [])


@pytest.mark.parametrize(("profile", "longest"), [("modern", 90), ("intermediate", 366)])
def test_a_certificate_that_is_in_force_for_long(judged, ca, profile, longest):
    names = ["a.example", "b.example", "c.example", "d.example"]
    _, sound = judged(made("leaf", ca, names=names, begins=BEGAN, days=longest), profile=profile)
    assert list(certificates.lasting([None, sound])) == []
    _, long = judged(made("leaf", ca, names=names, begins=BEGAN, days=longest + 1), profile=profile)
    said = f"the certificate of a.example, b.example, c.example and 1 more is in force for {longest + 1} days"
    [told] = certificates.lasting([long])
    assert told.text == f"{said}, longer than the {longest} of profile {profile}"


CLIENTS = "        clients: {authorities: clients.pem, revoked: revoked.pem}"
AUTHORITIES, REVOKED = "yett.yaml:11:32", "yett.yaml:11:54"


def test_authorities_of_clients_and_their_lists(judged, tmp_path, ca, between):
    (tmp_path / "clients.pem").write_text(ca.pem + between.pem)
    lists = revoked(ca, due=NOW + timedelta(days=1)) + revoked(between, due=NOW)
    (tmp_path / "revoked.pem").write_text(lists)
    told, material = judged(made("leaf", ca, **LEAF), more=CLIENTS)
    assert told == []
    assert material.document["authorities"] == ca.pem + between.pem
    assert material.document["revoked"] == lists
    [late] = certificates.ending([material], NOW)
    assert late.text == "a newer list of revoked certificates was due at 2026-11-24 12:00 UTC"
    assert late.place.line == 11


def test_each_authority_of_clients_is_judged(judged, tmp_path, ca):
    old, weak = made("old", begins=BEGAN, days=9), made("weak", begins=BEGAN, key=rsa_key(1024))
    soon = made("soon", begins=BEGAN, days=15)
    (tmp_path / "clients.pem").write_text(old.pem + weak.pem + made("leaf", ca, **LEAF).pem + soon.pem)
    (tmp_path / "revoked.pem").write_text(revoked(soon))
    told, material = judged(made("leaf", ca, **LEAF), more=CLIENTS)
    assert told == [
        f"{AUTHORITIES}: found in clients.pem a certificate that ended at 2026-11-23 12:00 UTC, expected {IN_FORCE}",
        f"{AUTHORITIES}: found in clients.pem a certificate 2 with a key of RSA 1024, expected at least 2048 bits",
        f"{AUTHORITIES}: found in clients.pem a certificate 3 that is no authority, expected authorities alone",
    ]
    [*_, late] = certificates.ending([material], NOW)
    assert late.text == "the authority of clients CN=soon ends in 5 days, at 2026-11-29 12:00 UTC: renew it now"


def as_pem(octets, label="CERTIFICATE"):
    return f"-----BEGIN {label}-----\n{b64encode(octets).decode()}\n-----END {label}-----\n"


def test_a_version_and_a_name_that_are_none(judged, tmp_path, ca):
    octets = made("leaf", made("\u00e4uthor"), **LEAF).certificate.public_bytes(Encoding.DER)
    no_pem = f"{CHAIN}: found chain.pem, which is no PEM of certificates, expected certificates in PEM"
    later = octets.replace(bytes.fromhex("a003020102"), bytes.fromhex("a003020103"), 1)
    assert judged(text=as_pem(later))[0] == [no_pem]
    told, material = judged(text=as_pem(octets.replace("\u00e4uthor".encode(), b"\xff\xfeuthor")))
    assert told
    assert material.shown[0].issuer == "a name that is no text"
    (tmp_path / "clients.pem").write_text(ca.pem)
    listed = x509.load_pem_x509_crl(revoked(ca).encode()).public_bytes(Encoding.DER)
    (tmp_path / "revoked.pem").write_text(as_pem(listed.replace(b"\x02\x01\x01", b"\x02\x01\x05", 1), "X509 CRL"))
    [said] = judged(made("leaf", ca, **LEAF), more=CLIENTS)[0]
    assert said.startswith(f"{REVOKED}: found revoked.pem, which is no PEM of revoked certificates")


def test_lists_of_strangers_and_what_is_none(judged, tmp_path, ca):
    leaf = made("leaf", ca, **LEAF)
    (tmp_path / "clients.pem").write_text(ca.pem)
    (tmp_path / "revoked.pem").write_text(revoked(made("stranger")))
    signed = "lists that are signed by one of `authorities`"
    assert judged(leaf, more=CLIENTS)[0] == [
        f"{REVOKED}: found in revoked.pem a list of CN=stranger, expected {signed}"
    ]
    (tmp_path / "revoked.pem").write_text(revoked(made("authority")))
    assert judged(leaf, more=CLIENTS)[0] == [
        f"{REVOKED}: found in revoked.pem a list of CN=authority, expected {signed}"
    ]
    (tmp_path / "revoked.pem").write_text(revoked(ca, bare=True))
    extensions = "lists with the extensions of RFC 5280 sections 5.2.1 and 5.2.3"
    assert judged(leaf, more=CLIENTS)[0] == [
        f"{REVOKED}: found in revoked.pem a list of CN=authority without {missing}, expected {extensions}"
        for missing in ("AuthorityKeyIdentifier", "CRLNumber")
    ]
    (tmp_path / "revoked.pem").write_text(ca.pem)
    assert judged(leaf, more=CLIENTS)[0] == [
        f"{REVOKED}: found revoked.pem, which is no PEM of revoked certificates, expected lists (X509 CRL) in PEM"
    ]
    (tmp_path / "clients.pem").write_text("none")
    assert judged(leaf, more=CLIENTS)[0] == [
        f"{AUTHORITIES}: found clients.pem, which is no PEM of certificates, expected certificates in PEM"
    ]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "(empty), expected a PEM file"),
        (" \n", "(empty), expected a PEM file"),
        ("none", ", which is no PEM of revoked certificates, expected lists (X509 CRL) in PEM"),
        (
            "{list}-----BEGIN X509 CRL-----\nMIH",
            ", which is no PEM of revoked certificates, expected lists (X509 CRL) in PEM",
        ),
    ],
)
def test_a_list_that_holds_none_or_is_being_written_does_not_pass_for_one(judged, tmp_path, ca, text, said):
    leaf = made("leaf", ca, **LEAF)
    (tmp_path / "clients.pem").write_text(ca.pem)
    (tmp_path / "revoked.pem").write_text(revoked(ca))
    assert judged(leaf, more=CLIENTS)[0] == []
    (tmp_path / "revoked.pem").write_text(text.format(list=revoked(ca)))
    [told] = judged(leaf, more=CLIENTS)[0]
    assert told.removeprefix(f"{REVOKED}: found revoked.pem").lstrip() == said.lstrip()


def test_no_authorities_are_none(judged, tmp_path, ca):
    (tmp_path / "clients.pem").write_text("\n")
    (tmp_path / "revoked.pem").write_text(revoked(ca))
    told = judged(made("leaf", ca, **LEAF), more=CLIENTS)[0]
    assert told == [f"{AUTHORITIES}: found clients.pem (empty), expected a PEM file"]
