"""One measurement: wrk or h2load against a port, and the CPU time that the proxy's processes took meanwhile."""

import os
import re
import subprocess
from dataclasses import dataclass
from pathlib import Path

TICKS = os.sysconf("SC_CLK_TCK")
CONNECTIONS = 32
# As many requests at a time, over fewer connections.
HTTP2_CONNECTIONS = 4


class Spoiled(Exception):
    """A run whose figure would mean nothing: refused requests, socket errors, or no request at all."""


@dataclass(frozen=True)
class Sample:
    """What one run saw: CPU µs of the proxy a request, and requests a second."""

    cpu_us: float
    rate: float


def tree(pid: int) -> list[int]:
    """The process and all that descend from it."""
    children: dict[int, list[int]] = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdecimal():
            try:
                fields = (entry / "stat").read_text().rpartition(")")[2].split()
            except (FileNotFoundError, ProcessLookupError):
                continue
            children.setdefault(int(fields[1]), []).append(int(entry.name))
    found = [pid]
    for parent in found:
        found.extend(children.get(parent, []))
    return found


def cpu_seconds(pids: list[int]) -> float:
    """utime + stime of the processes, all threads, from /proc/PID/stat."""
    ticks = 0
    for pid in pids:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        ticks += int(fields[11]) + int(fields[12])
    return ticks / TICKS


def wrk(url: str, seconds: int, headers: dict[str, str], script: Path | None, core: int) -> tuple[int, float]:
    """Run wrk with keep-alive on one core; requests that were answered, and the seconds it took."""
    command = ["taskset", "-c", str(core), "wrk", "-t1", f"-c{CONNECTIONS}", f"-d{seconds}s"]
    command += [part for name, value in headers.items() for part in ("-H", f"{name}: {value}")]
    command += ["-s", str(script)] if script else []
    output = subprocess.run([*command, url], capture_output=True, text=True, check=True).stdout
    counted = re.search(r"(\d+) requests in ([\d.]+)(m?s|m),", output)
    wrong = re.search(r"(Non-2xx or 3xx responses: \d+|Socket errors: .*)", output)
    if wrong or not counted or not int(counted[1]):
        raise Spoiled(f"{url}: {wrong[1] if wrong else output.strip()}")
    return int(counted[1]), float(counted[2]) * {"ms": 0.001, "s": 1, "m": 60}[counted[3]]


def h2load(url: str, seconds: int, core: int) -> tuple[int, float]:
    """The same over HTTP/2: 32 streams at a time on 4 connections."""
    streams = CONNECTIONS // HTTP2_CONNECTIONS
    command = ["taskset", "-c", str(core), "h2load", "-t1", f"-c{HTTP2_CONNECTIONS}", f"-m{streams}", f"-D{seconds}"]
    output = subprocess.run([*command, url], capture_output=True, text=True, check=True).stdout
    counted = re.search(r"(\d+) succeeded, (\d+) failed, (\d+) errored", output)
    answered = re.search(r"status codes: (\d+) 2xx, 0 3xx, 0 4xx, 0 5xx", output)
    spoken = re.search(r"Application protocol: (\S+)", output)
    good = counted and answered and spoken and spoken[1] == "h2" and counted[3] == "0"
    if not counted or not good or not int(counted[1]):
        raise Spoiled(f"{url}: {output.strip()}")
    return int(counted[1]), float(seconds)


def measure(
    pid: int, url: str, seconds: int, headers: dict[str, str], script: Path | None, core: int, http2: bool = False
) -> Sample:
    """CPU time of the process tree around one run; the tree must be the same before and after."""
    pids = tree(pid)
    before = cpu_seconds(pids)
    requests, elapsed = h2load(url, seconds, core) if http2 else wrk(url, seconds, headers, script, core)
    if tree(pid) != pids:
        raise Spoiled(f"{url}: the proxy's processes changed during the run")
    return Sample((cpu_seconds(pids) - before) * 1e6 / requests, requests / elapsed)
