"""`python -m bench`: start everything, prove that it protects, measure in interleaved rounds, write RESULTS.md."""

import argparse
import sys
from pathlib import Path

from bench import load, report, rows, tokens
from bench.proof import Unprotected, prove
from bench.proxies import PROXIES
from bench.stand import LOAD_CORE, NotStarted, Started, running


def script(row: rows.Row, folder: Path) -> Path | None:
    """The wrk script of a row with a body."""
    if row.body is None:
        return None
    path = folder / f"{row.key}.lua"
    headers = 'wrk.headers["Content-Type"] = "application/json"\n'
    path.write_text(f'wrk.method = "{row.method}"\nwrk.body = [[{row.body.decode()}]]\n{headers}')
    return path


def measure(started: Started, row: rows.Row, issuer: tokens.Issuer, folder: Path, seconds: int) -> load.Sample:
    headers = {"Authorization": f"Bearer {issuer.tokens['reader']}"} if row.token else {}
    url = f"{row.scheme}://127.0.0.1:{started.ports[row.listener]}{row.path}"
    return load.measure(started.process.process.pid, url, seconds, headers, script(row, folder), LOAD_CORE, row.http2)


def rounds(started: list[Started], issuer: tokens.Issuer, folder: Path, count: int, seconds: int) -> report.Samples:
    """Every proxy in every row, round after round, each round beginning with another proxy; one unmeasured first."""
    samples: report.Samples = {}
    for number in range(count + 1):
        order = started[number % len(started) :] + started[: number % len(started)]
        for row in rows.ROWS:
            for each in order:
                if row.key not in each.proxy.rows:
                    continue
                sample = measure(each, row, issuer, folder, seconds if number else 1)
                stage = f"round {number}/{count}" if number else "warm-up"
                print(
                    f"{stage}  {row.key:<11} {each.proxy.name:<15} {sample.cpu_us:6.2f} µs  {sample.rate:8.0f}/s",
                    flush=True,
                )
                if number:
                    samples.setdefault((row.key, each.proxy.name), []).append(sample)
    return samples


def main() -> int:
    known = [proxy.name for proxy in PROXIES]
    parser = argparse.ArgumentParser(prog="bench", description=__doc__)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=int, default=5, help="of each run of wrk")
    parser.add_argument("--only", nargs="+", choices=known, default=known, metavar="PROXY", help=", ".join(known))
    parser.add_argument("--results", type=Path, help="where the table goes (default: standard output)")
    chosen = parser.parse_args()
    with running(chosen.only) as (issuer, folder, started):
        for each in started:
            prove(each, issuer)
        samples = rounds(started, issuer, folder, chosen.rounds, chosen.seconds)
    text = report.markdown(started, samples, chosen.rounds, chosen.seconds)
    if chosen.results:
        chosen.results.write_text(text, "utf-8")
    print(text)
    return 0 if report.holds(samples) else 1


if __name__ == "__main__":
    try:
        sys.exit(main())
    except (load.Spoiled, NotStarted, Unprotected) as problem:
        sys.exit(f"bench: {problem}")
