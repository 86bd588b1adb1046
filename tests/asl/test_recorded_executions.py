"""Every recorded AWS execution that needs no other service, played in virtual time and compared with the recording.

Where a record's tasks ran elsewhere, their recorded results are fed to the execution in the recorded order.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any, Final

import pytest

from stepwright.asl.checkpoint.checkpoint import Identity
from stepwright.asl.definition import compile_definition
from stepwright.asl.failure.errors import StateError
from stepwright.asl.map_data import reading, requests, result_files
from stepwright.asl.resource import ITEM_READER, RESULT_WRITER
from stepwright.asl.signals import (
    Millis,
    Signal,
    Stop,
    TaskFailed,
    TaskId,
    TaskStarted,
    TaskSubmitted,
    TaskSucceeded,
)
from stepwright.asl.step import StartTask
from stepwright.asl.text.jsontext import dump
from tests.asl.virtual_time import Answer, Play
from tests.data import conformance, recorded_executions
from tests.data.recorded_executions import Record

pytestmark = pytest.mark.conformance

REQUIRED_SHARE: Final = 0.95
# AWS's recordings of executions that did not end were given up after two minutes.
PATIENCE: Final = timedelta(minutes=10)
WORLD: Final = {
    "partition": "aws",
    "region": "us-east-1",
    "account": "123456789012",
    "role": None,
    "all": False,
    "lambda": False,
}
NOW: Final = datetime(2025, 1, 1, tzinfo=UTC)
START: Final = Millis(int(NOW.timestamp()) * 1000)

APART: Final = {
    "test_max_concurrency_path_negative": "AWS leaves this execution hanging for ever, we end it with the reason",
}
TASKS_APART: Final = {
    "test_service_lambda_map_timeout": "AWS took four time-outs in at once; a step takes one",
}
# AWS checks and completes the parameters of these before it schedules the task: a driver's business.
DRIVERS_BUSINESS: Final = frozenset({"apigateway", "ecs"})


def starts_map_runs(record: Record) -> bool:
    """Then its history says nothing about tasks: neither their results nor the items can be replayed from
    it."""
    return "MapRunStarted" in json.dumps(record["expected"])


PURE: Final = [r for r in recorded_executions.all_of_them() if not r["needs"]]
WITH_TASKS: Final = [
    r
    for r in recorded_executions.all_of_them()
    if r["needs"]
    and "history" in r["expected"]
    and not starts_map_runs(r)
    and not DRIVERS_BUSINESS.intersection(r["needs"])
]


# Their Maps read and write objects, whose contents the recording has.
WITH_OBJECTS: Final = [
    r for r in recorded_executions.all_of_them() if r["needs"] == ["s3"] and "history" in r["expected"]
]


def masked_ids(record: Record) -> bool:
    return any(not isinstance(event["id"], int) for event in record["expected"]["history"])


def identity(names: Any, record: Record) -> Identity:
    recorded = record["expected"]
    name = recorded_executions.name(record, names)
    machine = names.fill("<ArnPart_0idx>")
    arn = "arn:aws:states:us-east-1:123456789012"
    role = "snf_role_arn"
    if "history" in recorded:
        role = recorded["history"][0]["executionStartedEventDetails"]["roleArn"]
    express = record["type"] == "EXPRESS"
    return Identity(
        uid="11f27b8a-6fd1-4bd8-9e34-7c5a2c2b9f0d",
        execution_id=f"{arn}:express:{machine}:{name}:1" if express else f"{arn}:execution:{machine}:{name}",
        name=name,
        role_arn=names.fill(role),
        state_machine_id=f"{arn}:stateMachine:{machine}",
        state_machine_name=machine,
        synchronous="start_sync_execution" in recorded,
    )


def recorded_signals(history: list[Record], names: Any) -> Iterator[Signal]:
    """What became of the tasks, according to the events. A task is known by the id of its Scheduled event."""
    tasks: dict[int, TaskId] = {}
    for event in history:
        kind = re.fullmatch(
            r"(?:Task|LambdaFunction|Activity)(Scheduled|Started|Submitted|Succeeded|Failed|TimedOut)",
            event["type"],
        )
        if kind is None:
            continue
        details: Record = next((names.fill(value) for value in event.values() if isinstance(value, dict)), {})
        if kind[1] == "Scheduled":
            tasks[event["id"]] = TaskId(event["id"])
            continue
        task = tasks[event["id"]] = tasks[event["previousEventId"]]
        match kind[1]:
            case "Started":
                yield TaskStarted(task, details.get("workerName"))
            case "Submitted":
                yield TaskSubmitted(task, value_of(details["output"]))
            case "Succeeded":
                yield TaskSucceeded(task, value_of(details["output"]))
            case "Failed":
                yield TaskFailed(task, details.get("error"), cause_of(event["type"], details))
            case "TimedOut":
                yield TaskFailed(task, details["error"], details.get("cause"))


def value_of(recorded: Any) -> Any:
    """The recording keeps an object as value and everything else as text."""
    return json.loads(recorded) if isinstance(recorded, str) else recorded


def cause_of(kind: str, details: Record) -> str | None:
    """A function's own words have spaces in their JSON, those of the lambda integration have none."""
    cause = details.get("cause")
    if cause is None or isinstance(cause, str):
        return cause
    return json.dumps(cause) if kind == "LambdaFunctionFailed" else dump(cause)


def nothing(_task: StartTask) -> None:
    """Tasks that the recording leaves open stay so."""


def objects(record: Record, names: Any) -> Answer:
    """Answers readers from the objects that were there, and writers as if there were room for more."""
    there = {
        (names.fill(call["args"]["Bucket"]), names.fill(call["args"]["Key"])): call["args"]["Body"]
        for call in record["setup"]
        if call["op"] == "put_object"
    }

    def answer(task: StartTask) -> Signal | None:
        if task.resource is ITEM_READER:
            read = requests.reading(task.parameters)
            try:
                found = reading.items(
                    read.reader_config, there[read.parameters["Bucket"], read.parameters["Key"]]
                )
            except StateError as error:
                return TaskFailed(task.task, error.error, error.cause)
            return TaskSucceeded(task.task, {"items": found})
        if task.resource is RESULT_WRITER:
            written = result_files.of(requests.writing(task.parameters))
            return TaskSucceeded(task.task, dict(written.details))
        return None

    return answer


def play(record: Record, names: Any, signals: Iterator[Signal]) -> Play:
    machine = compile_definition(
        recorded_executions.definition(record, names), express=record["type"] == "EXPRESS"
    )[0]
    playing = Play(machine, identity=identity(names, record), now=START)
    playing.start(recorded_executions.given(record, names, NOW))
    playing.go_on()
    last = Millis(START + PATIENCE // timedelta(milliseconds=1))
    for signal in signals:
        while playing.outcome is None and signal.task not in {task.task for task in playing.open_tasks()}:  # type: ignore[union-attr]
            if not playing.fire_next(last):
                break
        playing.send(signal)
        playing.go_on()
    playing.to_end(objects(record, names) if record["needs"] == ["s3"] else nothing, last)
    if playing.outcome is None and record["expected"]["status"] == "ABORTED":
        playing.send(Stop())
    return playing


def differences(record: Record, signals: bool = False) -> dict[str, list[Any]]:
    """By level (output, history) what is not as recorded."""
    comparison = conformance.runner()
    names = comparison.Names(record, WORLD)
    history = record["expected"].get("history", [])
    playing = play(record, names, recorded_signals(history, names) if signals else iter(()))
    outcome = playing.outcome
    observed: dict[str, Any] = {"status": "RUNNING" if outcome is None else outcome.status}
    for name in ("output", "error", "cause"):
        if outcome is not None and getattr(outcome, name) is not None:
            observed[name] = getattr(outcome, name)
    if history:
        observed["history"] = playing.events
    matcher = comparison.Matcher(record, names)
    fed = json.dumps([event for event in history if re.search("Submitted|Succeeded|Failed", event["type"])])
    begun = json.dumps(history[:2])
    if signals:  # recorded results went in with their placeholders
        placeholders = set(comparison.PLACEHOLDER.findall(fed)) - set(comparison.PLACEHOLDER.findall(begun))
        matcher.constants |= placeholders - set(matcher.variables)
    return recorded_executions.differences(record, matcher, names, observed)


needs_the_data = pytest.mark.skipif(
    conformance.folder() is None, reason="the recorded executions are not at hand"
)


def expected_to_differ(records: list[Record], known: dict[str, str]) -> list[Any]:
    """As parameters; those known to differ must differ."""

    def marks(record: Record) -> Any:
        reason = next((known[name] for name in known if f"::{name}#" in record["id"]), None)
        return () if reason is None else pytest.mark.xfail(reason=reason, strict=True)

    return [pytest.param(record, id=record["id"], marks=marks(record)) for record in records]


@pytest.mark.parametrize("record", expected_to_differ(PURE, APART))
def test_an_execution_goes_as_recorded(record: Record) -> None:
    assert differences(record) == {"output": [], "history": []}


@pytest.mark.parametrize("record", expected_to_differ(WITH_TASKS, TASKS_APART))
def test_an_execution_with_recorded_task_results_goes_as_recorded(record: Record) -> None:
    if masked_ids(record):
        pytest.skip("the recording does not tell which result is whose")
    assert differences(record, signals=True) == {"output": [], "history": []}


@pytest.mark.parametrize("record", expected_to_differ(WITH_OBJECTS, {}))
def test_an_execution_that_reads_or_writes_objects_goes_as_recorded(record: Record) -> None:
    assert differences(record) == {"output": [], "history": []}


@needs_the_data
def test_nearly_all_recorded_executions_agree() -> None:
    outputs = histories = with_history = 0
    for record in PURE:
        try:
            found = differences(record)
        except Exception:  # noqa: BLE001 - the test of that record shows it
            found = {"output": ["exception"], "history": ["exception"]}
        outputs += not found["output"]
        if "history" in record["expected"]:
            with_history += 1
            histories += not found["output"] and not found["history"]
    variables = sum("variables" in record["features"] for record in PURE)
    print(
        f"\noutput {outputs} of {len(PURE)}, history {histories} of {with_history}; {variables} with variables"
    )

    assert outputs >= REQUIRED_SHARE * len(PURE)
    assert histories >= REQUIRED_SHARE * with_history
