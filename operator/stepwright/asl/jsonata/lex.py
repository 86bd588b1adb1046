"""Splits the text of an expression into its tokens."""

from __future__ import annotations

import re
from typing import Final

from stepwright.asl.jsonata import regular_expressions
from stepwright.asl.jsonata.errors import InvalidExpression
from stepwright.asl.jsonata.nodes import Node
from stepwright.asl.jsonata.text import normal

BINDING_POWERS: Final[dict[str, int]] = {
    ".": 75,
    "[": 80,
    "]": 0,
    "{": 70,
    "}": 0,
    "(": 80,
    ")": 0,
    ",": 0,
    "@": 80,
    "#": 80,
    ";": 80,
    ":": 80,
    "?": 20,
    "+": 50,
    "-": 50,
    "*": 60,
    "/": 60,
    "%": 60,
    "|": 20,
    "=": 40,
    "<": 40,
    ">": 40,
    "^": 40,
    "**": 60,
    "..": 20,
    ":=": 10,
    "!=": 40,
    "<=": 40,
    ">=": 40,
    "~>": 40,
    "and": 30,
    "or": 25,
    "in": 40,
    "&": 50,
    "!": 0,
    "~": 0,
}

_BLANKS: Final = " \t\n\r\v"
_DOUBLE: Final = frozenset({"..", ":=", "!=", ">=", "<=", "**", "~>"})
_ESCAPES: Final = {
    '"': '"',
    "\\": "\\",
    "/": "/",
    "b": "\b",
    "f": "\f",
    "n": "\n",
    "r": "\r",
    "t": "\t",
}
_NUMBER = re.compile(r"-?(0|([1-9][0-9]*))(\.[0-9]+)?([Ee][-+]?[0-9]+)?", re.ASCII)
_NAME = re.compile(rf"[^{re.escape(_BLANKS + ''.join(c for c in BINDING_POWERS if len(c) == 1))}]*")
_HEX = re.compile(r"[0-9a-fA-F]{4}", re.ASCII)
_PLAIN: Final = {quote: re.compile(rf"[^{quote}\\]*") for quote in "\"'"}
_SURROGATE: Final = re.compile("[\ud800-\udfff]")
_IN_REGEX: Final = re.compile(r"[/()\[\]{}]")
_CONSTANTS: Final = {"true": True, "false": False, "null": None}


class Lexer:
    def __init__(self, source: str) -> None:
        self._source = source
        self._at = 0

    def next(self, prefix: bool) -> Node | None:
        """The next token; None at the end. If ``prefix``, a ``/`` here divides; otherwise it begins a regular expression."""
        source = self._source
        self._skip()
        if self._at >= len(source):
            return None
        start = self._at
        character = source[start]
        if not prefix and character == "/":
            self._at += 1
            return Node("regex", self._regex(), start)
        double = source[start : start + 2]
        if double in _DOUBLE:
            self._at += 2
            return Node("operator", double, start)
        if character in BINDING_POWERS:
            self._at += 1
            return Node("operator", character, start)
        if character in "\"'":
            return Node("string", self._string(character), start)
        number = _NUMBER.match(source, start)
        if number is not None:
            self._at = number.end()
            value = float(number[0])
            if value in (float("inf"), float("-inf")):
                raise InvalidExpression("S0102", start, token=number[0])
            return Node("number", normal(value), start)
        if character == "`":
            end = source.find("`", start + 1)
            if end == -1:
                raise InvalidExpression("S0105", len(source))
            self._at = end + 1
            return Node("name", source[start + 1 : end], start)
        return self._name(start)

    def _name(self, start: int) -> Node | None:
        found = _NAME.match(self._source, start)
        assert found is not None
        self._at = found.end()
        name = found[0]
        if name.startswith("$"):
            return Node("variable", name[1:], start)
        if name in ("or", "in", "and"):
            return Node("operator", name, start)
        if name in _CONSTANTS:
            return Node("value", _CONSTANTS[name], start)
        if not name and self._at == len(self._source):
            return None
        return Node("name", name, start)

    def _skip(self) -> None:
        """Skip blanks and comments."""
        source = self._source
        while self._at < len(source):
            if source[self._at] in _BLANKS:
                self._at += 1
            elif source.startswith("/*", self._at):
                end = source.find("*/", self._at + 2)
                if end == -1:
                    raise InvalidExpression("S0106", self._at)
                self._at = end + 2
            else:
                return

    def _string(self, quote: str) -> str:
        source = self._source
        parts: list[str] = []
        plain = _PLAIN[quote]
        at = self._at + 1
        while True:
            run = plain.match(source, at)
            assert run is not None
            parts.append(run[0])
            at = run.end()
            if at >= len(source):
                raise InvalidExpression("S0101", at)
            if source[at] == "\\":
                at += 1
                escaped = source[at : at + 1]
                if escaped in _ESCAPES:
                    parts.append(_ESCAPES[escaped])
                elif escaped == "u":
                    digits = _HEX.match(source, at + 1)
                    if digits is None:
                        raise InvalidExpression("S0104", at)
                    parts.append(chr(int(digits[0], 16)))
                    at += 4
                else:
                    raise InvalidExpression("S0103", at, token=escaped)
            else:
                self._at = at + 1
                return _paired("".join(parts))
            at += 1

    def _regex(self) -> regular_expressions.Pattern:
        source = self._source
        start = self._at
        depth = 0
        for found in _IN_REGEX.finditer(source, start):
            at, character = found.start(), found[0]
            if character == "/" and depth == 0 and _backslashes(source, at) % 2 == 0:
                pattern = source[start:at]
                if not pattern:
                    raise InvalidExpression("S0301", at)
                at += 1
                flags_start = at
                while source[at : at + 1] in ("i", "m"):
                    at += 1
                self._at = at
                return regular_expressions.compile(pattern, source[flags_start:at], start)
            if source[at - 1] != "\\":
                if character in "([{":
                    depth += 1
                elif character in ")]}":
                    depth -= 1
        raise InvalidExpression("S0302", len(source))


def _backslashes(source: str, end: int) -> int:
    count = 0
    while source[end - count - 1] == "\\":
        count += 1
    return count


def _paired(text: str) -> str:
    """Join the two halves of a surrogate pair, each written as an escape, into one character."""
    if _SURROGATE.search(text) is not None:
        return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "surrogatepass")
    return text
