"""`yett certs`: what the listeners show and until when; `dev` makes certificates that a client verifies."""

import json
import ssl
from datetime import UTC, datetime, timedelta

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import serialization
from cryptography.x509.verification import PolicyBuilder, Store

from tests.certificates import made
from yett.policy import certificates
from yett.policy.check import accept

PLAN = """\
yett: 1
gateway:
  listen:
    - 127.0.0.1:8080
    - {address: 127.0.0.1:8443, tls: {certificates: [{chain: a.pem, key: {file: a.key}}]}}
apis: {notes: {openapi: openapi.yaml, upstream: {urls: [http://127.0.0.1:9000]}}}
"""


@pytest.fixture
def shown(tmp_path):
    """Writes a plan whose second listener shows a certificate that ends in so many days."""

    def shown(days, begins=None):
        pair = made("a", made("authority"), names=["a.example", "127.0.0.1"], days=days, begins=begins)
        (tmp_path / "a.pem").write_text(pair.pem)
        (tmp_path / "a.key").touch(0o600)
        (tmp_path / "a.key").write_text(pair.key)
        (tmp_path / "yett.yaml").write_text(PLAN)
        return pair.certificate

    return shown


def test_a_list(yett, shown):
    certificate = shown(30.5)
    done = yett("certs")
    assert (done.code, done.err) == (0, "")
    ends = f"{certificate.not_valid_after_utc:%Y-%m-%dT%H:%M:%SZ}"
    assert done.out.splitlines() == [
        "127.0.0.1:8080  plain text",
        "127.0.0.1:8443  TLS, profile intermediate",
        f"  a.example, 127.0.0.1  ECDSA secp256r1  by CN=authority  until {ends} (30 days)  a.pem",
    ]
    assert yett("certs", "list").out == done.out


@pytest.mark.parametrize(
    ("names", "kept", "says"),
    [
        (["CA"], [], "found the name 'CA', expected another: tls/CA.pem is the authority's"),
        ([], ["localhost.pem", "localhost.key"], "found tls/localhost.pem, which is not of this authority"),
        ([], ["localhost.key"], "found tls/localhost.key, which is not of this authority"),
        ([], ["ca.pem"], "found tls/ca.pem alone, expected an authority's chain and its key, or neither"),
        ([], ["ca.key"], "found tls/ca.key alone, expected an authority's chain and its key, or neither"),
        ([], ["ca.pem", "ca.key"], "found tls/ca.key, which is not the key of a development authority in tls/ca.pem"),
    ],
)
def test_certificates_for_development_never_take_the_place_of_others(yett, tmp_path, names, kept, says):
    (tmp_path / "tls").mkdir()
    texts = {"pem": made("real", names=["localhost"]).pem, "key": made("real").key}
    for name in kept:
        (tmp_path / "tls" / name).write_text(texts[name[-3:]])
    done = yett("certs", "dev", *names)
    assert (done.code, done.err.startswith(says)) == (2, True), done.err
    assert {name: (tmp_path / "tls" / name).read_text() for name in kept} == {name: texts[name[-3:]] for name in kept}


def test_certificates_for_development_take_the_place_of_their_own(yett, tmp_path):
    assert [yett("certs", "dev").code for _ in range(2)] == [0, 0]
    (tmp_path / "tls" / "localhost.key").unlink()
    assert yett("certs", "dev").code == 0


def test_the_plan_and_json_may_stand_before_the_verb(yett, shown, tmp_path):
    shown(30.5)
    (tmp_path / "yett.yaml").rename(tmp_path / "other.yaml")
    listed = yett("certs", "list", "--plan", "other.yaml", "--json")
    assert (listed.code, json.loads(listed.out)[0]["listener"]) == (0, "127.0.0.1:8080")
    assert yett("certs", "--plan", "other.yaml", "--json", "list") == listed
    (tmp_path / "below").mkdir()
    for arguments in (["--plan", "below/yett.yaml", "dev"], ["--plan", "none", "dev", "-p", "below/yett.yaml"]):
        assert "wrote below/tls/localhost.pem" in yett("certs", *arguments).out


def test_a_list_as_json(yett, shown):
    certificate = shown(30.5)
    done = yett("certs", "--json")
    [plain, tls] = json.loads(done.out)
    assert plain == {"listener": "127.0.0.1:8080", "profile": None, "certificates": []}
    assert (tls["listener"], tls["profile"]) == ("127.0.0.1:8443", "intermediate")
    assert tls["certificates"] == [
        {
            "names": ["a.example", "127.0.0.1"],
            "key": "ECDSA secp256r1",
            "issuer": "CN=authority",
            "begins": f"{certificate.not_valid_before_utc:%Y-%m-%dT%H:%M:%SZ}",
            "ends": f"{certificate.not_valid_after_utc:%Y-%m-%dT%H:%M:%SZ}",
            "days": 30,
            "file": "a.pem",
        }
    ]
    assert yett("certs", "list", "--json").out == done.out


@pytest.mark.parametrize(("days", "code"), [(6.5, 1), (7.5, 0)])
def test_one_that_ends_within_a_week_falls_short(yett, shown, days, code):
    shown(days)
    done = yett("certs")
    assert (done.code, done.err) == (code, "")
    assert f"({int(days)} days)" in done.out


def test_one_that_ended_is_listed_and_wrong(yett, shown):
    shown(5.5, datetime.now(UTC) - timedelta(days=10))
    done = yett("certs")
    assert (done.code, "(-5 days)" in done.out) == (1, True)
    assert "yett.yaml:5:62: found in a.pem a certificate that ended at" in done.err


def test_a_plan_that_is_none(yett, tmp_path):
    (tmp_path / "yett.yaml").write_text("yett: 2\n")
    assert yett("certs").code == 2
    assert yett("certs", "--plan", "none.yaml").code == 2


def test_certificates_for_development(yett, tmp_path):
    done = yett("certs", "dev")
    assert (done.code, done.err) == (0, "")
    assert (
        "wrote tls/localhost.pem and its key tls/localhost.key, for localhost, 127.0.0.1, ::1, good for 90" in done.out
    )
    assert "curl --cacert tls/ca.pem https://localhost:8443/" in done.out
    lines = done.out.partition("In yett.yaml:\n\n")[2].partition("\n\n")[0]
    rest = "apis: {notes: {openapi: openapi.yaml, upstream: {urls: [http://127.0.0.1:9000]}}}\n"
    (tmp_path / "yett.yaml").write_text(f"yett: 1\n{lines}\n{rest}")
    compiled = accept(tmp_path / "yett.yaml")
    assert not [each for each in compiled.findings if "certificate" in each.text]
    listed = yett("certs")
    assert (listed.code, "localhost, 127.0.0.1, ::1  ECDSA secp256r1" in listed.out) == (0, True)


def test_what_it_made_verifies_and_is_nobody_elses(yett, tmp_path):
    yett("certs", "dev", "a.example", "*.b.example", "127.0.0.1")
    folder = tmp_path / "tls"
    authority = x509.load_pem_x509_certificate((folder / "ca.pem").read_bytes())
    leaf = x509.load_pem_x509_certificate((folder / "a.example.pem").read_bytes())
    for subject in ("a.example", "x.b.example"):
        verifier = PolicyBuilder().store(Store([authority])).build_server_verifier(x509.DNSName(subject))
        assert verifier.verify(leaf, []) == [leaf, authority]
    assert {path.name: path.stat().st_mode & 0o777 for path in folder.glob("*.key")} == {
        "ca.key": 0o600,
        "a.example.key": 0o600,
    }
    assert folder.stat().st_mode & 0o077 == 0
    assert (folder / ".gitignore").read_text().splitlines()[-1] == "*"
    serialization.load_pem_private_key((folder / "a.example.key").read_bytes(), password=None)
    ssl.create_default_context(cafile=folder / "ca.pem")


def test_the_authority_is_made_once(yett, tmp_path):
    yett("certs", "dev", "--plan", "yett.yaml")
    before = (tmp_path / "tls" / "ca.pem").read_bytes()
    done = yett("certs", "dev", "b.example")
    assert (tmp_path / "tls" / "ca.pem").read_bytes() == before
    assert "--resolve b.example:8443:127.0.0.1 https://b.example:8443/" in done.out
    assert sorted(path.name for path in (tmp_path / "tls").glob("*.pem")) == [
        "b.example.pem",
        "ca.pem",
        "localhost.pem",
    ]


@pytest.mark.parametrize("name", ["../a", "a b", "", "a..b", "a.*.example", "x" * 64])
def test_what_is_no_name(yett, tmp_path, name):
    done = yett("certs", "dev", "--", name)
    assert (done.code, done.err) == (2, f"found the name {name!r}, expected a DNS name or an address\n")
    assert [path.name for path in tmp_path.rglob("*.pem")] in ([], ["ca.pem"])


def test_an_authority_that_is_none(yett, tmp_path):
    yett("certs", "dev")
    (tmp_path / "tls" / "ca.key").write_text("none")
    assert yett("certs", "dev").code == 2


def test_now_is_in_utc():
    assert certificates.now().tzinfo is UTC
