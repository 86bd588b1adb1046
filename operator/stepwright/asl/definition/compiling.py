"""Compiles a definition, given as text or value, into a machine, or reports everything that is wrong with
it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace

from stepwright.asl.definition import limits, placeholders, source
from stepwright.asl.definition.installation import Installation
from stepwright.asl.definition.pointers import ROOT, child, tokens
from stepwright.asl.definition.problems import (
    DUPLICATE_KEY,
    INVALID_JSON,
    MISSING_TARGET,
    NO_DRIVER,
    SCHEMA,
    TOO_DEEP,
    TOO_LARGE,
    UNRESOLVED,
    Problems,
    unresolved,
)
from stepwright.asl.definition.scopes import Reading, TaskCheck, read
from stepwright.asl.diagnostics import Diagnostic, InvalidDefinition
from stepwright.asl.json_types import Json, Pointer
from stepwright.asl.machine import Machine
from stepwright.asl.resource import Resource
from stepwright.asl.text import jsontext
from stepwright.asl.text.jsontext import InvalidJson, TooDeep


def unchecked(resource: Resource, state: Mapping[str, Json], pointer: Pointer) -> Iterable[Diagnostic]:  # noqa: ARG001
    """The ``TaskCheck`` without any drivers."""
    return ()


def compile_definition(
    definition: str | Json,
    *,
    refuse_warnings: bool = False,
    express: bool = False,
    task_check: TaskCheck = unchecked,
    installation: Installation | None = None,
) -> tuple[Machine, tuple[Diagnostic, ...]]:
    """The machine and the warnings about it.

    A text is read as JSON, anything else is an already parsed definition. ``task_check`` adds the drivers'
    own rules by Resource; what the ``installation`` cannot run (Resources without a driver, ItemReader and
    ResultWriter, Express) causes warnings with the code NO_DRIVER. Raises ``InvalidDefinition`` with every
    problem at once.
    """
    machine, found = _compiled(definition, Reading(Problems(), task_check, express, installation))
    refused = any(diagnostic.severity == "ERROR" for diagnostic in found) or (refuse_warnings and found)
    if machine is None or refused:
        raise InvalidDefinition(found)
    return machine, found


def check(
    definition: str | Json,
    *,
    express: bool = False,
    task_check: TaskCheck = unchecked,
    installation: Installation | None = None,
    unfinished: bool = False,
) -> tuple[Diagnostic, ...]:
    """Everything that is wrong or doubtful; never raises.

    ``unfinished``: each ``${Name}`` may still be substituted, so problems with a text that contains one are
    only warnings, as is every other one that is left.
    """
    _, found = _compiled(definition, Reading(Problems(), task_check, express, installation))
    if not unfinished:
        return found
    try:
        value = jsontext.parse(definition) if isinstance(definition, str) else definition
    except InvalidJson:
        return found
    milder = dict.fromkeys(_milder(diagnostic, value) for diagnostic in found)
    if any(old.code == MISSING_TARGET and old not in milder for old in found):
        # A transition's target is unknown, so unreachable states are unknown, too.
        milder = dict.fromkeys(
            replace(each, severity="WARNING") if each.code == MISSING_TARGET else each for each in milder
        )
    told = " ".join(diagnostic.message for diagnostic in milder if diagnostic.code == UNRESOLVED)
    left = [
        Diagnostic("WARNING", UNRESOLVED, f"'{name}' was not substituted", place.pointer(ROOT))
        for name, place in placeholders.left(value)
        if name not in told
    ]
    if left and isinstance(definition, str):
        places = source.places(definition)
        left = [_located(diagnostic, places) for diagnostic in left]
    return (*milder, *left)


def _milder(diagnostic: Diagnostic, value: Json) -> Diagnostic:
    """An error about a text that is not filled in yet says just that."""
    if diagnostic.severity != "ERROR":
        return diagnostic
    where = tokens(diagnostic.pointer) + ([] if diagnostic.member is None else [diagnostic.member])
    for token in where:
        if isinstance(value, dict) and token in value:
            value = value[token]
        elif isinstance(value, list) and token.isdecimal() and int(token) < len(value):
            value = value[int(token)]
        else:
            return diagnostic
    if not isinstance(value, str) or not placeholders.in_text(value):
        return diagnostic
    return replace(diagnostic, severity="WARNING", code=UNRESOLVED, message=unresolved(value))


def _compiled(definition: str | Json, reading: Reading) -> tuple[Machine | None, tuple[Diagnostic, ...]]:
    problems = reading.problems
    if not isinstance(definition, str):
        return _read(definition, reading), tuple(problems.found)
    unreadable = _unreadable(definition)
    if unreadable is not None:
        return None, (unreadable,)
    try:
        value = jsontext.parse(definition, max_depth=limits.NESTING)
    except TooDeep:
        return None, (_too_deep(),)
    except InvalidJson as error:
        return None, (Diagnostic("ERROR", INVALID_JSON, error.message, ROOT, error.line, error.column),)
    if source.has_duplicate_keys(definition):
        _note_duplicates(source.places(definition), problems)
    machine = _read(value, reading)
    found = problems.found
    if not found:
        return machine, ()
    places = source.places(definition)
    return machine, tuple(_located(diagnostic, places) for diagnostic in found)


def _note_duplicates(places: source.Places, problems: Problems) -> None:
    for pointer, name in places.duplicates:
        message = f"The field '{name}' appears more than once; the last counts"
        problems.warn(DUPLICATE_KEY, pointer, message, member=name)
    problems.more("WARNING", places.more_duplicates)


def _read(value: Json, reading: Reading) -> Machine | None:
    if not isinstance(value, dict):
        reading.problems.error(ROOT, "Definition must be a valid JSON object")
        return None
    if source.depth_of_value(value, limits.NESTING) > limits.NESTING:
        reading.problems.add([_too_deep()])
        return None
    if reading.express and reading.installation is not None:
        lacks = reading.installation.lacks_express()
        if lacks is not None:
            reading.problems.warn(NO_DRIVER, ROOT, lacks)
    return read(value, reading)


def _unreadable(text: str) -> Diagnostic | None:
    """Why a text is refused without being parsed."""
    if not text.strip():
        return Diagnostic("ERROR", SCHEMA, "Definition must be a valid JSON object", ROOT)
    if jsontext.size_bytes(text) > limits.DEFINITION_BYTES:
        message = f"A definition must not be larger than {limits.DEFINITION_BYTES} bytes"
        return Diagnostic("ERROR", TOO_LARGE, message, ROOT)
    return None


def _too_deep() -> Diagnostic:
    return Diagnostic(
        "ERROR", TOO_DEEP, f"A definition must not nest deeper than {limits.NESTING} levels", ROOT
    )


def _located(diagnostic: Diagnostic, places: source.Places) -> Diagnostic:
    pointer = (
        diagnostic.pointer if diagnostic.member is None else child(diagnostic.pointer, diagnostic.member)
    )
    line, column = places.line_and_column(pointer)
    return replace(diagnostic, line=line, column=column)
