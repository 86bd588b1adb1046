"""Task: work that is done outside, and its result."""

from __future__ import annotations

from functools import lru_cache
from typing import Final

from msgspec.structs import replace

from stepwright.asl.checkpoint import open_work
from stepwright.asl.checkpoint.parts import Branch, OpenTask
from stepwright.asl.data import Expression
from stepwright.asl.failure import causes, errors, failures
from stepwright.asl.failure.matching import Failure
from stepwright.asl.fields.jsonata_fields import Query
from stepwright.asl.interpreter import dataflow, failing, task_events
from stepwright.asl.interpreter.draft import Draft
from stepwright.asl.interpreter.transitions import leave_with_result
from stepwright.asl.machine import Task
from stepwright.asl.signals import (
    Signal,
    TaskFailed,
    TaskStarted,
    TaskSubmitted,
    TaskSucceeded,
    TimerFired,
)
from stepwright.asl.step import CancelTimer
from stepwright.asl.text.payload import Payload

_DEFAULT_REGION: Final = "us-east-1"


def begin(draft: Draft, branch: Branch, state: Task) -> None:
    identity = draft.checkpoint.start.identity
    task = draft.next_task_id(branch)
    answered = None if state.resource.is_called else task  # in the context object, with its token
    effective = dataflow.effective_input(draft, branch, state)
    parameters = dataflow.shape(draft, branch, state, state.parameters, effective, task=answered)
    timeout, heartbeat = state.timeout_seconds, state.heartbeat_seconds
    if timeout is not None:
        timeout = _seconds(draft, branch, state, timeout, "TimeoutSecondsPath", effective)
    if heartbeat is not None:
        heartbeat = _seconds(draft, branch, state, heartbeat, "HeartbeatSecondsPath", effective)
    credentials = (
        None
        if state.credentials is None
        else dataflow.shape(draft, branch, state, state.credentials, effective, task=answered)
    )
    if credentials is not None:
        draft.pay_for_text(
            len(credentials.text)
        )  # here, so that a value without text is a failure of the state
    text = parameters.text
    dataflow.check_size(draft, state, text)
    if state.parameters is not None and (why := draft.unusable(state.resource, parameters.value)) is not None:
        raise failures.runtime(f"The Parameters '{text}' could not be used to start the Task: [{why}]")
    branch.previous = task_events.scheduled(
        draft,
        branch,
        state,
        parameters=text,
        region=_region(identity.state_machine_id),
        timeout_seconds=timeout,
        heartbeat_seconds=heartbeat,
        credentials=None if credentials is None else credentials.value,
    )
    branch.last_task = task
    branch.task = OpenTask(
        id=task,
        scheduled=draft.now,
        parameters=None if state.parameters is None else parameters,
        input=None if effective is branch.input else effective,
        timeout_seconds=timeout,
        heartbeat_seconds=heartbeat,
        credentials=credentials,
        fetched=task_events.is_activity(state),
    )
    draft.commands.append(open_work.start_task(state, branch))
    draft.commands += open_work.task_timers(branch.task)
    draft.visit(branch, state)


def resume(draft: Draft, branch: Branch, state: Task, signal: Signal | None) -> None:
    task = branch.task
    assert task is not None
    match signal:
        case TaskSucceeded():
            _close(draft, branch)
            _succeeded(draft, branch, state, Payload(signal.output, signal.text))
        case TaskStarted() if not task.started:
            branch.previous = task_events.started(draft, branch, state, signal.worker)
            branch.task = replace(task, started=True)
            if task.fetched:
                branch.task = replace(branch.task, taken=draft.now)
                draft.commands += open_work.task_timers(branch.task)
        case TaskSubmitted() if task.submitted is None:
            output = Payload(signal.output)
            branch.previous = task_events.submitted(draft, branch, state, output.text)
            branch.task = replace(task, submitted=output)
        case TaskFailed():
            _close(draft, branch)
            _failed(draft, branch, state, failures.said(signal.error, signal.cause))
        case TimerFired(timer):
            _close(draft, branch, fired=signal)
            draft.commands.append(open_work.cancel_task(state.resource, task))
            heartbeat = timer == open_work.heartbeat_timer(task.id)
            _failed(draft, branch, state, Failure(errors.TIMEOUT, None, heartbeat=heartbeat))
        case _:
            pass


def _close(draft: Draft, branch: Branch, fired: TimerFired | None = None) -> None:
    """The task has ended: remove its timers, except the one that has just fired."""
    assert branch.task is not None
    for timer in open_work.task_timers(branch.task):
        if fired is None or timer.timer != fired.timer:
            draft.commands.append(CancelTimer(timer.timer))
    branch.task = None


def _succeeded(draft: Draft, branch: Branch, state: Task, output: Payload) -> None:
    text = output.text
    if not dataflow.fits(draft, text):
        error = failures.too_large(_called(state))
        _failed(draft, branch, state, Failure(error.error, error.cause))
        return
    branch.previous = task_events.succeeded(draft, branch, state, text)
    leave_with_result(draft, branch, state, output)


def _failed(draft: Draft, branch: Branch, state: Task, failure: Failure) -> None:
    if failure.error == errors.HEARTBEAT_TIMEOUT:
        failure = Failure(errors.TIMEOUT, failure.cause, heartbeat=True)  # as AWS records it
    branch.previous = task_events.failed(draft, branch, state, failure)
    failing.fail(draft, branch, state, failure)


def _seconds(
    draft: Draft, branch: Branch, state: Task, given: int | Expression, field: str, document: Payload
) -> int:
    """TimeoutSeconds or HeartbeatSeconds, or what the path given in its place (``field``) refers to."""
    if isinstance(given, int):
        return given
    if isinstance(given, Query):
        return given.whole(dataflow.states(draft, branch, state), at_least=1)
    value = given.evaluate(dataflow.data(draft, branch, state, document))
    if isinstance(value, bool) or not isinstance(value, int) or value <= 0:
        raise failures.runtime(
            f"The {field} parameter cannot be parsed as a long value: {given} == {causes.plain(value)}"
        )
    return value


def _called(state: Task) -> str:
    """How AWS names a task whose result is too large: a function by its ARN, an integration by its service."""
    resource = state.resource
    return resource.service if resource.text.startswith("arn:aws:states:::") else resource.text


@lru_cache(maxsize=256)
def _region(arn: str) -> str:
    parts = arn.split(":")
    return parts[3] if len(parts) > 3 and parts[3] else _DEFAULT_REGION
