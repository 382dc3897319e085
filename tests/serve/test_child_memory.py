"""Property: an idle child is small. The release build is what counts; a debug build is larger and holds it too."""

import re
from pathlib import Path

MEGABYTES = 40


def test_an_idle_child_stays_small(gateway):
    status = Path(f"/proc/{gateway.child_pid}/status").read_text()
    assert int(re.search(r"VmRSS:\s+(\d+) kB", status)[1]) < MEGABYTES * 1024
