"""Where cases are played: at every place that has what they need, or at so many, from the first to the last."""

from types import SimpleNamespace

import pytest

from yett.prove.cases import Case
from yett.prove.play import find_sites
from yett.prove.world import MOST_SITES

CASE = Case("a.b.c", "case", "none")


@pytest.mark.parametrize("many", [1, MOST_SITES - 1, MOST_SITES, MOST_SITES + 1, 119, 120, 179, 1000])
def test_too_many_sites_are_spread_evenly(many):
    sites = [SimpleNamespace(plan={"closed": None}, number=number) for number in range(many)]
    numbers = [site.number for site in find_sites(CASE, SimpleNamespace(sites=sites))]
    assert len(numbers) == len(set(numbers)) == min(many, MOST_SITES)
    gaps = [after - before for before, after in zip([-1, *numbers], [*numbers, many], strict=True)]
    assert max(gaps) <= -(-many // MOST_SITES) + 1
