"""What tasks write, as pages read it: while they run, when they are over, attempt by attempt."""
# ruff: noqa: ASYNC110 - what is waited for has no event

from __future__ import annotations

import asyncio
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest

from tests.console.conftest import Town
from tests.console.pages import API, Page, answer_of, id_of
from tests.console.test_console_stream import Events

FAILS_ONCE = """
import json, os, sys
attempt = json.load(open(os.environ["STEPWRIGHT_INPUT_FILE"]))["attempt"]
print("attempt", attempt)
print("\\x1b[31m<img src=x onerror=alert(1)>\\x1b[0m", file=sys.stderr)
sys.exit(1 - attempt)
"""
SPEAKS = """
import pathlib, sys, time
print("begun", flush=True)
while not pathlib.Path(sys.argv[1]).exists():
    time.sleep(0.02)
print("z" * 20_000)
print("over", end="", flush=True)
"""


def task(script: str, *words: str, **more: Any) -> dict[str, Any]:
    command = [sys.executable, "-c", script, *words]
    return {"Type": "Task", "Resource": "k8s:job", "Parameters": {"command": command, **more}, "End": True}


def machine(state: dict[str, Any]) -> dict[str, Any]:
    return {"StartAt": "Work", "States": {"Work": state}}


@asynccontextmanager
async def reading(page: Page, path: str) -> AsyncIterator[Events]:
    reader, writer = await page.send("GET", API + path, headers={"X-Stepwright-Console": page.token})
    try:
        yield await Events(reader, writer).begin()
    finally:
        writer.close()


async def rows(page: Page, path: str) -> tuple[list[str], dict[str, Any]]:
    """The lines of an answer that ends, and what it says at its end."""
    found: list[str] = []
    async with reading(page, path) as events:
        while True:
            name, said = await events.next()
            if name == "end":
                return found, said
            found += [text for _, text in said["rows"]]


async def visit(page: Page, arn: str) -> str:
    """The path of the one visit of an execution."""
    path = f"executions/{id_of(arn)}"
    async with asyncio.timeout(60):
        while not (found := (await page.get(f"{path}/visits")).json["rows"]):
            await asyncio.sleep(0.02)
    return f"{path}/visits/{found[0][0]}"


async def test_logs_of_each_attempt_are_kept_when_it_is_over(town: Town) -> None:
    state = {
        **task(FAILS_ONCE, input={"attempt.$": "$$.State.RetryCount"}),
        "Retry": [{"ErrorEquals": ["States.ALL"], "IntervalSeconds": 1, "MaxAttempts": 1}],
    }
    arn = await town.ended(await town.start(await town.machine(machine(state))))
    path = await visit(town.page, arn)

    found = (await town.page.get(f"{path}/logs")).json
    assert [(one["attempt"], one["container"], one["runs"]) for one in found["sources"]] == [
        (1, "stdout", False),
        (1, "stderr", False),
        (2, "stdout", False),
        (2, "stderr", False),
    ]
    assert "none" not in found
    for source, line in zip(found["sources"], ("attempt 0", None, "attempt 1", None), strict=True):
        lines, end = await rows(town.page, f"{path}/logs/{quote(source['id'], safe='')}?follow=1")
        assert lines == [line or "\x1b[31m<img src=x onerror=alert(1)>\x1b[0m"]
        assert end["reason"] == "complete"


async def test_a_log_is_followed_while_its_task_runs(town: Town, tmp_path: Path) -> None:
    go_on = tmp_path / "go-on"
    arn = await town.start(await town.machine(machine(task(SPEAKS, str(go_on)))))
    path = await visit(town.page, arn)
    async with asyncio.timeout(60):
        while not (found := (await town.page.get(f"{path}/logs")).json["sources"]):
            await asyncio.sleep(0.02)
    assert (found[0]["container"], found[0]["runs"]) == ("stdout", True)
    source = f"{path}/logs/{quote(found[0]['id'], safe='')}"
    async with reading(town.page, f"{source}?follow=1") as events:
        assert await events.next() == ("lines", {"rows": [[None, "begun"]]})
        assert await rows(town.page, source) == (
            ["begun"],
            {"reason": "complete", "message": "This is all that was written."},
        )
        go_on.touch()
        lines: list[str] = []
        while (told := await events.next())[0] == "lines":
            lines += [text for _, text in told[1]["rows"]]
        assert lines == ["z" * 16_384 + "…", "over"]
        assert told[1]["reason"] == "complete"
    await town.ended(arn)
    assert await rows(town.page, f"{source}?tail=1") == (["over"], told[1])
    assert (await rows(town.page, f"{source}?tail=0"))[0] == []


async def test_what_writes_no_log_says_so(town: Town) -> None:
    arn = await town.ended(await town.start(await town.machine(machine({"Type": "Pass", "End": True}))))
    path = await visit(town.page, arn)
    assert (await town.page.get(f"{path}/logs")).json == {
        "sources": [],
        "none": "It has done no work that could write a log.",
    }
    arn = await town.ended(await town.start(await town.machine(machine(task("pass")))))
    path = await visit(town.page, arn)
    found = (await town.page.get(f"{path}/logs")).json
    assert found["sources"] == []
    assert found["none"].startswith("There is no log. Only what runs as a process")


async def test_no_other_file_is_read_by_naming_it(town: Town) -> None:
    arn = await town.ended(await town.start(await town.machine(machine(task("print('mine')")))))
    path = await visit(town.page, arn)
    [source] = (await town.page.get(f"{path}/logs")).json["sources"]
    number = source["id"].partition("/")[0]
    for name in ("../../stdout", "output", "input.json", "stdout/../pid", "", "stdout\0", "%2e%2e/x"):
        wanted = quote(f"{number}/{name}", safe="")
        lines, end = await rows(town.page, f"{path}/logs/{wanted}")
        assert (lines, end["reason"]) == ([], "gone")
    for wanted in ("1/stdout", "x", f"0{number}/stdout", f"-{number}/stdout"):
        answer = await town.page.get(
            f"{path}/logs/{quote(wanted, safe='')}", X_Stepwright_Console=town.page.token
        )
        assert answer.code == (404, "NoSuchLog"), wanted


@pytest.mark.parametrize("query", ["tail=x", "tail=-1", "follow=yes", "since=1"])
async def test_logs_are_asked_for_as_the_api_says(town: Town, query: str) -> None:
    arn = await town.ended(await town.start(await town.machine(machine(task("print('mine')")))))
    path = await visit(town.page, arn)
    [source] = (await town.page.get(f"{path}/logs")).json["sources"]
    wanted = f"{path}/logs/{quote(source['id'], safe='')}"
    asked = await town.page.get(f"{wanted}?{query}", X_Stepwright_Console=town.page.token)
    assert asked.code == (400, "ValidationException")
    reader, writer = await town.page.send("GET", API + wanted)
    assert answer_of(await reader.read()).code == (403, "StaleToken")
    writer.close()
    assert (await town.page.get(f"executions/{id_of(arn)}/visits/999/logs")).code == (404, "NoSuchVisit")
