"""What a parsed expression is made of. One class for all kinds: the parser turns some kinds into others."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any


class Node:
    """``type`` says which of the other fields count; they are JSONata's own names for the parts of its syntax tree.

    A kind uses few of the fields: the others are the class's defaults, so a node is one small object.
    """

    depth = 1
    """Levels of nodes from here down, this one included."""
    lhs: Any = None
    rhs: Any = None
    operand: Any = (
        None  # of a unary minus; the condition; the procedure of a call; the pattern of a transform
    )
    otherwise: Any = None
    deletion: Any = None
    body: Any = None
    expressions: Sequence[Node] = ()
    arguments: Sequence[Node] = ()
    pairs: Sequence[tuple[Node, Node]] = ()
    terms: Sequence[tuple[bool, Node]] = ()  # descending?, expression
    steps: Sequence[Node] = ()
    predicate: list[Node] | None = None
    stages: list[Node] | None = None
    group: Node | None = None
    signature: Any = None
    focus: str | None = None
    index: str | None = None
    ancestor: Slot | None = None
    slot: Slot | None = None
    seeking_parent: list[Slot] | None = None
    tuple = False
    thunk = False
    keep_array = False
    keep_singleton_array = False
    cons_array = False

    def __init__(self, type: str, value: Any = None, position: int = 0, *, id: str = "") -> None:
        self.type = type
        self.value = value
        self.position = position
        self.id = id
        """Of a token: how the parser knows it."""


class Slot:
    """A ``%``: under which label its parent is bound, and how many levels up it is."""

    __slots__ = ("index", "label", "level")

    def __init__(self, number: int) -> None:
        self.label = f"!{number}"
        self.level = 1
        self.index = number
