"""A gateway that speaks TLS, and the clients of this machine that ask it. No test here."""

import socket
import ssl
import subprocess
from dataclasses import dataclass
from http.client import HTTPConnection, HTTPResponse
from pathlib import Path

from tests.certificates import Pair
from yett.serve.gateway import Gateway

SECONDS = 20


@dataclass(frozen=True)
class Listener:
    """A gateway whose first listener speaks TLS, and the second does not."""

    gateway: Gateway
    folder: Path

    @property
    def address(self) -> tuple[str, int]:
        """Of the first."""
        host, _, port = self.gateway.url.removeprefix("https://").rpartition(":")
        return host, int(port)

    def connect(self, name: str | None = "a.example", session=None, **how) -> ssl.SSLSocket:
        """A connection on which the handshake is done."""
        plain = socket.create_connection(self.address, SECONDS)
        return context(self.folder, **how).wrap_socket(plain, server_hostname=name, session=session)

    def shown(self, name: str | None = "a.example", **how) -> list[str]:
        """The names of the certificate that a client gets who asks for this one."""
        with self.connect(name, **how) as stream:
            return [value for _, value in (stream.getpeercert() or {}).get("subjectAltName", ())]

    def openssl(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """What `openssl s_client` says."""
        command = ["openssl", "s_client", "-connect", "{}:{}".format(*self.address), "-servername", "a.example"]
        verify = ["-CAfile", str(self.folder / "ca.pem"), *arguments]
        return subprocess.run(
            [*command, *verify], input="", check=False, capture_output=True, text=True, timeout=SECONDS
        )


def run(*command: str) -> subprocess.CompletedProcess[str]:
    """A command that has nothing to read."""
    return subprocess.run(command, input="", check=False, capture_output=True, text=True, timeout=SECONDS)


def context(folder: Path, alpn=None, most=None, client=None) -> ssl.SSLContext:
    """A client's side: it verifies the chain, and the name where the test looks at it."""
    made = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    made.load_verify_locations(folder / "ca.pem")
    made.check_hostname = False
    if alpn:
        made.set_alpn_protocols(alpn)
    if most:
        made.maximum_version = most
    if client:
        made.load_cert_chain(folder / f"{client}.pem", folder / f"{client}.key")
    return made


def write(folder: Path, name: str, pair: Pair) -> None:
    """The key first: where both are not of one mind, the gateway waits."""
    key = folder / f"{name}.key"
    if not key.exists():
        key.touch(0o600)
    key.write_text(pair.key)
    (folder / f"{name}.pem").write_text(pair.pem)


def ask(stream: socket.socket, path: str = "/open", **headers: str) -> HTTPResponse:
    """The answer to a request on a connection that stays open."""
    connection = HTTPConnection("a.example")
    connection.sock = stream
    connection.request("GET", path, headers={name.replace("_", "-"): value for name, value in headers.items()})
    answer = connection.getresponse()
    answer.body = answer.read()
    return answer
