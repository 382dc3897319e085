"""The table: medians, spread and ratios as Markdown, with what was compared and what was not. Measures nothing."""

import platform
import re
import subprocess
from dataclasses import dataclass
from pathlib import Path
from statistics import median

from bench.load import CONNECTIONS, Sample
from bench.proxies import PROXIES
from bench.rows import ROWS
from bench.stand import Started

Samples = dict[tuple[str, str], list[Sample]]
NOTES = Path(__file__).with_name("NOTES.md")


@dataclass(frozen=True)
class Target:
    """Yett's figure in a row is at most `factor` times that of the peer."""

    row: str
    peer: str
    factor: float


TARGETS = [
    Target("plain", "haproxy", 1.3),
    Target("tls", "haproxy", 1.0),
    Target("http2", "envoy", 1.0),
    Target("everything", "envoy", 0.55),
]


def middle(samples: Samples, row: str, proxy: str) -> float | None:
    measured = samples.get((row, proxy))
    return median(sample.cpu_us for sample in measured) if measured else None


def cell(samples: Samples, row: str, proxy: str) -> str:
    """Median with the lowest and the highest round; the requests a second behind it."""
    if not (measured := samples.get((row, proxy))):
        return "-"
    costs = [sample.cpu_us for sample in measured]
    rate = median(sample.rate for sample in measured)
    return f"**{median(costs):.1f}** ({min(costs):.1f}-{max(costs):.1f}) {rate / 1000:.1f} k/s"


def table(started: list[Started], samples: Samples) -> list[str]:
    titles = [each.proxy.title for each in started]
    lines = ["| CPU µs a request | " + " | ".join(titles) + " |", "| --- |" + " ---: |" * len(titles)]
    for row in ROWS:
        cells = [cell(samples, row.key, each.proxy.name) for each in started]
        lines.append(f"| {row.title} | " + " | ".join(cells) + " |")
    return lines


def ratio(samples: Samples, target: Target) -> float | None:
    ours, theirs = middle(samples, target.row, "yett"), middle(samples, target.row, target.peer)
    return ours / theirs if ours and theirs else None


def title(row: str) -> str:
    return next(each.title for each in ROWS if each.key == row)


def targets(samples: Samples) -> list[str]:
    lines = ["| target | measured | |", "| --- | ---: | --- |"]
    for target in TARGETS:
        peer = next(proxy.title for proxy in PROXIES if proxy.name == target.peer)
        found = ratio(samples, target)
        verdict = "not measured" if found is None else "holds" if found <= target.factor else "falls short"
        shown = "-" if found is None else f"{found:.2f} x"
        lines.append(f"| {title(target.row)}: at most {target.factor} x {peer} | {shown} | {verdict} |")
    return lines


def ratios(started: list[Started], samples: Samples) -> list[str]:
    """Yett's median divided by each peer's, for each row that both have."""
    if not any(each.proxy.name == "yett" for each in started):
        return []
    peers = [each.proxy for each in started if each.proxy.name != "yett"]
    lines = ["| Yett ÷ | " + " | ".join(peer.title for peer in peers) + " |", "| --- |" + " ---: |" * len(peers)]
    for row in ROWS:
        shown = []
        for peer in peers:
            found = ratio(samples, Target(row.key, peer.name, 0))
            shown.append("-" if found is None else f"{found:.2f}")
        if set(shown) != {"-"}:
            lines.append(f"| {row.title} | " + " | ".join(shown) + " |")
    return ["", *lines]


def holds(samples: Samples) -> bool:
    """Whether no measured target falls short."""
    return all((found := ratio(samples, target)) is None or found <= target.factor for target in TARGETS)


def version(started: Started) -> str:
    done = subprocess.run([started.proxy.program, started.proxy.version], capture_output=True, text=True, check=True)
    line = (done.stdout + done.stderr).strip().splitlines()[0]
    return re.sub(r"^\S*/|\s*-?\s*https?://\S+", "", line)


def machine() -> str:
    models = re.findall(r"^model name\s*: (.*)$", Path("/proc/cpuinfo").read_text(), re.M)
    return f"{models[0] if models else platform.machine()}, {len(models)} cores, Linux {platform.release()}"


def markdown(started: list[Started], samples: Samples, rounds: int, seconds: int) -> str:
    """The whole of RESULTS.md."""
    versions = {version(each) for each in started}
    lines = [
        "# What a request costs",
        "",
        f"Median of {rounds} interleaved rounds of {seconds} s (lowest-highest), and the median of requests a second.",
        f"wrk, {CONNECTIONS} connections with keep-alive. {machine()}.",
        "",
        *table(started, samples),
        *ratios(started, samples),
        "",
        *targets(samples),
        "",
        *sorted(f"- {found}" for found in versions),
        "",
        NOTES.read_text("utf-8").strip(),
    ]
    return "\n".join(lines) + "\n"
