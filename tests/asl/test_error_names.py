"""Every error name that AWS documents, and what catches it.

https://docs.aws.amazon.com/step-functions/latest/dg/concepts-error-handling.html; that nothing catches States.Runtime was
recorded.
"""

from __future__ import annotations

import pytest

from stepwright.asl.failure import errors, matching
from stepwright.asl.failure.matching import Failure

# By itself, by States.ALL, by States.TaskFailed.
CAUGHT: dict[str, tuple[bool, bool, bool]] = {
    "States.BranchFailed": (True, True, True),
    "States.DataLimitExceeded": (True, False, False),
    "States.ExceedToleratedFailureThreshold": (True, True, True),
    "States.HeartbeatTimeout": (True, True, False),
    "States.Http.Socket": (True, True, True),
    "States.IntrinsicFailure": (True, True, True),
    "States.ItemReaderFailed": (True, True, True),
    "States.NoChoiceMatched": (True, True, True),
    "States.ParameterPathFailure": (True, True, True),
    "States.Permissions": (True, True, True),
    "States.QueryEvaluationError": (True, True, True),
    "States.ResultPathMatchFailure": (True, True, True),
    "States.ResultWriterFailed": (True, True, True),
    "States.Runtime": (False, False, False),
    "States.TaskFailed": (True, True, True),
    "States.Timeout": (True, True, False),
    "Job.Failed": (True, True, True),
    "MyOwn": (True, True, True),
}


@pytest.mark.parametrize("name", CAUGHT)
def test_what_catches_an_error(name: str) -> None:
    failure = Failure(name, "c")
    by_itself, by_all, by_task_failed = CAUGHT[name]

    assert matching.matches([name], failure) is by_itself
    assert matching.matches(["States.ALL"], failure) is by_all
    assert matching.matches(["States.TaskFailed"], failure) is by_task_failed
    assert matching.matches(["Another", name.lower()], failure) is False
    assert matching.matches([], failure) is False


def test_every_name_of_the_code_is_in_the_table() -> None:
    names = {
        value for value in vars(errors).values() if isinstance(value, str) and value.startswith("States.")
    }

    assert names - set(CAUGHT) == {"States.ALL"}


def test_a_missed_heartbeat_is_a_timeout_that_has_two_names() -> None:
    failure = Failure("States.Timeout", None, heartbeat=True)

    assert matching.matches(["States.HeartbeatTimeout"], failure)
    assert matching.matches(["States.Timeout"], failure)
    assert not matching.matches(["States.HeartbeatTimeout"], Failure("States.Timeout", None))
    assert not matching.matches(["States.TaskFailed"], failure)


def test_an_error_without_a_name_is_caught_by_what_catches_every_failed_task() -> None:
    assert matching.matches(["States.ALL"], Failure(None, None))
    assert matching.matches(["States.TaskFailed"], Failure(None, None))
    assert not matching.matches(["E"], Failure(None, None))
