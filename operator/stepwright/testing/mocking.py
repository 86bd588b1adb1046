"""Turns what people give as a mock into a script: values, errors, functions, sequences, things that take
time."""

from __future__ import annotations

import copy
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

from stepwright.asl.failure.errors import StateError
from stepwright.asl.failure.matching import Failure
from stepwright.asl.json_types import Json
from stepwright.asl.map_data import requests
from stepwright.asl.resource import ITEM_READER
from stepwright.asl.step import StartTask
from stepwright.asl.text import jsontext
from stepwright.mocks.answers import Answer, NoAnswer, Script
from stepwright.tasks import job
from stepwright.tasks.job import parameters


class TaskError(Exception):
    """The failure of a task: as a mock, or raised by a mock function. Retry and Catch see ``error``."""

    def __init__(self, error: str, cause: str | None = None) -> None:
        super().__init__(error if cause is None else f"{error}: {cause}")
        self.error = error
        self.cause = cause


@dataclass(frozen=True, slots=True)
class _Timed:
    mock: Any
    seconds: float
    heartbeats_every: float | None
    never: bool = False


@dataclass(frozen=True, slots=True)
class _Sequence:
    mocks: tuple[Any, ...]
    by_attempt: bool


def after(seconds: float, mock: Any = None, *, heartbeats_every: float | None = None) -> Any:
    """``mock``, after this many seconds of virtual time, sending a heartbeat every this many seconds
    meanwhile."""
    if seconds < 0:
        raise ValueError(f"a task takes no negative time: after({seconds})")
    return _Timed(mock, seconds, heartbeats_every)


def never(*, heartbeats_every: float | None = None) -> Any:
    """A task that does not end by itself."""
    return _Timed(None, 0, heartbeats_every, never=True)


def in_turn(*mocks: Any) -> Any:
    """One after the other, one for each call of the state's task: retries, loops, iterations of a Map
    alike."""
    return _Sequence(mocks, by_attempt=False)


def per_attempt(*mocks: Any) -> Any:
    """One for each attempt: every visit of the state begins with the first again."""
    return _Sequence(mocks, by_attempt=True)


def script(mock: Any) -> Script:
    """Raises TypeError if a mock holds something that is not JSON."""
    if isinstance(mock, _Sequence):
        return _in_order([script(one) for one in mock.mocks], by_attempt=mock.by_attempt)
    if isinstance(mock, _Timed):
        return _timed(mock)
    if callable(mock) and not isinstance(mock, type):
        return _called(mock)
    answer = _answer(mock)
    return lambda _invocation, _task: answer


def task_input(task: StartTask) -> Json:
    """What the work of a task is given: the Parameters or Arguments as evaluated; of a Job, what its container reads
    from ``$STEPWRIGHT_INPUT_FILE``; of a Map's reader its Parameters; of its writer everything that it is asked to write."""
    if job.serves(task.resource):
        try:
            return parameters.read(task).input
        except StateError:
            return task.input
    if task.resource == ITEM_READER:
        asked: Json = requests.reading(task.parameters).parameters
        return asked
    return task.parameters


def _in_order(scripts: list[Script], *, by_attempt: bool) -> Script:
    def answer(invocation: int, task: StartTask) -> Answer:
        number = task.attempt if by_attempt else invocation
        if number < len(scripts):
            return scripts[number](number, task)
        what = "attempt" if by_attempt else "call"
        raise NoAnswer(f"its mock has {len(scripts)} answers, and this is {what} {number + 1}")

    return answer


def _timed(timed: _Timed) -> Script:
    inner = script(timed.mock)

    def answer(invocation: int, task: StartTask) -> Answer:
        return replace(
            inner(invocation, task),
            after_seconds=timed.seconds,
            heartbeat_seconds=timed.heartbeats_every,
            never=timed.never,
        )

    return answer


def _called(function: Callable[[Any], Any]) -> Script:
    def answer(invocation: int, task: StartTask) -> Answer:
        try:
            given = function(copy.deepcopy(task_input(task)))  # it may change its argument
        except TaskError as error:
            given = error
        if isinstance(given, _Timed):
            return _timed(given)(invocation, task)
        return _answer(given)

    return answer


def _answer(mock: Any) -> Answer:
    if isinstance(mock, TaskError):
        return Answer(failure=Failure(mock.error, mock.cause))
    if isinstance(mock, Exception):
        return Answer(failure=Failure(type(mock).__name__, str(mock) or None))
    if isinstance(mock, type) and issubclass(mock, Exception):
        return Answer(failure=Failure(mock.__name__, None))
    try:
        return Answer(jsontext.parse(jsontext.dump(mock)))  # a copy that nobody else can change
    except (jsontext.InvalidJson, TypeError) as error:
        raise TypeError(
            f"a mock gives a JSON value, an exception or a function, not {mock!r}: {error}"
        ) from error
