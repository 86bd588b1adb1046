"""The API in this process, on a database in a temporary folder, without anything that runs processes."""

from __future__ import annotations

import asyncio
import itertools
import json
import tempfile
from pathlib import Path
from typing import Final

from stepwright.api import dispatch, model
from stepwright.assembly.embedded import Embedded, activity_driver
from stepwright.catalog.arns import Place
from stepwright.engine.clock import SystemClock
from stepwright.engine.reports import Reports
from stepwright.mocks.test_cases import MockTestCases
from stepwright.sql.database import Database
from stepwright.sql.test_cases import SqlTestCases
from tests.api.conftest import PASS, WAIT
from tests.fuzz.mutation import SEPARATOR
from tests.processes.dev import ROLE

_LIFE: Final = 400
"""Requests before everything begins anew, so that what is left over does not slow down what follows."""

_PATIENCE_SECONDS: Final = 0.2
"""Some requests wait for what never comes; whoever calls goes away then."""

_NEVER: Final = frozenset({"GetActivityTask"})


class ApiWorld:
    """Made when the first request comes."""

    def __init__(self) -> None:
        self._loop: asyncio.AbstractEventLoop | None = None
        self._requests = 0

    def run(self, text: str) -> None:
        """``Operation`` and body; the answer must be one of AWS's."""
        name, _, body = text.partition(SEPARATOR)
        if name in _NEVER:
            return
        if self._loop is None or self._requests >= _LIFE:
            self.close()
            self._loop = asyncio.new_event_loop()
            self._loop.run_until_complete(self._open())
        self._requests += 1
        target = model.TARGET + name
        try:
            reply = self._loop.run_until_complete(self._answer(target, body.encode("utf-8", "surrogatepass")))
        except BaseException:
            self._loop = None  # whatever it was, the next request finds another world
            raise
        if reply is not None:
            told = json.loads(reply.body)
            assert reply.status in (200, 400), (reply, told)
            assert reply.status == 200 or (told["__type"] and told["message"]), told

    async def _answer(self, target: str, body: bytes) -> dispatch.Reply | None:
        try:
            async with asyncio.timeout(_PATIENCE_SECONDS):
                return await dispatch.dispatch(self._service, target, body)
        except TimeoutError:
            return None

    async def _open(self) -> None:
        self._folder = tempfile.TemporaryDirectory()
        self._database = await Database.open(Path(self._folder.name))
        clock = SystemClock()
        reports = Reports()
        work = activity_driver(self._database, reports)
        here = Embedded(
            self._database, clock, (work,), reports, MockTestCases(SqlTestCases(self._database), None)
        )
        ids = itertools.count()
        self._service = here.service(
            work,
            Place(account="123456789012", region="us-east-1"),
            new_id=lambda: f"00000000-0000-0000-0000-{next(ids):012}",
            chance=lambda: 0.5,
        )
        self._running = asyncio.create_task(here.run())
        self._requests = 0
        for request in (
            (
                "CreateStateMachine",
                {"name": "m", "roleArn": ROLE, "definition": json.dumps(PASS), "publish": True},
            ),
            ("CreateStateMachine", {"name": "w", "roleArn": ROLE, "definition": json.dumps(WAIT)}),
            (
                "CreateStateMachine",
                {"name": "x", "roleArn": ROLE, "definition": json.dumps(PASS), "type": "EXPRESS"},
            ),
            ("CreateActivity", {"name": "a"}),
            ("StartExecution", {"stateMachineArn": self._service.place.state_machine("m"), "name": "e"}),
        ):
            await dispatch.dispatch(self._service, model.TARGET + request[0], json.dumps(request[1]).encode())

    def close(self) -> None:
        if self._loop is not None:
            self._loop.run_until_complete(self._end())
            self._loop.close()
            self._loop = None

    async def _end(self) -> None:
        self._running.cancel()
        await asyncio.gather(self._running, return_exceptions=True)
        await self._database.close()
        self._folder.cleanup()
