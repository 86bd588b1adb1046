"""What a parsed expression is made of. One class for all kinds: the parser turns some kinds into others."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any


class Node:
    """``type`` says which of the other fields count. Their names are JSONata's own for the parts of its syntax tree.

    Each kind uses only a few of the fields. The others are defaults of the class, so a node is one small object.
    """

    depth = 1
    """How many levels of nodes there are from here down, including this one."""
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
        """For a token, how the parser recognises it."""


class Slot:
    """A ``%``: the label under which its parent is bound, and how many levels up that is."""

    __slots__ = ("index", "label", "level")

    def __init__(self, number: int) -> None:
        self.label = f"!{number}"
        self.level = 1
        self.index = number
