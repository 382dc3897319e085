"""The two places that the player attacks, as processes on free loopback ports: the shop, and Yett before the shop."""

import json
import os
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import yaml

HERE = Path(__file__).parent
PLAN = "yett.yaml"
START_SECONDS = 30.0
END_SECONDS = 45.0
"""More than a gateway takes to drain: one that is killed before then leaves its child serving."""


class CannotStart(Exception):
    """A process of the demo ended, or did not answer in time, before it could be attacked."""


@contextmanager
def shop(folder: Path) -> Iterator[str]:
    """Runs the shop with its state in `folder`; gives its URL."""
    with _running(["orders.shop", "--folder", str(folder)], folder / "shop.log") as process:
        if process.stdout is None or not (url := process.stdout.readline().strip()):
            raise _ended("the shop", process, folder / "shop.log")
        yield url


@contextmanager
def gateway(folder: Path, url: str) -> Iterator[None]:
    """Runs Yett on `url`, by the plan that `write_plan` left in `folder`."""
    log = folder / "gateway.log"
    with _running(["yett.cli", "serve", "--plan", str(folder / PLAN)], log) as process:
        _await_health(url, process, log)
        yield


def write_plan(folder: Path, upstream: str) -> str:
    """Copies plan and description into `folder`, with a free port to listen on; gives the URL of the gateway."""
    shutil.copy(HERE / "openapi.yaml", folder)
    plan = yaml.safe_load((HERE / PLAN).read_text("utf-8"))
    address = f"127.0.0.1:{_free_port()}"
    plan["gateway"]["listen"] = [address]
    plan["apis"]["orders"]["upstream"]["urls"] = [upstream]
    (folder / PLAN).write_text(yaml.safe_dump(plan, sort_keys=False, width=120), "utf-8")
    return f"http://{address}"


def add_key(folder: Path) -> str:
    """Makes an API key for the partner's warehouse, as a user would."""
    command = [sys.executable, "-m", "yett.cli", "keys", "add", "warehouse", "--json", "--plan", str(folder / PLAN)]
    made = subprocess.run(command, capture_output=True, text=True, check=False)
    if made.returncode:
        raise CannotStart(f"`yett keys add` ended with code {made.returncode}\n{made.stderr}")
    return str(json.loads(made.stdout)["key"])


def _await_health(url: str, process: subprocess.Popen[str], log: Path) -> None:
    """Returns once the shop answers through the gateway."""
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline:
        if process.poll() is not None:
            raise _ended("the gateway", process, log)
        try:
            if httpx.get(f"{url}/health", timeout=1).is_success:
                return
        except httpx.TransportError:
            pass
        time.sleep(0.05)
    raise CannotStart(f"the gateway did not answer {url}/health within {START_SECONDS:.0f} s\n{log.read_text()}")


@contextmanager
def _running(module: list[str], log: Path) -> Iterator[subprocess.Popen[str]]:
    """A Python module as a process of its own session, so that Ctrl-C reaches the player first."""
    path = os.pathsep.join(filter(None, [str(HERE.parent), os.environ.get("PYTHONPATH")]))
    environment = os.environ | {"PYTHONPATH": path}
    with log.open("w", encoding="utf-8") as errors:
        process = subprocess.Popen(
            [sys.executable, "-m", *module],
            cwd=log.parent,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=errors,
            text=True,
            start_new_session=True,
        )
    with process:
        try:
            yield process
        finally:
            process.terminate()
            try:
                process.wait(END_SECONDS)
            except subprocess.TimeoutExpired:
                process.kill()


def _ended(name: str, process: subprocess.Popen[str], log: Path) -> CannotStart:
    return CannotStart(f"{name} ended with code {process.wait()} before it listened\n{log.read_text()}")


def _free_port() -> int:
    """A port that was free a moment ago; the plan has to name one."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return int(listener.getsockname()[1])
