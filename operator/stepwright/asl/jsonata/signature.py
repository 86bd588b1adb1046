"""A function's signature: ``<s-n?:s>``. Source:
https://docs.jsonata.org/embedding-extending#function-signature-syntax."""

from __future__ import annotations

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
_ANY: Final = "asnblfom"
_MEMORY: Final = 256
"""For how many lists of types a signature remembers the answer."""

MAX_PARAMETERS: Final = 100
"""This limit is ours; no real function has even a tenth as many."""


class _Parameter:
    """``letters``: the types that fit. ``repeat``: "", "?" or "+", as in regular expressions. ``in_context``: if the
    argument is missing, the context is used in its place, and must fit, too."""

    __slots__ = ("in_context", "letters", "repeat", "subtype", "type")

    def __init__(self, type: str, letters: str) -> None:
        self.type = type
        self.letters = letters
        self.repeat = ""
        self.in_context = False
        self.subtype: str | None = None


class Signature:
    __slots__ = ("_answers", "_parameters", "definition")

    def __init__(self, definition: str, parameters: list[_Parameter]) -> None:
        self.definition = definition
        self._parameters = parameters
        self._answers: dict[str, tuple[str, ...] | None] = {}

    def validated(self, arguments: list[Any], context: Any) -> list[Any]:
        """The arguments in the form in which the function takes them. Raises T0410, T0411 or T0412, without the function's
        name."""
        types = "".join(map(symbol, arguments))
        try:
            groups = self._answers[types]
        except KeyError:
            groups = _split(self._parameters, types, whole=True)
            if len(self._answers) < _MEMORY and len(types) <= 8:
                self._answers[types] = groups
        if groups is None:
            raise self._mismatch(arguments, types)
        given: list[Any] = []
        at = 0
        for parameter, group in zip(self._parameters, groups, strict=True):
            if group == "":
                if not parameter.in_context:
                    given.append(arguments[at] if at < len(arguments) else UNDEFINED)
                    at += 1
                elif symbol(context) in parameter.letters:
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
        good = 0
        for count in range(1, len(self._parameters) + 1):
            groups = _split(self._parameters[:count], types, whole=False)
            if groups is None:
                break
            good = sum(map(len, groups))
        value = arguments[good] if good < len(arguments) else UNDEFINED
        return EvaluationFailed("T0410", value=value, index=good + 1)


def _split(parameters: list[_Parameter], types: str, *, whole: bool) -> tuple[str, ...] | None:
    """Which letters go to which parameter, each of which takes as many as it can; None if they do not fit. ``whole``:
    no letter may be left over.

    A regular expression would do the same, but take exponential time for ``<n+n+n+n+:n>`` with a text at the end. So the
    ways that lead to an end are found first, from the back, with one bit for each number of letters that are left.
    """
    size = len(types)
    masks: dict[str, int] = {}
    ends = [1 if whole else (1 << size + 1) - 1]
    for parameter in reversed(parameters):
        fits = masks.get(parameter.letters)
        if fits is None:
            fits = _mask(types, parameter.letters)
            masks[parameter.letters] = fits
        after = ends[-1]
        begins = (after & fits) << 1
        if parameter.repeat == "+":
            begins = ((begins & fits) + fits ^ fits) | begins
        elif parameter.repeat == "?":
            begins |= after
        ends.append(begins)
    left = size
    if not ends.pop() >> left & 1:
        return None
    groups = []
    for parameter in parameters:
        after = ends.pop()
        best = rest = left
        while rest and types[size - rest] in parameter.letters:
            rest -= 1
            if after >> rest & 1:
                best = rest
            if parameter.repeat != "+":
                break
        groups.append(types[size - left : size - best])
        left = best
    return tuple(groups)


def _mask(types: str, letters: str) -> int:
    """A bit for each letter that fits, beginning with that of the last letter."""
    return int("".join("1" if letter in letters else "0" for letter in types) or "0", 2)


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
            parameters.append(_Parameter(character, f"{character}m"))
        elif character == "a":
            parameters.append(_Parameter("a", _ANY))
        elif character == "f":
            parameters.append(_Parameter("f", "f"))
        elif character == "j":
            parameters.append(_Parameter("j", "asnblom"))
        elif character == "x":
            parameters.append(_Parameter("x", _ANY))
        elif character == "-" and previous is not None:
            previous.in_context = True
            previous.repeat = previous.repeat or "?"
        elif character in "?+" and previous is not None:
            previous.repeat = previous.repeat or character
        elif character == "(":
            end = _closing(text, at, "(", ")")
            choice = text[at + 1 : end]
            if "<" in choice:
                raise InvalidExpression("S0402", position + at, value=choice)
            if not choice.isalpha():
                raise InvalidExpression("S0201", position + at, token=choice)
            parameters.append(_Parameter(f"({choice})", f"{choice}m"))
            at = end
        elif character == "<":
            if previous is None or previous.type not in ("a", "f"):
                kind = UNDEFINED if previous is None else previous.type
                raise InvalidExpression("S0401", position + at, value=kind)
            end = _closing(text, at, "<", ">")
            previous.subtype = text[at + 1 : end]
            at = end
        at += 1
        if len(parameters) > MAX_PARAMETERS:
            raise InvalidExpression("S0305", position, value=MAX_PARAMETERS)
    return Signature(text, parameters)


def symbol(value: Any) -> str:
    """The letter for the type of an argument; m means that it is missing."""
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
