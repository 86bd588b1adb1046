"""What TypeScript knows of the console's API is what Python answers."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

import pytest

from stepwright.console import typescript
from stepwright.console.models import Model, Row


class Thing(Model, frozen=True):
    """Two lines,

    of which one has a ``name`` and an end: */.
    """

    first_name: str
    """Under this."""
    kinds: Literal["a", 'b"'] | None
    rows: list[tuple[int, str | None]]
    texts: tuple[float | None, ...] = ()
    by_name: Mapping[str, bool] = {}
    anything: Any = None
    other: str | None = None


THING = """/**
 * Two lines,
 *
 * of which one has a `name` and an end: *\\/.
 */
export interface Thing {
  /** Under this. */
  readonly firstName: string;
  readonly kinds: "a" | "b\\"" | null;
  readonly rows: readonly (readonly [number, string | null])[];
  readonly texts?: readonly (number | null)[];
  readonly byName?: Readonly<Record<string, boolean>>;
  readonly anything?: unknown;
  readonly other?: string;
}
"""


class Line(Row, frozen=True):
    number: int
    """From 0 on."""
    by_kind: Mapping[Literal["a", "b"], int | None]


LINE = """export type Line = readonly [
  /** From 0 on. */
  number: number,
  byKind: Readonly<Partial<Record<"a" | "b", number | null>>>,
];
"""


def test_a_row_is_a_tuple_whose_members_have_names() -> None:
    assert typescript.declaration(Line) == LINE


def test_a_model_is_an_interface() -> None:
    assert typescript.declaration(Thing) == THING


def test_the_types_are_as_they_are_generated() -> None:
    assert typescript.FILE.read_text(encoding="utf-8") == typescript.text()


def test_a_kind_of_value_that_has_no_type_there_is_told() -> None:
    class Strange(Model, frozen=True):
        value: bytes

    with pytest.raises(TypeError, match="has no type in TypeScript yet"):
        typescript.declaration(Strange)
