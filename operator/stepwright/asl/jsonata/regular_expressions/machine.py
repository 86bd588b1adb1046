"""Matches a pattern's instructions with a text, step by step, and has each step paid for."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeAlias

from stepwright.asl.jsonata.regular_expressions.characters import folded

Spend: TypeAlias = Callable[[int], None]
Groups: TypeAlias = tuple[int, ...]
"""Start and end of the match and of each group; -1 for a group that did not take part."""

# Instructions: (operation, argument, argument).
TEST, SPLIT, JUMP, SAVE, ASSERT, LOOK, BACK, RUN, CHECK, RESET, MATCH = range(11)


@dataclass(frozen=True, slots=True)
class Pattern:
    """A compiled pattern. ``source`` is its text without the slashes."""

    source: str
    program: tuple[tuple[Any, ...], ...]
    groups: int
    marks: int
    ignore_case: bool

    def search(self, text: str, start: int, spend: Spend) -> Groups | None:
        """The first match at or after ``start``."""
        empty = (-1,) * (2 * self.groups + 2)
        for at in range(start, len(text) + 1):
            found = _run(self, self.program, text, at, empty, spend)
            if found is not None:
                return found
        return None


def _run(
    pattern: Pattern,
    program: tuple[tuple[Any, ...], ...],
    text: str,
    start: int,
    groups: Groups,
    spend: Spend,
) -> Groups | None:
    """Backtracking with a stack of our own. An entry says where to go on, at which place, with which groups and marks."""
    stack: list[tuple[int, int, int, Groups, Groups]] = []
    marks: Groups = (-1,) * pattern.marks
    pc, at, size, steps = 0, start, len(text), 0
    while True:
        steps += 1
        if steps >= 256:
            spend(steps)
            steps = 0
        operation, first, second = program[pc]
        if operation == TEST:
            fits = at < size and first(text[at])
            if fits:
                at += 1
                pc += 1
        elif operation == RUN:
            test, least, most = first
            end = at
            limit = min(size, at + most)
            while end < limit and test(text[end]):
                end += 1
            steps += end - at
            fits = end - at >= least
            if fits:
                if end - at > least:
                    stack.append((~pc, at + least, end - 1, groups, marks))
                at = end
                pc += 1
        elif operation == SPLIT:
            stack.append((second, at, 0, groups, marks))
            pc = first
            fits = True
        elif operation == JUMP:
            pc = first
            fits = True
        elif operation == SAVE:
            groups = (*groups[:first], at, *groups[first + 1 :])
            steps += len(groups) >> 3
            pc += 1
            fits = True
        elif operation == CHECK:
            # A loop ends if its body matched nothing.
            fits = marks[first] != at
            marks = (*marks[:first], at, *marks[first + 1 :])
            pc += 1
        elif operation == RESET:
            groups = (*groups[: 2 * first], *(-1,) * (2 * (second - first)), *groups[2 * second :])
            pc += 1
            fits = True
        elif operation == ASSERT:
            fits = first(text, at)
            pc += 1
        elif operation == LOOK:
            program_inside, wanted = first
            inside = _run(pattern, program_inside, text, at, groups, spend)
            fits = (inside is not None) == wanted
            if fits and inside is not None:
                groups = inside
            pc += 1
        elif operation == BACK:
            begin, end = groups[2 * first], groups[2 * first + 1]
            said = text[begin:end] if begin >= 0 and end >= 0 else ""
            here = text[at : at + len(said)]
            fits = here == said or (pattern.ignore_case and folded(here) == folded(said))
            at += len(said)
            steps += len(said)
            pc += 1
        else:
            spend(steps)
            return groups
        if fits:
            continue
        if not stack:
            spend(steps)
            return None
        pc, at, extra, groups, marks = stack.pop()
        if pc < 0:  # a run of characters that may be shorter
            if extra > at:
                stack.append((pc, at, extra - 1, groups, marks))
            at = extra
            pc = ~pc + 1
