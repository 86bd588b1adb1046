"""The names of what can be mocked: Task states by theirs; a Map's reader and writer by the Map's and the field's."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from stepwright.asl.machine import Machine, Map, State, Task
from stepwright.asl.map_data import requests
from stepwright.asl.resource import ITEM_READER, RESULT_WRITER, Resource
from stepwright.asl.step import StartTask

_FIELDS: Final = {ITEM_READER: "ItemReader", RESULT_WRITER: "ResultWriter"}


@dataclass(frozen=True, slots=True)
class Mockable:
    """``resource``: of the task to the engine. ``named``: the Resource in the definition."""

    resource: Resource
    named: str


def of_machine(machine: Machine) -> dict[str, Mockable]:
    """Everything in it that can be mocked: ``Ship``, ``Orders/ItemReader``, ``Orders/ResultWriter``."""
    return {
        name: found
        for scope in machine.scopes.values()
        for state in scope.states.values()
        for name, found in _of_state(state)
    }


def of_task(task: StartTask) -> str:
    """The name under which the task is mocked."""
    field = _FIELDS.get(task.resource)
    return task.state if field is None else f"{task.state}/{field}"


def resource_of(task: StartTask) -> str:
    """The Resource that the definition names."""
    if task.resource == ITEM_READER:
        return requests.reading(task.parameters).resource
    if task.resource == RESULT_WRITER:
        return requests.writing(task.parameters).resource
    return task.resource.text


def _of_state(state: State) -> Iterator[tuple[str, Mockable]]:
    if isinstance(state, Task):
        yield state.name, Mockable(state.resource, state.resource.text)
    elif isinstance(state, Map) and state.mode == "DISTRIBUTED":
        if state.reader is not None:
            yield f"{state.name}/ItemReader", Mockable(ITEM_READER, state.reader.resource.text)
        if state.writer is not None and state.writer.resource is not None:
            yield f"{state.name}/ResultWriter", Mockable(RESULT_WRITER, state.writer.resource.text)
