"""The committed tree: a pure engine, no registry's host, no machine's path, and every control with all of its faces."""

import re
import subprocess
import tomllib

import pytest

FORBIDDEN = {"tokio", "hyper", "pyo3", "mio", "socket2", "rustls"}
# Written in parts, so that this file does not find itself.
HOSTS = [
    ".".join(parts)
    for parts in [
        ("files", "pythonhosted"),
        ("pypi", "org"),
        ("static", "crates", "io"),
        ("index", "crates", "io"),
        ("registry", "npmjs"),
        ("proxy", "golang"),
        ("repo1", "maven"),
        ("deb", "debian"),
    ]
]
PATHS = ["/" + name + "/" for name in ("root", "work", "farm")]


def test_the_engine_stands_on_nothing_that_acts(root):
    command = ["cargo", "tree", "--locked", "--offline", "-p", "yett-engine", "-e", "normal,build", "--prefix", "none"]
    done = subprocess.run(command, cwd=root, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    crates = {line.split()[0] for line in done.stdout.splitlines() if line.strip()}
    assert "serde_json" in crates, "cargo tree printed no dependencies"
    assert not crates & FORBIDDEN, (
        f"the engine decides; {sorted(crates & FORBIDDEN)} acts and belongs in gateway or binding"
    )


def test_no_registry_and_no_machine_is_named(root, tracked):
    wanted = re.compile("|".join(map(re.escape, HOSTS + PATHS)))
    found = []
    for name in tracked("*"):
        if name == "Cargo.lock" or name.startswith("fuzz/corpus/"):
            continue
        text = (root / name).read_bytes().decode("utf-8", "replace")
        found += [f"{name}:{number}" for number, line in enumerate(text.splitlines(), 1) if wanted.search(line)]
    assert not found, f"a registry's host or a machine's path in: {found}"


def faces(control: str, kinds: set[str]) -> dict[str, list[str]]:
    """The faces of a control and where each may stand; what only shells run into has no engine and no policy."""
    shared = {"test": [f"tests/controls/test_{control}.py"], "page": [f"docs/controls/{control}.md"]}
    if kinds == {"fault"}:
        return shared
    folders = ("steps", "reply", "guards", "methods")
    engine = [f"engine/src/{kind}/{control}{tail}" for kind in folders for tail in (".rs", "/mod.rs")]
    return {"engine": engine, "policy": [f"src/yett/controls/{control}.py"], **shared}


def stems(files: list[str]) -> set[str]:
    return {name.rpartition("/")[2].partition(".")[0] for name in files}


@pytest.fixture(scope="module")
def catalogue(root, tracked) -> dict[str, dict]:
    files = tracked("src/yett/catalogue/*.toml")
    assert files, "no control in src/yett/catalogue"
    return {name: tomllib.loads((root / name).read_text("utf-8")) for name in files}


def test_every_control_has_all_of_its_faces(tracked, catalogue):
    present = set(tracked("engine/src/*.rs", "src/yett/*", "tests/controls/*", "docs/controls/*"))
    missing = [
        f"{control['control']}: no {face} ({' or '.join(places)})"
        for control in catalogue.values()
        for face, places in faces(control["control"], {each["kind"] for each in control["reason"]}).items()
        if not present & set(places)
    ]
    assert not missing, "make control NAME=x writes them all:\n" + "\n".join(missing)


def test_a_control_is_named_as_its_file_and_its_reasons_have_three_parts(catalogue):
    wrong = [name for name, control in catalogue.items() if stems([name]) != {control["control"]}]
    ids = [reason["id"] for control in catalogue.values() for reason in control["reason"]]
    wrong += [each for each in ids if not re.fullmatch(r"[a-z]+\.[a-z_]+\.[a-z_]+", each) or ids.count(each) > 1]
    assert not wrong


def test_no_face_stands_alone(tracked, catalogue):
    controls = {control["control"] for control in catalogue.values()}
    pages = stems(tracked("docs/controls/*.md")) - {"README"}
    policies = stems(tracked("src/yett/controls/*.py")) - {"__init__"}
    tests = {name.removeprefix("test_") for name in stems(tracked("tests/controls/test_*.py"))}
    strangers = sorted((pages | tests | policies) - controls)
    assert not strangers, f"no control of the catalogue: {strangers}"
