"""A gateway's child whose clock a test sets: its first line of input is what it starts with, each other one a time.

At the end of its input it drains and ends, as by SIGTERM.
"""

import json
import os
import signal
import sys
import threading

from yett._engine import Clock, run_worker


def listen(clock: Clock) -> None:
    """Sets the clock, and says that it is set."""
    for line in sys.stdin:
        clock.set(int(line))
        print(line.strip(), flush=True)
    os.kill(os.getpid(), signal.SIGTERM)


def main() -> None:
    """Serves until it has drained."""
    start = json.loads(sys.stdin.readline())
    clock = Clock.fixed(0)
    thread = threading.Thread(target=listen, args=(clock,), daemon=True)
    thread.start()
    run_worker(json.dumps(start["config"]), start["listeners"], None, None, clock)
    thread.join()


if __name__ == "__main__":
    main()
