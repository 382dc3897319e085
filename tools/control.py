"""Makes the faces of a new control: `python -m tools.control NAME [--kind guard|method]`. Overwrites nothing.

The faces refuse until they are filled in: a control that was begun and forgotten fails its own test.
"""

import argparse
import re
import sys
from pathlib import Path

from tools import pages

ROOT = Path(__file__).resolve().parents[1]
FOLDERS = {"guard": "guards", "method": "methods"}

CATALOGUE = """\
control = "{name}"
kind = "{kind}"
summary = "What {name} keeps out, in one line"

[[reason]]
id = "{family}.{name}.refused"
kind = "refusal"
public = "forbidden"
status = 403
severity = "high"
owasp = "API8:2023"
cwe = 693
asvs = "2.2.1"
level = "request"
text = "What was wrong, in one sentence"
remedy = "What to do about it"
"""

GUARD = """\
//! {name}: what it keeps out, in one sentence. What is not about {name} may not enter.

use super::Guard;
use crate::judge::{{Judge, Stop}};
use crate::plan::{{Mode, Plan}};
use crate::reason;
use crate::steps::validate::Input;

/// Stands on Input until it is known that a lower rung knows enough.
pub struct {type_name};

impl Guard<Input> for {type_name} {{
    fn control(&self) -> &'static str {{
        "{name}"
    }}

    fn mode(&self, _input: &Input, _plan: &Plan) -> Option<Mode> {{
        Some(Mode::Enforce)
    }}

    fn look(&self, _input: &mut Input, _judge: &mut Judge<'_>) -> Result<(), Stop> {{
        Err(reason::{constant}.into())
    }}
}}
"""

METHOD = """\
//! {name}: whom or what it recognises, in one sentence. What is not about {name} may not enter.

use crate::judge::{{Judge, Stop}};
use crate::reason;
use crate::steps::authenticate::Caller;

/// No yes means no, and nothing says yes yet.
pub(crate) fn ask(_caller: &Caller, judge: &mut Judge<'_>) -> Result<(), Stop> {{
    judge.refuse(reason::{constant})
}}
"""

POLICY = '''\
"""What a user may write in the plan about {name}; how it is decided is in the engine."""

from __future__ import annotations

from yett.policy.section import Section


class {type_name}(Section):
    """`{name}`: what it may be told; a key that is not here is refused by name."""
'''

TEST = '''\
"""Property: {name} refuses each attack of its catalogue, and each twin passes."""

import tomllib

import pytest

CONTROL = "{name}"


@pytest.fixture
def reasons(root):
    return tomllib.loads((root / f"src/yett/catalogue/{{CONTROL}}.toml").read_text("utf-8"))["reason"]


def test_every_refusal_has_a_case(reasons):
    bare = [reason["id"] for reason in reasons if reason["kind"] == "refusal" and not reason.get("case")]
    assert not bare, f"no attack and twin for: {{bare}}"
'''


def faces(name: str, kind: str) -> dict[str, str]:
    """The files of a control with their first content, relative to the root."""
    family = "guard" if kind == "guard" else "authorize"
    words = {
        "name": name,
        "kind": kind,
        "family": family,
        "type_name": "".join(part.capitalize() for part in name.split("_")),
        "constant": f"{family}_{name}_refused".upper(),
    }
    engine = GUARD if kind == "guard" else METHOD
    return {
        f"src/yett/catalogue/{name}.toml": CATALOGUE.format(**words),
        f"src/yett/controls/{name}.py": POLICY.format(**words),
        f"engine/src/{FOLDERS[kind]}/{name}.rs": engine.format(**words),
        f"tests/controls/test_{name}.py": TEST.format(**words),
    }


def declare(module: Path, name: str, kind: str) -> None:
    """Add the Rust module to its parent, in the order of the names."""
    line = f"pub mod {name};" if kind == "guard" else f"pub(crate) mod {name};"
    lines = module.read_text("utf-8").splitlines()
    places = [number for number, text in enumerate(lines) if re.match(r"(pub(\(crate\))? )?mod \w+;", text)]
    after = [number for number in places if lines[number].rpartition(" ")[2] < f"{name};"]
    lines.insert(after[-1] + 1 if after else places[0], line)
    module.write_text("\n".join(lines) + "\n", "utf-8")


def main(arguments: list[str] | None = None, root: Path = ROOT) -> int:
    """Write every face, or none where one is there already."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("name", help="as in the plan: lower case with underscores")
    parser.add_argument("--kind", choices=sorted(FOLDERS), default="guard")
    chosen = parser.parse_args(arguments)
    if not re.fullmatch(r"[a-z][a-z0-9]*(_[a-z0-9]+)*", chosen.name):
        print(
            f"{chosen.name!r} is no name of a control: expected lower case, digits, single underscores", file=sys.stderr
        )
        return 2
    texts = {root / place: text for place, text in faces(chosen.name, chosen.kind).items()}
    taken = [str(path.relative_to(root)) for path in texts if path.exists()]
    if taken:
        print(f"{chosen.name} is there already: {', '.join(taken)}", file=sys.stderr)
        return 2
    for path, text in texts.items():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, "utf-8")
        print(f"written: {path.relative_to(root)}")
    declare(root / f"engine/src/{FOLDERS[chosen.kind]}/mod.rs", chosen.name, chosen.kind)
    pages.main([], root)
    print(f"next: place {chosen.name} in engine/src/{FOLDERS[chosen.kind]}/mod.rs; its test fails until it has a case")
    return 0


if __name__ == "__main__":
    sys.exit(main())
