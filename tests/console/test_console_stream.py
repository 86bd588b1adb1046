"""What a stream tells while executions run, to those who read it, who read slowly and who have gone."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from itertools import pairwise
from pathlib import Path
from typing import Any, Self
from urllib.parse import urlencode

import pytest

from stepwright.console.stream import MOST_OF_SESSION, MOST_STREAMS, MOST_WATCHES
from tests.console.conftest import Town
from tests.console.pages import API, SECONDS, Answer, Page, answer_of, id_of
from tests.console.test_console_executions import WAIT
from tests.processes.dev import DevProcess

STEPS: dict[str, Any] = {
    "StartAt": "First",
    "States": {
        "First": {"Type": "Wait", "Seconds": 1, "Next": "Second"},
        "Second": {"Type": "Pass", "End": True},
    },
}


class Events:
    """An open stream."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self.writer = writer
        self.head = b""

    async def begin(self) -> Self:
        self.head = await asyncio.wait_for(self._reader.readuntil(b"\r\n\r\n"), SECONDS)
        return self

    async def next(self) -> tuple[str, Any]:
        """The name of the next event, and what it says; comments are skipped."""
        while True:
            text = (await asyncio.wait_for(self._reader.readuntil(b"\n\n"), SECONDS)).decode()
            if not text.startswith(":"):
                name, data = text.rstrip("\n").split("\n")
                return name.removeprefix("event: "), json.loads(data.removeprefix("data: "))

    async def until(self, name: str, holds: Callable[[Any], bool] = lambda _: True) -> Any:
        """What the next event of this name says of which this holds."""
        while (event := await self.next())[0] != name or not holds(event[1]):
            pass
        return event[1]

    async def rest(self) -> bytes:
        return await asyncio.wait_for(self._reader.read(), SECONDS)


@asynccontextmanager
async def stream(page: Page, *watches: str, **headers: str | None) -> AsyncIterator[Events]:
    target = f"{API}stream?{urlencode([('watch', watch) for watch in watches])}"
    told: dict[str, str | None] = {"X-Stepwright-Console": page.token, **headers}
    reader, writer = await page.send("GET", target, headers=told)
    try:
        yield await Events(reader, writer).begin()
    finally:
        writer.close()


async def refusal(page: Page, *watches: str, **headers: str | None) -> Answer:
    async with stream(page, *watches, **headers) as events:
        return answer_of(events.head + await events.rest())


async def test_an_execution_is_followed_to_its_end(town: Town) -> None:
    arn = await town.start(await town.machine(STEPS))

    async with stream(town.page, f"execution:{arn}") as events:
        assert await events.next() == ("ready", {"watches": 1})
        first = await events.until("execution")
        visits: dict[int, Any] = {}
        tallies: dict[str, Any] = {}
        last = first
        while last["execution"]["status"] == "RUNNING":
            name, said = await events.next()
            assert said["watch"] == 0
            if name == "visits":
                visits |= {row[0]: row for row in said["rows"]}
            elif name == "tallies":
                tallies |= said["tallies"]
            elif name == "execution":
                last = said

    stored = (await town.page.get(f"executions/{id_of(arn)}/visits")).json["rows"]
    assert last["execution"]["status"] == "SUCCEEDED"
    assert visits[stored[-1][0]] == stored[-1]
    assert {pointer: set(tally) for pointer, tally in tallies.items()} == {
        "/States/First": {"Succeeded"},
        "/States/Second": {"Succeeded"},
    }


async def test_the_head_of_a_stream_lets_nobody_keep_it(town: Town) -> None:
    arn = await town.start(await town.machine(STEPS))

    async with stream(town.page, f"execution:{arn}") as events:
        headers = answer_of(events.head).headers

    assert headers["content-type"] == "text/event-stream; charset=utf-8"
    assert headers["cache-control"] == "no-store"
    assert headers["x-accel-buffering"] == "no"
    assert "content-length" not in headers
    assert "content-encoding" not in headers


async def test_a_list_is_told_what_comes_and_what_goes(town: Town) -> None:
    machine, other = await town.machine(WAIT), await town.machine(WAIT)

    async with stream(town.page, f"rows:{urlencode({'machine': machine, 'status': 'RUNNING'})}") as events:
        await events.until("ready")
        await town.start(other)
        arn = await town.start(machine)
        come = await events.until("row")
        await town.page.aws("StopExecution", executionArn=arn)
        gone = await events.until("gone")

    assert (come["row"]["arn"], come["row"]["status"]) == (arn, "RUNNING")
    assert gone == {"watch": 0, "arn": arn}


async def test_several_things_are_watched_by_one_stream(town: Town) -> None:
    machine = await town.machine(WAIT)
    arn = await town.start(machine)

    async with stream(town.page, "rows:", f"execution:{arn}") as events:
        await events.until("tallies")
        await town.page.aws("StopExecution", executionArn=arn)
        row = await events.until("row", lambda said: said["row"]["status"] == "ABORTED")
        ended = await events.until("execution")

    assert (row["watch"], row["row"]["arn"]) == (0, arn)
    assert (ended["watch"], ended["execution"]["status"]) == (1, "ABORTED")


async def test_much_that_happens_is_one_frame(town: Town) -> None:
    """500 states in a row are told four times a second at most, and visits that are too many are read again."""
    names = [f"S{number}" for number in range(700)]
    states: dict[str, Any] = {name: {"Type": "Pass", "Next": after} for name, after in pairwise(names)}
    states["S699"] = {"Type": "Wait", "Seconds": 3600, "End": True}
    machine = await town.machine({"StartAt": "S0", "States": states})

    async with stream(town.page, "rows:" + urlencode({"machine": machine})) as events:
        await events.until("ready")
        arn = await town.start(machine)
        await town.until(arn, lambda shown: shown["current"] and shown["current"][0][1] == "S699")
        rows = 0
        async with asyncio.timeout(SECONDS):
            while (await events.until("row"))["row"].get("paths") != ["S699"]:
                rows += 1
    await town.page.aws("StopExecution", executionArn=arn)

    assert rows < 100


REFUSED = {
    "nothing": ((), (400, "ValidationException")),
    "something else": (("weather:tomorrow",), (400, "ValidationException")),
    "no execution": (("execution:",), (400, "InvalidArn")),
    "an unknown filter": (("rows:stauts=FAILED",), (400, "ValidationException")),
    "too much": (("rows:",) * (MOST_WATCHES + 1), (400, "ValidationException")),
    "an execution that is not there": (
        ("execution:arn:aws:states:us-east-1:123456789012:execution:a:b",),
        (404, "ExecutionDoesNotExist"),
    ),
}


@pytest.mark.parametrize(("watches", "code"), REFUSED.values(), ids=REFUSED.keys())
async def test_what_cannot_be_watched_is_refused(
    page: Page, watches: tuple[str, ...], code: tuple[int, str]
) -> None:
    assert (await refusal(page, *watches)).code == code


async def test_only_pages_of_the_console_get_a_stream(page: Page) -> None:
    """An element of another page could not send the token, whatever its browser says of it."""
    headers: dict[str, str | None] = {"X-Stepwright-Console": None, "Sec-Fetch-Site": None}

    assert (await refusal(page, "rows:", **headers)).code == (403, "StaleToken")


async def test_whoever_logs_out_hears_no_more(locked: DevProcess) -> None:
    ana, ben = await logged_in(locked, "AKIDANA", "swordfish"), await logged_in(locked, "AKIDBEN", "halibut")
    async with stream(ana, "rows:") as events:
        await events.until("ready")
        assert (await ana.change("DELETE", "session")).status == 204
        await Town(ben).start(await Town(ben).machine())

        assert await events.until("bye") == {"reason": "login"}
        assert await events.rest() == b""


async def test_a_session_has_few_streams(locked: DevProcess) -> None:
    page = await logged_in(locked, "AKIDANA", "swordfish")
    async with AsyncExitStack() as opened:
        for _ in range(MOST_OF_SESSION):
            await (await opened.enter_async_context(stream(page, "rows:"))).until("ready")

        assert (await refusal(page, "rows:")).code == (503, "TooManyStreams")
        other = await logged_in(locked, "AKIDANA", "swordfish")
        async with stream(other, "rows:") as events:
            await events.until("ready")


async def test_a_server_that_ends_waits_for_no_stream(tmp_path: Path) -> None:
    with DevProcess(tmp_path / "data") as dev:
        page = Page(dev.port)
        await page.begin()
        async with stream(page, "rows:") as events:
            await events.until("ready")
            assert await asyncio.to_thread(dev.stop) == 0
            assert await events.rest() == b""


async def test_streams_of_a_server_are_bounded_and_those_of_clients_that_went_count_no_more(
    town: Town,
) -> None:
    page = town.page
    opened: list[Events] = []
    try:
        for _ in range(MOST_STREAMS):
            target = f"{API}stream?watch=rows%3A"
            reader, writer = await page.send("GET", target, headers={"X-Stepwright-Console": page.token})
            opened.append(Events(reader, writer))
        for events in opened:
            await events.begin()
            assert await events.next() == ("ready", {"watches": 1})

        full = await refusal(page, "rows:")
        assert full.code == (503, "TooManyStreams")
        assert int(full.headers["retry-after"]) > 0

        arn = await town.start(await town.machine())
        for events in opened:
            await events.until("row", lambda said: said["row"]["arn"] == arn)
    finally:
        for events in opened:
            events.writer.close()
    async with asyncio.timeout(SECONDS):
        while (await refusal_or_ready(page)) != "ready":  # noqa: ASYNC110
            await asyncio.sleep(0.1)


async def logged_in(server: DevProcess, key: str, secret: str) -> Page:
    page = Page(server.port)
    await page.begin()
    await page.log_in(accessKeyId=key, secretAccessKey=secret)
    return page


async def refusal_or_ready(page: Page) -> str:
    async with stream(page, "rows:") as events:
        return "ready" if answer_of(events.head).status == 200 else "refused"
