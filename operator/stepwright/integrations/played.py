"""What surrounds an integration under test: Connections and Secrets from plain data, a process that drives it, and the end of that
process at the worst moment."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, Final, Literal

from structlog.testing import capture_logs

from stepwright.asl.json_types import Json
from stepwright.asl.resource import Resource
from stepwright.asl.signals import Millis, Signal, TaskFailed, TaskId, TaskSubmitted, TaskSucceeded
from stepwright.asl.step import StartTask
from stepwright.catalog.ports import ConnectionObject, NoObject
from stepwright.engine.clock import SystemClock
from stepwright.engine.ports import ExecutionRef, Reported, Uid
from stepwright.tasks.calls.driver import CallDriver
from stepwright.tasks.calls.integration import Answered, Call, Integration
from stepwright.tasks.calls.means import Means

REF: Final = ExecutionRef(
    Uid("43e358d5-0000-4000-8000-000000000000"),
    "default",
    "trial",
    "trials",
    arn="arn:aws:states:us-east-1:123456789012:execution:trials:trial",
)

Moment = Literal["before the request", "after the answer"]


@dataclass(frozen=True, slots=True)
class Objects:
    """Implements ``catalog.ports.ConnectionObjects``. ``specs`` by the names of Connections; ``secrets`` by ``NAME/KEY``."""

    specs: Mapping[str, Mapping[str, Any]]
    secrets: Mapping[str, str]

    async def find(self, ref: ExecutionRef, name: str) -> ConnectionObject:  # noqa: ARG002
        if name not in self.specs:
            raise NoObject("ResourceNotFound", f"There is no Connection {name!r}.")
        return _Object(name, self.specs[name], self.secrets)


@dataclass(frozen=True, slots=True)
class _Object:
    """Implements ``catalog.ports.ConnectionObject``."""

    identity: str
    spec: Mapping[str, Any]
    secrets: Mapping[str, str]

    async def secret(self, name: str, key: str) -> str:
        if (value := self.secrets.get(f"{name}/{key}")) is None:
            raise NoObject("InvalidConnectionState", f"The Secret {name} has no key {key}.")
        return value

    async def token(self, audience: str) -> str:
        return f"token for {audience}"


def means(objects: Objects) -> Means:
    """Of a process on its user's own machine; what is tested with this needs neither functions nor AWS."""
    nothing: Any = None
    return Means(SystemClock(), lambda *_: None, objects, nothing, nothing, own_machine=True)


class Withholding:
    """Implements ``tasks.calls.integration.Integration`` for another one: its calls stop at this moment, until ``go_on``. Where the
    process ends before, nothing that it knew then is ever reported."""

    def __init__(self, integration: Integration, moment: Moment) -> None:
        self._integration = integration
        self._moment = moment
        self.reached = asyncio.Event()
        self.go_on = asyncio.Event()

    def __getattr__(self, name: str) -> Any:
        return getattr(self._integration, name)

    async def begin(self, call: Call) -> Answered:
        if self._moment == "before the request":
            await self._stop()
        answered = await self._integration.begin(call)
        if self._moment == "after the answer":
            await self._stop()
        return answered

    async def _stop(self) -> None:
        self.reached.set()
        await self.go_on.wait()


class Process:
    """Drives one integration, as an operator does, and keeps what it reports."""

    def __init__(self, integration: Integration) -> None:
        self.reported: list[Reported] = []
        self._more = asyncio.Event()
        self.driver = CallDriver(integration, SystemClock(), self._hear)

    def _hear(self, uid: Uid, signal: Reported) -> None:  # noqa: ARG002
        self.reported.append(signal)
        self._more.set()

    async def end(self) -> Signal:
        """Of the task."""
        return await self._until(TaskSucceeded | TaskFailed)

    async def submitted(self) -> Signal:
        """Or the end, if nothing was begun."""
        return await self._until(TaskSubmitted | TaskFailed)

    async def _until(self, kinds: Any) -> Signal:
        while True:
            found: Signal | None = next((each for each in self.reported if isinstance(each, kinds)), None)
            if found is not None:
                return found
            self._more.clear()
            await self._more.wait()


def task(resource: Resource, parameters: Json, submitted: Json = None) -> StartTask:
    """What the engine has a driver start for a Task state."""
    return StartTask(
        task=TaskId(5),
        resource=resource,
        parameters=parameters,
        has_parameters=True,
        input={},
        state="Trial",
        pointer="/States/Trial",
        path="Trial",
        attempt=0,
        scheduled=Millis(0),
        timeout_seconds=None,
        heartbeat_seconds=None,
        submitted=submitted,
    )


@dataclass(slots=True)
class Heard:
    """Everything that was logged."""

    entries: Sequence[Any] = ()
    records: list[str] = field(default_factory=list)

    @property
    def text(self) -> str:
        return "\n".join([*map(repr, self.entries), *self.records])


class _Handler(logging.Handler):
    def __init__(self, into: list[str]) -> None:
        super().__init__(logging.DEBUG)
        self._into = into

    def emit(self, record: logging.LogRecord) -> None:
        self._into.append(self.format(record))


@contextmanager
def listening() -> Iterator[Heard]:
    """What structlog and the standard library's loggers are given meanwhile, at any level."""
    heard, root = Heard(), logging.getLogger()
    handler, level = _Handler(heard.records), root.level
    root.addHandler(handler)
    root.setLevel(logging.DEBUG)
    try:
        with capture_logs() as entries:
            heard.entries = entries
            yield heard
    finally:
        root.setLevel(level)
        root.removeHandler(handler)
