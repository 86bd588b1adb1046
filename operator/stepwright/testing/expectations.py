"""What a test expects of an execution, and where the execution differs."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from stepwright.asl.json_types import Json
from stepwright.asl.text import jsontext
from stepwright.testing import durations
from stepwright.testing.result import Result

_MOST: Final = 5  # differences reported for one document


@dataclass(frozen=True, slots=True)
class TaskExpectation:
    """``input``: what every call is given, if specified; ``inputs``: call by call."""

    calls: int | None = None
    input: Sequence[Json] = ()
    inputs: Sequence[Json] | None = None


@dataclass(frozen=True, slots=True)
class Expectation:
    """What is None or empty is not checked; ``output`` and ``output_contains`` hold at most one value."""

    status: str | None = None
    output: Sequence[Json] = ()
    output_contains: Sequence[Json] = ()
    error: str | None = None
    cause: str | None = None
    cause_contains: str | None = None
    path: Sequence[Any] | None = None
    tasks: Mapping[str, TaskExpectation] = field(default_factory=dict)
    seconds: float | None = None


@dataclass(frozen=True, slots=True)
class Difference:
    """``where`` names what differs and the state it belongs to."""

    where: str
    expected: str
    came: str


def differences(expected: Expectation, result: Result) -> list[Difference]:
    return list(_differences(expected, result))


def _differences(expected: Expectation, result: Result) -> Iterator[Difference]:
    at = _last_state(result)
    if expected.status not in (None, result.status):
        came = ": ".join(text for text in (result.status, result.error, result.cause) if text)
        yield Difference(f"status{at}", str(expected.status), came)
    for name, text, told in (
        ("error", expected.error, result.error),
        ("cause", expected.cause, result.cause),
    ):
        if text is not None and text != told:
            yield Difference(f"{name}{at}", text, told or f"none: {result.status}")
    part = expected.cause_contains
    if part is not None and part not in (result.cause or ""):
        yield Difference(
            f"cause{at}", f"a text with {part!r} in it", result.cause or f"none: {result.status}"
        )
    if result.status == "SUCCEEDED":
        for wanted in expected.output:
            yield from _documents(f"output{at}", wanted, result.output, partly=False)
        for wanted in expected.output_contains:
            yield from _documents(f"output{at}", wanted, result.output, partly=True)
    if expected.path is not None:
        yield from _paths("path", expected.path, result.path)
    for state, task in expected.tasks.items():
        yield from _task(state, task, result.inputs_of(state))
    if expected.seconds is not None and abs(expected.seconds - result.seconds) >= 0.001:
        yield Difference("duration", durations.text(expected.seconds), durations.text(result.seconds))


def _last_state(result: Result) -> str:
    """Where it ended: the innermost state that failed, or the last one."""
    failed = [visit for visit in result.visits if visit.outcome in ("Failed", "TimedOut")]
    outermost = [visit for visit in result.visits if visit.path == visit.state]
    if result.status == "SUCCEEDED" or not failed:
        return f" of state {outermost[-1].state}" if outermost else ""
    return f" at state {max(failed, key=lambda visit: visit.path.count(']/')).path}"


def _task(state: str, expected: TaskExpectation, inputs: Sequence[Json]) -> Iterator[Difference]:
    wanted_calls = expected.calls
    if expected.inputs is not None and wanted_calls is None:
        wanted_calls = len(expected.inputs)
    if wanted_calls is not None and wanted_calls != len(inputs):
        yield Difference(f"calls of state {state}", str(wanted_calls), str(len(inputs)))
    elif expected.input and not inputs:
        yield Difference(f"input of state {state}", _shown(expected.input[0]), "it was not called")
    for number, came in enumerate(inputs):
        where = f"input of state {state}" + (f", call {number + 1}" if len(inputs) > 1 else "")
        for wanted in expected.input:
            yield from _documents(where, wanted, came, partly=False)
        if expected.inputs is not None and number < len(expected.inputs):
            yield from _documents(where, expected.inputs[number], came, partly=False)


# --- Documents --------------------------------------------------------------------------------------------------------


def _documents(where: str, expected: Json, came: Json, *, partly: bool) -> Iterator[Difference]:
    found = list(_compare("", expected, came, partly=partly))
    for pointer, wanted, got in found[:_MOST]:
        yield Difference(where + (f", {pointer}" if pointer else ""), wanted, got)
    if len(found) > _MOST:
        yield Difference(where, "", f"{len(found) - _MOST} more differences")


def _compare(pointer: str, expected: Json, came: Json, *, partly: bool) -> Iterator[tuple[str, str, str]]:
    if isinstance(expected, dict) and isinstance(came, dict):
        for key, value in expected.items():
            inside = f"{pointer}/{key}"
            if key in came:
                yield from _compare(inside, value, came[key], partly=partly)
            else:
                yield inside, _shown(value), "nothing: there is no such member"
        if not partly:
            for key in came:
                if key not in expected:
                    yield f"{pointer}/{key}", "nothing", _shown(came[key])
    elif isinstance(expected, list) and isinstance(came, list) and len(expected) == len(came):
        for index, (value, got) in enumerate(zip(expected, came, strict=True)):
            yield from _compare(f"{pointer}/{index}", value, got, partly=partly)
    elif isinstance(expected, bool) != isinstance(came, bool) or expected != came:
        yield pointer, _shown(expected), _shown(came)


def _shown(value: Json) -> str:
    text = jsontext.dump(value)
    return text if len(text) <= 200 else f"{text[:200]}... ({len(text):,} characters)"


# --- Paths ------------------------------------------------------------------------------------------------------------


def _paths(where: str, expected: Sequence[Any], came: Sequence[Any]) -> Iterator[Difference]:
    """A state named without its branches may have any."""
    for step in range(max(len(expected), len(came))):
        wanted = expected[step] if step < len(expected) else None
        got = came[step] if step < len(came) else None
        name, branches = _entry(wanted)
        got_name, got_branches = _entry(got)
        if name != got_name:
            after = f" (after {_entry(came[step - 1])[0]})" if step else ""
            yield Difference(f"{where}, step {step + 1}{after}", name or "the end", got_name or "the end")
            return
        if branches is None:
            continue
        inner = got_branches or []
        if len(branches) != len(inner):
            yield Difference(f"{where}, branches of {name}", str(len(branches)), str(len(inner)))
            return
        for index, (one, other) in enumerate(zip(branches, inner, strict=True)):
            yield from _paths(f"{where} in {name}[{index}]", one, other)


def _entry(entry: Any) -> tuple[str | None, list[Any] | None]:
    if isinstance(entry, dict):
        ((name, branches),) = entry.items()
        return name, branches
    return entry, None
