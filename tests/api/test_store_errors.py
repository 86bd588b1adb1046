"""Errors of a store are reported as what they are: as the caller's fault only if they are."""

from __future__ import annotations

import json
from typing import Any

import pytest
from structlog.testing import capture_logs

from stepwright.api import dispatch, model, store_errors, subjects
from stepwright.api.own_calls import of_any_task
from stepwright.api.service import Operation, Service
from stepwright.catalog.ports import (
    CallRefused,
    LimitReached,
    NameTaken,
    NoSuchCursor,
    NoSuchTask,
    NoSuchVersion,
    NotAllowed,
    NoTestCase,
    TaskOver,
)
from stepwright.engine.ports import Denied, Elsewhere, Fenced, Gone, JournalError, Refused, Unavailable
from tests.api.services import a_task, service

ACTIVITY = "arn:aws:states:us-east-1:123456789012:activity:a"
MACHINE = "arn:aws:states:us-east-1:123456789012:stateMachine:m"
EXECUTION = "arn:aws:states:us-east-1:123456789012:execution:m:e"
NO_VERSION = "Request references a resource that does not exist."
MEANWHILE = "it was changed by another request at the same time"

TABLE: list[tuple[Exception, str, int, str]] = [
    (Unavailable("the disk is full"), "ServiceUnavailableException", 503, "the disk is full"),
    (Denied("exceeded quota", quota=True), "ServiceUnavailableException", 503, "exceeded quota"),
    (Fenced("x is at 3"), "ServiceUnavailableException", 503, f"{MEANWHILE}: x is at 3"),
    (Gone("x is not there"), "ServiceUnavailableException", 503, f"{MEANWHILE}: x is not there"),
    (Elsewhere("another installation"), "ServiceUnavailableException", 503, "another installation"),
    (Refused("too large"), "ValidationException", 400, "too large"),
    (NoSuchCursor(), "InvalidToken", 400, "Invalid Token: 'Invalid token'"),
    (NoSuchTask(), "InvalidToken", 400, "Invalid Token: 'Invalid token'"),
    (TaskOver(), "TaskTimedOut", 400, "Task Timed Out: 'Provided task does not exist anymore'"),
    (TaskOver(ACTIVITY), "TaskTimedOut", 400, f"Task Timed Out: '{ACTIVITY}'"),
    (NoSuchVersion(f"{MACHINE}:1"), "ResourceNotFound", 400, NO_VERSION),
    (NoTestCase("there is no such case"), "ValidationException", 400, "there is no such case"),
    (NameTaken(EXECUTION), "ExecutionAlreadyExists", 400, f"Execution Already Exists: '{EXECUTION}'"),
    (NotAllowed("clerk may not"), "AccessDeniedException", 400, "clerk may not"),
    (LimitReached("twenty are enough"), "ExecutionLimitExceeded", 400, "twenty are enough"),
]


def names(case: Any) -> str:
    return type(case).__name__ if isinstance(case, Exception) else ""


@pytest.fixture
def failing(monkeypatch: pytest.MonkeyPatch) -> Any:
    """Makes ListActivities raise an error."""

    def fail(error: Exception) -> None:
        async def list_(service: Service, request: Any) -> Any:  # noqa: ARG001
            raise error

        operations = {"ListActivities": Operation(list_, subjects.activities)}
        for caller in ("dispatch", "own_calls"):
            monkeypatch.setattr(f"stepwright.api.{caller}.OPERATIONS", operations)

    return fail


@pytest.mark.parametrize(("error", "code", "status", "message"), TABLE, ids=names)
async def test_each_condition_of_a_store_has_its_answer(
    failing: Any, error: Exception, code: str, status: int, message: str
) -> None:
    failing(error)

    reply = await dispatch.dispatch(service(), f"{model.TARGET}ListActivities", b"{}")

    assert (reply.error, reply.status) == (code, status)
    said = json.loads(reply.body)
    assert (said["__type"], said["message"]) == (code, message)


def test_no_condition_of_the_journal_is_left_out() -> None:
    assert set(JournalError.__subclasses__()) <= set(store_errors.CONDITIONS)
    assert set(store_errors.CONDITIONS) <= {type(error) for error, *_ in TABLE}


@pytest.mark.parametrize(("error", "code", "status", "message"), TABLE, ids=names)
async def test_a_task_that_calls_makes_the_call_again_where_that_may_help(
    failing: Any, error: Exception, code: str, status: int, message: str
) -> None:
    failing(error)
    asked = service()
    call = of_any_task(asked).call(
        "listActivities", {}, by=a_task(asked.place), caller=asked.caller, moment=lambda moment: moment
    )

    if status == 503:
        with pytest.raises(Unavailable, match=message):
            await call
    else:
        with pytest.raises(CallRefused) as refused:
            await call
        assert (refused.value.code, refused.value.message) == (code, message)


async def test_an_error_that_nobody_foresaw_is_found_in_the_log_by_its_id(failing: Any) -> None:
    failing(KeyError("secret"))

    with capture_logs() as logs:
        reply = await dispatch.dispatch(service(), f"{model.TARGET}ListActivities", b"{}")

    (logged,) = logs
    assert (reply.error, reply.status) == ("InternalServerError", 500)
    assert json.loads(reply.body)["message"] == (
        "An internal error of Stepwright (KeyError). Its log says more at error_id " + logged["error_id"]
    )
