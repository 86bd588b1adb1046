"""A process that is told to end waits for the calls that its tasks have made: they would be made again otherwise."""

from __future__ import annotations

import asyncio
import json
import uuid
from pathlib import Path

import pytest
from aiohttp import web

from stepwright.asl.json_types import JsonText
from stepwright.asl.signals import Millis
from stepwright.assembly import dev
from stepwright.catalog.arns import Place
from stepwright.catalog.records import Execution, Revision, StateMachine
from stepwright.engine.ports import Uid
from stepwright.sql.database import Database

PLACE = Place("123456789012", "us-east-1")
INVOKE = {
    "StartAt": "A",
    "States": {
        "A": {
            "Type": "Task",
            "Resource": "arn:aws:states:::lambda:invoke",
            "Parameters": {"FunctionName": "slow"},
            "End": True,
        }
    },
}


class Function:
    """Of Lambda; answers once it may."""

    def __init__(self) -> None:
        self.calls = 0
        self.is_called, self.may_answer = asyncio.Event(), asyncio.Event()

    async def answer(self, _: web.Request) -> web.Response:
        self.calls += 1
        self.is_called.set()
        await self.may_answer.wait()
        return web.json_response({})


async def test_a_call_under_way_is_waited_for_and_what_came_of_it_is_recorded(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    function, application = Function(), web.Application()
    application.router.add_post("/{path:.*}", function.answer)
    runner = web.AppRunner(application, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    monkeypatch.setenv("AWS_ENDPOINT_URL_LAMBDA", f"http://127.0.0.1:{runner.addresses[0][1]}")
    monkeypatch.setattr(dev, "DRAIN_SECONDS", 60)
    monkeypatch.setattr(dev, "LAST_WRITES_SECONDS", 60)
    database = await Database.open(tmp_path)
    try:
        parts = await dev._put_together(dev.Options(tmp_path, port=0), database, 0o022)
        running = asyncio.create_task(parts.run())
        revision = Revision("r", json.dumps(INVOKE), "arn:aws:iam::123456789012:role/r", Millis(1))
        machine = StateMachine(PLACE.state_machine("m"), "m", "STANDARD", Millis(1), revision)
        await parts.here.machines.add(machine)
        execution = Execution(
            PLACE.execution("m", "e"),
            Uid(str(uuid.uuid4())),
            "e",
            machine.arn,
            "r",
            "RUNNING",
            JsonText("{}"),
            Millis(1),
        )
        await parts.here.executions.start(execution)
        await function.is_called.wait()

        draining = asyncio.create_task(parts.drain())
        await asyncio.sleep(0.05)
        function.may_answer.set()
        await draining
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)
        await parts.close()

        stored = await parts.here.executions.execution(execution.arn)
        assert stored is not None
        assert (stored.status, function.calls) == ("SUCCEEDED", 1)
    finally:
        await database.close()
        await runner.cleanup()
