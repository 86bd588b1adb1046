"""The outcome of a mocked task.

A *script* answers one invocation of a state after the other. The seconds in an answer are virtual: only
tests, whose time is virtual, use them.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from stepwright.asl.failure.matching import Failure
from stepwright.asl.json_types import Json
from stepwright.asl.resource import Resource
from stepwright.asl.signals import TaskFailed, TaskId, TaskSucceeded
from stepwright.asl.step import StartTask
from stepwright.tasks.job import K8S_JOB


@dataclass(frozen=True, slots=True)
class Answer:
    """``output``, or ``failure`` if there is one, ``after_seconds`` from when the task was scheduled.
    ``never``: the task stays open, until its timeout if it has one. ``heartbeat_seconds``: how often it sends
    a heartbeat meanwhile.
    """

    output: Json = None
    failure: Failure | None = None
    after_seconds: float = 0
    heartbeat_seconds: float | None = None
    never: bool = False

    def signal(self, task: TaskId) -> TaskSucceeded | TaskFailed:
        if self.failure is None:
            return TaskSucceeded(task, self.output)
        return TaskFailed(task, self.failure.error, self.failure.cause)


def is_submitted(resource: Resource) -> bool:
    """Whether the history of such a task records that its runner accepted it (TaskSubmitted): unless it is a
    single call that is answered at once."""
    return resource == K8S_JOB or resource.waits_for_end or resource.waits_for_token


class NoAnswer(Exception):  # noqa: N818 - a finding about the mock
    """The mock has no answer for this invocation. Its text says what there is and what was asked for."""


Script: TypeAlias = Callable[[int, StartTask], Answer]
"""Answers the invocation of this number (from 0, counted for each state over the whole execution). Raises NoAnswer."""


def always(answer: Answer) -> Script:
    return lambda _invocation, _task: answer


def in_turn(answers: Sequence[Answer], name: str) -> Script:
    """One for each invocation; ``name`` is what the error calls the answers when one is missing."""

    def answer(invocation: int, task: StartTask) -> Answer:
        if invocation < len(answers):
            return answers[invocation]
        raise NoAnswer(
            f"{name} answers {_times(len(answers))}, and state {task.state} was called once more "
            f"(invocation {invocation}, counted from 0)."
        )

    return answer


def _times(count: int) -> str:
    return "once" if count == 1 else f"{count} times"
