"""Filter expressions: ``[?(@.price < 10 && @.name == 'x')]``, as json-path 2.0.0 reads and evaluates them.

The text is cut at ``&&`` and ``||``, wherever they stand, and each piece at the first of the operators that
it contains; parentheses around pieces are ignored, so ``&&`` always binds closer. Anything that is not a
path, a ``'text'`` or a ``/pattern/`` is a literal text: ``done``, ``7``, ``"x"`` with its quotes. A text
becomes what it is compared with: ``@.n == 7`` compares numbers if the member is one.

A filter compiles to ``accepts(item, search)``, which raises ``Inapplicable`` where Jayway abandons the whole
path.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal, InvalidOperation
from functools import lru_cache
from typing import Any, Final, TypeAlias

from stepwright.asl.failure import causes
from stepwright.asl.json_types import Json
from stepwright.asl.jsonpath import parse as path_parser
from stepwright.asl.jsonpath import regular_expressions, selectors
from stepwright.asl.jsonpath.errors import Inapplicable, InvalidPath, NothingFound
from stepwright.asl.jsonpath.regular_expressions import Expression
from stepwright.asl.jsonpath.search import Search

Value: TypeAlias = "Json | Expression"
Operand: TypeAlias = Callable[[Json, Search], Value]
Accepts: TypeAlias = Callable[[Json, Search], bool]

_JOINTS: Final = re.compile(r"(?<=&&|\|\|)|(?=&&|\|\|)")
_LEXICAL: Final = re.compile(
    r"\s(in|nin|contains|size|empty|subsetof|anyof|noneof|all|type|matches|and|or|not)(\s|$)", re.IGNORECASE
)
_NUMBER: Final = re.compile(r"[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d{1,10})?")


def compile(text: str, position: int = 0) -> Accepts:
    """``text`` is the filter with its brackets; ``position`` is where it stands in its path, for errors."""
    inside = text[1:-1].strip().removeprefix("?").strip()
    if not (inside.startswith("(") and inside.endswith(")")):
        raise InvalidPath("a filter stands in parentheses: [?(@.name == 'x')]", position)
    alternatives: list[list[Accepts]] = [[]]
    expects_criterion = True
    for piece in filter(None, map(str.strip, _JOINTS.split(inside[1:-1].strip()))):
        if (piece in ("&&", "||")) is expects_criterion:
            raise InvalidPath(f"'&&' and '||' stand between two conditions, not at {piece!r}", position)
        if piece == "||":
            alternatives.append([])
        elif piece != "&&":
            alternatives[-1].append(_criterion(piece, position))
        expects_criterion = not expects_criterion
    if expects_criterion:
        raise InvalidPath("a filter needs a condition: [?(@.name == 'x')]", position)
    return _any_of(alternatives)


def _any_of(alternatives: Sequence[Sequence[Accepts]]) -> Accepts:
    if len(alternatives) == 1 and len(alternatives[0]) == 1:
        return alternatives[0][0]
    # Jayway evaluates the last first, which matters if one of them abandons the path.
    in_turn = [tuple(reversed(conditions)) for conditions in reversed(alternatives)]

    def accepts(item: Json, search: Search) -> bool:
        for conditions in in_turn:
            for condition in conditions:
                if not condition(item, search):
                    break
            else:
                return True
        return False

    return accepts


def _criterion(piece: str, position: int) -> Accepts:
    text = piece.lstrip("[?( ").rstrip(") ")
    if not text:
        raise InvalidPath("a filter needs a condition: [?(@.name == 'x')]", position)
    operator = next((sign for sign in OPERATORS if sign in text), None)
    if operator is None:
        return _existence(text, position)
    left_text, _, right_text = map(str.strip, text.partition(operator))
    if right_text.startswith("!@"):
        raise InvalidPath("'!' stands before a path without a comparison", position)
    left, right = _operand(left_text, position), _operand(right_text, position)
    compare = OPERATORS[operator]

    def accepts(item: Json, search: Search) -> bool:
        try:
            one, other = left(item, search), right(item, search)
            search.spend(1 + _characters(one, other) // _COMPARED)
            return compare(one, other, search)
        except (NothingFound, _Incomparable):
            return False

    return accepts


def _existence(text: str, position: int) -> Accepts:
    """``@.a``, ``!@.a``: whether there is a value that is not null. ``$`` is the item here, too, as in
    Jayway."""
    if not text.startswith(("$", "@", "!@")):
        raise InvalidPath(f"{text!r} is neither a path nor a comparison", position)
    wanted = not text.startswith("!")
    walk = _walk(text.removeprefix("!"), position)
    cost = 1 + len(text) // _WALKED

    def accepts(item: Json, search: Search) -> bool:
        found: list[Json] = []
        search.spend(cost)
        try:
            walk(item, search, found)
        except NothingFound:
            return not wanted
        return (found[0] is not None) is wanted

    return accepts


def _operand(text: str, position: int) -> Operand:
    if text.startswith(("$", "@", "!@")):
        return _path(text, position)
    value: Value = text
    if text[:1] == text[-1:] == "'":
        value = text[1:-1]
    elif text.startswith("/") and text.endswith(("/", "/i")):
        value = regular_expressions.compile(
            text[1 : text.rindex("/")], position, ignore_case=text.endswith("i")
        )
    return lambda _item, _search: value


def _path(text: str, position: int) -> Operand:
    """``@`` is the item, ``$`` the whole document. After ``!`` it is still the item's path."""
    text = text.removeprefix("!")
    walk = _walk(text, position)
    cost = len(text) // _WALKED
    from_root = text.startswith("$")

    def operand(item: Json, search: Search) -> Json:
        found: list[Json] = []
        search.spend(cost)
        walk(search.root if from_root else item, search, found)
        return found[0]

    return operand


def _walk(text: str, position: int) -> selectors.Walk:
    try:
        steps = path_parser.parse(text, in_filter=True)
    except InvalidPath as error:
        word = _LEXICAL.search(text)
        if word is not None:
            raise InvalidPath(f"filters have no operator '{word[1]}', on AWS neither", position) from None
        raise InvalidPath(error.message, position) from None
    if not path_parser.is_path_definite(steps):
        raise InvalidPath(f"a path within a filter leads to one place, which {text} does not", position)
    return selectors.chain(steps)


_WALKED: Final = 16
"""Characters of a path in a unit."""

_COMPARED: Final = 128
"""Characters in a unit: for Java's order both texts are written anew."""


def _characters(one: Value, other: Value) -> int:
    return (len(one) if type(one) is str else 0) + (len(other) if type(other) is str else 0)


class _Incomparable(Exception):  # noqa: N818 - internal: the comparison is false
    """Two values whose types cannot be compared."""


def _compared(expected: Value, value: Value) -> int:
    """Below, at or above 0, as ``expected``, the right side, lies to ``value``, the left one.

    Only the right side adapts: a text there is read as the number or boolean that the left side is."""
    if expected is value:
        return 0
    if expected is None or expected == "null":
        return 0 if value is None or value == "null" else -1
    if value is None or value == "null":
        return 1
    if isinstance(expected, str):
        if isinstance(value, str):
            wanted = expected.replace("\\'", "'") if "\\" in expected else expected
            return 0 if wanted == value else _sign(_utf_16(wanted), _utf_16(value))
        if isinstance(value, bool):
            return _sign(expected.lower() == "true", value)
        if isinstance(value, int | float):
            return _number_compared(expected, value)
    elif isinstance(expected, bool) or isinstance(value, bool):
        if isinstance(expected, bool) and isinstance(value, bool):
            return _sign(expected, value)
    elif isinstance(expected, int | float) and isinstance(value, int | float):
        return _sign(_exact(expected), _exact(value))
    raise _Incomparable


def _sign(left: Any, right: Any) -> int:
    return int(left > right) - int(left < right)


def _utf_16(text: str) -> bytes:
    """What Java compares: characters beyond the first 65,536 come before some within."""
    return text.encode("utf-16-be", "surrogatepass")


def _exact(value: float) -> int | Decimal:
    """As it is written: 8.99 is not the float next to it."""
    return Decimal(repr(value)) if isinstance(value, float) else value


def _number_compared(expected: str, value: float) -> int:
    exact, rounded = _number(expected)
    if isinstance(value, float) and rounded != value:
        return _sign(rounded, value)  # what rounds to a larger float is larger
    return _sign(exact, _exact(value))


@lru_cache(maxsize=1024)
def _number(text: str) -> tuple[int | Decimal, float]:
    """The number that a text spells, and the float next to it."""
    try:
        if _NUMBER.fullmatch(text):
            number = Decimal(text)
            is_whole = len(text) < 20 and text.lstrip("+-").isdecimal()
            return int(text) if is_whole else number, float(number)
    except (InvalidOperation, OverflowError):
        pass
    raise Inapplicable(lambda: f"'{text}' is compared with a number and is not one")


def _ordered(holds: Callable[[int], bool]) -> _Compare:
    def compare(left: Value, right: Value, _search: Search) -> bool:
        return (left is None) is (right is None) and holds(_compared(right, left))

    return compare


def _matches(left: Value, right: Value, search: Search) -> bool:
    expression, tested = (left, right) if isinstance(left, Expression) else (right, left)
    if not isinstance(expression, Expression) or isinstance(tested, Expression):
        raise Inapplicable(lambda: "=~ takes a path and a /pattern/")
    if tested is None:
        return False
    text = causes.plain(tested)
    search.spend(expression.cost(len(text)))
    return regular_expressions.matches(expression, text)


_Compare: TypeAlias = Callable[[Value, Value, Search], bool]

OPERATORS: Final[Mapping[str, _Compare]] = {
    "==": lambda left, right, _search: _compared(right, left) == 0,
    ">=": _ordered(lambda sign: sign <= 0),
    "<=": _ordered(lambda sign: sign >= 0),
    "!=": lambda left, right, _search: _compared(right, left) != 0,
    "<": _ordered(lambda sign: sign > 0),
    ">": _ordered(lambda sign: sign < 0),
    "=~": _matches,
}
"""In the order in which they are looked for."""
