"""Turns the tree of a pattern into instructions for the machine."""

from __future__ import annotations

from typing import Any

from stepwright.asl.jsonata.errors import InvalidExpression
from stepwright.asl.jsonata.regular_expressions.machine import (
    ASSERT,
    BACK,
    CHECK,
    JUMP,
    LOOK,
    MATCH,
    RESET,
    RUN,
    SAVE,
    SPLIT,
    TEST,
)
from stepwright.asl.jsonata.regular_expressions.parse import ENDLESS, MAX_INSTRUCTIONS, TOO_LARGE, Tree


class Writer:
    def __init__(self, source: str, position: int) -> None:
        self._source = source
        self._position = position
        self.program: list[tuple[Any, ...]] = []
        self.marks = 0

    def emit(self, operation: int, first: Any = None, second: Any = None) -> int:
        if len(self.program) >= MAX_INSTRUCTIONS:
            raise InvalidExpression("S0303", self._position, token=self._source, value=TOO_LARGE)
        self.program.append((operation, first, second))
        return len(self.program) - 1

    def save(self, slot: int) -> None:
        self.emit(SAVE, slot)

    def node(self, tree: Tree) -> None:
        match tree[0]:
            case "sequence":
                for part in tree[1]:
                    self.node(part)
            case "test":
                self.emit(TEST, tree[1])
            case "assert":
                self.emit(ASSERT, tree[1])
            case "back":
                self.emit(BACK, tree[1])
            case "group":
                self.save(2 * tree[1])
                self.node(tree[2])
                self.save(2 * tree[1] + 1)
            case "look":
                self._look(tree)
            case "either":
                self._either(tree[1])
            case "repeat":
                self._repeat(tree)

    def _look(self, tree: Tree) -> None:
        inside = Writer(self._source, self._position)
        inside.marks = self.marks
        inside.node(tree[1])
        inside.emit(MATCH)
        self.marks = inside.marks
        self.emit(LOOK, (tuple(inside.program), tree[2]))

    def _either(self, parts: list[Tree]) -> None:
        ends: list[int] = []
        for part in parts[:-1]:
            split = self.emit(SPLIT)
            self.node(part)
            ends.append(self.emit(JUMP))
            self.program[split] = (SPLIT, split + 1, len(self.program))
        self.node(parts[-1])
        for end in ends:
            self.program[end] = (JUMP, len(self.program), None)

    def _repeat(self, tree: Tree) -> None:
        _, body, least, most, greedy, first_group, end_group = tree
        if body[0] == "test" and greedy:
            self.emit(RUN, (body[1], least, most), True)
            return
        for _ in range(least):
            self._body(body, first_group, end_group)
        if most >= ENDLESS:
            self._loop(body, greedy, first_group, end_group)
            return
        splits: list[int] = []
        for _ in range(most - least):
            splits.append(self.emit(SPLIT))
            self._body(body, first_group, end_group)
        for split in splits:
            self._split(split, split + 1, len(self.program), greedy)

    def _loop(self, body: Tree, greedy: bool, first_group: int, end_group: int) -> None:
        mark = self.marks
        self.marks += 1
        split = self.emit(SPLIT)
        self.emit(CHECK, mark)
        self._body(body, first_group, end_group)
        self.emit(JUMP, split)
        self._split(split, split + 1, len(self.program), greedy)

    def _split(self, at: int, inside: int, after: int, greedy: bool) -> None:
        self.program[at] = (SPLIT, inside, after) if greedy else (SPLIT, after, inside)

    def _body(self, body: Tree, first_group: int, end_group: int) -> None:
        if end_group > first_group:
            self.emit(RESET, first_group, end_group)
        self.node(body)
