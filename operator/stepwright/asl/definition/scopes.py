"""Reads the scopes of a definition one after another: the machine, then what its Parallel and Map states hold.

A queue instead of recursion, so nesting costs no stack.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import NamedTuple, TypeAlias

from stepwright.asl.definition import limits, placeholders, references, variables
from stepwright.asl.definition.fields import Fields, Nested
from stepwright.asl.definition.installation import Installation
from stepwright.asl.definition.pointers import ROOT, child
from stepwright.asl.definition.problems import DUPLICATE_LABEL, INVALID_STATE, NO_DRIVER, Problems
from stepwright.asl.definition.schema import (
    BRANCH_FIELDS,
    MACHINE_FIELDS,
    PROCESSOR_FIELDS,
    SCOPE_REQUIRED,
    STATE_FIELDS,
    check_fields,
    check_names,
)
from stepwright.asl.definition.states import PARSERS, envelope
from stepwright.asl.diagnostics import Diagnostic
from stepwright.asl.json_types import Json, Pointer
from stepwright.asl.machine import Machine, Map, QueryLanguage, Scope, State, Task
from stepwright.asl.resource import Resource

TaskCheck: TypeAlias = Callable[[Resource, Mapping[str, Json], Pointer], Iterable[Diagnostic]]
"""A driver's own check of what names a Resource: a Task state, or the ItemReader or ResultWriter of a Map. It gets that as it is
written, and its place, and says what is wrong."""

_LANGUAGES: tuple[QueryLanguage, QueryLanguage] = ("JSONPath", "JSONata")


@dataclass(slots=True)
class Reading:
    """A definition while it is read."""

    problems: Problems
    task_check: TaskCheck
    express: bool
    installation: Installation | None
    language: QueryLanguage = "JSONPath"
    scopes: dict[Pointer, Scope] = field(default_factory=dict)
    names: dict[Pointer, list[str]] = field(default_factory=dict)
    resources: set[Resource] = field(default_factory=set)
    labels: set[str] = field(default_factory=set)
    waiting: deque[Nested] = field(default_factory=deque)


def read(definition: Mapping[str, Json], reading: Reading) -> Machine:
    """The machine, as complete as ``reading.problems`` allows."""
    machine = read_machine(Fields(definition, ROOT, "JSONPath", reading.problems))
    reading.language = machine.language
    _read_scope(dict(definition), ROOT, MACHINE_FIELDS, reading)
    while reading.waiting:
        nested = reading.waiting.popleft()
        allowed = BRANCH_FIELDS if nested.role == "branch" else PROCESSOR_FIELDS
        _read_scope(nested.raw, nested.pointer, allowed, reading)
    references.check_names(reading.names, reading.problems)
    variables.check(definition, reading.problems)
    return Machine(
        scopes=reading.scopes,
        comment=machine.comment,
        timeout_seconds=machine.timeout_seconds,
        query_language=machine.language,
        resources=frozenset(reading.resources),
    )


class MachineFields(NamedTuple):
    language: QueryLanguage
    timeout_seconds: int | None
    comment: str | None


def read_machine(machine: Fields) -> MachineFields:
    """What the machine says beside its states."""
    language = read_language(machine) or "JSONPath"
    machine.one_of("Version", ("1.0",))
    return MachineFields(language, machine.integer("TimeoutSeconds", 1, limits.SECONDS), machine.comment())


def read_language(fields: Fields) -> QueryLanguage | None:
    """That of a machine or a state; None if it says nothing of use."""
    given = fields.one_of("QueryLanguage", _LANGUAGES)
    return next((language for language in _LANGUAGES if language == given), None)


def _read_scope(raw: dict[str, Json], pointer: Pointer, allowed: frozenset[str], reading: Reading) -> None:
    problems = reading.problems
    scope = Fields(raw, pointer, reading.language, problems)
    check_names(raw, pointer, allowed, problems, required=SCOPE_REQUIRED)
    if pointer != ROOT:
        scope.comment()
    start = scope.text("StartAt", literal=False)
    states: dict[str, State] = {}
    raw_states = scope.object("States")
    if raw_states is not None and not raw_states:
        problems.error(scope.at("States"), "Value cannot be empty")
    for name, raw_state in (raw_states or {}).items():
        where = child(pointer, "States", name)
        _check_name(name, where, problems)
        if not isinstance(raw_state, dict):
            problems.wrong_type(where, "Object", raw_state)
            continue
        state = _read_state(name, raw_state, where, reading)
        if state is not None:
            states[name] = state
    reading.names[pointer] = list(raw_states or ())
    references.check_scope(raw, pointer, problems)
    reading.scopes[pointer] = Scope(pointer, start or "", states)


def _check_name(name: str, where: Pointer, problems: Problems) -> None:
    if not 1 <= len(name) <= limits.STATE_NAME_CHARACTERS:
        problems.error(
            where,
            f"A state's name must have 1 to {limits.STATE_NAME_CHARACTERS} characters",
            code=INVALID_STATE,
        )
    elif any(character < " " or character == "\x7f" for character in name):
        problems.error(where, "A state's name must not contain control characters", code=INVALID_STATE)


def _read_state(name: str, raw: dict[str, Json], pointer: Pointer, reading: Reading) -> State | None:
    problems = reading.problems
    language = _state_language(raw, pointer, reading)
    fields = Fields(raw, pointer, language, problems)
    if "Type" not in raw:
        problems.missing(pointer, ["Type"])
        return None
    state_type = fields.one_of("Type", list(STATE_FIELDS))
    if state_type is None:
        return None
    check_fields(raw, pointer, STATE_FIELDS[state_type], language, problems)
    state = PARSERS[state_type](fields, envelope.read(name, state_type, fields))
    reading.waiting.extend(fields.nested)
    if isinstance(state, Task):
        _check_task(state, fields, reading)
    elif isinstance(state, Map):
        _check_map(state, fields, reading)
    return state


def _check_map(state: Map, fields: Fields, reading: Reading) -> None:
    if reading.express and state.mode == "DISTRIBUTED":
        reading.problems.error(
            child(state.item_processor, "ProcessorConfig", "Mode"),
            "Express state machine does not support Map states of the 'DISTRIBUTED' Mode",
        )
    for name, resource in _elsewhere(state):
        lacks = None if reading.installation is None else reading.installation.lacks_map_field(name)
        if lacks is not None:
            reading.problems.warn(NO_DRIVER, fields.at(name), lacks)
        called = fields.raw[name]
        assert isinstance(called, dict)
        reading.problems.add(reading.task_check(resource, called, fields.at(name)))
    if state.label is not None:
        if state.label in reading.labels:
            reading.problems.error(
                fields.at("Label"), f"Duplicate Label name: {state.label}", code=DUPLICATE_LABEL
            )
        reading.labels.add(state.label)


def _elsewhere(state: Map) -> Iterator[tuple[str, Resource]]:
    """The fields with which a Map reads or writes elsewhere, and the Resource that each names."""
    if state.reader is not None:
        yield "ItemReader", state.reader.resource
    if state.writer is not None and state.writer.resource is not None:
        yield "ResultWriter", state.writer.resource


def _state_language(raw: dict[str, Json], pointer: Pointer, reading: Reading) -> QueryLanguage:
    """A state's own, else the machine's (never that of the Map or Parallel around it)."""
    fields = Fields(raw, pointer, reading.language, reading.problems)
    own = read_language(fields)
    if own == "JSONPath" and reading.language == "JSONata":
        reading.problems.error(
            pointer,
            "'QueryLanguage' can not be 'JSONPath' if set to 'JSONata' for whole state machine",
            member="QueryLanguage",
        )
        return "JSONPath"
    return own or reading.language


def _check_task(task: Task, fields: Fields, reading: Reading) -> None:
    if task.resource.text:
        reading.resources.add(task.resource)
        if reading.installation is not None and not placeholders.in_text(task.resource.text):
            lacks = reading.installation.lacks_resource(task.resource)
            if lacks is not None:
                reading.problems.warn(NO_DRIVER, fields.at("Resource"), lacks)
    if reading.express:
        _check_express(task, fields)
    reading.problems.add(reading.task_check(task.resource, fields.raw, fields.pointer))


def _check_express(task: Task, fields: Fields) -> None:
    """Express executions end within minutes and are not stored, so they cannot wait for others to answer."""
    where = fields.at("Resource")
    if task.resource.kind == "activity":
        fields.problems.error(where, "Express state machine does not support Activity ARN")
    elif task.resource.waits_for_token:
        # The space at the end is AWS's.
        fields.problems.error(
            where, "Express state machine does not support '.waitForTaskToken' service integration "
        )
    elif task.resource.waits_for_end:
        fields.problems.error(where, "Express state machine does not support '.sync' service integration ")
