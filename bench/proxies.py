"""The proxies of the bench: how each is configured, started on its core, and what it can protect. Measures nothing."""

import re
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

HERE = Path(__file__).parent
PROXY_CORE, LOAD_CORE = 0, 1
START_SECONDS = 30


class NotStarted(Exception):
    """A process of the bench ended, or did not listen, before it could be measured."""


@dataclass(frozen=True)
class Proxy:
    """One proxy in one configuration. `rows` and `protections` say what it can do; the rest is not asked of it."""

    name: str
    title: str
    rows: frozenset[str]
    protections: frozenset[str]
    template: str
    command: Callable[[Path], list[str]]
    settings: Mapping[str, str]
    version: list[str]
    one_listener: bool = False


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def render(template: Path, values: Mapping[str, object]) -> str:
    """Fill in `{{name}}`; a name without a value is an error."""
    return re.sub(r"\{\{(\w+)\}\}", lambda found: str(values[found[1]]), template.read_text("utf-8"))


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
        while time.monotonic() < deadline:
            if self.process.poll() is not None:
                break
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
            self.process.wait(timeout=10)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()


def nginx(name: str, title: str, access_log: str) -> Proxy:
    return Proxy(
        name,
        title,
        frozenset({"plain", "limit"}),
        frozenset({"limit"}),
        "peers/nginx.conf",
        lambda config: ["nginx", "-c", str(config)],
        {"access_log": access_log},
        ["nginx", "-v"],
    )


def haproxy(name: str, title: str, log: str) -> Proxy:
    return Proxy(
        name,
        title,
        frozenset({"plain", "guarded", "everything"}),
        frozenset({"jwt", "role", "limit"}),
        "peers/haproxy.cfg",
        lambda config: ["haproxy", "-db", "-f", str(config)],
        {"log": log},
        ["haproxy", "-v"],
    )


ENVOY_LOG = (
    '[{name: envoy.access_loggers.file, typed_config: {"@type": '
    "type.googleapis.com/envoy.extensions.access_loggers.file.v3.FileAccessLog, path: {{folder}}/{{name}}.access}}]"
)


def envoy(name: str, title: str, access_log: str) -> Proxy:
    program = Path(sys.executable).parent / "envoy"
    return Proxy(
        name,
        title,
        frozenset({"plain", "guarded", "everything"}),
        frozenset({"jwt", "role", "limit"}),
        "peers/envoy.yaml",
        lambda config: [str(program), "-c", str(config), "--concurrency", "1", "--disable-hot-restart", "-l", "error"],
        {"access_log": access_log},
        [str(program), "--version"],
    )


def yett() -> Proxy:
    program = str(Path(sys.executable).parent / "yett")
    protections = frozenset({"jwt", "role", "limit", "description", "contract"})
    rows, command = frozenset({"plain", "guarded", "everything"}), lambda config: [program, "serve", str(config)]
    version = [program, "--version"]
    return Proxy("yett", "Yett", rows, protections, "yett/yett.yaml", command, {}, version, one_listener=True)


PROXIES = [
    yett(),
    nginx("nginx", "nginx", "{{folder}}/{{name}}.access bench buffer=64k flush=1s"),
    nginx("nginx-silent", "nginx, no log", "off"),
    haproxy("haproxy", "HAProxy", "log global\n    option httplog"),
    haproxy("haproxy-silent", "HAProxy, no log", "no log"),
    envoy("envoy", "Envoy", ENVOY_LOG),
    envoy("envoy-silent", "Envoy, no log", "[]"),
]


@dataclass(frozen=True)
class Started:
    """A proxy that listens: its process, and its ports by kind of listener."""

    proxy: Proxy
    process: Running
    ports: dict[str, int]


def start(proxy: Proxy, folder: Path, shared: Mapping[str, object]) -> Started:
    """Write the proxy's configuration into the folder and start it on its core."""
    ports = {"plain": free_port(), "guarded": free_port()}
    if proxy.one_listener:
        ports["plain"] = ports["guarded"]
    values = {**shared, "folder": folder, "name": proxy.name, "here": HERE, "admin_port": free_port()}
    values |= {f"{kind}_port": port for kind, port in ports.items()}
    for key, text in proxy.settings.items():
        values[key] = re.sub(r"\{\{(\w+)\}\}", lambda found: str(values[found[1]]), text)
    template = HERE / proxy.template
    config = folder / f"{proxy.name}{template.suffix}"
    config.write_text(render(template, values))
    process = Running(proxy.name, proxy.command(config), PROXY_CORE, sorted(set(ports.values())), folder)
    return Started(proxy, process, ports)


def start_upstream(folder: Path) -> tuple[Running, int]:
    """The static nginx behind every proxy, on the core of the load."""
    port = free_port()
    config = folder / "upstream.conf"
    config.write_text(render(HERE / "peers/upstream.conf", {"folder": folder, "upstream_port": port}))
    return Running("upstream", ["nginx", "-c", str(config)], LOAD_CORE, [port], folder), port
