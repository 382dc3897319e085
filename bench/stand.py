"""The stand: the upstream and the proxies as processes on their cores, started and ended here. Measures nothing."""

import re
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from bench import tokens
from bench.proxies import HERE, PROXIES, Proxy
from yett.policy.dev_authority import DevAuthority

PROXY_CORE, LOAD_CORE = 0, 1
START_SECONDS = 30
END_SECONDS = 45  # more than a gateway takes to drain: one that is killed before then leaves its child serving


class NotStarted(Exception):
    """A process of the bench ended, or did not listen, before it could be measured."""


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def fill(text: str, values: Mapping[str, object]) -> str:
    """Fill in `{{name}}`; a name without a value is an error."""
    return re.sub(r"\{\{(\w+)\}\}", lambda found: str(values[found[1]]), text)


class Running:
    """A started process on one core, its output in a file; leaves nothing running."""

    def __init__(self, name: str, command: list[str], core: int, ports: list[int], folder: Path) -> None:
        self.name = name
        self.output = folder / f"{name}.output"
        with self.output.open("wb") as output:
            full = ["taskset", "-c", str(core), *command]
            self.process = subprocess.Popen(full, stdout=output, stderr=subprocess.STDOUT, cwd=folder)
        try:
            for port in ports:
                self.wait(port)
        except NotStarted:
            self.stop()
            raise

    def wait(self, port: int) -> None:
        """Until the port accepts; the process's own output explains why it did not."""
        deadline = time.monotonic() + START_SECONDS
        while time.monotonic() < deadline and self.process.poll() is None:
            try:
                socket.create_connection(("127.0.0.1", port), timeout=1).close()
            except OSError:
                time.sleep(0.02)
            else:
                return
        said = self.output.read_text("utf-8", "replace")[-2000:]
        raise NotStarted(f"{self.name} does not listen on {port}:\n{said}")

    def stop(self) -> None:
        self.process.terminate()
        try:
            self.process.wait(timeout=END_SECONDS)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()


@dataclass(frozen=True)
class Started:
    """A proxy that listens: its process, and its ports by kind of listener."""

    proxy: Proxy
    process: Running
    ports: dict[str, int]
    authority: Path


def start(proxy: Proxy, folder: Path, shared: Mapping[str, object]) -> Started:
    """Write the proxy's configuration into the folder and start it on its core."""
    ports = {"plain": free_port(), "guarded": free_port(), "tls": free_port()}
    if proxy.one_listener:
        ports["plain"] = ports["guarded"]
    values = {**shared, "folder": folder, "name": proxy.name, "here": HERE, "admin_port": free_port()}
    values |= {f"{kind}_port": port for kind, port in ports.items()}
    values |= {key: fill(text, values) for key, text in proxy.settings.items()}
    template = HERE / proxy.template
    config = folder / f"{proxy.name}{template.suffix}"
    config.write_text(fill(template.read_text("utf-8"), values))
    command = proxy.command(proxy.program, str(config))
    process = Running(proxy.name, command, PROXY_CORE, sorted(set(ports.values())), folder)
    return Started(proxy, process, ports, Path(str(shared["authority"])))


def certify(folder: Path) -> dict[str, Path]:
    """The certificate that every proxy shows, ECDSA on P-256, by the words of the templates."""
    chain, key = DevAuthority.in_folder(folder / "tls").issue(["127.0.0.1"])
    both = folder / "tls" / "both.pem"
    both.touch(0o600)
    both.write_bytes(chain.read_bytes() + key.read_bytes())
    return {"authority": folder / "tls" / "ca.pem", "chain": chain, "key": key, "both": both}


def start_upstream(folder: Path) -> tuple[Running, int]:
    """The static nginx behind every proxy, on the core of the load."""
    port = free_port()
    config = folder / "upstream.conf"
    text = (HERE / "peers/upstream.conf").read_text("utf-8")
    config.write_text(fill(text, {"folder": folder, "upstream_port": port}))
    return Running("upstream", ["nginx", "-c", str(config)], LOAD_CORE, [port], folder), port


@contextmanager
def running(names: list[str]) -> Iterator[tuple[tokens.Issuer, Path, list[Started]]]:
    """The issuer, the folder of the run, and the named proxies before their upstream; all stopped at the end."""
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="yett-bench-")))
        folder.chmod(0o755)  # nginx's workers are another user's when the bench runs as root
        issuer = tokens.issue(folder)
        upstream, port = start_upstream(folder)
        stack.callback(upstream.stop)
        words = {"issuer": tokens.ISSUER, "audience": tokens.AUDIENCE, "role": tokens.ROLE}
        shared = {"upstream_port": port, "jwks": issuer.jwks, "pem": issuer.pem, **words, **certify(folder)}
        started: list[Started] = []
        for proxy in PROXIES:
            if proxy.name in names:
                started.append(start(proxy, folder, shared))
                stack.callback(started[-1].process.stop)
        yield issuer, folder, started
