"""The integration with the API server of the simulation, in virtual time; and what tests do with it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from random import Random
from typing import Any

import msgspec

from stepwright.asl.resource import parse
from stepwright.asl.signals import Millis, TaskFailed, TaskId, TaskStarted, TaskSubmitted, TaskSucceeded
from stepwright.asl.step import StartTask
from stepwright.engine.ports import ExecutionRef, Reported, Uid
from stepwright.kube.api import Api, Params
from stepwright.kube.api_errors import AnswerTooLong, from_response
from stepwright.tasks.accounts import Accounts
from stepwright.tasks.calls.driver import CallDriver
from stepwright.tasks.kubernetes.integration import Kubernetes
from tests.engine.virtual_loop import BEGIN, VirtualClock, run
from tests.simulation.api_server import ApiServer, Refusal, Request, is_discovery
from tests.simulation.client import Lines
from tests.tasks.start_tasks import start_task

ACCOUNT = "clerk"
REF = ExecutionRef(Uid("43e358d5"), "shop", "order-7", "order", {"serviceAccountName": ACCOUNT})

Fault = Callable[[Request], None]


class Direct(Api):
    """Without a network. ``before`` sees each request before it is done, ``after`` when it has landed: what it raises loses the
    answer."""

    def __init__(self, server: ApiServer, account: str | None = None, root: Direct | None = None) -> None:
        self.server = server
        self.account = account
        self.root = root or self
        self.requests: list[Request] = []
        self.before: Fault = lambda _: None
        self.after: Fault = lambda _: None

    def as_service_account(self, namespace: str, name: str) -> Api:
        return Direct(self.server, f"{namespace}/{name}", self.root)

    async def request(
        self,
        method: str,
        path: str,
        params: Any = None,
        body: Any = None,
        content_type: str = "application/json",
        *,
        accept: str | None = None,
        most_bytes: int | None = None,
    ) -> bytes:
        await asyncio.sleep(0.01)
        data = body if body is None or isinstance(body, bytes) else msgspec.json.encode(body)
        request = Request(method, path, params or {}, data, content_type, "a", self.account, accept)
        self.root.requests.append(request)
        self.root.before(request)
        try:
            answer = self.server.handle(request)
        except Refusal as refusal:
            raise from_response(refusal.code, refusal.body, write=request.writes) from None
        self.root.after(request)
        await asyncio.sleep(0.01)
        if most_bytes is not None and len(answer) > most_bytes:
            raise AnswerTooLong("the answer is too long")
        return answer

    @asynccontextmanager
    async def stream(
        self,
        path: str,
        params: Params,
        *,
        idle_seconds: float,  # noqa: ARG002
        accept: str | None = None,  # noqa: ARG002 - nothing is watched as a table there
    ) -> AsyncGenerator[AsyncIterator[bytes]]:
        await asyncio.sleep(0.01)
        request = Request("WATCH", path, params, None, "", "a", self.account)
        self.root.requests.append(request)
        self.root.before(request)
        try:
            self.server.authorize(request, watching=True)
            stream = self.server.watch(path, params, lambda: 0.01)
        except Refusal as refusal:
            raise from_response(refusal.code, refusal.body) from None
        try:
            yield Lines(stream)
        finally:
            self.server.close(stream)


class Played:
    def __init__(self) -> None:
        self.server = ApiServer(Random(1))
        self.api = Direct(self.server)
        self.signals: list[Reported] = []
        self.driver = self.another()

    def another(self) -> CallDriver:
        """As in the next process."""
        clock = VirtualClock()
        return CallDriver(
            Kubernetes(Accounts(self.api), clock), clock, lambda _, signal: self.signals.append(signal)
        )

    async def do(
        self, verb: str, ref: ExecutionRef = REF, *, again: bool = False, seconds: float = 100, **given: Any
    ) -> Reported:
        """The last that is reported of a task within this time."""
        await self.driver.start(ref, task(verb, given), again=again)
        await asyncio.sleep(seconds)
        return self.signals[-1]

    async def output(self, verb: str, **given: Any) -> Any:
        signal = await self.do(verb, **given)
        assert isinstance(signal, TaskSucceeded), signal
        return signal.output

    async def failure(self, verb: str, **given: Any) -> tuple[str | None, str | None]:
        signal = await self.do(verb, **given)
        assert isinstance(signal, TaskFailed), signal
        return signal.error, signal.cause

    @property
    def asked(self) -> list[str]:
        """The requests, discovery aside."""
        return [f"{each.method} {each.path}" for each in self.api.requests if not is_discovery(each.path)]

    def submitted(self) -> list[TaskSubmitted]:
        return [signal for signal in self.signals if isinstance(signal, TaskSubmitted)]

    def put(self, plural: str, name: str, **body: Any) -> None:
        self.server.create(plural, "shop", {"metadata": {"name": name, **body.pop("metadata", {})}, **body})


def task(verb: str, given: Any, number: int = 5) -> StartTask:
    return start_task(parse(f"k8s:{verb}"), given, number, scheduled=Millis(BEGIN))


def playing(main: Callable[[Played], Awaitable[None]]) -> None:
    async def play() -> None:
        await main(Played())

    run(play)


STARTED = TaskStarted(TaskId(5))
CONFIG_MAP = {"apiVersion": "v1", "kind": "ConfigMap"}
