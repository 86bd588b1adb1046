"""What comes before what: for ``<`` and its like, ``$sort``, and steps that sort (``^(...)``)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from stepwright.asl.jsonata.errors import EvaluationFailed
from stepwright.asl.jsonata.paths import ITEM
from stepwright.asl.jsonata.runtime import Code, Frame, Runtime
from stepwright.asl.jsonata.undefined import UNDEFINED
from stepwright.asl.jsonata.values import Sequence, Value

_COMPARED: Final = 2048
_ENCODED: Final = 128
"""How many characters a unit pays for: those compared as they are, and those that must be written in UTF-16 first."""


def in_order(left: Any, right: Any) -> tuple[Any, Any]:
    """Two numbers or two texts in a form that Python compares as JavaScript would: texts by their UTF-16 units."""
    if isinstance(left, str) and not (left.isascii() and right.isascii()):
        return units(left), units(right)
    return left, right


def units(value: str) -> bytes:
    return value.encode("utf-16-be", "surrogatepass")


def pay_for_order(runtime: Runtime, left: str, right: str) -> None:
    """To be called before two texts are put in order."""
    size = min(len(left), len(right))
    if size > _ENCODED:
        plain = left.isascii() and right.isascii()
        runtime.spend(size // _COMPARED if plain else (len(left) + len(right)) // _ENCODED)


def sorting(terms: tuple[tuple[bool, Code], ...]) -> Code:
    """``^(term, >term)``: a stable sort; items that have no value for a term come last."""

    def sort(input: Value, frame: Frame) -> Value:
        tupled = type(input) is Sequence and input.tuples
        if len(input) <= 1:
            return input
        rows: list[tuple[list[Value], Value]] = []
        for item in input:
            context, inner = (item[ITEM], frame.within(item)) if tupled else (item, frame)
            rows.append(([term(context, inner) for _, term in terms], item))
        frame.runtime.spend(len(rows) * max(1, len(rows).bit_length()))
        runtime = frame.runtime
        sorted_rows = merged(rows, lambda left, right: _comes_after(left[0], right[0], terms, runtime))
        result = Sequence(item for _, item in sorted_rows)
        result.tuples = tupled
        return list(result) if not tupled and type(input) is not Sequence else result

    return sort


def _comes_after(
    left: list[Value], right: list[Value], terms: tuple[tuple[bool, Code], ...], runtime: Runtime
) -> bool:
    for ours, theirs, (descending, _) in zip(left, right, terms, strict=True):
        if ours is UNDEFINED:
            if theirs is UNDEFINED:
                continue
            return True
        if theirs is UNDEFINED:
            return False
        for side in (ours, theirs):
            if isinstance(side, bool) or not isinstance(side, int | float | str):
                raise EvaluationFailed("T2008", value=side)
        if isinstance(ours, str) != isinstance(theirs, str):
            raise EvaluationFailed("T2007", value=ours, value2=theirs)
        if type(ours) is str:
            pay_for_order(runtime, ours, theirs)
        if ours == theirs:
            continue
        first, second = in_order(ours, theirs)
        return bool((first > second) != descending)
    return False


def merged(items: list[Any], after: Callable[[Any, Any], bool]) -> list[Any]:
    """Merge sort. ``after``: whether the first of two items in this order must come after the second."""
    if len(items) <= 1:
        return items
    middle = len(items) // 2
    left, right = merged(items[:middle], after), merged(items[middle:], after)
    result: list[Any] = []
    i = j = 0
    while i < len(left) and j < len(right):
        if after(left[i], right[j]):
            result.append(right[j])
            j += 1
        else:
            result.append(left[i])
            i += 1
    return result + left[i:] + right[j:]
