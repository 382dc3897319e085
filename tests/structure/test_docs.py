"""The documents say what is: dependencies have a reason, decisions a number, links a target, and the unit parses."""

import re
import subprocess
import tomllib

PAGES = ["README.md", "ARCHITECTURE.md", "CONTRIBUTING.md", "SECURITY.md", "LIMITATIONS.md", "CHANGELOG.md", "LICENSE"]


def crates(root) -> set[str]:
    found: set[str] = set()
    for folder in ("engine", "gateway", "binding"):
        manifest = tomllib.loads((root / folder / "Cargo.toml").read_text("utf-8"))
        for table in ("dependencies", "dev-dependencies", "build-dependencies"):
            found |= manifest.get(table, {}).keys()
    return {name for name in found if not name.startswith("yett-")}


def packages(root) -> set[str]:
    project = tomllib.loads((root / "pyproject.toml").read_text("utf-8"))["project"]
    wanted = [
        *project["dependencies"],
        *(line for group in project["optional-dependencies"].values() for line in group),
    ]
    return {re.match(r"[\w.-]+", line)[0] for line in wanted} - {"yett"}


def test_every_dependency_has_its_reason(root):
    text = (root / "docs/dependencies.md").read_text("utf-8")
    rust, python = (set(re.findall(r"^\| ([\w.-]+) \| .* \| .+ \|$", part, re.M)) for part in text.split("## Python"))
    assert rust - {"crate", "---"} == crates(root)
    assert python - {"package", "---"} == packages(root)


def test_decisions_are_numbered_without_gaps(root):
    records = sorted((root / "docs/decisions").glob("*.md"))
    assert [path.name[:4] for path in records] == [f"{number:04}" for number in range(1, len(records) + 1)]
    for number, path in enumerate(records, 1):
        text = path.read_text("utf-8")
        assert text.startswith(f"# {number}. "), path
        assert {"**Question.**", "**Decision.**"} <= set(re.findall(r"^\*\*\w+\.\*\*", text, re.M)), path


def test_the_pages_are_there_and_architecture_is_one_page(root):
    missing = [page for page in PAGES if not (root / page).is_file()]
    assert not missing
    assert len((root / "ARCHITECTURE.md").read_text("utf-8").splitlines()) <= 60


def test_links_lead_somewhere(root, tracked):
    broken = [
        f"{name}: {target}"
        for name in tracked("*.md")
        for target in re.findall(r"\]\((?!https?:|mailto:|#)([^)#\s]+)", (root / name).read_text("utf-8"))
        if not (root / name).parent.joinpath(target).exists()
    ]
    assert not broken


def test_the_unit_is_one_that_systemd_reads(root, peer):
    command = [peer("systemd-analyze"), "verify", "--man=no", root / "docs/yett.service"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    said = [
        line for line in done.stderr.splitlines() if "is not executable" not in line and "/usr/lib/systemd" not in line
    ]
    assert not said
