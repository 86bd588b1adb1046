"""Fields of JSONata states: any JSON value in which texts ``{% ... %}`` are expressions, at any depth.

Everything else, including keys, is taken literally. If an expression fails, the error names its field:
``Arguments/items[2]/id``.

Source: https://docs.aws.amazon.com/step-functions/latest/dg/transforming-data.html
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final, TypeAlias

from stepwright.asl import jsonata
from stepwright.asl.data import States
from stepwright.asl.failure import causes
from stepwright.asl.failure.errors import DATA_LIMIT_EXCEEDED, QueryError, StateError
from stepwright.asl.json_types import Json, Pointer
from stepwright.asl.place import Place
from stepwright.asl.text import weight
from stepwright.asl.text.payload import Payload

INVALID: Final = "INVALID_JSONATA_EXPRESSION"
UNSUPPORTED: Final = "UNSUPPORTED_JSONATA_EXPRESSION"

WHOLE_AT_MOST: Final = 99_999_999
"""Seconds and counts: as much as a definition may say."""

_NOT_ALWAYS: Final = ("result", "errorOutput")
"""Fields of ``$states`` that are not in every expression."""

_NODES_PER_UNIT: Final = 4

_FEW: Final = 4
"""Expressions of which each stays within JSONata's own limit of a value's size."""

MAX_TOKENS: Final = 250_000
"""The limit for all JSONata in a definition: compiling this many takes some seconds. The largest real
definitions have some ten thousand."""

_MOST_PROBLEMS: Final = 200
"""The most problems reported for one field."""

_OPENING: Final = "{%"
_CLOSING: Final = "%}"


def too_many_tokens() -> str:
    return f"The JSONata expressions of a definition must not have more than {MAX_TOKENS} tokens together"


class InvalidQuery(ValueError):  # noqa: N818 - it is a finding about the user's text
    """The problems of a field, each with AWS's code and the pointer of the expression."""

    def __init__(self, problems: Sequence[tuple[str, Pointer, str]]) -> None:
        self.problems = list(problems)
        super().__init__("; ".join(f"{message} at {pointer}" for _, pointer, message in self.problems))


def is_expression(value: Json) -> bool:
    """Blanks around it make it a text like any other."""
    return (
        isinstance(value, str) and value.startswith(_OPENING) and value.endswith(_CLOSING) and len(value) > 3
    )


class Query:
    """A compiled field. ``constant`` is its value if it contains no expression."""

    __slots__ = ("_cost", "_multiplies", "_node", "constant", "location", "tokens")

    def __init__(self, node: _Node, location: str, *, expressions: int, cost: int) -> None:
        self._node = node
        self._cost = cost
        self.tokens = 0
        """Of all expressions in it."""
        self._multiplies = expressions > _FEW
        self.location = location
        self.constant = Payload(node.value) if isinstance(node, _Constant) else None

    def evaluate(self, states: States) -> Json:
        states.meter.left -= self._cost  # evaluating an expression checks whether that was too much
        value = self._node.evaluate(states)
        if self._multiplies:
            too_large, cost = weight.excess(value)
            states.meter.left -= cost
            if too_large:
                raise StateError(DATA_LIMIT_EXCEEDED, causes.value_too_large())
        return value

    def expect(self, states: States, kind: str) -> Json:
        """The value, which must be of JSON's type ``kind``."""
        value = self._node.evaluate(states)
        if causes.kind_of(value) != kind:
            raise self.wrong(kind, value)
        return value

    def whole(self, states: States, *, at_least: int, at_most: int = WHOLE_AT_MOST) -> int:
        """A whole number within bounds."""
        value = self.expect(states, "number")
        assert isinstance(value, int | float)
        if value != value // 1 or not at_least <= value <= at_most:
            raise self.wrong(f"integer from {at_least} to {at_most}", value)
        return int(value)

    def wrong(self, expected: str, value: Json) -> QueryError:
        """The error for a value that the field cannot use."""
        source = self._node.source if isinstance(self._node, _Expression) else causes.text(value)
        return QueryError(causes.query_of_wrong_type(source, self.location, expected, value), self.location)


def compile(value: Json, pointer: Pointer, location: str, offered: str | None = None) -> Query:
    """``location`` names the field in errors. ``offered``: what ``$states`` has besides input and context,
    ``result`` or ``errorOutput``. Raises ``InvalidQuery``."""
    compiler = _Compiler(pointer, location, offered)
    node = compiler.node(value, Place())
    if compiler.problems:
        raise InvalidQuery(compiler.problems)
    query = Query(node, location, expressions=compiler.expressions, cost=compiler.nodes // _NODES_PER_UNIT)
    query.tokens = compiler.tokens
    return query


class Condition:
    """Condition of a Choice rule: must be a boolean."""

    __slots__ = ("_query",)

    def __init__(self, query: Query) -> None:
        self._query = query

    def matches(self, states: States) -> bool:
        return self._query.expect(states, "boolean") is True


class _Constant:
    __slots__ = ("value",)

    def __init__(self, value: Json) -> None:
        self.value = value

    def evaluate(self, _states: States) -> Json:
        return self.value


class _Expression:
    __slots__ = ("_expression", "_field", "_place", "_with_context", "source")

    def __init__(self, source: str, expression: jsonata.Expression, place: Place, field: str) -> None:
        self.source = source
        self._expression = expression
        self._place = place
        self._field = field
        self._with_context = not expression.uses.states.isdisjoint(("context", None))

    def evaluate(self, states: States) -> Json:
        try:
            return self._expression.evaluate(
                states.bindings(with_context=self._with_context), states.now, states.random, states.meter
            )
        except jsonata.NoResult as error:
            say = causes.query_gave_function if error.function else causes.query_undefined
            cause = say(self.source, self._location)
        except jsonata.EvaluationFailed as error:
            cause = causes.query_failed(self.source, self._location, error.code, error.message)
        except jsonata.LimitExceeded as error:
            cause = causes.query_exceeded(self.source, self._location, error.message)
        raise QueryError(cause, self._location)

    @property
    def _location(self) -> str:
        return self._place.location(self._field)


class _Object:
    __slots__ = ("_fields",)

    def __init__(self, fields: Sequence[tuple[str, _Node]]) -> None:
        self._fields = tuple(fields)

    def evaluate(self, states: States) -> Json:
        return {key: node.evaluate(states) for key, node in self._fields}


class _Array:
    __slots__ = ("_items",)

    def __init__(self, items: Sequence[_Node]) -> None:
        self._items = tuple(items)

    def evaluate(self, states: States) -> Json:
        return [node.evaluate(states) for node in self._items]


_Node: TypeAlias = _Constant | _Expression | _Object | _Array


class _Compiler:
    def __init__(self, pointer: Pointer, location: str, offered: str | None) -> None:
        self.problems: list[tuple[str, Pointer, str]] = []
        self.expressions = 0
        self.nodes = 0
        self.tokens = 0
        self._pointer = pointer
        self._location = location
        self._offered = offered

    def node(self, value: Json, place: Place) -> _Node:
        self.nodes += 1
        if isinstance(value, dict):
            fields = [(key, self.node(item, place.within(key))) for key, item in value.items()]
            return _Constant(value) if _all_constant(node for _, node in fields) else _Object(fields)
        if isinstance(value, list):
            items = [self.node(item, place.within(index)) for index, item in enumerate(value)]
            return _Constant(value) if _all_constant(items) else _Array(items)
        if isinstance(value, str) and is_expression(value):
            return self._expression(value, place)
        if isinstance(value, str) and (value.startswith(_OPENING) or value.endswith(_CLOSING)):
            self._problem(
                INVALID, place, f"A JSONata expression must start with '{_OPENING}' and end with '{_CLOSING}'"
            )
        return _Constant(value)

    def _expression(self, text: str, place: Place) -> _Node:
        self.expressions += 1
        source = text.removeprefix(_OPENING).removesuffix(_CLOSING).strip()
        try:
            expression = jsonata.compile(source)
        except jsonata.InvalidExpression as error:
            self._problem(INVALID, place, error.message)
            return _Constant(None)
        self.tokens += expression.tokens
        if self.tokens > MAX_TOKENS:
            self._problem(INVALID, place, too_many_tokens())
            raise InvalidQuery(self.problems)
        for name in expression.uses.top_level:
            where = "" if name == "$$" else " at the top level"
            self._problem(UNSUPPORTED, place, f"Reference to '{name}'{where} is not supported.")
        for name in _NOT_ALWAYS:
            if name in expression.uses.states and name != self._offered:
                self._problem(UNSUPPORTED, place, f"Field '$states.{name}' does not exist.")
        return _Expression(source, expression, place, self._location)

    def _problem(self, code: str, place: Place, message: str) -> None:
        self.problems.append((code, place.pointer(self._pointer), message))
        if len(self.problems) > _MOST_PROBLEMS:
            raise InvalidQuery(self.problems)


def _all_constant(nodes: Any) -> bool:
    return all(isinstance(node, _Constant) for node in nodes)
