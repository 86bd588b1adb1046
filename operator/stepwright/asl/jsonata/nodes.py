"""What a parsed expression is made of. One class for all kinds: the parser turns some kinds into others."""

from __future__ import annotations

from typing import Any


class Node:
    """``type`` says which of the other fields count; they are JSONata's own names for the parts of its syntax tree."""

    __slots__ = (
        "ancestor",
        "arguments",
        "body",
        "cons_array",
        "deletion",
        "depth",
        "expressions",
        "focus",
        "group",
        "id",
        "index",
        "keep_array",
        "keep_singleton_array",
        "lhs",
        "operand",
        "otherwise",
        "pairs",
        "position",
        "predicate",
        "rhs",
        "seeking_parent",
        "signature",
        "slot",
        "stages",
        "steps",
        "terms",
        "thunk",
        "tuple",
        "type",
        "value",
    )

    def __init__(self, type: str, value: Any = None, position: int = 0, *, id: str = "") -> None:
        self.type = type
        self.value = value
        self.position = position
        self.id = id
        """Of a token: how the parser knows it."""
        self.depth = 1
        """Levels of nodes from here down, this one included."""
        self.lhs: Any = None
        self.rhs: Any = None
        self.operand: Any = (
            None  # of a unary minus; the condition; the procedure of a call; the pattern of a transform
        )
        self.otherwise: Any = None
        self.deletion: Any = None
        self.body: Any = None
        self.expressions: list[Node] = []
        self.arguments: list[Node] = []
        self.pairs: list[tuple[Node, Node]] = []
        self.terms: list[tuple[bool, Node]] = []  # descending?, expression
        self.steps: list[Node] = []
        self.predicate: list[Node] | None = None
        self.stages: list[Node] | None = None
        self.group: Node | None = None
        self.signature: Any = None
        self.focus: str | None = None
        self.index: str | None = None
        self.ancestor: Slot | None = None
        self.slot: Slot | None = None
        self.seeking_parent: list[Slot] | None = None
        self.tuple = False
        self.thunk = False
        self.keep_array = False
        self.keep_singleton_array = False
        self.cons_array = False


class Slot:
    """A ``%``: under which label its parent is bound, and how many levels up it is."""

    __slots__ = ("index", "label", "level")

    def __init__(self, number: int) -> None:
        self.label = f"!{number}"
        self.level = 1
        self.index = number
