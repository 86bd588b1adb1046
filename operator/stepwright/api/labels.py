"""The distributed Maps of a state machine, which ARNs name by their label: ``...:stateMachine:order/Items``.

Such an ARN names the state machine that the Map's child executions run: the Map's ItemProcessor.
Source: https://docs.aws.amazon.com/step-functions/latest/apireference/API_DescribeStateMachine.html
"""

from __future__ import annotations

from functools import partial
from typing import Any, NamedTuple

from stepwright.api import errors
from stepwright.asl import definition
from stepwright.asl.definition import pointers
from stepwright.asl.diagnostics import InvalidDefinition
from stepwright.asl.interpreter import map_runs
from stepwright.asl.json_types import JsonText
from stepwright.asl.machine import Machine, Map
from stepwright.asl.text import jsontext
from stepwright.catalog.records import MachineType
from stepwright.engine.beside import Beside


class Part(NamedTuple):
    """A definition, and how its executions run."""

    definition: JsonText
    type: MachineType


async def part(beside: Beside, machine_arn: str, text: str, label: str) -> Part | None:
    """The part with this label in the definition ``text``; None if no distributed Map in it has it. Raises
    InvalidDefinition."""
    try:
        return await beside.unless_short(len(text), partial(_part, machine_arn, text, label))
    except InvalidDefinition as error:  # created by a version that accepted it
        raise errors.invalid_definition(error.diagnostics) from error


def _part(machine_arn: str, text: str, label: str) -> Part | None:
    machine, _ = definition.compile_definition(text)
    found = _labelled(machine_arn, machine, label)
    if found is None:
        return None
    processor: Any = jsontext.parse(text)
    for token in pointers.tokens(found.item_processor):
        processor = processor[int(token) if isinstance(processor, list) else token]
    own = {name: value for name, value in processor.items() if name != "ProcessorConfig"}
    if machine.query_language != "JSONPath":
        own = {"QueryLanguage": machine.query_language, **own}
    return Part(jsontext.dump(own), processor.get("ProcessorConfig", {}).get("ExecutionType", "STANDARD"))


def _labelled(machine_arn: str, machine: Machine, label: str) -> Map | None:
    states = (state for scope in machine.scopes.values() for state in scope.states.values())
    maps = (state for state in states if isinstance(state, Map) and state.mode == "DISTRIBUTED")
    return next((state for state in maps if map_runs.label(machine_arn, state) == label), None)
