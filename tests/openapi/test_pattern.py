"""Patterns keep their meaning on the linear engine; what it cannot run is refused with the reason."""

import re
import unicodedata
from random import Random

import jsonschema_rs
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from yett.openapi.linear import linear
from yett.openapi.pattern import UnsupportedPatternError, parse_pattern
from yett.openapi.sample_text import text


def engine(pattern):
    return jsonschema_rs.Draft202012Validator({"pattern": pattern}, pattern_options=jsonschema_rs.RegexOptions())


@pytest.mark.parametrize(
    ("pattern", "reason"),
    [
        ("(?=a)", "look-around"),
        ("(?!a)", "look-around"),
        ("(?<=a)b", "look-around"),
        ("(?<!a)b", "look-around"),
        (r"(a)\1", "a back-reference"),
        (r"(?<n>a)\k<n>", "a back-reference"),
        ("(?i)a", "a kind of group that ECMA-262 does not have"),
        ("(a", "a group that does not end"),
        ("a)", "a `)` too many"),
        ("[a", "it ends too early"),
        ("*a", "a quantifier behind nothing"),
        ("a**", "a quantifier behind a quantifier"),
        ("a{2,1}", "a quantifier whose bounds are out of order"),
        ("a{2000}", "more than 1000 repetitions"),
        ("[z-a]", "a range of characters that is out of order"),
        ("a\\", "it ends too early"),
        (r"\u12", "an escape \\u that is not a character"),
        (r"\q", "the escape \\q"),
        ("(" * 60 + ")" * 60, "groups nested more than 50 deep"),
    ],
)
def test_refused(pattern, reason):
    with pytest.raises(UnsupportedPatternError, match=re.escape(reason)):
        parse_pattern(pattern)


@pytest.mark.parametrize(
    ("pattern", "matches", "differs"),
    [
        (r"^\d+$", ["1", "12"], ["", "a", "\u0661"]),
        (r"^\w$", ["a", "Z", "_", "0"], ["\u00e4", "-"]),
        (r"^\s$", [" ", "\t", "\u00a0", "\u2028"], ["a", ""]),
        (r"^\S\D\W$", ["ab-"], ["a1-", " b-"]),
        ("^.$", ["a", "\u00e4", "\U0001f600"], ["\n", "\u2028", ""]),
        ("^{a}$", ["{a}"], ["a"]),
        ("^a{2}$", ["aa"], ["a", "aaa"]),
        ("^a{2,}$", ["aa", "aaa"], ["a"]),
        ("^a{,2}$", ["a{,2}"], ["a", "aa"]),
        (r"^[\w-.]+$", ["a-b.c"], ["a+b"]),
        ("^[^a-c]$", ["d", "\u00e4"], ["a", "b"]),
        ("^[]$", [], ["", "a"]),
        ("^[^]$", ["a", "\n"], [""]),
        ("^(?:a|b)c$", ["ac", "bc"], ["c", "abc"]),
        ("^(?<name>a)$", ["a"], ["b"]),
        ("^a|b$", ["ax", "xb"], ["xa"]),
        (r"^\/\-\_$", ["/-_"], ["/-"]),
        (r"^a\/b\-c$", ["a/b-c"], ["a"]),
        (r"^\x41\u0042\u{43}$", ["ABC"], ["abc"]),
        (r"^\p{Lu}$", ["A", "\u00c4"], ["a", "1"]),
        (r"^[\p{L}\d]+$", ["a1\u00e4"], ["-"]),
        (r"^\P{L}$", ["1"], ["a"]),
        (r"\bfoo\b", ["a foo b"], ["afoob"]),
        (r"^a\b", ["a", "a\u00e4"], ["ab"]),
        (r"^a\B", ["ab"], ["a\u00e4", "a"]),
        (r"^\B-", ["-"], ["a-"]),
        ("^[&&a]$", ["&", "a"], ["b"]),
        ("^[~-]$", ["~", "-"], ["a"]),
        ("a+?b", ["aab"], ["b"]),
        ("", ["", "a"], []),
    ],
)
def test_meaning(pattern, matches, differs):
    validator = engine(linear(pattern))
    assert [each for each in matches if not validator.is_valid(each)] == []
    assert [each for each in differs if validator.is_valid(each)] == []


pieces = st.sampled_from(
    [
        "a",
        "b",
        "-",
        ".",
        r"\.",
        r"\d",
        r"\w",
        r"\S",
        "[abc]",
        "[^ab]",
        "[a-z0-9_-]",
        r"[\w.]",
        "^",
        "$",
        "(?:ab|c)",
        "(a)",
        r"\/",
        r"\b",
        r"\B",
        "x|y",
        "{",
        "}",
    ]
)
patterns = st.lists(
    st.tuples(pieces, st.sampled_from(["", "", "*", "+", "?", "{2}", "{1,3}", "{2,}"])), max_size=6
).map(lambda parts: "".join(piece + ("" if piece in r"^$x|y{}\b\B" else times) for piece, times in parts))
subjects = st.text(st.sampled_from("abcxyz019-._ /{}\u00e4\n"), max_size=8)


def test_space_is_what_ecma_262_has_for_it():
    space, other = engine(linear(r"^\s$")), engine(linear(r"^\S$"))
    for char in map(chr, [*range(0xD800), *range(0xE000, 0x10000)]):
        expected = unicodedata.category(char) == "Zs" or char in "\t\n\v\f\r\u2028\u2029\ufeff"
        assert (space.is_valid(char), other.is_valid(char)) == (expected, not expected), hex(ord(char))


@given(patterns, st.lists(subjects, max_size=10))
def test_the_linear_pattern_means_what_an_independent_engine_reads(pattern, strings):
    """Python's `re` in ASCII mode stands in for ECMA-262, with `$`, `\\B` and `.` adapted to it."""
    try:
        mine = engine(linear(pattern))
    except UnsupportedPatternError:
        return
    body = re.sub(r"(?<!\\)\$", r"(?!.|\\n)", pattern).replace(r"\B", r"(?!\b)")
    try:
        other = re.compile(body, re.ASCII)
    except re.error:
        assume(False)
    for string in strings:
        assert mine.is_valid(string) == bool(other.search(string)), (pattern, linear(pattern), string)


@given(patterns, st.integers(0, 5), st.none() | st.integers(5, 12))
def test_sampled_strings_match(pattern, least, most):
    try:
        validator = engine(linear(pattern))
    except UnsupportedPatternError:
        return
    made = text(Random(1), least, most, None, [pattern])
    if made is not None:
        assert least <= len(made) <= (most or 10_000)
        edges = re.search(r"(?<!^)(?<!\[)\^|\$(?!$)|\||\\[bB]", pattern)
        assert validator.is_valid(made) or edges, (pattern, made)
