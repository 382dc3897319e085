"""Messages on real sockets: over TLS, which has no half-close, an answer is heard too."""

import datetime
import socket
import ssl
import threading

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from yett.prove.endpoint import Endpoint
from yett.prove.wire import _is_whole, converse_on

ANSWER = b"HTTP/1.1 400 Bad Request\r\nContent-Length: 2\r\n\r\n{}"


@pytest.fixture
def certificate(tmp_path, monkeypatch):
    """A certificate of localhost that this process believes."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "localhost")])
    now = datetime.datetime.now(datetime.UTC)
    builder = x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
    builder = builder.not_valid_before(now - datetime.timedelta(1)).not_valid_after(now + datetime.timedelta(1))
    builder = builder.add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
    pem = builder.sign(key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM)
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    (tmp_path / "both.pem").write_bytes(private + pem)
    (tmp_path / "ca.pem").write_bytes(pem)
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "ca.pem"))
    return tmp_path / "both.pem"


@pytest.fixture
def tls(certificate):
    """The port of a server that answers one head, and waits for its client to go."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)

    def serve(listener: socket.socket) -> None:
        connection, _ = listener.accept()
        with context.wrap_socket(connection, server_side=True) as secure:
            if secure.recv(65536):
                secure.sendall(ANSWER)
                secure.recv(65536)

    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=serve, args=(listener,))
        thread.start()
        yield listener.getsockname()[1]
        thread.join()


def test_an_answer_over_tls_is_heard(tls):
    with Endpoint("localhost", tls, True).connect() as connection:
        heard = converse_on(connection, b"GET / HTTP/1.1\r\n\r\n", ends=True)
    assert (heard.octets, heard.status) == (ANSWER, 400)


@pytest.mark.parametrize(
    ("octets", "is_whole"),
    [
        (ANSWER, True),
        (ANSWER * 2, True),
        (ANSWER[:-1], False),
        (ANSWER + ANSWER[:20], False),
        (b"HTTP/1.1 100 Continue\r\n\r\n" + ANSWER, True),
        (b"HTTP/1.1 204 No Content\r\nServer: a\r\n\r\n", True),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\n0\r\n\r\n", True),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\n", False),
        (b"HTTP/1.1 200 OK\r\n\r\nuntil it closes", False),
    ],
)
def test_whole_answers(octets, is_whole):
    assert _is_whole(octets) == is_whole
