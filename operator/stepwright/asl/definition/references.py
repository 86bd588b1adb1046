"""Where transitions lead: targets that do not exist, states that nothing leads to, ways without an end, equal names.

Works on the raw definition, so it reports what it can even if a state itself is wrong.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from stepwright.asl.definition.pointers import child
from stepwright.asl.definition.problems import DUPLICATE_STATE, MISSING_END, MISSING_TARGET, Problems
from stepwright.asl.definition.schema import STATE_FIELDS
from stepwright.asl.json_types import Json, Pointer

_ENDS = frozenset({"Succeed", "Fail"})


def check_scope(scope: Mapping[str, Json], pointer: Pointer, problems: Problems) -> None:
    """One scope: transitions stay within it, https://states-language.net/spec.html#transitions."""
    states = scope.get("States")
    start = scope.get("StartAt")
    if not isinstance(states, dict) or not states:
        return
    if isinstance(start, str) and start not in states:
        _missing(child(pointer, "StartAt"), start, problems)
    leads_to: dict[str, list[str]] = {}
    for name, state in states.items():
        if not isinstance(state, dict):
            continue
        leads_to[name] = []
        for target, where in _targets(state):
            if target in states:
                leads_to[name].append(target)
            else:
                _missing(child(pointer, "States", name, *where), target, problems)
    if not any(_may_end(state) for state in states.values()):
        # AWS looks for unreachable states only if there is an end.
        problems.error(pointer, "Workflow has no terminal state", code=MISSING_END)
        return
    reached = _reachable(start, leads_to) if isinstance(start, str) else set(states)
    for name in states:
        if name not in reached:
            problems.error(
                child(pointer, "States", name), f'State "{name}" is not reachable.', code=MISSING_TARGET
            )


def check_names(names: Mapping[Pointer, list[str]], problems: Problems) -> None:
    """Names are unique in the whole machine, not only in their scope."""
    seen = set()
    for scope, states in names.items():
        for name in states:
            if name in seen:
                problems.error(
                    child(scope, "States", name), f"Duplicate State name: {name}", code=DUPLICATE_STATE
                )
            seen.add(name)


def _missing(where: Pointer, target: str, problems: Problems) -> None:
    # AWS says 'Next' for StartAt and Default, too.
    problems.error(where, f"Missing 'Next' target: {target}", code=MISSING_TARGET)


def _targets(state: Mapping[str, Json]) -> Iterator[tuple[str, tuple[str | int, ...]]]:
    """Each target, with its place in the state."""
    for field in ("Next", "Default"):
        target = state.get(field)
        if isinstance(target, str):
            yield target, (field,)
    for field in ("Choices", "Catch"):
        entries = state.get(field)
        for index, entry in enumerate(entries if isinstance(entries, list) else ()):
            target = entry.get("Next") if isinstance(entry, dict) else None
            if isinstance(target, str):
                yield target, (field, index, "Next")


def _may_end(state: Json) -> bool:
    """Whether the state is terminal, or too broken to know (then its own problem has to be solved first)."""
    state_type = state.get("Type") if isinstance(state, dict) else None
    if not isinstance(state, dict) or not isinstance(state_type, str) or state_type not in STATE_FIELDS:
        return True
    return state_type in _ENDS or state.get("End") is True


def _reachable(start: str, leads_to: Mapping[str, list[str]]) -> set[str]:
    reached = set()
    waiting = [start]
    while waiting:
        name = waiting.pop()
        if name not in reached:
            reached.add(name)
            waiting.extend(leads_to.get(name, ()))
    return reached
