"""Property: a listener speaks TLS by its profile, shows the certificate that is asked for, and believes no stranger."""

import shutil
import socket
import ssl
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from tests.certificates import CLIENT, SERVER, made, revoked, rsa_key
from tests.serve.conftest import Notes
from tests.serve.secure import SECONDS, Listener, ask, context, run, write
from yett.policy.compile import compile_plan
from yett.serve import supervisor
from yett.serve.gateway import Gateway
from yett.serve.log import Log

needs_openssl = pytest.mark.skipif(shutil.which("openssl") is None, reason="there is no openssl here")
needs_curl = pytest.mark.skipif(shutil.which("curl") is None, reason="there is no curl here")


def test_the_certificate_of_the_name(serving, ca):
    listener = serving(
        {
            "a": made("a", ca, names=["a.example", "www.a.example"]),
            "any": made("any", ca, names=["*.b.example"]),
            "b": made("b", ca, names=["b.example", "x.b.example"]),
        }
    )
    first = ["a.example", "www.a.example"]
    assert listener.shown("a.example") == first
    assert listener.shown("WWW.A.Example") == first
    assert listener.shown("b.example") == ["b.example", "x.b.example"]
    assert listener.shown("x.b.example") == ["b.example", "x.b.example"], "an exact name before a wildcard"
    assert listener.shown("y.b.example") == ["*.b.example"]
    assert listener.shown("z.y.b.example") == first, "a wildcard is one label"
    assert listener.shown("c.example") == first
    assert listener.shown(None) == first


@needs_openssl
def test_ecdsa_and_rsa_side_by_side(serving, ca):
    names = ["a.example"]
    listener = serving({"rsa": made("rsa", ca, names=names, key=rsa_key()), "ecdsa": made("ecdsa", ca, names=names)})
    rsa = ("-sigalgs", "RSA-PSS+SHA256:RSA+SHA256")
    assert "Peer signature type: ECDSA" in listener.openssl("-tls1_3").stdout
    assert "Peer signature type: RSA-PSS" in listener.openssl("-tls1_3", *rsa).stdout
    assert "Peer signature type: RSA-PSS" in listener.openssl("-tls1_2", *rsa).stdout
    by_suite = listener.openssl("-tls1_2", "-cipher", "ECDHE-RSA-AES128-GCM-SHA256")
    assert "Peer signature type: RSA-PSS" in by_suite.stdout


@needs_openssl
def test_addresses_have_ecdsa_and_rsa_too(serving, ca):
    names = ["127.0.0.1"]
    listener = serving({"ecdsa": made("ecdsa", ca, names=names), "rsa": made("rsa", ca, names=names, key=rsa_key())})
    assert "Peer signature type: RSA-PSS" in listener.openssl("-sigalgs", "RSA-PSS+SHA256").stdout
    assert "Peer signature type: ECDSA" in listener.openssl().stdout
    assert listener.shown(None) == names


def test_a_key_from_the_environment_is_not_the_childs(plan, ca, lines, tmp_path, monkeypatch):
    pair = made("a", ca, names=["a.example"])
    monkeypatch.setenv("NOTES_KEY", pair.key)
    (tmp_path / "ca.pem").write_text(ca.pem)
    (tmp_path / "a.pem").write_text(pair.pem)
    tls = "{certificates: [{chain: a.pem, key: {env: NOTES_KEY}}]}"
    top = f"gateway: {{listen: [{{address: '127.0.0.1:0', tls: {tls}}}], threads: 1}}"
    with Gateway(plan("limit: none", top=top), log=Log("info", "json", lines)) as gateway:
        assert Listener(gateway, tmp_path).shown() == ["a.example"]
        assert b"NOTES_KEY" not in Path(f"/proc/{gateway.child_pid}/environ").read_bytes()
        [document] = tmp_path.glob("plans/*.json")
        assert "PRIVATE" not in document.read_text()
        assert "CERTIFICATE" not in document.read_text()


@needs_openssl
@pytest.mark.parametrize(("profile", "old"), [("intermediate", True), ("modern", False)])
def test_versions(serving, ca, profile, old):
    listener = serving({"a": made("a", ca, names=["a.example"])}, tls=f", profile: {profile}")
    weak = ("-cipher", "DEFAULT:@SECLEVEL=0")
    for version in ("-tls1", "-tls1_1"):
        refused = listener.openssl(version, *weak)
        assert refused.returncode == 1
        assert ("alert" in refused.stderr, "Cipher is (NONE)" in refused.stdout) == (True, True)
    second = listener.openssl("-tls1_2", *weak)
    assert ("New, TLSv1.2" in second.stdout, "alert protocol version" in second.stderr) == (old, not old)
    assert "New, TLSv1.3" in listener.openssl("-tls1_3").stdout


@needs_openssl
def test_suites_and_groups(one):
    for suite in ("AES128-SHA", "ECDHE-ECDSA-AES128-SHA256", "DHE-RSA-AES128-GCM-SHA256"):
        refused = one.openssl("-tls1_2", "-cipher", f"{suite}:@SECLEVEL=0")
        assert ("alert" in refused.stderr, "Cipher is (NONE)" in refused.stdout) == (True, True), suite
    for suite in ("ECDHE-ECDSA-AES128-GCM-SHA256", "ECDHE-ECDSA-CHACHA20-POLY1305"):
        assert f"Cipher is {suite}" in one.openssl("-tls1_2", "-cipher", suite).stdout
    for group, said in (("X25519", "X25519"), ("P-256", "ECDH, prime256v1"), ("P-384", "ECDH, secp384r1")):
        assert f"Server Temp Key: {said}" in one.openssl("-groups", group).stdout
    assert "alert handshake failure" in one.openssl("-groups", "P-521").stderr


def test_alpn(one):
    with one.connect(alpn=["h2", "http/1.1"]) as stream:
        assert stream.selected_alpn_protocol() == "h2"
    with one.connect(alpn=["http/1.1"]) as stream:
        assert stream.selected_alpn_protocol() == "http/1.1"
    with one.connect() as stream:
        assert stream.selected_alpn_protocol() is None
    with pytest.raises(ssl.SSLError, match="alert no application protocol"):
        one.connect(alpn=["h3"])


@pytest.mark.parametrize("most", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
def test_a_session_is_resumed_by_its_ticket(one, most):
    how = context(one.folder, most=most)

    def connect(session=None):
        plain = socket.create_connection(one.address, SECONDS)
        return how.wrap_socket(plain, server_hostname="a.example", session=session)

    with connect() as stream:
        assert ask(stream).status == 200
        session = stream.session
        assert (stream.session_reused, session.has_ticket) == (False, True)
    with connect(session) as stream:
        assert ask(stream).status == 200
        assert stream.session_reused


def test_what_upstream_and_client_are_told(one, client):
    with one.connect() as stream:
        answer = ask(stream, x_forwarded_client_cert="Hash=0", x_forwarded_proto="http", client_cert=":MIIB:")
        again = ask(stream)
    assert (answer.status, answer.body, again.status) == (200, b'{"id": 7}', 200)
    assert answer.headers["strict-transport-security"] == "max-age=63072000"
    assert Notes.heard["x-forwarded-proto"] == "https"
    assert "proto=https" in Notes.heard.get("forwarded", "proto=https")
    with one.connect() as stream:
        ask(stream, x_forwarded_client_cert="Hash=0", client_cert=":MIIB:")
    assert not {"x-forwarded-client-cert", "client-cert"} & set(Notes.heard)
    with one.connect() as stream:
        missing = ask(stream, "/none")
    assert (missing.status, missing.headers["strict-transport-security"]) == (404, "max-age=63072000")
    [_, plain] = one.gateway._supervisor.listening
    answer = client.get(f"http://{plain}/open")
    assert (answer.status_code, "strict-transport-security" in answer.headers) == (200, False)
    assert Notes.heard["x-forwarded-proto"] == "http"


@needs_curl
def test_curl(one):
    address = f"a.example:{one.address[1]}:127.0.0.1"
    command = ["curl", "-sS", "--noproxy", "*", "--cacert", str(one.folder / "ca.pem"), "--resolve", address]
    url = f"https://a.example:{one.address[1]}/open"
    done = run(*command, url, url)
    assert (done.stdout, done.stderr) == ('{"id": 7}{"id": 7}', "")


def refuses(listener: Listener, **how) -> bool:
    """Whether no request is answered: in TLS 1.3 a client learns of it after its own handshake."""
    try:
        with listener.connect(**how) as stream:
            ask(stream)
    except (ssl.SSLError, ConnectionError):
        return True
    return False


@pytest.mark.parametrize(
    ("clients", "refused"),
    [
        (", clients: {authorities: clients.pem}", [True, False, True]),
        (", clients: {authorities: clients.pem, ask: optional}", [False, False, True]),
        ("", [False, False, False]),
    ],
    ids=["required", "optional", "off"],
)
def test_certificates_of_clients(serving, ca, tmp_path, clients, refused):
    mine = made("clients")
    (tmp_path / "clients.pem").write_text(mine.pem)
    for name, by in (("anna", mine), ("stranger", made("strangers"))):
        write(tmp_path, name, made(name, by, names=[f"{name}.example"], usage=CLIENT))
    listener = serving({"a": made("a", ca, names=["a.example"])}, tls=clients)
    for most in (ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3):
        assert [refuses(listener, most=most, client=name) for name in (None, "anna", "stranger")] == refused
    with listener.connect(client="anna") as stream:
        assert ask(stream).status == 200
        assert stream.session.has_ticket == (not clients), "who may show a certificate is verified anew"


def test_a_certificate_of_a_server_is_none_of_a_client(serving, ca, tmp_path):
    mine = made("clients")
    (tmp_path / "clients.pem").write_text(mine.pem)
    write(tmp_path, "server", made("server", mine, names=["server.example"], usage=SERVER))
    late = datetime.now(UTC) - timedelta(days=3)
    write(tmp_path, "ended", made("ended", mine, names=["ended.example"], usage=CLIENT, begins=late, days=2))
    tls = ", clients: {authorities: clients.pem, ask: optional}"
    listener = serving({"a": made("a", ca, names=["a.example"])}, tls=tls)
    assert [refuses(listener, client=name) for name in (None, "server", "ended")] == [False, True, True]


def test_a_client_is_revoked(serving, ca, tmp_path, lines):
    mine = made("clients")
    (tmp_path / "clients.pem").write_text(mine.pem)
    people = {name: made(name, mine, names=[f"{name}.example"], usage=CLIENT) for name in ("anna", "bert")}
    for name, pair in people.items():
        write(tmp_path, name, pair)
    (tmp_path / "revoked.pem").write_text(revoked(mine, people["bert"]))
    tls = ", clients: {authorities: clients.pem, revoked: revoked.pem}"
    listener = serving({"a": made("a", ca, names=["a.example"])}, tls=tls)
    assert [refuses(listener, client=name) for name in people] == [False, True]
    (tmp_path / "revoked.pem").write_text(revoked(mine, people["anna"], people["bert"]))
    lines.wait("certificates changed")
    assert [refuses(listener, client=name) for name in people] == [True, True]


def test_who_was_believed_by_an_older_list_has_one_answer_more(serving, ca, tmp_path, lines):
    mine = made("clients")
    (tmp_path / "clients.pem").write_text(mine.pem)
    anna = made("anna", mine, names=["anna.example"], usage=CLIENT)
    write(tmp_path, "anna", anna)
    (tmp_path / "revoked.pem").write_text(revoked(mine))
    tls = ", clients: {authorities: clients.pem, revoked: revoked.pem, ask: optional}"
    listener = serving({"a": made("a", ca, names=["a.example"])}, tls=tls)
    with listener.connect(client="anna") as shown, listener.connect() as stranger:
        answers = [ask(stream) for stream in (shown, stranger)]
        assert [answer.getheader("connection") for answer in answers] == [None, None]
        (tmp_path / "revoked.pem").write_text(revoked(mine, anna))
        lines.wait("certificates changed")
        assert ask(shown).getheader("connection") == "close"
        assert ask(stranger).getheader("connection") is None, "who showed nothing was never believed"


def test_an_emptied_list_revokes_whom_it_did(serving, ca, tmp_path, lines):
    mine = made("clients")
    (tmp_path / "clients.pem").write_text(mine.pem)
    people = {name: made(name, mine, names=[f"{name}.example"], usage=CLIENT) for name in ("anna", "bert")}
    for name, pair in people.items():
        write(tmp_path, name, pair)
    (tmp_path / "revoked.pem").write_text(revoked(mine, people["bert"]))
    tls = ", clients: {authorities: clients.pem, revoked: revoked.pem}"
    listener = serving({"a": made("a", ca, names=["a.example"])}, tls=tls)
    (tmp_path / "revoked.pem").write_text("")
    lines.wait(supervisor.REFUSED)
    assert [refuses(listener, client=name) for name in people] == [False, True]


def metrics(listener: Listener, client, name: str) -> dict[str, str]:
    text = client.get(f"{listener.gateway.admin_url}/metrics").text
    return dict(line.rsplit(" ", 1) for line in text.splitlines() if line.startswith(name))


def test_a_handshake_that_never_comes(serving, ca, client):
    listener = serving({"a": made("a", ca, names=["a.example"])}, more=", timeouts: {head: 200ms}")
    with socket.create_connection(listener.address, SECONDS) as silent:
        assert silent.recv(1) == b""
    with socket.create_connection(listener.address, SECONDS) as partial:
        partial.sendall(b"\x16\x03\x01\x02\x00\x01")
        assert partial.recv(1) == b""
    assert not refuses(listener)
    name = 'yett_tls_handshakes_total{outcome="%s"}'
    counted = metrics(listener, client, "yett_tls_handshakes_total")
    assert (counted[name % "late"], counted[name % "done"]) == ("2", "1")


def test_plain_http_at_a_port_of_tls(one, client):
    with socket.create_connection(one.address, SECONDS) as plain:
        plain.sendall(b"GET /open HTTP/1.1\r\nHost: a.example\r\n\r\n")
        answer = b"".join(iter(lambda: plain.recv(100), b""))
    assert b"HTTP" not in answer
    assert answer[:1] in (b"", b"\x15"), "an alert at most"
    counted = metrics(one, client, "yett_tls_handshakes_total")
    assert counted['yett_tls_handshakes_total{outcome="failed"}'] == "1"


def test_when_certificates_end_is_a_metric(serving, ca, client):
    pairs = {"a": made("a", ca, names=["a.example"]), "b": made("b", ca, names=["b.example"], days=40)}
    listener = serving(pairs)
    name = "yett_tls_certificate_expiration_timestamp_seconds"
    assert metrics(listener, client, name) == {
        f'{name}{{listener="127.0.0.1:0",certificate="{number}",name="{each}.example"}}': str(
            int(pair.certificate.not_valid_after_utc.timestamp())
        )
        for number, (each, pair) in enumerate(pairs.items())
    }


def test_a_certificate_that_ends_is_told_daily(serving, ca, lines, monkeypatch):
    monkeypatch.setattr(supervisor, "DAY_SECONDS", 0.3)
    listener = serving({"a": made("a", ca, names=["a.example"], days=5.5)})
    [ends] = [str(each) for each in compile_plan(listener.folder / "yett.yaml").findings if "renew" in each.text]
    assert "yett.yaml:2:" in ends
    assert "the certificate of a.example ends in 5 days, at " in ends
    for _ in range(3):
        assert lines.wait(ends)["level"] == "warning"
