"""Mocks in the format of AWS Step Functions Local's MockConfigFile.

Source: https://docs.aws.amazon.com/step-functions/latest/dg/sfn-local-mock-cfg-file.html. All mistakes in a
file are found at once, before anything runs.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from stepwright.asl.failure.matching import Failure
from stepwright.asl.json_types import Json
from stepwright.asl.machine import Machine
from stepwright.files.reader import Reader, Unusable, hint, open_file
from stepwright.mocks import names
from stepwright.mocks.answers import Answer, Script, in_turn

__all__ = ["MockFile", "Unusable", "read", "select"]

_INVOCATIONS: Final = re.compile(r"(0|[1-9][0-9]*)(?:-(0|[1-9][0-9]*))?")
_MOST_INVOCATIONS: Final = 100_000  # a range is expanded; nobody means more


@dataclass(frozen=True, slots=True)
class MockFile:
    """``cases``: by state machine and test case, which response mocks which state. ``responses``: the
    answers, one for each invocation."""

    cases: Mapping[str, Mapping[str, Mapping[str, str]]]
    responses: Mapping[str, tuple[Answer, ...]]
    reader: Reader


def read(name: str, text: str) -> MockFile:
    """JSON as AWS has it, or the same in YAML; ``name`` is the file's. Raises Unusable."""
    reader = open_file(name, text)
    root = reader.object(reader.document.value)
    reader.only(root, ("StateMachines", "MockedResponses"))
    responses = {
        response: _response(reader, value, "MockedResponses", response)
        for response, value in reader.object(root.get("MockedResponses", {}), "MockedResponses").items()
    }
    if "StateMachines" not in root:
        reader.problem("StateMachines is missing")
    machines = reader.object(root.get("StateMachines", {}), "StateMachines")
    cases = {machine: _machine(reader, value, responses, machine) for machine, value in machines.items()}
    reader.finish()
    return MockFile(cases, responses, reader)


def select(file: MockFile, machine: Machine, machine_name: str | None, case: str | None) -> dict[str, Script]:
    """The scripts of the states that a test case mocks.

    ``machine_name`` None: the only state machine of the file; ``case`` None: its only test case. Raises Unusable.
    """
    chosen = _choose(file, file.cases, "state machine", machine_name, "StateMachines")
    cases = file.cases[chosen]
    chosen_case = _choose(file, cases, "test case", case, "StateMachines", chosen, "TestCases")
    tasks = names.of_machine(machine)
    mocked = cases[chosen_case]
    at = ("StateMachines", chosen, "TestCases", chosen_case)
    problems = [
        f"{file.reader.place(*at, state)}: {state!r} is not a Task state of the definition{hint(state, tasks)}"
        for state in mocked
        if state not in tasks
    ]
    if problems:
        raise Unusable(problems)
    return {state: in_turn(file.responses[name], f"MockedResponses/{name}") for state, name in mocked.items()}


def _choose(file: MockFile, known: Collection[str], what: str, wanted: str | None, *at: str) -> str:
    if wanted is None and len(known) == 1:
        return next(iter(known))
    if wanted is not None and wanted in known:
        return wanted
    asked = f"name the {what}" if wanted is None else f"there is no {what} {wanted!r}"
    listed = ", ".join(known) or "none"
    raise Unusable([f"{file.reader.place(*at)}: {asked}: the file has {listed}"])


def _machine(
    reader: Reader, value: Json, responses: Mapping[str, Any], name: str
) -> dict[str, Mapping[str, str]]:
    at = ("StateMachines", name)
    machine = reader.object(value, *at)
    reader.only(machine, ("TestCases",), *at)
    if "TestCases" not in machine:
        reader.problem("TestCases is missing", *at)
    cases = reader.object(machine.get("TestCases", {}), *at, "TestCases")
    return {
        case: dict(_states(reader, states, responses, *at, "TestCases", case))
        for case, states in cases.items()
    }


def _states(reader: Reader, value: Json, responses: Mapping[str, Any], *at: str) -> Iterator[tuple[str, str]]:
    for state, response in reader.object(value, *at).items():
        if not isinstance(response, str):
            reader.problem("the name of a mocked response is expected", *at, state)
        elif response not in responses:
            reader.problem(f"there is no mocked response {response!r}{hint(response, responses)}", *at, state)
        else:
            yield state, response


def _response(reader: Reader, value: Json, *at: str) -> tuple[Answer, ...]:
    """By invocation. AWS wants one for every invocation, so a gap is a mistake."""
    answers: dict[int, Answer] = {}
    for key, given in reader.object(value, *at).items():
        answer = _answer(reader, given, *at, key)
        for number in _invocations(reader, key, *at):
            if number in answers:
                reader.problem(f"invocation {number} has an answer already", *at, key)
                break
            answers[number] = answer
    missing = next((number for number in range(len(answers)) if number not in answers), None)
    if missing is not None:
        reader.problem(f"invocation {missing} has no answer, but a later one has", *at)
    elif not answers and not reader.problems:
        reader.problem("it has no answers: invocations are named '0', '1-2'", *at)
    return tuple(answers[number] for number in sorted(answers))


def _invocations(reader: Reader, key: str, *at: str) -> range:
    found = _INVOCATIONS.fullmatch(key)
    if found is None or len(key) > 20:
        reader.problem(
            f"{key!r} names no invocations: '0' is the first, '1-2' are the two after it", *at, key
        )
        return range(0)
    first, last = int(found[1]), int(found[2] or found[1])
    if last < first or last >= _MOST_INVOCATIONS:
        why = "it ends before it begins" if last < first else f"at most {_MOST_INVOCATIONS} are possible"
        reader.problem(f"{key!r} is not a range of invocations: {why}", *at, key)
        return range(0)
    return range(first, last + 1)


def _answer(reader: Reader, value: Json, *at: str) -> Answer:
    given = reader.object(value, *at)
    reader.only(given, ("Return", "Throw"), *at)
    if len(given.keys() & {"Return", "Throw"}) != 1:
        reader.problem("exactly one of Return and Throw is expected", *at)
        return Answer()
    if "Return" in given:
        return Answer(given["Return"])
    thrown = reader.object(given["Throw"], *at, "Throw")
    reader.only(thrown, ("Error", "Cause"), *at, "Throw")
    for name in ("Error", "Cause"):
        if not isinstance(thrown.get(name, "" if name == "Cause" else None), str):
            reader.problem(f"{name} must be a text", *at, "Throw", *((name,) if name in thrown else ()))
    return Answer(failure=Failure(_text(thrown.get("Error")), _text(thrown.get("Cause"))))


def _text(value: Json) -> str | None:
    return value if isinstance(value, str) else None
