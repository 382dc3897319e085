"""The proxies of the bench: how each is configured, and what it can do and protect. Starts and measures nothing."""

import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

HERE = Path(__file__).parent
VENV = Path(sys.executable).parent

ALL_ROWS = frozenset({"plain", "tls", "http2", "guarded", "everything"})
COMMON = frozenset({"jwt", "role", "limit"})
# A value may name other values of the template.
ENVOY_LOG = (
    '[{name: envoy.access_loggers.file, typed_config: {"@type": '
    "type.googleapis.com/envoy.extensions.access_loggers.file.v3.FileAccessLog, path: {{folder}}/{{name}}.access}}]"
)


@dataclass(frozen=True)
class Proxy:
    """One proxy in one configuration: `template` is filled in, `command` starts it with the file that came of it.

    `rows` and `protections` say what it can do; the rest is not asked of it.
    """

    name: str
    title: str
    template: str
    program: str
    command: Callable[[str, str], list[str]]
    version: str
    rows: frozenset[str] = ALL_ROWS
    protections: frozenset[str] = COMMON
    settings: Mapping[str, str] = field(default_factory=dict)
    one_listener: bool = False


def yett() -> Proxy:
    return Proxy(
        name="yett",
        title="Yett",
        template="yett/yett.yaml",
        program=str(VENV / "yett"),
        command=lambda program, config: [program, "serve", "--plan", config],
        version="--version",
        protections=COMMON | {"description", "contract"},
        one_listener=True,
    )


def nginx(name: str, title: str, access_log: str) -> Proxy:
    return Proxy(
        name=name,
        title=title,
        template="peers/nginx.conf",
        program="nginx",
        command=lambda program, config: [program, "-c", config],
        version="-v",
        rows=frozenset({"plain", "tls", "http2", "limit"}),
        protections=frozenset({"limit"}),
        settings={"access_log": access_log},
    )


def haproxy(name: str, title: str, log: str) -> Proxy:
    return Proxy(
        name=name,
        title=title,
        template="peers/haproxy.cfg",
        program="haproxy",
        command=lambda program, config: [program, "-db", "-f", config],
        version="-v",
        settings={"log": log},
    )


def envoy(name: str, title: str, access_log: str) -> Proxy:
    options = ["--concurrency", "1", "--disable-hot-restart", "-l", "error"]
    return Proxy(
        name=name,
        title=title,
        template="peers/envoy.yaml",
        program=str(VENV / "envoy"),
        command=lambda program, config: [program, "-c", config, *options],
        version="--version",
        settings={"access_log": access_log},
    )


PROXIES = [
    yett(),
    nginx("nginx", "nginx", "{{folder}}/{{name}}.access bench buffer=64k flush=1s"),
    nginx("nginx-silent", "nginx, no log", "off"),
    haproxy("haproxy", "HAProxy", "log global\n    option httplog"),
    haproxy("haproxy-silent", "HAProxy, no log", "no log"),
    envoy("envoy", "Envoy", ENVOY_LOG),
    envoy("envoy-silent", "Envoy, no log", "[]"),
]
