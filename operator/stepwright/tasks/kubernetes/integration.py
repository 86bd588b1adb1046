"""Makes the requests of ``k8s:`` verbs, as the ServiceAccount of the state machine."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from random import Random
from typing import Any, Final

import structlog

from stepwright.asl.failure.errors import RUNTIME
from stepwright.asl.json_types import Json
from stepwright.asl.resource import Resource
from stepwright.asl.signals import Millis, TaskId
from stepwright.asl.step import CancelTask
from stepwright.engine.ports import Clock, ExecutionRef, Unavailable
from stepwright.kube.api import Api
from stepwright.kube.api_errors import ApiError
from stepwright.tasks.accounts import Accounts
from stepwright.tasks.calls.integration import Again, Answered, AnswerLost, Call, CallFailed, RefusedForNow
from stepwright.tasks.kubernetes import answers, errors, parameters, resources, verbs
from stepwright.tasks.kubernetes.asking import Asked
from stepwright.tasks.kubernetes.discovery import Discovery
from stepwright.tasks.kubernetes.waiting import Waiting

log = structlog.get_logger(__name__)

MOST_LARGE: Final = 2
"""Answers of up to 16 MiB that are read at once."""


class Kubernetes:
    """Implements ``tasks.calls.integration.Integration``."""

    def __init__(self, accounts: Accounts, clock: Clock, random: Random | None = None) -> None:
        self._accounts = accounts
        self._discovery = Discovery(clock)
        self._waiting = Waiting(clock, random)
        self._large = asyncio.Semaphore(MOST_LARGE)

    async def close(self) -> None:
        """The connection is the process's."""
        await self._waiting.close()

    def serves(self, resource: Resource) -> bool:
        return resources.serves(resource)

    def host(self, call: Call) -> str | None:
        """The API server is one, but namespaces take turns there; so calls of one namespace wait for each other alone."""
        return None if verbs.OF[call.task.resource].waits else call.ref.namespace

    def again(self, call: Call) -> Again:
        again = verbs.OF[call.task.resource].again
        return again if isinstance(again, Again) else again(call.task.parameters)

    def lost(self, call: Call) -> CallFailed:
        error = errors.LOST if call.task.resource.service == resources.SCHEME else errors.LOST_BY_CALL
        return CallFailed(error, "Nobody knows whether the request was made.")

    async def begin(self, call: Call) -> Answered:
        return answers.answered(await self.read(call))

    async def read(self, call: Call) -> Json:
        """The answer, which may be larger than a result."""
        return await self._ask(call, verbs.OF[call.task.resource].make)

    async def find(self, call: Call) -> Answered | None:
        find = verbs.OF[call.task.resource].find
        if find is None:
            return None
        with _repeated():
            found = await self._ask(call, find)
        return None if found is None else answers.answered(found)

    async def follow(self, call: Call, begun: Json) -> Answered:
        follow = verbs.OF[call.task.resource].follow
        assert follow is not None
        with _repeated():
            return answers.answered(await self._ask(call, lambda asked: follow(asked, begun)))

    async def stop(self, ref: ExecutionRef, task: CancelTask) -> None:
        stop = verbs.OF[task.resource].stop
        given = task.parameters if task.submitted is None else {}
        if stop is None or (task.submitted is None and _problem(task.resource, given) is not None):
            return  # nothing was begun
        api, account = self._accounts.of(ref)
        if account is None:
            return
        asked = self._asked(ref, task.task, task.scheduled, given, api, account)
        with _repeated():
            try:
                await stop(asked, task.submitted)
            except ApiError as error:
                raise errors.of(error, asked.account) from error
            except CallFailed as failed:
                log.warning("what a task has begun cannot be found", execution=str(ref), reason=failed.cause)

    async def release(self, ref: ExecutionRef, task: TaskId) -> None:
        """Nothing is kept for it."""

    async def _ask(self, call: Call, ask: Callable[[Asked], Awaitable[Json]]) -> Json:
        task = call.task
        given: Any = task.parameters if task.has_parameters else {}
        problem = _problem(task.resource, given)
        if problem is not None:
            raise CallFailed(RUNTIME, f"The parameters of {task.resource} cannot be used: {problem}.")
        api, account = self._accounts.of(call.ref)
        if account is None:
            raise CallFailed(
                f"{errors.PREFIX}Forbidden",
                f"{task.resource} is asked of the Kubernetes API as the ServiceAccount that the StateMachine names, and "
                "this one names none: set its spec.serviceAccountName.",
            )
        asked = self._asked(call.ref, task.task, task.scheduled, given, api, account)
        try:
            return await ask(asked)
        except ApiError as error:
            raise errors.of(error, asked.account) from error

    def _asked(
        self, ref: ExecutionRef, task: TaskId, scheduled: Millis | None, given: Any, api: Api, account: str
    ) -> Asked:
        return Asked(
            ref,
            task,
            scheduled,
            given,
            api,
            f"{ref.namespace}/{account}",
            self._discovery,
            self._waiting,
            self._large,
        )


def _problem(resource: Resource, given: Json) -> str | None:
    return parameters.OF[resource].problem(resource, given)


@contextmanager
def _repeated() -> Iterator[None]:
    """What is refused for now, or not answered, is asked again: it changes nothing, or nothing more the second time."""
    try:
        yield
    except (RefusedForNow, AnswerLost) as error:
        raise Unavailable(str(error)) from error
