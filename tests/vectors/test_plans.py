"""The committed plans are what their sources compile to, and the committed tokens are what their claims say."""

import pytest

from tests.vectors.plans import NAMES, committed, compiled
from tests.vectors.tokens.mint import load, signing_input


@pytest.mark.parametrize("name", NAMES)
def test_a_plan_compiles_to_what_is_committed(name):
    assert committed(name).read_text("utf-8") == compiled(name), "python -m tests.vectors.plans writes it anew"


def test_tokens_say_what_their_claims_say():
    described, tokens = load("claims.toml"), load("tokens.toml")
    defaults = described.pop("defaults")
    assert tokens.keys() == described.keys()
    for name, each in described.items():
        assert f"{tokens[name]}.".startswith(f"{signing_input(each, defaults)}."), name
