"""The text of a call to a ``Call``: names, literals, paths and calls inside calls."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, TypeAlias

from stepwright.asl import jsonpath
from stepwright.asl.intrinsics import arrays, encoding, json_values, numbers, strings
from stepwright.asl.intrinsics.errors import InvalidIntrinsic
from stepwright.asl.intrinsics.function import Function
from stepwright.asl.json_types import Json
from stepwright.asl.jsonpath.lex import closing
from stepwright.asl.text import jsontext

FUNCTIONS: Final[Mapping[str, Function]] = {
    **arrays.FUNCTIONS,
    **encoding.FUNCTIONS,
    **json_values.FUNCTIONS,
    **numbers.FUNCTIONS,
    **strings.FUNCTIONS,
}

MAX_NESTING: Final = 10
"""AWS's limit of calls inside calls."""

MAX_LENGTH: Final = 10_000


@dataclass(frozen=True, slots=True)
class Literal:
    value: Json


@dataclass(frozen=True, slots=True)
class Call:
    name: str
    function: Function
    arguments: tuple[Argument, ...]


Argument: TypeAlias = Literal | jsonpath.Path | Call

_NAME = re.compile(r"[A-Za-z][A-Za-z0-9._]*")
_WORD = re.compile(r"[A-Za-z0-9+.\-]+")


def parse(text: str) -> Call:
    if len(text) > MAX_LENGTH:
        raise InvalidIntrinsic(f"a call of {len(text)} characters; {MAX_LENGTH} are allowed")
    return _Parser(text).whole()


class _Parser:
    def __init__(self, text: str) -> None:
        self._text = text
        self._position = 0

    def whole(self) -> Call:
        call = self._call(1)
        if self._skip_spaces():
            raise self._error("expected the end of the expression")
        return call

    def _call(self, level: int) -> Call:
        self._skip_spaces()
        found = _NAME.match(self._text, self._position)
        if not found:
            raise self._error("expected the name of an intrinsic function")
        name = found[0]
        function = FUNCTIONS.get(name)
        if function is None:
            raise self._error(f"there is no intrinsic function {name!r}")
        if level > MAX_NESTING:
            raise self._error(f"calls nest deeper than {MAX_NESTING} levels")
        self._position = found.end()
        arguments = self._arguments(name, level)
        if len(arguments) < function.least or (function.most is not None and len(arguments) > function.most):
            raise self._error(f"{name} does not take {len(arguments)} arguments")
        return Call(name, function, arguments)

    def _arguments(self, name: str, level: int) -> tuple[Argument, ...]:
        self._skip_spaces()
        self._take("(")
        arguments: list[Argument] = []
        if self._skip_spaces() == ")":
            self._position += 1
            return ()
        while True:
            keep_escapes = name == "States.Format" and not arguments
            arguments.append(self._argument(level, keep_escapes=keep_escapes))
            if self._skip_spaces() == ")":
                self._position += 1
                return tuple(arguments)
            self._take(",")

    def _argument(self, level: int, *, keep_escapes: bool) -> Argument:
        first = self._skip_spaces()
        if first == "'":
            text = self._quoted()
            return Literal(text if keep_escapes else strings.unescape(text))
        if first == "$":
            return self._path()
        found = _WORD.match(self._text, self._position)
        if not found:
            raise self._error("expected an argument")
        if found[0].startswith("States."):
            return self._call(level + 1)
        try:
            value = jsontext.parse(found[0])
        except jsontext.InvalidJson:
            raise self._error(f"{found[0]!r} is neither a path nor a value") from None
        self._position = found.end()
        return Literal(value)

    def _quoted(self) -> str:
        start = self._position + 1
        index = start
        while index < len(self._text):
            character = self._text[index]
            if character == "\\":
                if self._text[index + 1 : index + 2] not in ("'", "{", "}", "\\"):
                    raise InvalidIntrinsic(r"a backslash stands only before ', {, } and \ ", index)
                index += 2
            elif character == "'":
                self._position = index + 1
                return self._text[start:index]
            else:
                index += 1
        raise self._error("the string is never closed")

    def _path(self) -> jsonpath.Path:
        start = index = self._position
        try:
            while index < len(self._text) and self._text[index] not in ",)":
                if self._text[index] in "[(":
                    end = closing(self._text, index)
                    if end == -1:
                        raise InvalidIntrinsic(f"the {self._text[index]!r} is never closed", index)
                    index = end
                index += 1
            path = jsonpath.compile(self._text[start:index].rstrip())
        except jsonpath.InvalidPath as error:
            raise InvalidIntrinsic(error.message, start + error.position) from None
        self._position = index
        return path

    def _skip_spaces(self) -> str:
        while self._text[self._position : self._position + 1].isspace():
            self._position += 1
        return self._text[self._position : self._position + 1]

    def _take(self, expected: str) -> None:
        if self._skip_spaces() != expected:
            raise self._error(f"expected {expected!r}")
        self._position += 1

    def _error(self, message: str) -> InvalidIntrinsic:
        return InvalidIntrinsic(message, self._position)
