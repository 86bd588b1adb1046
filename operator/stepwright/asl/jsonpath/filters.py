"""Filter expressions: ``(@.price < 10 && @.tags contains 'x')``.

A filter compiles to ``accepts(item, search)``. Operands are values of Json, or ``UNDEFINED`` for a path that finds
nothing. The operators follow Jayway: ``"10" == 10`` is true, ``"10" > 9`` is false, ``UNDEFINED`` equals nothing
(so ``!=`` holds), an operand of an unfit type makes a comparison false, never an error.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from decimal import Decimal, InvalidOperation
from typing import Final, TypeAlias, cast

from stepwright.asl import java_text, jsontext
from stepwright.asl.equality import same
from stepwright.asl.json_types import Json
from stepwright.asl.jsonpath import parse as path_parser
from stepwright.asl.jsonpath import regular_expressions, selectors
from stepwright.asl.jsonpath.errors import InvalidPath, NothingFound
from stepwright.asl.jsonpath.lex import Cursor, closing, end_of_quoted, unescape
from stepwright.asl.jsonpath.search import Search


class _Undefined:
    """What a path that finds nothing stands for."""


UNDEFINED: Final = _Undefined()

Value: TypeAlias = "Json | _Undefined | regular_expressions.Expression"
Operand: TypeAlias = Callable[[Json, Search], Value]
Accepts: TypeAlias = Callable[[Json, Search], bool]

_MAX_NESTING = 50


def compile(text: str, position: int = 0, *, bare_words: bool = False) -> Accepts:
    """``text`` is the filter with its parentheses; ``position`` is where it stands in its path, for errors."""
    try:
        return _Parser(text, bare_words=bare_words).whole()
    except InvalidPath as error:
        raise InvalidPath(error.message, error.position + position) from None


def evaluated_path(text: str, *, bare_words: bool = False) -> Callable[[Json, Search], Json]:
    """A path inside a filter or a function: ``@`` is the item, ``$`` the whole document."""
    steps = path_parser.parse(text, bare_words=bare_words)
    walk = selectors.chain(steps)
    definite = path_parser.is_path_definite(steps)
    from_root = text.startswith("$")

    def evaluate(item: Json, search: Search) -> Json:
        start = search.root if from_root else item
        found: list[Json] = []
        walk(start, search, found)
        if not definite:
            return found
        if not found:
            raise NothingFound(f"No results for path: {text}")
        return found[0]

    return evaluate


class _Parser(Cursor):
    def __init__(self, text: str, *, bare_words: bool) -> None:
        super().__init__(text)
        self._bare_words = bare_words
        self._nesting = 0

    def whole(self) -> Accepts:
        accepts = self._operand_of_and()
        if self.skip_spaces():
            raise self.fail("expected the end of the filter")
        return accepts

    def _or(self) -> Accepts:
        return self._joined("||", self._and, any)

    def _and(self) -> Accepts:
        return self._joined("&&", self._operand_of_and, all)

    def _joined(self, sign: str, part: Callable[[], Accepts], rule: Callable[[list[bool]], bool]) -> Accepts:
        parts = [part()]
        while self.skip_spaces() and self.text.startswith(sign, self.position):
            self.position += len(sign)
            parts.append(part())
        if len(parts) == 1:
            return parts[0]
        if rule is any:
            return lambda item, search: any(accepts(item, search) for accepts in parts)
        return lambda item, search: all(accepts(item, search) for accepts in parts)

    def _operand_of_and(self) -> Accepts:
        self._nesting += 1
        if self._nesting > _MAX_NESTING:
            raise self.fail(f"the filter nests deeper than {_MAX_NESTING} levels")
        try:
            first = self.skip_spaces()
            if first == "!":
                if self.at(self.next_significant()) in ("(", "!"):
                    self.position += 1
                    inner = self._operand_of_and()
                    return lambda item, search: not inner(item, search)
            elif first == "(":
                self.position += 1
                accepts = self._or()
                self.skip_spaces()
                self.take(")")
                return accepts
            return self._expression()
        finally:
            self._nesting -= 1

    def _expression(self) -> Accepts:
        start = self.position
        wanted = self.peek() != "!"
        if not wanted:
            self.position += 1
        is_path = self.skip_spaces() in ("$", "@") and self.peek() != ""
        left = self._operand()
        after_left = self.position
        try:
            operator = self._operator()
        except InvalidPath:
            if not is_path:
                raise
            self.position = after_left
            return lambda item, search: (left(item, search) is not UNDEFINED) is wanted
        right = self._operand()
        if not wanted:
            raise InvalidPath("'!' stands before a path without a comparison, or before parentheses", start)
        cost = _COSTS.get(operator)
        if cost is None:
            return lambda item, search: operator(left(item, search), right(item, search))

        def accepts(item: Json, search: Search) -> bool:
            one, other = left(item, search), right(item, search)
            search.spend(cost(one, other))
            return operator(one, other)

        return accepts

    def _operator(self) -> Callable[[Value, Value], bool]:
        self.skip_spaces()
        start = self.position
        if self.peek() in _SIGNS:
            while self.peek() and self.peek() in _SIGNS:
                self.position += 1
        else:
            while self.peek() not in ("", " "):
                self.position += 1
        name = self.text[start : self.position]
        operator = OPERATORS.get(name.lower())
        if operator is None:
            raise InvalidPath(f"there is no operator {name!r}", start)
        return operator

    def _operand(self) -> Operand:
        first = self.skip_spaces()
        if first in ("$", "@") and first:
            return self._path()
        value: Value
        if first in ("'", '"') and first:
            end = end_of_quoted(self.text, self.position)
            value = unescape(self.text[self.position + 1 : end])
            self.position = end + 1
        elif first in ("[", "{") and first:
            value = self._json()
        elif first == "/":
            value = self._regular_expression()
        else:
            value = self._word()
        return lambda _item, _search: value

    def _path(self) -> Operand:
        start = self.position
        self.position += 1
        open_functions = 0
        while character := self.peek():
            if character == "[":
                end = closing(self.text, self.position)
                if end == -1:
                    raise self.fail("the '[' is never closed")
                self.position = end + 1
                continue
            if character == "(":
                open_functions += 1
            elif character == ")":
                if not open_functions:
                    break
                open_functions -= 1
            elif character == " " or character in _SIGNS:
                break
            self.position += 1
        evaluate = evaluated_path(self.text[start : self.position], bare_words=self._bare_words)

        def operand(item: Json, search: Search) -> Value:
            try:
                return evaluate(item, search)
            except NothingFound:
                return UNDEFINED

        return operand

    def _json(self) -> Json:
        end = closing(self.text, self.position)
        if end == -1:
            raise self.fail("the list or object is never closed")
        text = self.text[self.position : end + 1]
        try:
            value = jsontext.parse(_double_quoted(text))
        except jsontext.InvalidJson as error:
            raise self.fail(f"{text!r} is not JSON: {error.message}") from None
        self.position = end + 1
        return value

    def _regular_expression(self) -> regular_expressions.Expression:
        end = end_of_quoted(self.text, self.position)
        pattern = self.text[self.position + 1 : end]
        self.position = end + 1
        after = self.position
        while self.peek().isalpha():
            self.position += 1
        return regular_expressions.compile(pattern, self.text[after : self.position], end)

    def _word(self) -> Json:
        for literal, value in (("true", True), ("false", False), ("null", None)):
            if self.text.startswith(literal, self.position):
                end = self.position + len(literal)
                if self._bare_words and (self.at(end).isalnum() or self.at(end) == "_"):
                    break  # trueish
                self.position = end
                return value
        start = self.position
        while self.peek() and self.peek() in "0123456789.-+eE":
            self.position += 1
        try:
            return jsontext.parse(self.text[start : self.position])
        except jsontext.InvalidJson:
            self.position = start
            word = _BARE_WORD.match(self.text, start) if self._bare_words else None
            if word is not None:
                self.position = word.end()
                return word[0]
            raise self.fail(f"expected a path or a value, not {self.peek()!r}") from None


_BARE_WORD = re.compile(r"[^\W\d][\w.-]*")
_SIGNS = "<>=~!"


def _double_quoted(text: str) -> str:
    """Lists in filters are mostly written with single quotes."""

    def replace(match: re.Match[str]) -> str:
        if match[0].startswith('"'):
            return match[0]
        return jsontext.dump(unescape(match[0][1:-1]))

    return re.sub(r"""'(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*\"""", replace, text)


def _is_number(value: Value) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _decimal(value: Value) -> Decimal | None:
    """The exact number of a number, or of a string that spells one."""
    if isinstance(value, str):
        try:
            number = (
                Decimal(value) if value.isascii() and value == value.strip() and "_" not in value else None
            )
        except InvalidOperation:
            return None
        return number if number is not None and number.is_finite() else None
    return Decimal(repr(value)) if isinstance(value, float) else Decimal(cast("int", value))


def equals(left: Value, right: Value) -> bool:
    """The left operand decides: a number takes a string as number, a string takes a number as text."""
    if _is_number(left):
        if not (_is_number(right) or isinstance(right, str)):
            return False
        if type(left) is type(right):
            return left == right
        number = _decimal(right)
        return number is not None and number == _decimal(left)
    if isinstance(left, str):
        if _is_number(right):
            return left == java_text.of_value(cast("Json", right))
        return isinstance(right, str) and left == right
    if left is None or isinstance(left, bool):
        return left is right
    if isinstance(left, list | dict):
        return same(left, cast("Json", right)) if isinstance(right, list | dict) else False
    return False


def _order(
    compare: Callable[[float | Decimal | str, float | Decimal | str], bool],
) -> Callable[[Value, Value], bool]:
    def operator(left: Value, right: Value) -> bool:
        if _is_number(left) and _is_number(right):
            if type(left) is type(right):
                return compare(cast("float", left), cast("float", right))
            return compare(cast("Decimal", _decimal(left)), cast("Decimal", _decimal(right)))
        if isinstance(left, str) and isinstance(right, str):
            return compare(left, right)
        return False

    return operator


def _strictly_equals(left: Value, right: Value) -> bool:
    both_numbers = _is_number(left) and _is_number(right)
    return (both_numbers or type(left) is type(right)) and equals(left, right)


def _in(left: Value, right: Value) -> bool:
    return isinstance(right, list) and any(equals(left, item) for item in right)


def _contains(left: Value, right: Value) -> bool:
    if isinstance(left, str):
        return isinstance(right, str) and right in left
    return isinstance(left, list) and any(equals(right, item) for item in left)


def _size(left: Value, right: Value) -> bool:
    return (
        isinstance(left, str | list | dict) and _is_number(right) and len(left) == int(cast("float", right))
    )


def _empty(left: Value, right: Value) -> bool:
    return isinstance(left, str | list | dict) and isinstance(right, bool) and (len(left) == 0) is right


def _subset_of(left: Value, right: Value) -> bool:
    return isinstance(left, list) and isinstance(right, list) and all(_in(item, right) for item in left)


def _any_of(left: Value, right: Value) -> bool:
    return isinstance(left, list) and isinstance(right, list) and any(_in(item, right) for item in left)


def _none_of(left: Value, right: Value) -> bool:
    return isinstance(left, list) and isinstance(right, list) and not any(_in(item, right) for item in left)


def _matches(left: Value, right: Value) -> bool:
    if isinstance(left, regular_expressions.Expression):
        left, right = right, left
    if not isinstance(right, regular_expressions.Expression) or isinstance(
        left, regular_expressions.Expression
    ):
        return False
    if isinstance(left, list):
        return any(_matches(item, right) for item in left)
    if isinstance(left, _Undefined) or left is None or isinstance(left, dict):
        return regular_expressions.matches(right, "")
    return regular_expressions.matches(right, java_text.of_value(left))


def _never(_left: Value, _right: Value) -> bool:
    """``all``, ``type`` and ``matches`` need operands that a path cannot spell; with any other Jayway says no."""
    return False


def _cost_of_lists(left: Value, right: Value) -> int:
    """Of an operator that looks for each item of one list in another."""
    return _items(left) * _items(right)


def _items(value: Value) -> int:
    return len(value) if isinstance(value, list) else 1


def _cost_of_matching(left: Value, right: Value) -> int:
    """Microseconds, about, of the most costly expression that is allowed."""
    tested = right if isinstance(left, regular_expressions.Expression) else left
    texts = tested if isinstance(tested, list) else [tested]
    expression = left if isinstance(left, regular_expressions.Expression) else right
    if not isinstance(expression, regular_expressions.Expression):
        return 1
    return sum(expression.cost(len(text)) for text in texts if isinstance(text, str))


def _not(operator: Callable[[Value, Value], bool]) -> Callable[[Value, Value], bool]:
    return lambda left, right: not operator(left, right)


OPERATORS: Final[Mapping[str, Callable[[Value, Value], bool]]] = {
    "==": equals,
    "!=": _not(equals),
    "===": _strictly_equals,
    "!==": _not(_strictly_equals),
    "<": _order(lambda left, right: left < right),  # type: ignore[operator]  # both of one type
    "<=": _order(lambda left, right: left <= right),  # type: ignore[operator]
    ">": _order(lambda left, right: left > right),  # type: ignore[operator]
    ">=": _order(lambda left, right: left >= right),  # type: ignore[operator]
    "=~": _matches,
    "in": _in,
    "nin": _not(_in),
    "contains": _contains,
    "size": _size,
    "empty": _empty,
    "subsetof": _subset_of,
    "anyof": _any_of,
    "noneof": _none_of,
    "all": _never,
    "type": _never,
    "matches": _never,
}

_COSTS: Final[Mapping[Callable[[Value, Value], bool], Callable[[Value, Value], int]]] = {
    OPERATORS[name]: _cost_of_lists for name in ("in", "nin", "contains", "subsetof", "anyof", "noneof")
} | {OPERATORS["=~"]: _cost_of_matching}
"""What may cost more than a comparison."""
