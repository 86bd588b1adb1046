"""The text of a path to its steps, in Jayway's dialect, its leniencies included.

So ``a.b`` is read as ``$.a.b``, ``$.a[`` as ``$.a`` (one character after a complete step is passed over) and
``$.arr[0:4:2]`` as ``$.arr[0:4]``; all pinned by the oracle cases. Source: the behaviour of json-path 2.10.
"""

from __future__ import annotations

from collections.abc import Callable

from stepwright.asl import jsontext
from stepwright.asl.json_types import Json
from stepwright.asl.jsonpath import filters
from stepwright.asl.jsonpath.errors import InvalidPath, NothingFound
from stepwright.asl.jsonpath.functions import FUNCTIONS
from stepwright.asl.jsonpath.lex import Cursor, closing, end_of_quoted, unescape
from stepwright.asl.jsonpath.search import Search
from stepwright.asl.jsonpath.selectors import (
    Filter,
    Function,
    Index,
    Property,
    Scan,
    Slice,
    Step,
    Wildcard,
    chain,
    is_definite,
)

_MAX_LENGTH = 10_000
_MAX_INDEX = 2**31 - 1
_DIGITS = frozenset("0123456789")


def parse(text: str, *, bare_words: bool = False) -> tuple[Step, ...]:
    """The steps after the root. The root itself (``$`` or ``@``) is for the caller to look at.

    ``bare_words``: in filters a word without quotes is a string, as AWS takes it and Jayway 2.10 no longer does.
    """
    if len(text) > _MAX_LENGTH:
        raise InvalidPath(f"a path of {len(text)} characters; {_MAX_LENGTH} are allowed")
    text = text.strip(" ") if text[:1] != " " else text.rstrip(" ")
    if not text.startswith(("$", "@")):
        text = "$." + text
    if text.endswith("."):
        raise InvalidPath("a path must not end with '.'", len(text) - 1)
    if len(text) == 1:
        return ()
    if text[1] not in ".[":
        raise InvalidPath(f"expected '.' or '[' after {text[0]}, not {text[1]!r}", 1)
    return _aggregate_of_scan(_Parser(text, bare_words=bare_words).steps())


def is_path_definite(steps: tuple[Step, ...]) -> bool:
    return all(is_definite(step, leaf=number == len(steps) - 1) for number, step in enumerate(steps))


def _aggregate_of_scan(steps: tuple[Step, ...]) -> tuple[Step, ...]:
    """``$..price.sum()`` is the sum of all prices: the function takes what the rest of the path finds."""
    if len(steps) < 2 or not isinstance(steps[0], Scan) or not isinstance(steps[-1], Function):
        return steps
    if len(steps) == 2:
        return (Function("length", (_nothing_to_scan,)),)
    function = steps[-1]
    walk = chain(steps[:-1])

    def all_found(_node: Json, search: Search) -> Json:
        found: list[Json] = []
        walk(search.root, search, found)
        return found

    return (Function(function.name, (all_found, *function.arguments)),)


def _nothing_to_scan(_node: Json, _search: Search) -> Json:
    raise NothingFound("'..' needs a name before the function")


class _Parser(Cursor):
    def __init__(self, text: str, *, bare_words: bool) -> None:
        super().__init__(text, 1)
        self._bare_words = bare_words
        self._steps: list[Step] = []

    def steps(self) -> tuple[Step, ...]:
        # One character too many is passed over: Jayway takes the last position for the end.
        while True:
            self._step()
            if self.position >= len(self.text) - 1:
                return tuple(self._steps)

    def _step(self) -> None:
        character = self.peek()
        if character == "[":
            if not (self._names() or self._indexes() or self._wildcard_in_brackets() or self._filter()):
                raise self.fail(f"cannot read the step at position {self.position}: expected ?, ', 0-9 or *")
            return
        if character == ".":
            if self.peek(1) == ".":
                self._steps.append(Scan())
                self.position += 2
            else:
                self.position += 1
            if self.peek() == ".":
                raise self.fail(f"'.' at position {self.position} is one too many")
            if self.peek() == "[":
                self._step()
                return
        if self.peek() == "*":
            self._steps.append(Wildcard())
            self.position += 1
        else:
            self._name_or_function()

    def _name_or_function(self) -> None:
        start = self.position
        if self.peek() in ("", " "):
            raise self.fail(f"expected a name at position {start}")
        end = start
        while end < len(self.text) and self.text[end] not in ".[( ":
            end += 1
        if self.at(end) == " ":
            raise InvalidPath("a name with blanks needs brackets: ['my name']", end)
        name = self.text[start:end]
        if self.at(end) == "(":
            self._function(name, end)
        else:
            self._steps.append(Property((name,)))
            self.position = end

    def _function(self, name: str, opening: int) -> None:
        end = closing(self.text, opening)
        if end == -1:
            raise InvalidPath(f"the arguments of {name}() are never closed", opening)
        if name not in FUNCTIONS:
            raise InvalidPath(f"there is no function {name}()", self.position)
        if end + 1 < len(self.text):
            raise InvalidPath(f"{name}() must be the last step", end + 1)
        arguments = _split(self.text[opening + 1 : end])
        self._steps.append(Function(name, tuple(_argument(argument, opening) for argument in arguments)))
        self.position = end + 1

    def _names(self) -> bool:
        """``['a']``, ``["a", 'b']``."""
        start = self.next_significant()
        quote = self.at(start)
        if quote not in ("'", '"'):
            return False
        names: list[str] = []
        while True:
            if self.at(start) != quote:
                raise InvalidPath(f"expected a name in {quote} at position {start}", start)
            end = end_of_quoted(self.text, start)
            names.append(unescape(self.text[start + 1 : end]))
            after = self.next_significant(end)
            if self.at(after) == "]":
                self.position = after + 1
                self._steps.append(Property(tuple(names)))
                return True
            if self.at(after) != ",":
                raise InvalidPath(f"expected ',' or ']' after the name at position {start}", after)
            start = self.next_significant(after)

    def _indexes(self) -> bool:
        first = self.at(self.next_significant())
        end = self.text.find("]", self.position)
        if end == -1 or (first not in _DIGITS and first not in ("-", ":")):
            return False
        inside = self.text[self.position + 1 : end].strip(" ")
        if not inside or any(character not in "0123456789-:, " for character in inside):
            return False
        self._steps.append(_slice(inside, self.position) if ":" in inside else _index(inside, self.position))
        self.position = end + 1
        return True

    def _wildcard_in_brackets(self) -> bool:
        star = self.next_significant()
        if self.at(star) != "*":
            return False
        end = self.next_significant(star)
        if self.at(end) != "]":
            raise InvalidPath(f"expected ']' after '*' at position {star}", end)
        self._steps.append(Wildcard())
        self.position = end + 1
        return True

    def _filter(self) -> bool:
        question = self.next_significant()
        opening = self.next_significant(question)
        if self.at(question) != "?" or self.at(opening) != "(":
            return False
        end = closing(self.text, opening)
        bracket = self.next_significant(end)
        if end == -1 or self.at(bracket) != "]":
            return False
        self._steps.append(
            Filter(filters.compile(self.text[opening : end + 1], opening, bare_words=self._bare_words))
        )
        self.position = bracket + 1
        return True


def _index(text: str, position: int) -> Index:
    return Index(tuple(_whole_number(part.strip(" "), position) for part in text.split(",")))


def _slice(text: str, position: int) -> Slice:
    if "," in text or " " in text:
        raise InvalidPath(f"{text!r} is not a slice", position)
    parts = text.split(":")
    start, stop = (_whole_number(part, position) if part else None for part in parts[:2])
    if start is None and stop is None:
        raise InvalidPath(f"the slice {text!r} has neither a start nor an end", position)
    return Slice(start, stop)


def _whole_number(text: str, position: int) -> int:
    digits = text.removeprefix("-")
    if not digits or not all(digit in _DIGITS for digit in digits) or len(digits) > 10:
        raise InvalidPath(f"{text!r} is not an index", position)
    number = int(text)
    if abs(number) > _MAX_INDEX:
        raise InvalidPath(f"the index {number} is out of range", position)
    return number


def _split(text: str) -> list[str]:
    """Arguments at the commas that stand in no bracket and no string."""
    parts: list[str] = []
    start = index = 0
    while index < len(text):
        character = text[index]
        if character == '"':
            index = end_of_quoted(text, index)
        elif character in "([{":
            end = closing(text, index)
            index = end if end != -1 else len(text)
        elif character == ",":
            parts.append(text[start:index])
            start = index + 1
        index += 1
    last = text[start:]
    if parts or last.strip():
        parts.append(last)
    return parts


def _argument(text: str, position: int) -> Json | Callable[[Json, Search], Json]:
    text = text.strip()
    if text.startswith(("$", "@")):
        return filters.evaluated_path(text)
    try:
        return jsontext.parse(text)
    except jsontext.InvalidJson:
        raise InvalidPath(f"the argument {text!r} is neither a path nor JSON", position) from None
