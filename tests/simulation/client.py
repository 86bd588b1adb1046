"""The way between an operator's process and the API server: delays, lost requests and answers, errors, and the
moments at which a process dies or is stopped.

``SimulatedApi`` takes the place of HTTP, so that errors, pages, events and decoding are the real ones. A request that was
sent goes its way whatever becomes of its sender.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any, Literal, Protocol

import msgspec

from stepwright.kube.api import Api, Params
from stepwright.kube.api_errors import AnswerTooLong, Unreachable, from_response
from stepwright.kube.connection import OnDate
from tests.engine.virtual_loop import BEGIN
from tests.simulation.api_server import OUTSIDE, ApiServer, Refusal, Request, Stream
from tests.simulation.loop import Process

Moment = Literal["before", "sent", "landed", "answered"]
Strike = Literal["killed", "stopped", "paused", "ended"]
"""SIGKILL, SIGSTOP for a while, a pause of the whole machine, SIGTERM."""


@dataclass(frozen=True, slots=True)
class Fate:
    """What becomes of a request. Seconds."""

    there: float
    back: float
    lost: Literal["no", "request", "answer"] = "no"
    gives_up: float = 0.0
    """When the client stops waiting where something was lost; the request may land later than that."""
    answer: tuple[int, str, bytes] | None = None
    """A status the server answers with instead: code, reason, body; ``lands`` says whether it was done all
    the same."""
    lands: bool = True
    strikes: tuple[Moment, Strike] | None = None


class Faults(Protocol):
    under_way: int
    """How many requests have been sent and have not landed yet."""

    def of(self, request: Request) -> Fate: ...

    def of_stream(self) -> tuple[float, Callable[[], float]]:
        """How long a new watch lasts, and how long its events are under way."""

    def cut(self, stream: Stream) -> None:
        """The watch's time is over: end it in one way or another."""


class Host(Protocol):
    """Whose process it is."""

    process: Process

    def strike(self, how: Strike) -> None: ...

    def sends(self, request: Request) -> None:
        """Look at a request before it goes out."""


Trace = Callable[..., None]


class SimulatedApi(Api):
    def __init__(
        self,
        server: ApiServer,
        host: Host,
        faults: Faults,
        trace: Trace,
        account: str | None = None,
        on_date: OnDate | None = None,
    ) -> None:
        self._server = server
        self._host = host
        self._faults = faults
        self._trace = trace
        self._account = account
        self._on_date = on_date

    def as_service_account(self, namespace: str, name: str) -> Api:
        return SimulatedApi(self._server, self._host, self._faults, self._trace, f"{namespace}:{name}")

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
        process = self._host.process
        if not process.alive:
            raise asyncio.CancelledError
        data = body if body is None or isinstance(body, bytes) else msgspec.json.encode(body)
        request = Request(method, path, params or {}, data, content_type, process.name, self._account, accept)
        self._host.sends(request)
        exchange = Exchange(self._server, self._host, request, self._faults, self._trace)
        try:
            answer = await exchange.answer
            if most_bytes is not None and len(answer) > most_bytes:
                raise AnswerTooLong(f"{path} is answered with more than {most_bytes:,} bytes")
            return answer
        finally:
            if self._on_date is not None and exchange.date is not None:
                exchange.tell_date(self._on_date)

    @asynccontextmanager
    async def stream(
        self,
        path: str,
        params: Params,
        *,
        idle_seconds: float,  # noqa: ARG002
        accept: str | None = None,  # noqa: ARG002 - nothing is watched as a table there
    ) -> AsyncGenerator[AsyncIterator[bytes]]:
        process = self._host.process
        if not process.alive:
            raise asyncio.CancelledError
        request = Request("GET", path, params, None, "", process.name, self._account)
        fate = self._faults.of(request)
        await asyncio.sleep(fate.there + fate.back)
        if fate.lost != "no" or self._server.is_away:
            raise Unreachable("the watch could not be opened", outcome_unknown=False)
        if fate.answer is not None:
            raise from_response(fate.answer[0], fate.answer[2])
        seconds, lag = self._faults.of_stream()
        try:
            self._server.authorize(request, watching=True)
            stream = self._server.watch(path, params, lag)
        except Refusal as refusal:
            self._trace(process.name, "watch refused", path, refusal.code)
            raise from_response(refusal.code, refusal.body) from None
        timer = asyncio.get_running_loop().call_later(seconds, self._faults.cut, stream, context=OUTSIDE)
        try:
            yield Lines(stream)
        finally:
            timer.cancel()
            self._server.close(stream)


class Lines:
    """As the API server writes them. No generator: one that is left early is closed by a task of its own, later."""

    def __init__(self, stream: Stream) -> None:
        self._stream = stream

    def __aiter__(self) -> AsyncIterator[bytes]:
        return self

    async def __anext__(self) -> bytes:
        event = await self._stream.next()
        if event is None:
            raise StopAsyncIteration
        return b'{"type":"%s","object":%s}\n' % (event.type.encode(), event.object)


class Serves(Protocol):
    """Where requests land."""

    ends: int
    """How often what is there was lost, and requests that were under way with it."""
    is_away: bool
    sender_gave_up: bool
    """Whether nobody waits any more for the answer to the request that is being handled."""

    def handle(self, request: Request) -> bytes:
        """Raises Refusal."""


class Exchange:
    """One request on its way."""

    def __init__(self, server: Serves, host: Host, request: Request, faults: Faults, trace: Trace) -> None:
        fate = faults.of(request)
        self._server, self._host, self._request, self._trace = server, host, request, trace
        self._faults, self._fate = faults, fate
        self._loop = asyncio.get_running_loop()
        self.answer: asyncio.Future[bytes] = self._loop.create_future()
        self.date: float | None = None
        """What the server's answer says, in whole seconds since 1970; None while there is none."""
        self._landed_at = 0.0
        self._ends = server.ends
        self._began = self._loop.time()
        if fate.strikes is not None:
            self._trace(
                request.by, f"to be {fate.strikes[1]} {fate.strikes[0]}", request.method, request.path
            )
        if self._strikes("before"):
            host.strike("killed")
            return
        if fate.lost != "no":
            self._loop.call_later(fate.gives_up, self._give_up, context=OUTSIDE)
        if fate.lost != "request":
            faults.under_way += 1
            self._loop.call_later(fate.there, self._land, context=OUTSIDE)
        else:
            self._note("lost")
        if self._strikes("sent"):
            # In the next turn: whoever sent it goes on to wait for it first.
            self._loop.call_soon(self._strike, context=OUTSIDE)

    def _strikes(self, at: Moment) -> bool:
        return self._fate.strikes is not None and self._fate.strikes[0] == at

    def _strike(self) -> None:
        assert self._fate.strikes is not None
        self._host.strike(self._fate.strikes[1])

    def _land(self) -> None:
        fate, request = self._fate, self._request
        self._faults.under_way -= 1
        if self._server.is_away or self._server.ends != self._ends:
            self._give_up()
            return
        self._landed_at = (BEGIN + self._loop.time() * 1000) // 1000
        answer: bytes | Exception
        if fate.answer is not None and not fate.lands:
            answer = self._instead()
        else:
            self._server.sender_gave_up = self.answer.done()
            try:
                answer = self._server.handle(request)
            except Refusal as refusal:
                answer = from_response(refusal.code, refusal.body, write=request.writes)
            if fate.answer is not None:
                answer = self._instead()
        self._note(f"{answer.status} {answer.reason}" if hasattr(answer, "status") else "ok")  # type: ignore[union-attr]
        if self._strikes("landed"):
            self._strike()
        if fate.lost == "no":
            self._loop.call_later(fate.back, self._deliver, answer, context=OUTSIDE)

    def _instead(self) -> Exception:
        assert self._fate.answer is not None
        code, retry_after, body = self._fate.answer
        return from_response(code, body, retry_after, write=self._request.writes)

    def tell_date(self, hear: OnDate) -> None:
        assert self.date is not None
        hear(self.date, self.date + 1 + self._loop.time() - self._began)

    def _deliver(self, answer: bytes | Exception) -> None:
        self.date = self._landed_at
        if not self.answer.done():
            if isinstance(answer, Exception):
                self.answer.set_exception(answer)
            else:
                self.answer.set_result(answer)
        if self._strikes("answered"):
            self._loop.call_soon(self._strike, context=OUTSIDE)

    def _give_up(self) -> None:
        if not self.answer.done():
            self._note("no answer")
            self.answer.set_exception(
                Unreachable(
                    f"no answer to {self._request.method} {self._request.path}",
                    outcome_unknown=self._request.writes,
                )
            )

    def _note(self, what: str) -> None:
        if self._request.writes and not (
            self._request.method == "PUT" and what == "ok"
        ):  # renewals of Leases
            body = self._request.body
            self._trace(self._request.by, self._request.method, self._request.path, what, body)
