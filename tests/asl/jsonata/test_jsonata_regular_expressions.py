"""Regular expressions of JSONata: JavaScript's dialect, and no pattern that runs away."""

from __future__ import annotations

import re
from typing import Final

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stepwright.asl.jsonata import InvalidExpression, regular_expressions


def found(pattern: str, text: str, flags: str = "") -> list[str | None] | None:
    """The match and its groups."""
    match = regular_expressions.compile(pattern, flags, 0).search(text, 0, lambda _steps: None)
    if match is None:
        return None
    return [text[match[at] : match[at + 1]] if match[at] >= 0 else None for at in range(0, len(match), 2)]


MATCHES: Final[list[tuple[str, str, str, list[str | None] | None]]] = [
    ("a+b", "", "caaab", ["aaab"]),
    ("(a|ab)(c|bcd)(d*)", "", "abcd", ["abcd", "a", "bcd", ""]),
    (r"^(\w+)@(\w+)\.com$", "", "joe@example.com", ["joe@example.com", "joe", "example"]),
    ("(z)((a+)?(b+)?(c))*", "", "zaacbbbcac", ["zaacbbbcac", "z", "ac", "a", None, "c"]),
    ("(a*)*b", "", "aac", None),
    ("a*?b", "", "aab", ["aab"]),
    ("<.+?>", "", "<a><b>", ["<a>"]),
    ("a{2,3}", "", "aaaa", ["aaa"]),
    ("a{2}", "", "aaaa", ["aa"]),
    ("x{,2}", "", "x{,2}", ["x{,2}"]),
    ("[^,]+", "", "ab,c", ["ab"]),
    (r"[\d-x]+", "", "1-x", ["1-x"]),
    ("[a-c]+", "i", "xAbC", ["AbC"]),
    ("hello", "i", "say HeLLo", ["HeLLo"]),
    ("^b$", "m", "a\nb\nc", ["b"]),
    ("^b$", "", "a\nb\nc", None),
    ("a.c", "", "a\nc", None),
    (r"(.)\1", "", "abccd", ["cc", "c"]),
    (r"(?<x>.)\k<x>", "", "abccd", ["cc", "c"]),
    (r"(?=.*\d)[a-z]+\d", "", "abc1", ["abc1"]),
    ("a(?!b)", "", "abac", ["a"]),
    (r"\bcat\b", "", "a cat!", ["cat"]),
    (r"\u00e9|\x41", "", "xé", ["é"]),
    (r"\s+\S", "", "a\u00a0b", ["\u00a0b"]),
    (r"\/\.\$", "", "/.$", ["/.$"]),
    ("", "", "a", [""]),
]


@pytest.mark.parametrize(("pattern", "flags", "text", "wanted"), MATCHES)
def test_a_pattern_finds(pattern: str, flags: str, text: str, wanted: list[str | None] | None) -> None:
    assert found(pattern, text, flags) == wanted


REFUSED: Final = {
    "(": "Unterminated group",
    ")": "Unmatched ')'",
    "*a": "Nothing to repeat",
    "a**": "Nothing to repeat",
    "[b-a]": "Range out of order in character class",
    "[a": "Unterminated character class",
    "a{2,1}": "numbers out of order in {} quantifier",
    "(?<=a)b": "look-behind is not supported",
    "(?<1>a)": "Invalid capture group name",
    "a\\": "\\ at end of pattern",
    "(?:ab){9999}": "it is too large",
    "a" * 6_000 + "(": "it is too large",
    "(?:" + "a" * 6_000 + "){0}": "it is too large",
    "(" * 60 + ")" * 60: "it nests deeper than 50 levels",
}


@pytest.mark.parametrize("pattern", REFUSED, ids=lambda pattern: pattern[:20])
def test_a_pattern_is_refused(pattern: str) -> None:
    with pytest.raises(InvalidExpression) as raised:
        regular_expressions.compile(pattern, "", 0)

    assert raised.value.message == f"Invalid regular expression: /{pattern}/: {REFUSED[pattern]}"


class Spent(Exception):  # noqa: N818 - a condition
    pass


@pytest.mark.parametrize("pattern", ["(a+)+b", "(a|aa)+b", "(a*)*b", "a*a*a*a*a*b", "(?:a?){30}a{30}b"])
def test_every_step_is_paid_for(pattern: str) -> None:
    left = [100_000]

    def spend(steps: int) -> None:
        left[0] -= steps
        if left[0] < 0:
            raise Spent

    with pytest.raises(Spent):
        regular_expressions.compile(pattern, "", 0).search("a" * 2_000, 0, spend)


class Compared(str):
    """A character that counts how often it is looked at."""

    __slots__ = ()
    times = 0

    def __lt__(self, other: str) -> bool:
        Compared.times += 1
        return super().__lt__(other)

    def __le__(self, other: str) -> bool:
        Compared.times += 1
        return super().__le__(other)

    def __ge__(self, other: str) -> bool:
        Compared.times += 1
        return super().__ge__(other)


def test_a_class_of_many_spans_costs_no_more_than_the_step_that_is_paid_for() -> None:
    spans = "".join(f"{chr(at)}-{chr(at + 1)}" for at in range(0x4E00, 0x8E00, 4))
    pattern = regular_expressions.compile(f"[{spans}]", "", 0)
    operation = pattern.program[1]
    Compared.times = 0

    assert not operation[1](Compared(chr(0x8E00)))
    assert Compared.times < 30


@pytest.mark.parametrize("flags", ["", "i"])
def test_spans_of_a_class_hold_what_is_in_one_of_them(flags: str) -> None:
    inside = regular_expressions.compile("[k-mc-ea-dm-nx-zy-y]", flags, 0)

    characters = [chr(code) for code in range(0x20, 0x17F)]
    fitting = {c for c in characters if inside.search(c, 0, lambda _steps: None) is not None}

    lower = set("abcdeklmnxyz")
    assert fitting - {"\u0131"} == (lower if not flags else lower | {c.upper() for c in lower})


atoms = st.sampled_from(["a", "b", ".", "[ab]", "[^a]", r"\w", "^", "$", r"\b"])
quantified = st.tuples(
    st.sampled_from(["a", "b", ".", "[ab]"]), st.sampled_from(["", "*", "+", "?", "*?", "+?", "??", "{1,2}"])
).map("".join)
patterns = st.recursive(
    atoms | quantified,
    lambda inner: (
        st.lists(inner, min_size=1, max_size=3).map("".join)
        | st.lists(inner, min_size=1, max_size=3).map(lambda parts: f"(?:{'|'.join(parts)})")
        | st.tuples(inner, st.sampled_from(["?", "{1,2}", "??"])).map(lambda part: f"(?:{part[0]}){part[1]}")
    ),
    max_leaves=6,
)


@settings(max_examples=500, deadline=None)
@given(patterns, st.text("abc", max_size=8))
def test_what_both_dialects_know_matches_alike(pattern: str, text: str) -> None:
    theirs = re.compile(pattern.replace("$", r"\Z"), re.ASCII).search(text)

    assert found(pattern, text) == (None if theirs is None else [theirs[0]])
