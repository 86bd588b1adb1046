"""Quotas, at their edges: the largest that is taken, and what comes of one byte, event or second more."""

from __future__ import annotations

from typing import Any

import pytest

from stepwright.asl.limits import CLUSTER, EXPRESS, STANDARD, Limits
from stepwright.asl.signals import TaskSucceeded
from stepwright.asl.step import Outcome
from stepwright.asl.text.jsontext import dump
from tests.asl.virtual_time import START, Play, begin, machine, run, states

SMALL = Limits(payload_bytes=100, variable_bytes=50, assign_bytes=80, variables_bytes=120)
TASK = {"Type": "Task", "Resource": "k8s:job"}


def text(size_bytes: int) -> str:
    """A text that is so long as JSON, quotes included."""
    return "x" * (size_bytes - 2)


def outcome(play: Play) -> Outcome:
    assert play.outcome is not None
    return play.outcome


def test_aws_s_values_are_the_defaults() -> None:
    assert (STANDARD.payload_bytes, STANDARD.history_events) == (262_144, 25_000)
    assert (STANDARD.variable_bytes, STANDARD.assign_bytes, STANDARD.variables_bytes) == (
        262_144,
        262_144,
        10_485_760,
    )
    assert (STANDARD.execution_seconds, EXPRESS.execution_seconds) == (31_536_000, 300)
    assert (EXPRESS.history_events, EXPRESS.history_bytes) == (None, None)


def test_in_a_cluster_a_history_has_an_end() -> None:
    assert (CLUSTER.history_events, CLUSTER.history_bytes) == (25_000, 134_217_728)
    assert (CLUSTER.events_per_second, CLUSTER.execution_seconds) == (500, None)


LOOP = states(
    "A",
    A={"Type": "Pass", "Next": "B"},
    B={"Type": "Choice", "Choices": [{"Variable": "$", "IsNull": True, "Next": "End"}], "Default": "A"},
    End={"Type": "Succeed"},
)


def test_a_history_that_holds_too_many_bytes_fails_the_execution() -> None:
    play = begin(LOOP, text(1_000), Limits(history_bytes=50_000, events_per_step=10)).to_end()

    assert outcome(play) == Outcome(
        "FAILED",
        error="States.Runtime",
        cause="The execution reached the maximum size of its history (50000 bytes).",
    )
    # The step in which it comes to the limit is still recorded whole.
    assert 50_000 <= 1_200 * len(play.events) <= 65_000


def test_the_size_of_a_history_outlives_a_restart() -> None:
    play = begin(LOOP, text(1_000), Limits(history_bytes=50_000, events_per_step=10))
    play.reload = False
    kept = run(LOOP, text(1_000), limits=Limits(history_bytes=50_000, events_per_step=10))
    play.to_end()

    assert len(play.events) == len(kept.events)
    assert play.checkpoint.head.history_bytes == kept.checkpoint.head.history_bytes


def test_the_histories_of_child_executions_do_not_count() -> None:
    """A cluster does not keep them. What it keeps all the same the engine counts (``engine.kept_apart``)."""
    processor = {
        "ProcessorConfig": {"Mode": "DISTRIBUTED", "ExecutionType": "STANDARD"},
        **states("P", P={"Type": "Pass"}),
    }
    each = states("Each", Each={"Type": "Map", "ItemProcessor": processor, "ResultPath": None})
    play = run(each, [text(1_000)] * 20, limits=Limits(history_bytes=120_000))

    assert outcome(play).status == "SUCCEEDED"
    # The input of all stands in four events of its own, and each item in four of its child execution.
    assert 20 * 4 * 1_000 < play.checkpoint.head.history_bytes < 120_000 < 20 * 8 * 1_000


@pytest.mark.parametrize(
    ("state", "kind"),
    [
        ({"Type": "Pass"}, "output"),
        ({"Type": "Pass", "Parameters": {"a.$": "$"}}, "parameters"),
        ({"Type": "Pass", "QueryLanguage": "JSONata", "Output": "{% $states.input %}"}, "output"),
        ({**TASK, "Parameters": {"a.$": "$"}}, "parameters"),
        (TASK, "output"),
        ({"Type": "Succeed"}, "output"),
        ({"Type": "Wait", "Seconds": 0}, "output"),
    ],
)
def test_a_payload_may_have_as_many_bytes_and_not_one_more(state: dict[str, Any], kind: str) -> None:
    most = 100 - len('{"a":}') if kind == "parameters" else 100

    assert outcome(run(states("A", A=state), text(most), limits=SMALL)).status == "SUCCEEDED"
    failed = outcome(run(states("A", A=state), text(most + 1), limits=SMALL))

    assert failed == Outcome(
        "FAILED",
        error="States.DataLimitExceeded",
        cause=failed.cause,
    )
    assert failed.cause is not None
    assert failed.cause.endswith(
        "returned a result with a size exceeding the maximum number of bytes service limit."
    )


@pytest.mark.parametrize(("size", "status"), [(100, "SUCCEEDED"), (101, "FAILED")])
def test_a_task_s_result_may_have_as_many_bytes(size: int, status: str) -> None:
    play = run(states("A", A=TASK), 1, lambda task: TaskSucceeded(task.task, text(size)), SMALL)

    assert outcome(play).status == status


@pytest.mark.parametrize(
    ("sizes", "cause"),
    [
        ([50], None),
        ([51], "The variable 'v0' has 51 bytes, and 50 are allowed."),
        ([40, 40], None),
        ([40, 41], "The variables of Assign have 81 bytes, and 80 are allowed."),
    ],
)
@pytest.mark.parametrize("language", ["JSONPath", "JSONata"])
def test_variables_have_limits(sizes: list[int], cause: str | None, language: str) -> None:
    assign = {f"v{number}": text(size) for number, size in enumerate(sizes)}
    play = run(states("A", A={"Type": "Pass", "QueryLanguage": language, "Assign": assign}), 1, limits=SMALL)

    if cause is None:
        assert outcome(play).status == "SUCCEEDED"
    else:
        assert outcome(play).error == "States.DataLimitExceeded"
        assert outcome(play).cause == (
            f"An error occurred while executing the state 'A' (entered at the event id #2). {cause}"
        )


def test_all_variables_of_an_execution_have_a_limit_together() -> None:
    def assigning(last: int) -> dict[str, Any]:
        inner = states("I", I={"Type": "Pass", "Assign": {"c": text(last)}})
        return states(
            "A",
            A={"Type": "Pass", "Assign": {"a": text(40)}, "Next": "B"},
            B={"Type": "Pass", "Assign": {"a": text(30), "b": text(45)}, "Next": "P"},
            P={"Type": "Parallel", "Branches": [inner]},
        )

    assert outcome(run(assigning(45), 1, limits=SMALL)).status == "SUCCEEDED"
    failed = outcome(run(assigning(46), 1, limits=SMALL))

    assert failed.error == "States.DataLimitExceeded"
    assert failed.cause is not None
    assert failed.cause.endswith("The variables of the execution have 121 bytes, and 120 are allowed.")


def test_what_exceeds_a_limit_is_caught_by_its_own_name_only() -> None:
    def caught(error: str) -> dict[str, Any]:
        catcher = {"ErrorEquals": [error], "Next": "B"}
        return states("A", A={**TASK, "Assign": {"a": text(51)}, "Catch": [catcher]}, B={"Type": "Succeed"})

    assert outcome(run(caught("States.ALL"), 1, limits=Limits(variable_bytes=50))).status == "FAILED"
    assert (
        outcome(run(caught("States.DataLimitExceeded"), 1, limits=Limits(variable_bytes=50))).status
        == "SUCCEEDED"
    )


@pytest.mark.parametrize(("own", "seconds"), [(None, 300), (200, 200), (400, 300)])
def test_an_execution_may_run_for_so_long_and_no_longer(own: int | None, seconds: int) -> None:
    definition = states("A", A={"Type": "Wait", "Seconds": 1_000})
    if own is not None:
        definition["TimeoutSeconds"] = own
    play = begin(definition, 1, EXPRESS).to_end()

    assert outcome(play) == Outcome("TIMED_OUT")
    assert play.now == START + seconds * 1_000
    assert play.types[-1] == "ExecutionTimedOut"


def test_without_a_limit_of_time_no_timer_is_set() -> None:
    play = Play(machine(states("A", A=TASK)), Limits())

    assert play.start(dump(1)).commands == play.started
