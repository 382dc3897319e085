"""Property: whatever an earlier operation may be run for is named, if it asks for something else; nothing more is."""

import random
import re
import time
from itertools import product
from typing import NamedTuple

import pytest

from yett.policy.shadow import shadowed


class Declared(NamedTuple):
    """As much of an operation as templates are told apart by."""

    method: str
    template: str


def found(*declared):
    """Pairs of paths, later and earlier, of operations written as `GET /path: what it asks for` (`-`: closed)."""
    split = [re.fullmatch(r"(\w+) (\S+): (.+)", each).groups() for each in declared]
    asks = [None if ask == "-" else ask for _, _, ask in split]
    return [
        (later.template, earlier.template)
        for later, earlier in shadowed([Declared(method, path) for method, path, _ in split], asks)
    ]


@pytest.mark.parametrize(
    ("earlier", "later"),
    [
        ("/f/{name}", "/f/{name}.json"),
        ("/f/{name}", "/f/all"),
        ("/{any}/{name}", "/f/all"),
        ("/f/v{n}", "/f/v1"),
        ("/f/{n}.json", "/f/{n}.min.json"),
        ("/f/{a}-{b}", "/f/v1{b}"),
        ("/f/ab{x}", "/f/a{x}cde"),
        ("/f/{a}/x", "/f/{a}.json/x"),
        ("/f/{a}{b}", "/f/me"),
        ("/f/{name}", "/f/ü"),
        ("/{a}/" + "x" * 50 + "{b}", "/a/" + "x" * 50 + "y"),
    ],
)
def test_a_less_exact_template_is_declared_first(earlier, later):
    assert found(f"GET {earlier}: admin", f"GET {later}: public") == [(later, earlier)]
    assert found(f"GET {earlier}: admin", f"GET {later}: admin") == []
    assert found(f"GET {later}: public", f"GET {earlier}: admin") == []
    assert found(f"GET {earlier}: admin", f"POST {later}: public") == []


@pytest.mark.parametrize(
    ("earlier", "later"),
    [
        ("/f/{name}", "/g/all"),
        ("/f/{name}", "/f/all/"),
        ("/f/{name}", "/f/"),
        ("/f/{name}", "/f"),
        ("/f/v{n}", "/f/v"),
        ("/f/v{n}", "/f/w1"),
        ("/f/{n}.json", "/f/{n}.html.xml"),
        ("/f/{a}{b}", "/f/x"),
        ("/f/all", "/f/{name}"),
        ("/f/{n}.json", "/f/{n}"),
        # Yett refuses what fits these in two ways:
        ("/{entity}/me", "/books/{id}"),
        ("/x/{a}-{b}", "/x/{a}.{b}"),
        ("/{a}--{b}/{c}", "/{a}/{b}-{c}"),
    ],
)
def test_templates_that_are_not_run_for_another(earlier, later):
    assert found(f"GET {earlier}: admin", f"GET {later}: public") == []


def test_the_first_of_several_is_named():
    declared = ["GET /f/x{n}: public", "GET /f/{n}: admin", "GET /{a}/{n}: user", "GET /f/x1: public"]
    assert found(*declared) == [("/f/x1", "/f/{n}")]


def test_what_is_closed_to_everybody_is_run_for_another_but_lets_nobody_in():
    assert found("GET /f/{n}: -", "GET /f/x: public") == [("/f/x", "/f/{n}")]
    assert found("GET /f/{n}: admin", "GET /f/x: -") == []


def test_head_is_answered_by_get():
    assert found("GET /f/{n}: admin", "HEAD /f/x: public") == [("/f/x", "/f/{n}")]
    assert found("HEAD /f/{n}: admin", "GET /f/x: public") == [("/f/x", "/f/{n}")]
    assert found("HEAD /f/x: admin", "GET /f/x: public") == []


SEGMENTS = ["a", "ab", "{p}", "a{p}", "{p}b", "{p}a{q}", "ab{p}", "{p}bb", "b{p}a"]
TEXTS = ["".join(each) for length in range(1, 6) for each in product("ab", repeat=length)]
FITS = {
    segment: frozenset(text for text in TEXTS if re.fullmatch(re.sub(r"\{.\}", ".+", segment), text))
    for segment in SEGMENTS
}


def letters(segment):
    return len(re.sub(r"\{.\}", "", segment))


def hides(later, earlier):
    """As `Route::hides` of the engine, for paths that fit both."""
    return all(
        FITS[one] & FITS[other]
        and ("{" not in one or ("{" in other and (one == other or letters(one) > letters(other))))
        for one, other in zip(later, earlier, strict=True)
    )


@pytest.mark.parametrize("seed", range(20))
def test_what_is_found_is_what_two_templates_really_share(seed):
    chosen = random.Random(seed)
    paths = list(product(SEGMENTS, repeat=2))
    paths = chosen.sample(paths, 40)
    asks = [chosen.choice(["admin", "public", "user"]) for _ in paths]
    expected = []
    for number, later in enumerate(paths):
        before = (each for each in range(number) if asks[each] != asks[number] and hides(later, paths[each]))
        expected.extend(
            (f"/{'/'.join(later)}", f"/{'/'.join(paths[each])}") for each in [next(before, None)] if each is not None
        )
    assert expected
    assert found(*(f"GET /{'/'.join(path)}: {ask}" for path, ask in zip(paths, asks, strict=True))) == expected


MANY = 10_000
SHAPES = {
    "apart": lambda number: f"/r{number}/{{id}}",
    "in pairs": lambda number: f"/r{number // 2}/{{id}}" + (".json" if number % 2 else ""),
    "below one": lambda number: "/r/{id}" if number == 0 else f"/r/x{number}",
    "started alike": lambda number: f"/r/x{number}-{{id}}",
    "ended alike": lambda number: f"/r/{{id}}.x{number}",
    "texts after patterns": lambda number: f"/r/{{id}}.x{number}" if number < MANY / 2 else f"/r/a.x{number}",
    "deep": lambda number: (
        "/" + "/".join("ab"[number >> bit & 1] if bit % 3 else "{p}" for bit in range(14)) + f"/{number}"
    ),
}


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("ask", [lambda number: number, lambda number: number % 2, lambda _: 0])
def test_ten_thousand_operations_cost_seconds(shape, ask):
    operations = [Declared("GET", SHAPES[shape](number)) for number in range(MANY)]
    start = time.process_time()
    pairs = list(shadowed(operations, [ask(number) for number in range(MANY)]))
    assert time.process_time() - start < 3
    assert len(pairs) <= MANY
