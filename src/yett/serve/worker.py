"""The child: hands what it inherited to the gateway, and serves until it has drained. Imports `yett._engine`.

Its standard input is one JSON document: `config` as in docs/control-protocol.md, and the numbers of the descriptors.
"""

import json
import resource
import sys

from yett._engine import Clock, PlanFault, run_worker

REFUSED = 3


def raise_descriptors() -> None:
    """As many descriptors as this user may have: each client takes one, and so does its upstream."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft != hard:
        resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))


def main() -> int:
    """Serve; gives the exit code."""
    start = json.load(sys.stdin)
    raise_descriptors()
    clock = Clock.system() if start["clock"] is None else Clock.fixed(start["clock"])
    try:
        run_worker(json.dumps(start["config"]), start["listeners"], start["admin"], start["control"], clock)
    except PlanFault as fault:
        for pointer, found in fault.faults:
            print(f"yett.serve.worker: {start['config']['plan']}#{pointer}: found {found}", file=sys.stderr)
        return REFUSED
    except (ValueError, OSError) as error:
        print(f"yett.serve.worker: {error}", file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
