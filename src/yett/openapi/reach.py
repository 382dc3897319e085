"""What can be reached over references, for every node of a graph with cycles; knows nothing of schemas.

Tarjan's strongly connected components: all nodes of a cycle reach the same, and components come out in an order in
which everything below is known. Linear in nodes and edges, without recursion.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable
from typing import Generic, TypeVar

Node = TypeVar("Node")
Fact = TypeVar("Fact", bound=Hashable)


class Reach(Generic[Node, Fact]):
    """Answers, for a node, the facts of all nodes that can be reached from it, its own included."""

    def __init__(
        self,
        key: Callable[[Node], Hashable],
        below: Callable[[Node], Iterable[Node]],
        fact: Callable[[Node], Fact],
    ) -> None:
        """`key` tells nodes apart, `below` are the edges, `fact` is what a node says itself."""
        self._key = key
        self._below = below
        self._fact = fact
        self._cyclic: set[Hashable] = set()
        self._facts: dict[Hashable, frozenset[Fact]] = {}
        self._number: dict[Hashable, int] = {}
        self._lowest: dict[Hashable, int] = {}
        self._open: list[Node] = []

    def facts(self, node: Node) -> frozenset[Fact]:
        """The facts of everything that can be reached."""
        if self._key(node) not in self._facts:
            self._search(node)
        return self._facts[self._key(node)]

    def cyclic(self, node: Node) -> bool:
        """Whether a way leads from the node back to it."""
        self.facts(node)
        return self._key(node) in self._cyclic

    def _enter(self, node: Node) -> tuple[Node, list[Node]]:
        key = self._key(node)
        self._number[key] = self._lowest[key] = len(self._number)
        self._open.append(node)
        return node, list(self._below(node))

    def _search(self, root: Node) -> None:
        path = [self._enter(root)]
        while path:
            node, left = path[-1]
            key = self._key(node)
            if left:
                child = left.pop()
                known = self._key(child)
                if known not in self._number:
                    path.append(self._enter(child))
                elif known not in self._facts:
                    self._lowest[key] = min(self._lowest[key], self._number[known])
                continue
            path.pop()
            if path:
                above = self._key(path[-1][0])
                self._lowest[above] = min(self._lowest[above], self._lowest[key])
            if self._lowest[key] == self._number[key]:
                self._close(key)

    def _close(self, root: Hashable) -> None:
        """All open nodes down to `root` are one component."""
        component: list[Node] = []
        while not component or self._key(component[-1]) != root:
            component.append(self._open.pop())
        keys = {self._key(node) for node in component}
        found = {self._fact(node) for node in component}
        for node in component:
            for child in self._below(node):
                if self._key(child) in keys:
                    self._cyclic |= keys
                else:
                    found |= self._facts[self._key(child)]
        facts = frozenset(found)
        self._facts.update(dict.fromkeys(keys, facts))
