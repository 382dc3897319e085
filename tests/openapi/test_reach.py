"""Reachability over random graphs equals what a plain search finds."""

from hypothesis import given
from hypothesis import strategies as st

from yett.openapi.reach import Reach

graphs = st.integers(1, 12).flatmap(
    lambda size: st.lists(st.lists(st.integers(0, size - 1), max_size=3), min_size=size, max_size=size)
)


def searched(graph, start):
    """The nodes that a search from `start` meets after at least one step."""
    met, left = set(), list(graph[start])
    while left:
        node = left.pop()
        if node not in met:
            met.add(node)
            left.extend(graph[node])
    return met


@given(graphs, st.randoms(use_true_random=False))
def test_facts_and_cycles(graph, random):
    reach = Reach(lambda node: node, lambda node: graph[node], lambda node: node)
    nodes = list(range(len(graph)))
    random.shuffle(nodes)
    for node in nodes:
        met = searched(graph, node)
        assert reach.facts(node) == met | {node}
        assert reach.cyclic(node) == (node in met)


def test_long_chains_need_no_stack():
    reach = Reach(lambda node: node, lambda node: [node + 1] if node < 50_000 else [], lambda node: node % 2)
    assert reach.facts(0) == {0, 1}
    assert not reach.cyclic(0)
