"""Retry: which errors, how often, after which delay."""

from __future__ import annotations

from random import Random
from typing import Any

import pytest

from stepwright.asl.failure import retry
from stepwright.asl.failure.matching import Failure, matches
from stepwright.asl.machine import Retrier
from stepwright.asl.signals import Millis, TaskFailed, TaskSucceeded
from stepwright.asl.step import StartTask
from tests.asl.virtual_time import START, begin, fails, run, states

JOB = {"Type": "Task", "Resource": "k8s:job"}


@pytest.mark.parametrize(
    ("error_equals", "error", "expected"),
    [
        (["E"], "E", True),
        (["E", "F"], "F", True),
        (["E"], "F", False),
        (["States.ALL"], "E", True),
        (["States.ALL"], None, True),
        (["States.ALL"], "States.Timeout", True),
        (["States.ALL"], "States.DataLimitExceeded", False),
        (["States.DataLimitExceeded"], "States.DataLimitExceeded", True),
        (["States.ALL"], "States.Runtime", False),
        (["States.Runtime"], "States.Runtime", False),
        (["States.TaskFailed"], "Job.Failed", True),
        (["States.TaskFailed"], "States.Timeout", False),
        (["States.TaskFailed"], "States.Permissions", True),
        (["States.TaskFailed"], "States.DataLimitExceeded", False),
        (["States.Timeout"], "States.Timeout", True),
        (["States.HeartbeatTimeout"], "States.Timeout", False),
    ],
)
def test_which_errors_match(error_equals: list[str], error: str | None, expected: bool) -> None:
    assert matches(error_equals, Failure(error, None)) is expected


@pytest.mark.parametrize("name", ["States.Timeout", "States.HeartbeatTimeout"])
def test_a_missed_heartbeat_has_two_names(name: str) -> None:
    assert matches([name], Failure("States.Timeout", None, heartbeat=True))


@pytest.mark.parametrize(
    ("fields", "delays"),
    [
        pytest.param({}, [1000, 2000, 4000], id="defaults"),
        pytest.param({"interval_seconds": 3, "backoff_rate": 1.0}, [3000, 3000, 3000], id="constant"),
        pytest.param({"backoff_rate": 1.5}, [1000, 1500, 2250], id="a rate with a fraction"),
        pytest.param({"max_delay_seconds": 3}, [1000, 2000, 3000], id="a maximum"),
        pytest.param({"interval_seconds": 5, "max_delay_seconds": 3}, [3000] * 3, id="first above maximum"),
    ],
)
def test_delays(fields: dict[str, Any], delays: list[int]) -> None:
    retrier = Retrier(("E",), **fields)

    assert [retry.delay_millis(retrier, used, Random(0)) for used in range(3)] == delays


def test_a_delay_of_many_doublings_stays_within_a_year() -> None:
    retrier = Retrier(("E",), max_attempts=99_999_999, backoff_rate=1e300)

    assert retry.delay_millis(retrier, 50_000_000, Random(0)) == 31_622_400_000


def test_full_jitter_stays_within_the_delay_and_follows_the_seed() -> None:
    retrier = Retrier(("E",), interval_seconds=10, jitter="FULL")
    delays = {retry.delay_millis(retrier, 1, Random(seed)) for seed in range(50)}

    assert len(delays) > 45
    assert all(0 <= delay <= 20_000 for delay in delays)
    assert retry.delay_millis(retrier, 1, Random(7)) == retry.delay_millis(retrier, 1, Random(7))


def decide(retriers: list[Retrier], retries: tuple[int, ...], error: str) -> retry.Again | None:
    return retry.decide(retriers, retries, Failure(error, None), Millis(0), Random(0))


def test_every_retrier_counts_for_itself() -> None:
    both = [Retrier(("E",), max_attempts=1), Retrier(("F",), max_attempts=2)]

    assert decide(both, (), "F") == retry.Again(Millis(1000), (0, 1))
    assert decide(both, (0, 1), "E") == retry.Again(Millis(1000), (1, 1))
    assert decide(both, (1, 1), "F") == retry.Again(Millis(2000), (1, 2))
    assert decide(both, (1, 2), "F") is None
    assert decide(both, (), "G") is None


def test_the_first_retrier_that_matches_decides() -> None:
    both = [Retrier(("E",), max_attempts=0), Retrier(("States.ALL",))]

    assert decide(both, (), "E") is None


def retried(**retrier: Any) -> dict[str, Any]:
    return states("Ship", Ship={**JOB, "Retry": [{"ErrorEquals": ["States.ALL"], **retrier}]})


def test_a_retried_task_is_scheduled_again_after_its_delay() -> None:
    play = begin(retried(IntervalSeconds=3, MaxAttempts=2))
    play.send(TaskFailed(play.started[0].task, "E", "c"))

    assert play.open_tasks() == []
    assert play.fire_next()
    assert play.now == START + 3000
    play.send(TaskFailed(play.started[1].task, "E", "c"))
    play.fire_next()
    assert play.now == START + 9000
    play.send(TaskSucceeded(play.started[2].task, 1))
    assert play.chain[1:] == [
        (2, 0, "TaskStateEntered"),
        (3, 2, "TaskScheduled"),
        (4, 3, "TaskFailed"),
        (5, 4, "TaskScheduled"),
        (6, 5, "TaskFailed"),
        (7, 6, "TaskScheduled"),
        (8, 7, "TaskSucceeded"),
        (9, 8, "TaskStateExited"),
        (10, 9, "ExecutionSucceeded"),
    ]
    assert [task.attempt for task in play.started] == [0, 1, 2]
    assert play.visits[2].attempts == 3


def test_when_attempts_are_used_up_the_state_fails() -> None:
    play = run(retried(MaxAttempts=1), answer=fails("E", "c"))

    assert play.types.count("TaskScheduled") == 2
    assert play.types[-2:] == ["TaskFailed", "ExecutionFailed"]


def test_the_count_starts_anew_with_each_visit() -> None:
    """A loop through the state may use all attempts every time."""
    definition = states(
        "Ship",
        Ship={
            **JOB,
            "Retry": [{"ErrorEquals": ["E"], "MaxAttempts": 1}],
            "ResultPath": "$.n",
            "Next": "Again",
        },
        Again={
            "Type": "Choice",
            "Choices": [{"Variable": "$.n", "NumericLessThan": 5, "Next": "Ship"}],
            "Default": "Done",
        },
        Done={"Type": "Succeed"},
    )

    def every_other(task: StartTask) -> TaskFailed | TaskSucceeded:
        if task.attempt == 0:
            return TaskFailed(task.task, "E", None)
        return TaskSucceeded(task.task, task.task)

    play = run(definition, {"n": 0}, every_other)
    assert play.outcome is not None
    assert play.outcome.status == "SUCCEEDED"


def test_the_context_counts_retries() -> None:
    definition = retried()
    definition["States"]["Ship"]["Parameters"] = {"n.$": "$$.State.RetryCount"}
    play = begin(definition)
    play.send(TaskFailed(play.started[0].task, "E", None))
    play.fire_next()

    assert play.started[1].parameters == {"n": 1}


def test_an_old_retry_timer_does_not_start_a_second_task() -> None:
    from stepwright.asl.signals import TimerFired
    from stepwright.asl.step import SetTimer

    play = begin(retried())
    play.send(TaskFailed(play.started[0].task, "E", None))
    (timer,) = [command for command in play.commands if isinstance(command, SetTimer)]
    play.send(TimerFired(timer.timer))

    assert play.send(TimerFired(timer.timer)).events == []
    assert len(play.open_tasks()) == 1
