"""What a function says of its arguments: ``<s-n?:s>``. Source: https://docs.jsonata.org/embedding-extending#function-signature-syntax."""

from __future__ import annotations

import re
from typing import Any, Final

from stepwright.asl.jsonata.errors import EvaluationFailed, InvalidExpression
from stepwright.asl.jsonata.undefined import UNDEFINED
from stepwright.asl.jsonata.values import Function

_ARRAYS: Final = {
    "a": "arrays",
    "b": "booleans",
    "f": "functions",
    "n": "numbers",
    "o": "objects",
    "s": "strings",
}
_ANY: Final = "[asnblfom]"
_MEMORY: Final = 256
"""How many lists of types a signature remembers the answer for."""


class _Parameter:
    __slots__ = ("context", "pattern", "subtype", "type")

    def __init__(self, type: str, pattern: str) -> None:
        self.type = type
        self.pattern = pattern
        self.context: re.Pattern[str] | None = None
        self.subtype: str | None = None


class Signature:
    __slots__ = ("_answers", "_parameters", "_pattern", "definition")

    def __init__(self, definition: str, parameters: list[_Parameter]) -> None:
        self.definition = definition
        self._parameters = parameters
        self._pattern = re.compile("".join(f"({parameter.pattern})" for parameter in parameters))
        self._answers: dict[str, tuple[str, ...] | None] = {}

    def validated(self, arguments: list[Any], context: Any) -> list[Any]:
        """The arguments as the function takes them; raises T0410, T0411, T0412 without the function's name."""
        types = "".join(map(symbol, arguments))
        try:
            groups = self._answers[types]
        except KeyError:
            found = self._pattern.fullmatch(types)
            groups = None if found is None else tuple(found.groups(""))
            if len(self._answers) < _MEMORY and len(types) <= 8:
                self._answers[types] = groups
        if groups is None:
            raise self._mismatch(arguments, types)
        given: list[Any] = []
        at = 0
        for parameter, group in zip(self._parameters, groups, strict=True):
            if group == "":
                if parameter.context is None:
                    given.append(arguments[at] if at < len(arguments) else UNDEFINED)
                    at += 1
                elif parameter.context.match(symbol(context)):
                    given.append(context)
                else:
                    raise EvaluationFailed("T0411", value=context, index=at + 1)
                continue
            for single in group:
                argument = arguments[at]
                if parameter.type == "a":
                    argument = (
                        UNDEFINED if single == "m" else _as_array(argument, single, group, parameter, at)
                    )
                given.append(argument)
                at += 1
        return given

    def _mismatch(self, arguments: list[Any], types: str) -> EvaluationFailed:
        pattern = ""
        good = 0
        for parameter in self._parameters:
            pattern += parameter.pattern
            found = re.match(pattern, types)
            if found is None:
                break
            good = found.end()
        value = arguments[good] if good < len(arguments) else UNDEFINED
        return EvaluationFailed("T0410", value=value, index=good + 1)


def compile(text: str, position: int = 0) -> Signature:
    """Raises ``InvalidExpression``."""
    parameters: list[_Parameter] = []
    at = 1
    while at < len(text):
        character = text[at]
        previous = parameters[-1] if parameters else None
        if character == ":":
            break
        if character in "snblo":
            parameters.append(_Parameter(character, f"[{character}m]"))
        elif character == "a":
            parameters.append(_Parameter("a", _ANY))
        elif character == "f":
            parameters.append(_Parameter("f", "f"))
        elif character == "j":
            parameters.append(_Parameter("j", "[asnblom]"))
        elif character == "x":
            parameters.append(_Parameter("x", _ANY))
        elif character == "-" and previous is not None:
            previous.context = re.compile(previous.pattern)
            previous.pattern += "?"
        elif character in "?+" and previous is not None:
            if previous.pattern[-1] not in "?+":
                previous.pattern += character
        elif character == "(":
            end = _closing(text, at, "(", ")")
            choice = text[at + 1 : end]
            if "<" in choice:
                raise InvalidExpression("S0402", position + at, value=choice)
            if not choice.isalpha():
                raise InvalidExpression("S0201", position + at, token=choice)
            parameters.append(_Parameter(f"({choice})", f"[{choice}m]"))
            at = end
        elif character == "<":
            if previous is None or previous.type not in ("a", "f"):
                kind = UNDEFINED if previous is None else previous.type
                raise InvalidExpression("S0401", position + at, value=kind)
            end = _closing(text, at, "<", ">")
            previous.subtype = text[at + 1 : end]
            at = end
        at += 1
    return Signature(text, parameters)


def symbol(value: Any) -> str:
    """A letter for the type of an argument; m: it is missing."""
    if isinstance(value, str):
        return "s"
    if isinstance(value, bool):
        return "b"
    if isinstance(value, int | float):
        return "n"
    if value is None:
        return "l"
    if isinstance(value, list):
        return "a"
    if isinstance(value, Function):
        return "f"
    return "m" if value is UNDEFINED else "o"


def _as_array(argument: Any, single: str, group: str, parameter: _Parameter, at: int) -> Any:
    subtype = parameter.subtype
    if subtype is not None:
        fits = True
        if single != "a":
            fits = group == subtype
        elif argument:
            first = symbol(argument[0])
            fits = first == subtype[:1] and all(symbol(item) == first for item in argument)
        if not fits:
            raise EvaluationFailed(
                "T0412", value=argument, index=at + 1, type=_ARRAYS.get(subtype, UNDEFINED)
            )
    return argument if single == "a" else [argument]


def _closing(text: str, start: int, opening: str, closing: str) -> int:
    depth = 1
    for at in range(start + 1, len(text)):
        if text[at] == closing:
            depth -= 1
            if depth == 0:
                return at
        elif text[at] == opening:
            depth += 1
    return len(text)
