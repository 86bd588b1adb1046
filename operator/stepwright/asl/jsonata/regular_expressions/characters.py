"""Which characters a part of a pattern fits, and at which places between characters an assertion holds."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Iterable
from typing import Final, TypeAlias

Test: TypeAlias = Callable[[str], bool]

_SPACES: Final = frozenset(
    "\t\n\v\f\r \u00a0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u2028\u2029\u202f\u205f\u3000\ufeff"
)
DIGITS: Final = frozenset("0123456789")
_WORD: Final = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_")
LINE_ENDS: Final = frozenset("\n\r\u2028\u2029")


def several(letter: str) -> Test | None:
    """``\\d`` and its like."""
    kinds = {"d": DIGITS, "w": _WORD, "s": _SPACES}
    chosen = kinds.get(letter.lower())
    if chosen is None:
        return None
    return chosen.__contains__ if letter.islower() else lambda c: c not in chosen


def in_class(
    singles: set[str], spans: set[tuple[str, str]], several: dict[str, Test], negated: bool, ignore_case: bool
) -> Test:
    lows, highs = _in_order(spans)

    def holds(character: str) -> bool:
        if character in singles:
            return True
        at = bisect_right(lows, character) - 1
        return (at >= 0 and character <= highs[at]) or any(test(character) for test in several.values())

    if not ignore_case:
        return (lambda c: not holds(c)) if negated else holds

    def holds_in_any_case(character: str) -> bool:
        return holds(character) or holds(character.lower()) or holds(character.upper())

    return (lambda c: not holds_in_any_case(c)) if negated else holds_in_any_case


def _in_order(spans: Iterable[tuple[str, str]]) -> tuple[list[str], list[str]]:
    """The lowest and the highest character of each span; overlapping spans become one. So looking a character up is one
    step, however many spans a class holds."""
    lows: list[str] = []
    highs: list[str] = []
    for low, high in sorted(spans):
        if highs and low <= highs[-1]:
            highs[-1] = max(highs[-1], high)
        else:
            lows.append(low)
            highs.append(high)
    return lows, highs


def folded(text: str) -> str:
    return "".join(upper if len(upper := c.upper()) == 1 else c for c in text)


def at_start(_text: str, at: int) -> bool:
    return at == 0


def at_end(text: str, at: int) -> bool:
    return at == len(text)


def at_line_start(text: str, at: int) -> bool:
    return at == 0 or text[at - 1] in LINE_ENDS


def at_line_end(text: str, at: int) -> bool:
    return at == len(text) or text[at] in LINE_ENDS


def at_word_edge(text: str, at: int) -> bool:
    before = at > 0 and text[at - 1] in _WORD
    after = at < len(text) and text[at] in _WORD
    return before != after


def not_at_word_edge(text: str, at: int) -> bool:
    return not at_word_edge(text, at)
