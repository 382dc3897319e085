"""What stands around the code: the verbs of make, CI that skips nothing, complete locks, fuzz targets that are run."""

import os
import re
import subprocess
import tomllib

VERBS = {"run", "test", "check", "bench", "control", "fuzz", "lock"}
FUZZED = {"http1", "admit", "json", "tokens"}


def test_make_has_its_verbs(root):
    shown = subprocess.run(["make", "--silent", "help"], cwd=root, capture_output=True, text=True, check=True).stdout
    assert {line.split()[0] for line in shown.splitlines()} >= VERBS


def test_ci_wants_every_peer_and_runs_the_tests(root):
    script = root / ".ci/run"
    assert os.access(script, os.X_OK)
    lines = script.read_text("utf-8").splitlines()
    assert "export YETT_PEERS=all" in lines
    assert lines.index("export YETT_PEERS=all") < lines.index("make test")
    assert "set -euo pipefail" in lines


def test_the_lock_has_every_dependency_with_hashes(root):
    lock = (root / "requirements.lock").read_text("utf-8")
    pins = re.findall(r"^([a-z0-9.-]+)(?:\[[a-z]+\])?==\S+ \\\n    --hash=sha256:", lock, re.M)
    assert len(pins) == len(re.findall(r"^[a-z]", lock, re.M)), "a line without a pin or a hash"
    project = tomllib.loads((root / "pyproject.toml").read_text("utf-8"))["project"]
    groups = [project["dependencies"], *project["optional-dependencies"].values()]
    wanted = {re.match(r"[\w.-]+", line)[0].lower().replace(".", "-") for group in groups for line in group} - {"yett"}
    assert not wanted - set(pins), "run `make lock`"


def test_crates_come_from_the_registry_alone(root):
    for name in ("Cargo.lock", "fuzz/Cargo.lock"):
        packages = tomllib.loads((root / name).read_text("utf-8"))["package"]
        elsewhere = [each["name"] for each in packages if not each.get("source", "registry+").startswith("registry+")]
        assert not elsewhere, f"{name}: {elsewhere}"


def test_every_fuzz_target_is_run_from_a_corpus_and_says_its_property(root, tracked):
    targets = {name.rpartition("/")[2].removesuffix(".rs") for name in tracked("fuzz/fuzz_targets/*.rs")}
    assert targets == FUZZED
    manifest = tomllib.loads((root / "fuzz/Cargo.toml").read_text("utf-8"))
    assert {each["name"] for each in manifest["bin"]} == targets
    for target in targets:
        assert tracked(f"fuzz/corpus/{target}/*"), f"no corpus for {target}"
        assert (root / f"fuzz/fuzz_targets/{target}.rs").read_text("utf-8").startswith("//! Property: ")
