"""JavaScript's regular expressions, matched by a machine of our own, which counts its steps.

Python's ``re`` has another dialect and cannot be stopped: some patterns take hours on a short text and block the
whole process. Here every step is paid for, so a hostile pattern ends like any other endless expression.

Source: https://262.ecma-international.org/#sec-patterns, without the flags that JSONata does not have.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any, Final, TypeAlias

from stepwright.asl.jsonata.errors import InvalidExpression

MAX_INSTRUCTIONS: Final = 5_000
"""The largest size of a pattern, and of its parts while it is read. The rest of a pattern that is too large is ignored."""

MAX_NESTING: Final = 50
_ENDLESS: Final = 2**31
_TOO_LARGE: Final = "it is too large"

_SPACES: Final = frozenset(
    "\t\n\v\f\r \u00a0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u2028\u2029\u202f\u205f\u3000\ufeff"
)
_DIGITS: Final = frozenset("0123456789")
_WORD: Final = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_")
_LINE_ENDS: Final = frozenset("\n\r\u2028\u2029")
_CONTROLS: Final = {"n": "\n", "r": "\r", "t": "\t", "v": "\v", "f": "\f"}

_IN_PATTERN: Final = re.compile(r"\\.?|[\[\](]", re.DOTALL)
"""Where a group may begin, and what prevents a bracket from beginning one."""

Test: TypeAlias = Callable[[str], bool]
Spend: TypeAlias = Callable[[int], None]
Groups: TypeAlias = tuple[int, ...]
"""Start and end of the match and of each group; -1 for a group that did not take part."""

# Instructions: (operation, argument, argument).
_TEST, _SPLIT, _JUMP, _SAVE, _ASSERT, _LOOK, _BACK, _RUN, _CHECK, _RESET, _MATCH = range(11)


@dataclass(frozen=True, slots=True)
class Pattern:
    """A compiled pattern. ``source`` is its text without the slashes."""

    source: str
    program: tuple[tuple[Any, ...], ...]
    groups: int
    marks: int
    ignore_case: bool

    def search(self, text: str, start: int, spend: Spend) -> Groups | None:
        """The first match at or after ``start``."""
        empty = (-1,) * (2 * self.groups + 2)
        for at in range(start, len(text) + 1):
            found = _run(self, self.program, text, at, empty, spend)
            if found is not None:
                return found
        return None


def compile(source: str, flags: str, position: int) -> Pattern:
    """Raises ``InvalidExpression``. ``position`` is where the pattern is in the expression."""
    parser = _Parser(source, "i" in flags, "m" in flags, position)
    tree = parser.pattern()
    writer = _Writer(source, position)
    writer.save(0)
    writer.node(tree)
    writer.save(1)
    writer.emit(_MATCH)
    return Pattern(source, tuple(writer.program), parser.groups, writer.marks, parser.ignore_case)


def _run(
    pattern: Pattern,
    program: tuple[tuple[Any, ...], ...],
    text: str,
    start: int,
    groups: Groups,
    spend: Spend,
) -> Groups | None:
    """Backtracking with a stack of our own. An entry says where to go on, at which place, with which groups and marks."""
    stack: list[tuple[int, int, int, Groups, Groups]] = []
    marks: Groups = (-1,) * pattern.marks
    pc, at, size, steps = 0, start, len(text), 0
    while True:
        steps += 1
        if steps >= 256:
            spend(steps)
            steps = 0
        operation, first, second = program[pc]
        if operation == _TEST:
            fits = at < size and first(text[at])
            if fits:
                at += 1
                pc += 1
        elif operation == _RUN:
            test, least, most = first
            end = at
            limit = min(size, at + most)
            while end < limit and test(text[end]):
                end += 1
            steps += end - at
            fits = end - at >= least
            if fits:
                if end - at > least:
                    stack.append((~pc, at + least, end - 1, groups, marks))
                at = end
                pc += 1
        elif operation == _SPLIT:
            stack.append((second, at, 0, groups, marks))
            pc = first
            fits = True
        elif operation == _JUMP:
            pc = first
            fits = True
        elif operation == _SAVE:
            groups = (*groups[:first], at, *groups[first + 1 :])
            steps += len(groups) >> 3
            pc += 1
            fits = True
        elif operation == _CHECK:
            # A loop ends if its body matched nothing.
            fits = marks[first] != at
            marks = (*marks[:first], at, *marks[first + 1 :])
            pc += 1
        elif operation == _RESET:
            groups = (*groups[: 2 * first], *(-1,) * (2 * (second - first)), *groups[2 * second :])
            pc += 1
            fits = True
        elif operation == _ASSERT:
            fits = first(text, at)
            pc += 1
        elif operation == _LOOK:
            program_inside, wanted = first
            inside = _run(pattern, program_inside, text, at, groups, spend)
            fits = (inside is not None) == wanted
            if fits and inside is not None:
                groups = inside
            pc += 1
        elif operation == _BACK:
            begin, end = groups[2 * first], groups[2 * first + 1]
            said = text[begin:end] if begin >= 0 and end >= 0 else ""
            here = text[at : at + len(said)]
            fits = here == said or (pattern.ignore_case and _folded(here) == _folded(said))
            at += len(said)
            steps += len(said)
            pc += 1
        else:
            spend(steps)
            return groups
        if fits:
            continue
        if not stack:
            spend(steps)
            return None
        pc, at, extra, groups, marks = stack.pop()
        if pc < 0:  # a run of characters that may be shorter
            if extra > at:
                stack.append((pc, at, extra - 1, groups, marks))
            at = extra
            pc = ~pc + 1


# The tree of a pattern: (kind, ...) tuples.
_Tree: TypeAlias = tuple[Any, ...]


class _Parser:
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

    def pattern(self) -> _Tree:
        tree = self._alternatives()
        if self._at < len(self._source):
            raise self._problem("Unmatched ')'")
        return tree

    def _alternatives(self) -> _Tree:
        self._nesting += 1
        if self._nesting > MAX_NESTING:
            raise self._problem(f"it nests deeper than {MAX_NESTING} levels")
        found = [self._sequence()]
        while self._peek() == "|":
            self._at += 1
            found.append(self._sequence())
        self._nesting -= 1
        return found[0] if len(found) == 1 else ("either", found)

    def _sequence(self) -> _Tree:
        terms: list[_Tree] = []
        while self._peek() not in ("", "|", ")"):
            self._terms += 1
            if self._terms > MAX_INSTRUCTIONS:
                raise self._problem(_TOO_LARGE)
            first = self.groups
            term = self._term()
            terms.append(self._quantified(term, first))
        return ("sequence", terms)

    def _quantified(self, term: _Tree, first_group: int) -> _Tree:
        character = self._peek()
        if character == "*":
            bounds = (0, _ENDLESS)
        elif character == "+":
            bounds = (1, _ENDLESS)
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
        low = min(int(least[:10]), _ENDLESS)
        high = low if not comma else min(int(most[:10]), _ENDLESS) if most else _ENDLESS
        if high < low:
            raise self._problem("numbers out of order in {} quantifier")
        self._at = end + 1
        return low, high

    def _term(self) -> _Tree:
        character = self._source[self._at]
        self._at += 1
        match character:
            case "^":
                return ("assert", _at_line_start if self._multiline else _at_start)
            case "$":
                return ("assert", _at_line_end if self._multiline else _at_end)
            case ".":
                return ("test", lambda c: c not in _LINE_ENDS)
            case "(":
                return self._group()
            case "[":
                return ("test", self._class())
            case "\\":
                return self._escape()
            case "*" | "+" | "?":
                raise self._problem("Nothing to repeat")
        return ("test", self._literal(character))

    def _group(self) -> _Tree:
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

    def _closed(self, tree: _Tree) -> _Tree:
        if self._peek() != ")":
            raise self._problem("Unterminated group")
        self._at += 1
        return tree

    def _escape(self) -> _Tree:
        if self._at >= len(self._source):
            raise self._problem("\\ at end of pattern")
        character = self._source[self._at]
        if character in "bB":
            self._at += 1
            return ("assert", _at_word_edge if character == "b" else _not_at_word_edge)
        if character in "123456789":
            end = self._at
            while end < len(self._source) and self._source[end] in _DIGITS and end - self._at < 3:
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
        several = _several(character)
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
        return _in_class(singles, spans, several, negated, self.ignore_case)

    def _class_atom(self, several: dict[str, Test]) -> str | None:
        """A character; or None, if it is a kind of characters, which is added to ``several``."""
        character = self._source[self._at]
        self._at += 1
        if character != "\\" or self._at >= len(self._source):
            return character
        character = self._source[self._at]
        self._at += 1
        kind = _several(character)
        if kind is not None:
            several[character] = kind
            return None
        return "\b" if character == "b" else self._escaped(character)

    def _literal(self, character: str) -> Test:
        if self.ignore_case and character.lower() != character.upper():
            wanted = _folded(character)
            return lambda c: _folded(c) == wanted
        return character.__eq__

    def _peek(self) -> str:
        return self._source[self._at : self._at + 1]

    def _problem(self, reason: str) -> InvalidExpression:
        return InvalidExpression("S0303", self._position, token=self._source, value=reason)


class _Writer:
    """Turns the tree into instructions."""

    def __init__(self, source: str, position: int) -> None:
        self._source = source
        self._position = position
        self.program: list[tuple[Any, ...]] = []
        self.marks = 0

    def emit(self, operation: int, first: Any = None, second: Any = None) -> int:
        if len(self.program) >= MAX_INSTRUCTIONS:
            raise InvalidExpression("S0303", self._position, token=self._source, value=_TOO_LARGE)
        self.program.append((operation, first, second))
        return len(self.program) - 1

    def save(self, slot: int) -> None:
        self.emit(_SAVE, slot)

    def node(self, tree: _Tree) -> None:
        match tree[0]:
            case "sequence":
                for part in tree[1]:
                    self.node(part)
            case "test":
                self.emit(_TEST, tree[1])
            case "assert":
                self.emit(_ASSERT, tree[1])
            case "back":
                self.emit(_BACK, tree[1])
            case "group":
                self.save(2 * tree[1])
                self.node(tree[2])
                self.save(2 * tree[1] + 1)
            case "look":
                self._look(tree)
            case "either":
                self._either(tree[1])
            case "repeat":
                self._repeat(tree)

    def _look(self, tree: _Tree) -> None:
        inside = _Writer(self._source, self._position)
        inside.marks = self.marks
        inside.node(tree[1])
        inside.emit(_MATCH)
        self.marks = inside.marks
        self.emit(_LOOK, (tuple(inside.program), tree[2]))

    def _either(self, parts: list[_Tree]) -> None:
        ends: list[int] = []
        for part in parts[:-1]:
            split = self.emit(_SPLIT)
            self.node(part)
            ends.append(self.emit(_JUMP))
            self.program[split] = (_SPLIT, split + 1, len(self.program))
        self.node(parts[-1])
        for end in ends:
            self.program[end] = (_JUMP, len(self.program), None)

    def _repeat(self, tree: _Tree) -> None:
        _, body, least, most, greedy, first_group, end_group = tree
        if body[0] == "test" and greedy:
            self.emit(_RUN, (body[1], least, most), True)
            return
        for _ in range(least):
            self._body(body, first_group, end_group)
        if most >= _ENDLESS:
            self._loop(body, greedy, first_group, end_group)
            return
        splits: list[int] = []
        for _ in range(most - least):
            splits.append(self.emit(_SPLIT))
            self._body(body, first_group, end_group)
        for split in splits:
            self._split(split, split + 1, len(self.program), greedy)

    def _loop(self, body: _Tree, greedy: bool, first_group: int, end_group: int) -> None:
        mark = self.marks
        self.marks += 1
        split = self.emit(_SPLIT)
        self.emit(_CHECK, mark)
        self._body(body, first_group, end_group)
        self.emit(_JUMP, split)
        self._split(split, split + 1, len(self.program), greedy)

    def _split(self, at: int, inside: int, after: int, greedy: bool) -> None:
        self.program[at] = (_SPLIT, inside, after) if greedy else (_SPLIT, after, inside)

    def _body(self, body: _Tree, first_group: int, end_group: int) -> None:
        if end_group > first_group:
            self.emit(_RESET, first_group, end_group)
        self.node(body)


def _several(letter: str) -> Test | None:
    """``\\d`` and its like."""
    kinds = {"d": _DIGITS, "w": _WORD, "s": _SPACES}
    chosen = kinds.get(letter.lower())
    if chosen is None:
        return None
    return chosen.__contains__ if letter.islower() else lambda c: c not in chosen


def _in_class(
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


def _folded(text: str) -> str:
    return "".join(upper if len(upper := c.upper()) == 1 else c for c in text)


def _at_start(_text: str, at: int) -> bool:
    return at == 0


def _at_end(text: str, at: int) -> bool:
    return at == len(text)


def _at_line_start(text: str, at: int) -> bool:
    return at == 0 or text[at - 1] in _LINE_ENDS


def _at_line_end(text: str, at: int) -> bool:
    return at == len(text) or text[at] in _LINE_ENDS


def _at_word_edge(text: str, at: int) -> bool:
    before = at > 0 and text[at - 1] in _WORD
    after = at < len(text) and text[at] in _WORD
    return before != after


def _not_at_word_edge(text: str, at: int) -> bool:
    return not _at_word_edge(text, at)
