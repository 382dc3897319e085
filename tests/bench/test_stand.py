"""Each proxy of the bench, in the very configuration that is measured, passes what it must and refuses what it can."""

import sys

import pytest

from bench import stand
from bench.proof import prove
from bench.proxies import PROXIES

pytestmark = pytest.mark.slow


@pytest.mark.parametrize("proxy", PROXIES, ids=lambda proxy: proxy.name)
def test_it_protects(proxy, peer):
    peer("nginx")
    peer(proxy.program)
    with stand.running([proxy.name]) as (issuer, _, [started]):
        prove(started, issuer)


def test_a_process_that_ends_says_why(tmp_path):
    command = [sys.executable, "-c", "raise SystemExit('no such plan')"]
    with pytest.raises(stand.NotStarted, match="no such plan"):
        stand.Running("ended", command, 0, [stand.free_port()], tmp_path)


def test_a_name_without_a_value_is_an_error():
    assert stand.fill("a{{b}}}}", {"b": 1}) == "a1}}"
    with pytest.raises(KeyError):
        stand.fill("{{c}}", {})
