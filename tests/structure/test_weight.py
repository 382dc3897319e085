"""What Yett weighs: the wheel, and the time that an import takes."""

import subprocess
import sys
import zipfile

import pytest

pytestmark = pytest.mark.slow
WHEEL = 12 * 2**20
IMPORT_MS = 150
READ = "import time; start = time.perf_counter(); import yett.asgi; print((time.perf_counter() - start) * 1000)"


def test_the_wheel_is_small_and_whole(wheel):
    assert wheel.stat().st_size <= WHEEL
    with zipfile.ZipFile(wheel) as archive:
        names = archive.namelist()
    assert any(name.startswith("yett/_engine.") for name in names)
    assert any(name.startswith("yett/catalogue/") and name.endswith(".toml") for name in names)
    strangers = [name for name in names if not name.startswith(("yett/", "yett-"))]
    assert not strangers, f"the wheel carries what is not Yett: {strangers}"


def test_the_asgi_shell_is_imported_quickly():
    """The best of five: other processes can only make it slower."""
    runs = [subprocess.run([sys.executable, "-c", READ], capture_output=True, text=True, check=True) for _ in range(5)]
    assert min(float(run.stdout) for run in runs) <= IMPORT_MS
