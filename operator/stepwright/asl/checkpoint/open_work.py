"""What must be running for a branch: its task and its timers, as commands.

These are the same commands that a step gave when it opened them, so an engine that starts again from a checkpoint does
exactly what it did the first time.
"""

from __future__ import annotations

from typing import Final

from stepwright.asl.checkpoint.parts import Branch, OpenTask
from stepwright.asl.json_types import Json
from stepwright.asl.machine import Map, Task
from stepwright.asl.resource import Resource
from stepwright.asl.resource import parse as parse_resource
from stepwright.asl.signals import Millis, TaskId, TimerId
from stepwright.asl.step import CancelTask, SetTimer, StartTask

EXECUTION_TIMER: Final = TimerId("execution")


def timeout_timer(task: TaskId) -> TimerId:
    return TimerId(f"timeout:{task}")


def heartbeat_timer(task: TaskId) -> TimerId:
    return TimerId(f"heartbeat:{task}")


def is_heartbeat(timer: TimerId) -> bool:
    return timer.startswith("heartbeat:")


def limits(timer: TimerId) -> TaskId | None:
    """The task that is over when the timer fires, if it is one of those two."""
    kind, _, number_ = timer.partition(":")
    return TaskId(int(number_)) if kind in ("timeout", "heartbeat") else None


def wait_timer(visit: int) -> TimerId:
    """Named after the visit, which never repeats, so that a late signal finds no other wait by that name."""
    return TimerId(f"wait:{visit}")


def retry_timer(failed: int) -> TimerId:
    """Named after the ordinal of the failure that is retried."""
    return TimerId(f"retry:{failed}")


def number(timer: TimerId) -> int:
    """Timers are set in the order of their numbers."""
    return int(timer.partition(":")[2] or 0)


def is_retry(timer: TimerId) -> bool:
    return timer.startswith("retry:")


def start_own(
    state: Map, branch: Branch, task: TaskId, resource: Resource, parameters: Json, scheduled: Millis
) -> StartTask:
    """A task by which a Map does its own work: a shard, its reader, its writer."""
    return StartTask(
        task=task,
        resource=resource,
        parameters=parameters,
        has_parameters=True,
        input=None,
        state=state.name,
        pointer=state.pointer,
        path=branch.prefix + state.name,
        attempt=branch.attempt,
        scheduled=scheduled,
        timeout_seconds=None,
        heartbeat_seconds=None,
    )


def start_task(state: Task, branch: Branch) -> StartTask:
    task = branch.task
    assert task is not None
    effective = branch.input if task.input is None else task.input
    parameters = effective if task.parameters is None else task.parameters
    return StartTask(
        task=task.id,
        resource=state.resource,
        parameters=parameters.value,
        has_parameters=task.parameters is not None,
        input=effective.value,
        state=state.name,
        pointer=state.pointer,
        path=branch.prefix + state.name,
        attempt=branch.attempt,
        scheduled=task.scheduled,
        timeout_seconds=task.timeout_seconds,
        heartbeat_seconds=task.heartbeat_seconds,
        credentials=None if task.credentials is None else task.credentials.value,
        submitted=None if task.submitted is None else task.submitted.value,
    )


def cancel_task(resource: Resource, task: OpenTask) -> CancelTask:
    submitted, parameters = task.submitted, None
    credentials = task.credentials if resource.waits_for_end else None
    if submitted is None and resource.waits_for_end:
        # What it has begun may be there already, and has to be found by what it was to begin.
        parameters = task.parameters
    return CancelTask(
        task.id,
        resource,
        None if submitted is None else submitted.value,
        task.scheduled,
        None if parameters is None else parameters.value,
        None if credentials is None else credentials.value,
    )


def resource_of(state: Task | Map, task: OpenTask) -> Resource:
    """What serves the open task of a state."""
    if task.resource is not None:
        return parse_resource(task.resource)
    assert isinstance(state, Task)
    return state.resource


def timers(branch: Branch) -> list[SetTimer]:
    """The open timers of a branch. A heartbeat's timer counts from the start of its task. Only the engine knows of
    heartbeats since then, and sets the timer later if it has seen one."""
    found = []
    if branch.timer is not None:
        found.append(SetTimer(branch.timer.id, branch.timer.due))
    if branch.task is not None:
        found += task_timers(branch.task)
    return found


def task_timers(task: OpenTask) -> list[SetTimer]:
    begun = task.taken if task.fetched else task.scheduled
    found: list[SetTimer] = []
    if begun is None:
        return found
    if task.timeout_seconds is not None:
        found.append(SetTimer(timeout_timer(task.id), _after(begun, task.timeout_seconds)))
    if task.heartbeat_seconds is not None:
        found.append(SetTimer(heartbeat_timer(task.id), _after(begun, task.heartbeat_seconds)))
    return found


def _after(moment: Millis, seconds: int) -> Millis:
    return Millis(moment + seconds * 1000)
