"""Names of variables: a scope within another may read the outer one's, but not assign to them.

Works on the raw definition, as ``references`` does. Source:
https://docs.aws.amazon.com/step-functions/latest/dg/workflow-variables.html
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Mapping
from typing import NamedTuple, TypeAlias

from stepwright.asl.definition.pointers import ROOT, child
from stepwright.asl.definition.problems import DUPLICATE_VARIABLE, Problems
from stepwright.asl.json_types import Json, Pointer

_Where: TypeAlias = tuple[str | int, ...]
"""Names and indexes from a state down: pointers are made of them only if one is wanted."""


class Named(NamedTuple):
    """A scope. ``own``: the variables that its states assign; ``outer``: those of the scopes around it that have some."""

    pointer: Pointer
    states: Mapping[str, Json]
    own: frozenset[str]
    outer: tuple[frozenset[str], ...]


def check(definition: Mapping[str, Json], problems: Problems) -> None:
    for scope in by_scope(definition):
        if not scope.outer:
            continue
        for name, state in scope.states.items():
            for variable, where, key in _assigned(state):
                if any(variable in names for names in scope.outer):
                    problems.error(
                        child(scope.pointer, "States", name, *where, "Assign"),
                        f"The variable name '{variable}' was already defined in a parent scope.",
                        code=DUPLICATE_VARIABLE,
                        member=key,
                    )


def by_scope(definition: Mapping[str, Json]) -> Iterator[Named]:
    """All scopes, from the outside in."""
    # Outer scopes are kept separate, not merged: a scope may contain thousands of others.
    waiting: deque[tuple[Json, Pointer, tuple[frozenset[str], ...]]] = deque([(dict(definition), ROOT, ())])
    while waiting:
        scope, pointer, outer = waiting.popleft()
        states = scope.get("States") if isinstance(scope, dict) else None
        if not isinstance(states, dict):
            continue
        own = frozenset(variable for state in states.values() for variable, _, _ in _assigned(state))
        yield Named(pointer, states, own, outer)
        around = (*outer, own) if own else outer
        for name, state in states.items():
            for inner, where in _scopes(state):
                waiting.append((inner, child(pointer, "States", name, *where), around))


def _assigned(state: Json) -> Iterator[tuple[str, _Where, str]]:
    """Each variable, with the place of its Assign in the state and the key in it."""
    if not isinstance(state, dict):
        return
    holders: list[tuple[Json, _Where]] = [(state, ())]
    for field in ("Choices", "Catch"):
        entries = state.get(field)
        if isinstance(entries, list):
            holders += [(entry, (field, index)) for index, entry in enumerate(entries)]
    for holder, where in holders:
        assign = holder.get("Assign") if isinstance(holder, dict) else None
        for key in assign if isinstance(assign, dict) else ():
            yield key.removesuffix(".$"), where, key


def _scopes(state: Json) -> Iterator[tuple[Json, _Where]]:
    if not isinstance(state, dict):
        return
    branches = state.get("Branches")
    for index, branch in enumerate(branches if isinstance(branches, list) else ()):
        yield branch, ("Branches", index)
    for field in ("ItemProcessor", "Iterator"):
        if field in state:
            yield state[field], (field,)
