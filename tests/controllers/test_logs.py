"""What the log says about executions, by the state machine's logging level."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from typing import Any

import pytest
import structlog

from stepwright.asl.signals import Millis
from stepwright.asl.step import Visit
from stepwright.controllers import logs
from stepwright.engine.ports import Commit, ExecutionRef, Uid
from tests.data import history_shapes

EVENTS: list[dict[str, Any]] = [
    {"id": 1, "type": "ExecutionStarted", "executionStartedEventDetails": {"input": '"secret in"'}},
    {
        "id": 2,
        "type": "TaskStateEntered",
        "stateEnteredEventDetails": {"name": "Ship", "input": '"secret in"'},
    },
    {"id": 3, "type": "TaskFailed", "taskFailedEventDetails": {"error": "Boom", "cause": "secret cause"}},
    {
        "id": 4,
        "type": "ExecutionFailed",
        "executionFailedEventDetails": {"error": "Boom", "cause": "secret cause"},
    },
]


@pytest.fixture(autouse=True)
def at_info() -> Iterator[None]:
    """As `--log-level=info` sets it."""
    logger = logging.getLogger("stepwright.execution")
    logger.setLevel(logging.INFO)
    yield
    logger.setLevel(logging.NOTSET)


def lines(
    settings: dict[str, Any], events: list[dict[str, Any]] = EVENTS, *, allowed: bool = True
) -> list[dict[str, Any]]:
    ref = ExecutionRef(Uid("u"), "shop", "order-7", "order", settings)
    visit = Visit(2, "Ship", "Ship", "Task", Millis(0), outcome="Failed", ended=Millis(5), error="Boom")
    with structlog.testing.capture_logs() as captured:
        logs.log = structlog.get_logger("stepwright.execution")
        logs.Transitions(with_data=allowed).committed(
            ref, Commit("c", 0, Millis(0), Millis(0), {}, events=events, visits=[visit])
        )
    return [dict(line) for line in captured]


def test_without_logging_there_is_a_line_for_each_state_and_no_data() -> None:
    told = lines({})

    assert [line["event"] for line in told] == ["state left"]
    assert told[0]["state"] == "Ship"
    assert told[0]["event_id"] == 2
    assert "secret" not in str(told)


@pytest.mark.parametrize(
    ("level", "ids"), [("OFF", []), ("FATAL", [4]), ("ERROR", [3, 4]), ("ALL", [1, 2, 3, 4])]
)
def test_the_level_chooses_the_events(level: str, ids: list[int]) -> None:
    told = lines({"logging": {"level": level}})

    assert [line["event_id"] for line in told] == ids
    assert "secret" not in str(told)


def test_a_fail_state_is_logged_as_an_error_and_an_expression_that_fails_with_its_state() -> None:
    """Recorded: FailStateEntered is there at ERROR, not at FATAL."""
    assert logs.is_logged("FailStateEntered", "ERROR")
    assert not logs.is_logged("FailStateEntered", "FATAL")
    assert logs.is_logged("EvaluationFailed", "ERROR")

    details = {"error": "E", "cause": "secret cause", "location": "Output", "state": "Ship"}
    told = lines(
        {"logging": {"level": "ERROR"}},
        [{"id": 1, "type": "EvaluationFailed", "evaluationFailedEventDetails": details}],
    )

    assert [line["state"] for line in told] == ["Ship"]
    assert "secret" not in str(told)


EVERYTHING = {
    **dict.fromkeys(("input", "output", "parameters", "cause", "assignedVariables"), "secret"),
    "name": "Ship",
    "resource": "k8s:job",
}


@pytest.mark.parametrize("kind", sorted(history_shapes.TYPES))
@pytest.mark.parametrize(
    "settings",
    [{}, {"logging": {"level": "ALL"}}, {"logging": {"level": "ALL", "includeExecutionData": False}}],
)
def test_no_event_brings_its_data_into_the_log_unasked(kind: str, settings: dict[str, Any]) -> None:
    field = history_shapes.details_of(kind)
    event = {"id": 1, "type": kind} | ({} if field is None else {field: EVERYTHING})

    assert "secret" not in str(lines(settings, [event]))


def test_data_is_logged_only_where_it_is_asked_for() -> None:
    told = lines({"logging": {"level": "ALL", "includeExecutionData": True}})

    assert [line.get("input") for line in told] == ['"secret in"', '"secret in"', None, None]
    assert told[3]["cause"] == "secret cause"


def test_data_is_logged_only_where_the_installation_allows_it() -> None:
    told = lines({"logging": {"level": "ALL", "includeExecutionData": True}}, allowed=False)

    assert [line["event_id"] for line in told] == [1, 2, 3, 4]
    assert "secret" not in str(told)


def test_the_data_of_a_line_is_bounded() -> None:
    details = {"input": "i" * 300_000, "output": "o" * 300_000, "assignedVariables": {"a": "v" * 300_000}}
    [line] = lines(
        {"logging": {"level": "ALL", "includeExecutionData": True}},
        [{"id": 1, "type": "StateExited", "stateExitedEventDetails": details}],
    )

    assert len(str(line)) < logs.LONGEST_DATA + 1_000
    assert line["input"].endswith("i... (300,000 characters)")


def test_a_namespace_cannot_fill_the_log_of_all() -> None:
    now = 0.0
    told = []
    transitions = logs.Transitions(lines_per_second=5, monotonic=lambda: now)

    def commit(namespace: str, count: int) -> None:
        ref = ExecutionRef(Uid("u"), namespace, "e", "m", {"logging": {"level": "ALL"}})
        with structlog.testing.capture_logs() as captured:
            logs.log = structlog.get_logger("stepwright.execution")
            transitions.committed(ref, Commit("c", 0, Millis(0), Millis(0), {}, events=[EVENTS[0]] * count))
        told.append(captured)

    commit("loud", 1_000)
    commit("quiet", 1)
    now = 60.0
    commit("loud", 1)

    assert len(told[0]) == 50, "ten seconds' worth at once"
    assert len(told[1]) == 1
    assert [line["event"] for line in told[2]] == ["lines of a namespace were left out", "history event"]
    assert told[2][0]["lines"] == 950


def test_a_log_that_tells_less_than_info_tells_nothing_of_states() -> None:
    logging.getLogger("stepwright.execution").setLevel(logging.WARNING)

    assert lines({}) == []
