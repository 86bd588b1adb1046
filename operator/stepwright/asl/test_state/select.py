"""Which state is tested: the definition itself, or a named state in a whole machine, at any depth.

A single state is put into a machine in which the states it leads to exist but do nothing.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from stepwright.asl.definition import TaskCheck, compile_definition
from stepwright.asl.json_types import Json, Pointer
from stepwright.asl.machine import Machine, State
from stepwright.asl.test_state.refusal import Refused
from stepwright.asl.text import jsontext
from stepwright.asl.text.jsontext import InvalidJson

ALONE: Final = "StateName"
"""AWS's name for a single state in diagnostics; in the context object it gives every tested state this
name."""


@dataclass(frozen=True, slots=True)
class Selected:
    """``scope`` is the one of ``machine`` that holds the state; ``raw`` is the state as written."""

    machine: Machine
    scope: Pointer
    state: State
    raw: Mapping[str, Json]


def select(definition: str, name: str | None, task_check: TaskCheck) -> Selected:
    """Raises ``InvalidDefinition``, and ``Refused`` if a machine has no state of that name."""
    text = _in_a_machine(definition) if name is None else definition
    machine, _ = compile_definition(text, task_check=task_check)
    wanted = ALONE if name is None else name
    for pointer, scope in machine.scopes.items():
        if wanted in scope.states:
            raw: Any = jsontext.parse(text)
            return Selected(machine, pointer, scope.states[wanted], _at(raw, pointer)["States"][wanted])
    raise Refused(f"State '{wanted}' does not exist in the definition")


def _in_a_machine(state: str) -> str:
    """As text, so that mistakes in the state's own text can still be found."""
    try:
        value = jsontext.parse(state)
    except InvalidJson:
        return state
    targets = dict.fromkeys(_targets(value)) if isinstance(value, dict) else {}
    stand_ins = "".join(
        f', {json.dumps(target)}: {{"Type": "Succeed"}}' for target in targets if target != ALONE
    )
    return f'{{"StartAt": "{ALONE}", "States": {{"{ALONE}": {state}{stand_ins}}}}}'


def _targets(state: Mapping[str, Json]) -> Iterator[str]:
    entries: list[Json] = [dict(state), {"Next": state.get("Default")}]
    for field in ("Choices", "Catch"):
        found = state.get(field)
        entries += found if isinstance(found, list) else []
    for entry in entries:
        target = entry.get("Next") if isinstance(entry, dict) else None
        if isinstance(target, str):
            yield target


def _at(value: Any, pointer: Pointer) -> Any:
    for token in pointer.split("/")[1:]:
        value = value[int(token) if isinstance(value, list) else token.replace("~1", "/").replace("~0", "~")]
    return value
