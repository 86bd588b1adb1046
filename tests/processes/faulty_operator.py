"""The operator itself, in a process that strikes itself down at a given write: ``python -m tests.processes.faulty_operator``.

Nothing in the operator knows of it: only ``Connection.request`` is wrapped, and that of the HTTP client which waits for
an answer. The process started by that line imports the operator once and makes forks of itself, so that a start costs no
imports: it reads an ``Order`` as JSON from each line of its input and answers with the id of the fork's process, and
once more with how it ended. All of them end with it, and it ends with its input. ``operator_nursery`` is the other side.
"""

from __future__ import annotations

import asyncio
import faulthandler
import os
import selectors
import signal
import sys
import time
from contextvars import ContextVar
from typing import Any, Final, Literal

import aiohttp
import msgspec

import stepwright.assembly.operator  # noqa: F401 - the command imports it late; here it is to be there before
from stepwright.asl.step import Step
from stepwright.cli import application
from stepwright.engine.ports import ExecutionRef
from stepwright.engine.steps import Steps, Take
from stepwright.kube.connection import Connection

Moment = Literal["before", "sent", "answered"]
"""Of a write: it has not been sent; it is sent and may land; it has landed, and the operator has not heard of it."""

WRITE: Final = "WRITE "
STRUCK: Final = "STRUCK "
"""Each begins a line of the log: a write that counted, and the one at which the process was struck."""

DRAGS_SECONDS: Final = 4.0
"""Long enough to be noted in a Lease."""

_in_hand: ContextVar[bool] = ContextVar("in_hand", default=False)
"""Whether the request of this context is the one that is sent and then not waited for."""


class Fault(msgspec.Struct, frozen=True):
    """At the ``nth`` write (from 1; 0: at none) that concerns the object ``name`` the process gets ``signal``.

    A write concerns an object whose name stands in its path or body. ``kinds`` limits the writes that count:
    ``POST jobs``, ``PATCH executions/status``.
    """

    moment: Moment
    nth: int
    name: str = ""
    kinds: tuple[str, ...] = ()
    signal: Literal["KILL", "STOP"] = "KILL"


class Order(msgspec.Struct, frozen=True):
    """``arguments``: those of ``stepwright operator``. ``drags``: the name of an execution of which each step takes
    ``DRAGS_SECONDS``."""

    arguments: tuple[str, ...]
    log: str
    fault: Fault | None = None
    drags: str = ""


class Striking:
    """Counts the writes and strikes at the one that is meant."""

    def __init__(self, fault: Fault) -> None:
        self._fault = fault
        self._name = fault.name.encode()
        self._seen = 0
        self._request = Connection.request
        self._start = aiohttp.ClientResponse.start
        self._what = ""

    def install(self) -> None:
        striking = self

        async def request(
            self: Connection,
            method: str,
            path: str,
            params: Any = None,
            body: Any = None,
            *rest: Any,
            **named: Any,
        ) -> bytes:
            if not striking._is_meant(method, path, body):
                return await striking._request(self, method, path, params, body, *rest, **named)
            if striking._fault.moment == "before":
                striking._strike()
            marked = _in_hand.set(striking._fault.moment == "sent")
            try:
                answer = await striking._request(self, method, path, params, body, *rest, **named)
            finally:
                _in_hand.reset(marked)
                if striking._fault.moment == "answered":  # a refusal, too
                    striking._strike()
            return answer

        async def start(self: aiohttp.ClientResponse, connection: Any) -> aiohttp.ClientResponse:
            if _in_hand.get():
                # Headers have gone out; the body goes in the next turn of the loop, straight to the socket.
                await asyncio.sleep(0)
                await asyncio.sleep(0)
                striking._strike()
            return await striking._start(self, connection)

        # The language's own way to put another function in its place; types do not see through it.
        setattr(Connection, "request", request)  # noqa: B010
        setattr(aiohttp.ClientResponse, "start", start)  # noqa: B010

    def _is_meant(self, method: str, path: str, body: Any) -> bool:
        fault = self._fault
        if method == "GET" or (fault.kinds and kind_of(method, path) not in fault.kinds):
            return False
        text = body if isinstance(body, bytes) else msgspec.json.encode(body)
        if self._name not in path.encode() and self._name not in text:
            return False
        self._seen += 1
        made = f"/{msgspec.json.decode(text)['metadata'].get('name')}" if method == "POST" else ""
        self._what = f"{kind_of(method, path)} {path}{made}"
        os.write(2, f"\n{WRITE}{self._what}\n".encode())
        return self._seen == fault.nth

    def _strike(self) -> None:
        os.write(2, f"\n{STRUCK}{self._what}\n".encode())
        os.kill(os.getpid(), getattr(signal, f"SIG{self._fault.signal}"))


def drag(name: str) -> None:
    """From now on a step of this execution takes its time, in the thread for what takes long."""
    take = Steps.take

    async def dragging(self: Steps, ref: ExecutionRef, step: Take, *, long: bool = False) -> Step:
        def slow(patience: int | None) -> Step:
            time.sleep(DRAGS_SECONDS)
            return step(patience)

        return await (
            take(self, ref, slow, long=True) if ref.name == name else take(self, ref, step, long=long)
        )

    setattr(Steps, "take", dragging)  # noqa: B010


def kind_of(method: str, path: str) -> str:
    """``PATCH executions/status`` for ``PATCH /apis/stepwright.dev/v1/namespaces/shop/executions/order-7/status``."""
    plural, *name_and_subresource = path.split("/namespaces/", 1)[-1].split("/")[1:]
    return " ".join([method, "/".join([plural, *name_and_subresource[1:]])])


def serve(orders: int, answers: int) -> None:
    """Fork an operator for each line of the file descriptor until there are no more; then end, and the forks, too.

    Answers: ``began PID``, and ``ended PID STATUS`` with the exit code or, below 0, the signal.
    """
    os.setpgrp()
    pending = b""
    with selectors.DefaultSelector() as selector:
        selector.register(orders, selectors.EVENT_READ)
        while True:
            for key, _ in selector.select():
                if key.data is not None:
                    selector.unregister(key.fd)
                    os.close(key.fd)
                    _, status = os.waitpid(key.data, 0)
                    os.write(answers, b"ended %d %d\n" % (key.data, os.waitstatus_to_exitcode(status)))
                    continue
                read = os.read(orders, 65536)
                if not read:
                    os.killpg(0, signal.SIGKILL)
                *lines, pending = (pending + read).split(b"\n")
                for line in lines:
                    pid = _fork(msgspec.json.decode(line, type=Order))
                    os.write(answers, b"began %d\n" % pid)
                    selector.register(os.pidfd_open(pid), selectors.EVENT_READ, pid)


def _fork(order: Order) -> int:
    pid = os.fork()
    if pid == 0:
        _become(order)
    return pid


def _become(order: Order) -> None:
    log = os.open(order.log, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o644)
    nothing = os.open(os.devnull, os.O_RDONLY)
    for source, target in ((nothing, 0), (log, 1), (log, 2)):
        os.dup2(source, target)
    faulthandler.enable()
    if order.fault is not None:
        Striking(order.fault).install()
    if order.drags:
        drag(order.drags)
    code = 1
    try:
        code = application(("operator",))(["operator", *order.arguments], standalone_mode=False) or 0
    except BaseException as error:  # noqa: BLE001 - the log is all that is left of this process
        os.write(2, f"{type(error).__name__}: {error}\n".encode())
    os._exit(code)


if __name__ == "__main__":
    serve(sys.stdin.fileno(), sys.stdout.fileno())
