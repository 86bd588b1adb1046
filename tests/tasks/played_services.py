"""Services of AWS that are played in this process, and ``.sync`` tasks that use them."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Callable, Mapping
from typing import Any, TypeVar

from stepwright.asl.json_types import Json
from stepwright.asl.resource import parse
from stepwright.asl.signals import TaskFailed, TaskSubmitted, TaskSucceeded
from stepwright.asl.step import CancelTask
from stepwright.asl.task_token import begun_uid
from stepwright.aws.calling import ServiceAnswer, ServiceRefused
from stepwright.engine.ports import ExecutionRef, Reported
from stepwright.tasks.aws.integration import AwsServices
from stepwright.tasks.calls.driver import CallDriver
from stepwright.tasks.calls.services import ClientOf
from tests.engine.virtual_loop import VirtualClock
from tests.tasks.aws_calls import REF, task

T = TypeVar("T")
TASK = task("x", {}).task
ONCE = begun_uid(REF.uid, TASK)


class Played:
    """Implements ``Services`` and ``aws.calling.Client``: answers each operation from a list, whose last answer stays."""

    def __init__(self, **answers: list[Any]) -> None:
        self._answers = answers
        self.calls: dict[str, list[Mapping[str, Any]]] = defaultdict(list)

    async def use(self, ref: ExecutionRef, role: str | None, work: Callable[[ClientOf], T]) -> T:  # noqa: ARG002
        return work(lambda _: self)

    def identity(self, ref: ExecutionRef, role: str | None) -> str | None:  # noqa: ARG002
        return role

    async def close(self) -> None:
        pass

    def call(self, operation: str, given: Mapping[str, Any]) -> ServiceAnswer:
        self.calls[operation].append(given)
        answers = self._answers[operation]
        said = answers.pop(0) if len(answers) > 1 else answers[0]
        if isinstance(said, Exception):
            raise said
        return ServiceAnswer(said, {"Date": "now"}, 200, "r-1")


class Scene:
    def __init__(self, services: Played) -> None:
        self.services = services
        self.signals: list[Reported] = []
        self.another()

    def another(self) -> None:
        """As in the next process, which knows what was committed alone."""
        clock = VirtualClock()
        aws = AwsServices(self.services, clock)
        self.driver = CallDriver(aws, clock, lambda _, signal: self.signals.append(signal))

    async def start(
        self, resource: str, parameters: Any, *, seconds: float = 600, again: bool = False
    ) -> list[Reported]:
        await self.driver.start(REF, task(resource, parameters), again=again)
        await asyncio.sleep(seconds)
        return [
            signal
            for signal in self.signals
            if isinstance(signal, TaskSubmitted | TaskSucceeded | TaskFailed)
        ]

    async def stop(self, resource: str, submitted: Json) -> None:
        resource_of = parse(f"arn:aws:states:::{resource}")
        await self.driver.stop(REF, CancelTask(TASK, resource_of, submitted))


def refused(code: str, status: int = 400, shape: str | None = None) -> ServiceRefused:
    return ServiceRefused(code, "no", shape=shape, status=status, request_id="r-1")
