"""Makes the requests of ``k8s:`` verbs, as the ServiceAccount of the state machine."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, Final

from stepwright.asl.failure.errors import RUNTIME
from stepwright.asl.json_types import Json
from stepwright.asl.resource import Resource
from stepwright.asl.signals import TaskId
from stepwright.asl.step import CancelTask, StartTask
from stepwright.engine.ports import Clock, ExecutionRef, Unavailable
from stepwright.kube.api_errors import ApiError
from stepwright.tasks.accounts import Accounts
from stepwright.tasks.calls.integration import Again, Answered, AnswerLost, Call, CallFailed, RefusedForNow
from stepwright.tasks.kubernetes import answers, errors, parameters, resources, verbs
from stepwright.tasks.kubernetes.asking import Asked
from stepwright.tasks.kubernetes.discovery import Discovery

MOST_LARGE: Final = 2
"""Answers of up to 16 MiB that are read at once."""


class Kubernetes:
    """Implements ``tasks.calls.integration.Integration``."""

    def __init__(self, accounts: Accounts, clock: Clock) -> None:
        self._accounts = accounts
        self._discovery = Discovery(clock)
        self._large = asyncio.Semaphore(MOST_LARGE)

    async def close(self) -> None:
        """The connection is the process's."""

    def serves(self, resource: Resource) -> bool:
        return resources.serves(resource)

    def host(self, call: Call) -> str:
        """The API server is one, and lets namespaces take turns; so do requests that wait for a turn here."""
        return call.ref.namespace

    def again(self, call: Call) -> Again:
        return _verb(call.task).again

    def lost(self, call: Call) -> CallFailed:  # noqa: ARG002
        return CallFailed(errors.LOST, "Nobody knows whether the request was made.")

    async def begin(self, call: Call) -> Answered:
        return answers.answered(await self._ask(call, _verb(call.task).make))

    async def find(self, call: Call) -> Answered | None:
        find = _verb(call.task).find
        if find is None:
            return None
        try:
            found = await self._ask(call, find)
        except RefusedForNow as error:
            raise Unavailable(str(error)) from error
        except AnswerLost as error:  # of a question
            raise Unavailable(str(error)) from error
        return None if found is None else answers.answered(found)

    async def follow(self, call: Call, begun: Json) -> Answered:  # noqa: ARG002
        raise AssertionError("no verb waits for an end")

    async def stop(self, ref: ExecutionRef, task: CancelTask) -> None:
        """Nothing was begun that would have to be stopped."""

    async def release(self, ref: ExecutionRef, task: TaskId) -> None:
        """Nothing is kept for it."""

    async def _ask(self, call: Call, ask: Callable[[Asked], Awaitable[Json]]) -> Json:
        given = _given(call.task)
        api, account = self._accounts.of(call.ref)
        if account is None:
            raise CallFailed(
                f"{errors.PREFIX}Forbidden",
                f"{call.task.resource} is asked of the Kubernetes API as the ServiceAccount that the StateMachine names, and "
                "this one names none: set its spec.serviceAccountName.",
            )
        account = f"{call.ref.namespace}/{account}"
        try:
            return await ask(Asked(call, given, api, account, self._discovery, self._large))
        except ApiError as error:
            raise errors.of(error, account) from error


def _verb(task: StartTask) -> verbs.Verb:
    return verbs.OF_RESOURCES[task.resource.name]


def _given(task: StartTask) -> Mapping[str, Any]:
    """Raises CallFailed."""
    given: Any = task.parameters if task.has_parameters else {}
    problem = parameters.OF_VERBS[task.resource.name].problem(task.resource, given)
    if problem is not None:
        raise CallFailed(RUNTIME, f"The parameters of {task.resource} do not do: {problem}.")
    parsed: Mapping[str, Any] = given
    return parsed
