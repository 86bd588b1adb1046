"""Reads a pattern into a tree. Source: https://262.ecma-international.org/#sec-patterns"""

from __future__ import annotations

import re
from typing import Any, Final, TypeAlias

from stepwright.asl.jsonata.errors import InvalidExpression
from stepwright.asl.jsonata.regular_expressions import characters
from stepwright.asl.jsonata.regular_expressions.characters import DIGITS, LINE_ENDS, Test, folded

MAX_INSTRUCTIONS: Final = 5_000
"""The largest size of a pattern, and of its parts while it is read. The rest of a pattern that is too large is ignored."""

MAX_NESTING: Final = 50
ENDLESS: Final = 2**31
TOO_LARGE: Final = "it is too large"

_CONTROLS: Final = {"n": "\n", "r": "\r", "t": "\t", "v": "\v", "f": "\f"}

_IN_PATTERN: Final = re.compile(r"\\.?|[\[\](]", re.DOTALL)
"""Where a group may begin, and what prevents a bracket from beginning one."""

Tree: TypeAlias = tuple[Any, ...]
"""``(kind, ...)``: ``sequence`` of trees, ``test`` of a character, ``assert`` of a place, ``back`` to a group, ``group``, ``look``,
``either`` of trees, ``repeat``."""


class Parser:
    def __init__(self, source: str, ignore_case: bool, multiline: bool, position: int) -> None:
        self._source = source
        self._at = 0
        self._position = position
        self._multiline = multiline
        self._nesting = 0
        self.ignore_case = ignore_case
        self._total = _count_groups(source)
        self._terms = 0
        self.groups = 0
        self._names: dict[str, int] = {}

    def pattern(self) -> Tree:
        tree = self._alternatives()
        if self._at < len(self._source):
            raise self._problem("Unmatched ')'")
        return tree

    def _alternatives(self) -> Tree:
        self._nesting += 1
        if self._nesting > MAX_NESTING:
            raise self._problem(f"it nests deeper than {MAX_NESTING} levels")
        found = [self._sequence()]
        while self._peek() == "|":
            self._at += 1
            found.append(self._sequence())
        self._nesting -= 1
        return found[0] if len(found) == 1 else ("either", found)

    def _sequence(self) -> Tree:
        terms: list[Tree] = []
        while self._peek() not in ("", "|", ")"):
            self._terms += 1
            if self._terms > MAX_INSTRUCTIONS:
                raise self._problem(TOO_LARGE)
            first = self.groups
            term = self._term()
            terms.append(self._quantified(term, first))
        return ("sequence", terms)

    def _quantified(self, term: Tree, first_group: int) -> Tree:
        character = self._peek()
        if character == "*":
            bounds = (0, ENDLESS)
        elif character == "+":
            bounds = (1, ENDLESS)
        elif character == "?":
            bounds = (0, 1)
        elif character == "{" and (braces := self._braces()) is not None:
            bounds = braces
            self._at -= 1
        else:
            return term
        if term[0] in ("assert", "behind"):
            raise self._problem("Nothing to repeat")
        self._at += 1
        greedy = self._peek() != "?"
        if not greedy:
            self._at += 1
        return ("repeat", term, *bounds, greedy, first_group + 1, self.groups + 1)

    def _braces(self) -> tuple[int, int] | None:
        """``{2}``, ``{2,}``, ``{2,5}``; anything else in braces is text."""
        end = self._source.find("}", self._at)
        if end == -1:
            return None
        least, comma, most = self._source[self._at + 1 : end].partition(",")
        if not (least.isascii() and least.isdigit()) or (most and not (most.isascii() and most.isdigit())):
            return None
        low = min(int(least[:10]), ENDLESS)
        high = low if not comma else min(int(most[:10]), ENDLESS) if most else ENDLESS
        if high < low:
            raise self._problem("numbers out of order in {} quantifier")
        self._at = end + 1
        return low, high

    def _term(self) -> Tree:
        character = self._source[self._at]
        self._at += 1
        match character:
            case "^":
                return ("assert", characters.at_line_start if self._multiline else characters.at_start)
            case "$":
                return ("assert", characters.at_line_end if self._multiline else characters.at_end)
            case ".":
                return ("test", lambda c: c not in LINE_ENDS)
            case "(":
                return self._group()
            case "[":
                return ("test", self._class())
            case "\\":
                return self._escape()
            case "*" | "+" | "?":
                raise self._problem("Nothing to repeat")
        return ("test", self._literal(character))

    def _group(self) -> Tree:
        source = self._source
        if source.startswith("?:", self._at):
            self._at += 2
            return self._closed(self._alternatives())
        for opening, wanted in (("?=", True), ("?!", False)):
            if source.startswith(opening, self._at):
                self._at += 2
                return ("look", self._closed(self._alternatives()), wanted)
        if source.startswith(("?<=", "?<!"), self._at):
            raise self._problem("look-behind is not supported")
        self.groups += 1
        number = self.groups
        if source.startswith("?<", self._at):
            end = source.find(">", self._at)
            name = source[self._at + 2 : end]
            if end == -1 or not name.isidentifier() or name in self._names:
                raise self._problem("Invalid capture group name")
            self._names[name] = number
            self._at = end + 1
        elif self._peek() == "?":
            raise self._problem("Invalid group")
        return ("group", number, self._closed(self._alternatives()))

    def _closed(self, tree: Tree) -> Tree:
        if self._peek() != ")":
            raise self._problem("Unterminated group")
        self._at += 1
        return tree

    def _escape(self) -> Tree:
        if self._at >= len(self._source):
            raise self._problem("\\ at end of pattern")
        character = self._source[self._at]
        if character in "bB":
            self._at += 1
            return ("assert", characters.at_word_edge if character == "b" else characters.not_at_word_edge)
        if character in "123456789":
            end = self._at
            while end < len(self._source) and self._source[end] in DIGITS and end - self._at < 3:
                end += 1
            number = int(self._source[self._at : end])
            if number <= self._total:
                self._at = end
                return ("back", number)
        if character == "k" and self._names:
            end = self._source.find(">", self._at)
            number = self._names.get(self._source[self._at + 2 : end], 0)
            if number:
                self._at = end + 1
                return ("back", number)
        return ("test", self._character_escape())

    def _character_escape(self) -> Test:
        """What follows a backslash, in a class or outside one, as a test of a character."""
        character = self._source[self._at]
        self._at += 1
        several = characters.several(character)
        if several is not None:
            return several
        return self._literal(self._escaped(character))

    def _escaped(self, character: str) -> str:
        source = self._source
        if character in _CONTROLS:
            return _CONTROLS[character]
        if character == "0":
            return "\0"
        for letter, length in (("x", 2), ("u", 4)):
            digits = source[self._at : self._at + length]
            if (
                character == letter
                and len(digits) == length
                and all(d in "0123456789abcdefABCDEF" for d in digits)
            ):
                self._at += length
                return chr(int(digits, 16))
        if character == "c" and source[self._at : self._at + 1].isalpha():
            self._at += 1
            return chr(ord(source[self._at - 1]) % 32)
        return character

    def _class(self) -> Test:
        negated = self._peek() == "^"
        self._at += negated
        singles: set[str] = set()
        spans: set[tuple[str, str]] = set()
        several: dict[str, Test] = {}
        while True:
            if self._at >= len(self._source):
                raise self._problem("Unterminated character class")
            if self._peek() == "]":
                self._at += 1
                break
            low = self._class_atom(several)
            if self._peek() == "-" and self._source[self._at + 1 : self._at + 2] not in ("]", ""):
                self._at += 1
                high = self._class_atom(several)
                if low is None or high is None:
                    singles.update(c for c in (low, "-", high) if c is not None)
                elif high < low:
                    raise self._problem("Range out of order in character class")
                else:
                    spans.add((low, high))
            elif low is not None:
                singles.add(low)
        return characters.in_class(singles, spans, several, negated, self.ignore_case)

    def _class_atom(self, several: dict[str, Test]) -> str | None:
        """A character; or None, if it is a kind of characters, which is added to ``several``."""
        character = self._source[self._at]
        self._at += 1
        if character != "\\" or self._at >= len(self._source):
            return character
        character = self._source[self._at]
        self._at += 1
        kind = characters.several(character)
        if kind is not None:
            several[character] = kind
            return None
        return "\b" if character == "b" else self._escaped(character)

    def _literal(self, character: str) -> Test:
        if self.ignore_case and character.lower() != character.upper():
            wanted = folded(character)
            return lambda c: folded(c) == wanted
        return character.__eq__

    def _peek(self) -> str:
        return self._source[self._at : self._at + 1]

    def _problem(self, reason: str) -> InvalidExpression:
        return InvalidExpression("S0303", self._position, token=self._source, value=reason)


def _count_groups(source: str) -> int:
    count = 0
    in_class = False
    for found in _IN_PATTERN.finditer(source):
        match found[0]:
            case "[":
                in_class = True
            case "]":
                in_class = False
            case "(" if not in_class:
                at = found.end()
                named = source.startswith("?<", at) and source[at + 2 : at + 3] not in ("=", "!")
                count += named or source[at : at + 1] != "?"
    return count
