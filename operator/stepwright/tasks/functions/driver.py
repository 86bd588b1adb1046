"""Functions, wherever they run: most are called, and some run as a Job for each call.

What stands for a function is found out when its task begins, so a change counts for the next call. A call that has begun as a
Job stays one: its driver finds it again by the task's name, whatever stands for the function by now.
"""

from __future__ import annotations

from typing import Final, Protocol

from msgspec.structs import replace

from stepwright.asl.json_types import Json
from stepwright.asl.resource import Resource, parse
from stepwright.asl.signals import TaskFailed, TaskId
from stepwright.asl.step import CancelTask, StartTask
from stepwright.asl.text import jsontext
from stepwright.asl.text.jsontext import InvalidJson
from stepwright.catalog.ports import Function, FunctionJob, Functions, FunctionUnfit, NoConnection, NoFunction
from stepwright.engine.ports import ExecutionRef, TaskDriver, Uid
from stepwright.tasks.by_execution import ByExecution, Key
from stepwright.tasks.calls.integration import Call, CallFailed
from stepwright.tasks.functions import requests
from stepwright.tasks.functions.answers import INVALID, INVALID_PARAMETER, NO_CLIENT
from stepwright.tasks.functions.job_answers import Expected, JobAnswers
from stepwright.tasks.functions.requests import Invocation

_JOB: Final = parse("k8s:job")
_GONE: Final = FunctionJob(
    {"image": "unknown", "command": ["false"]}, "What ran this function, and is not known any more"
)
"""Of a Job that has begun, and for whose function something else stands now. Nothing begins with it."""


class Jobs(TaskDriver, Protocol):
    """The driver of ``k8s:job``."""

    def began(self, ref: ExecutionRef, task: TaskId) -> bool:
        """Whether the task has begun as a Job, as far as is known without asking anybody."""


class FunctionDriver:
    """Implements ``engine.ports.TaskDriver``: ``calls`` has the tasks that are called, ``jobs``, which reports to ``answers``,
    those that run as Jobs. ``jobs`` is a driver of its own, too: the engine itself asks it to sweep, and what it holds."""

    def __init__(self, calls: TaskDriver, jobs: Jobs, functions: Functions, answers: JobAnswers) -> None:
        self._calls = calls
        self._jobs = jobs
        self._functions = functions
        self._answers = answers
        self._started: ByExecution[TaskDriver] = ByExecution()
        """Which of the two has each task that was started here, until it is stopped or released."""

    def serves(self, resource: Resource) -> bool:
        return self._calls.serves(resource)

    def keeps_stops(self, resource: Resource) -> bool:
        return self._calls.keeps_stops(resource)

    def holds(self, uid: Uid) -> bool:
        return self._calls.holds(uid)

    def let_go(self, uid: Uid) -> None:
        self._calls.let_go(uid)
        for task in self._started.of(uid):
            self._forget((uid, task))

    def runs_on(self, ref: ExecutionRef, task: TaskId) -> bool:
        return self._driver_of(ref, task).runs_on(ref, task)

    def shown_as(self, ref: ExecutionRef, task: TaskId) -> str | None:
        return self._driver_of(ref, task).shown_as(ref, task)

    async def start(self, ref: ExecutionRef, task: StartTask, *, again: bool) -> None:
        if task.resource.waits_for_token and task.submitted is not None:
            return  # it has answered, and the task waits for its token
        call = Call(ref, task)
        try:
            function = await self._as_job(call, again=again)
            if function is None:
                self._started[ref.uid, task.task] = self._calls
                await self._calls.start(ref, task, again=again)
                return
            invocation = _read(task)
            payload = _payload(task, invocation)
        except CallFailed as failed:
            self._answers.report(ref.uid, TaskFailed(task.task, failed.error, failed.cause))
            return
        self._started[ref.uid, task.task] = self._jobs
        self._answers.expected[ref.uid, task.task] = Expected(call, invocation.direct, function.shown)
        parameters: dict[str, Json] = {**function.parameters, "input": payload}
        as_job = replace(task, resource=_JOB, parameters=parameters, has_parameters=True)
        await self._jobs.start(ref, as_job, again=again)

    async def stop(self, ref: ExecutionRef, task: CancelTask) -> None:
        await self._driver_of(ref, task.task, task.submitted).stop(ref, task)
        self._forget((ref.uid, task.task))

    async def release(self, ref: ExecutionRef, task: TaskId) -> None:
        await self._driver_of(ref, task).release(ref, task)
        self._forget((ref.uid, task))

    async def sweep(self, ref: ExecutionRef, wanted: frozenset[TaskId]) -> None:
        await self._calls.sweep(ref, wanted)
        for task in self._started.of(ref.uid):
            if task not in wanted:
                self._forget((ref.uid, task))

    def _forget(self, key: Key) -> None:
        self._started.pop(key, None)
        self._answers.expected.pop(key, None)

    def _driver_of(self, ref: ExecutionRef, task: TaskId, submitted: Json = None) -> TaskDriver:
        """Of a task that was started, here or by a process that is gone."""
        known = self._started.get((ref.uid, task))
        if known is not None:
            return known
        return self._jobs if _names_job(submitted) or self._jobs.began(ref, task) else self._calls

    async def _as_job(self, call: Call, *, again: bool) -> FunctionJob | None:
        """What is to run as a Job; None if nothing is. Raises CallFailed, Unavailable."""
        name = requests.name_of(call.task)
        if name is None:
            return None
        began = _names_job(call.task.submitted) or (again and self._jobs.began(call.ref, call.task.task))
        known = self._functions.known(name, call.ref.namespace)
        if known is None or (began and isinstance(known, Function)):
            try:
                known = await self._functions.find(name, call.ref.namespace, call.caller)
            except (NoFunction, FunctionUnfit, NoConnection):
                known = None  # which the call finds, too, and says
        if isinstance(known, FunctionJob):
            return known
        return _GONE if began else None


def _names_job(submitted: Json) -> bool:
    return isinstance(submitted, dict) and "jobUid" in submitted


def _read(task: StartTask) -> Invocation:
    """Raises CallFailed."""
    try:
        return requests.read(task)
    except ValueError as error:  # half of a character
        raise CallFailed(NO_CLIENT, f"What was given cannot be sent to the function: {error}") from error


def _payload(task: StartTask, invocation: Invocation) -> Json:
    """Nothing is an empty object, as Lambda has it. Raises CallFailed."""
    kind = invocation.given.get("InvocationType", "RequestResponse")
    if kind != "RequestResponse":
        cause = f"A function that runs as a Job is waited for: it has no InvocationType {kind!r}."
        raise CallFailed(INVALID_PARAMETER, cause)
    if invocation.direct:
        return task.parameters
    try:
        return jsontext.parse(invocation.payload) if invocation.payload else {}
    except InvalidJson as error:
        raise CallFailed(INVALID, f"Could not parse request body into json: {error}") from error
