"""Executions as pages of the console read them: lists, one, its definition, its history in windows."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any
from urllib.parse import quote, urlencode

import pytest

from tests.console.conftest import Town
from tests.console.pages import Page, id_of

ACCOUNT = "123456789012"
NOBODY = f"arn:aws:states:us-east-1:{ACCOUNT}:execution:nowhere:nobody"

FAIL: dict[str, Any] = {"StartAt": "A", "States": {"A": {"Type": "Fail", "Error": "Out.Of.Tea"}}}
WAIT: dict[str, Any] = {"StartAt": "A", "States": {"A": {"Type": "Wait", "Seconds": 3600, "End": True}}}
STEPS: dict[str, Any] = {
    "StartAt": "S0",
    "States": {f"S{n}": {"Type": "Pass", "Next": f"S{n + 1}"} for n in range(9)}
    | {"S9": {"Type": "Pass", "End": True}},
}


async def test_executions_of_all_state_machines_are_one_list(town: Town) -> None:
    first, second = await town.machine(), await town.machine()
    arns = [await town.ended(await town.start(machine)) for machine in (first, second, first)]

    got = await town.page.get(f"executions?{urlencode([('machine', first), ('machine', second)])}")

    assert [row["arn"] for row in got.json["rows"]] == arns[::-1]
    newest = got.json["rows"][0]
    assert newest["status"] == "SUCCEEDED"
    assert newest["machine"] == first
    assert newest["started"] <= newest["stopped"]
    assert "next" not in got.json


async def test_a_list_goes_on_where_it_ended(town: Town) -> None:
    machine = await town.machine()
    arns = [await town.ended(await town.start(machine)) for _ in range(5)]

    found: list[str] = []
    cursor: str | None = ""
    while cursor is not None:
        query = {"machine": machine, "limit": "2", **({"cursor": cursor} if cursor else {})}
        page = (await town.page.get(f"executions?{urlencode(query)}")).json
        assert len(page["rows"]) <= 2
        found += [row["arn"] for row in page["rows"]]
        cursor = page.get("next")

    assert found == arns[::-1]


async def test_a_list_has_what_is_looked_for(town: Town) -> None:
    good, bad, waits = await town.machine(), await town.machine(FAIL), await town.machine(WAIT)
    await town.ended(await town.start(good, "order-1"))
    failed = await town.ended(await town.start(bad, "order-2"))
    running = await town.start(waits, "parcel-3")
    of = [("machine", machine) for machine in (good, bad, waits)]

    async def names(**query: str) -> set[str]:
        answer = await town.page.get(f"executions?{urlencode([*of, *query.items()])}")
        return {row["name"] for row in answer.json["rows"]}

    started = (await town.page.get(f"executions/{id_of(failed)}")).json["started"]
    assert await names(status="FAILED") == {"order-2"}
    assert await names(name="order-") == {"order-1", "order-2"}
    assert await names(error="Out.Of.Tea") == {"order-2"}
    assert await names(**{"from": str(started), "to": str(started + 1)}) >= {"order-2"}
    assert await names(ns=ACCOUNT, region="eu-west-1") == set()
    counts = (await town.page.get(f"executions/counts?{urlencode(of)}")).json
    assert counts["statuses"] == {"SUCCEEDED": 1, "FAILED": 1, "RUNNING": 1}
    assert counts["errors"] == [{"error": "Out.Of.Tea", "count": 1}]
    await town.page.aws("StopExecution", executionArn=running)


REFUSED: Mapping[str, tuple[str, str]] = {
    "a label without a value": (
        "executions?label=team",
        "The parameter label is 'team'; a label is given as KEY=VALUE",
    ),
    "an unknown parameter": ("executions?stauts=FAILED", "There is no parameter 'stauts' here"),
    "an unknown status": ("executions?status=BROKEN", "'BROKEN', which is not one of RUNNING, "),
    "a status twice over": ("executions?" + "status=FAILED&" * 6, "given 5 times at most"),
    "another tenant": ("executions?ns=000000000000", "There is no tenant '000000000000' here"),
    "no number": ("executions?limit=ten", "'ten', which is not a number"),
    "a negative number": ("executions?from=-1", "'-1', which is not a number"),
    "a number that is none": ("executions?to=%D9%A3", "which is not a number"),
    "a number without end": ("executions?to=" + "9" * 400, "which is not a number"),
    "a cursor of another list": (
        "executions?cursor=x",
        "The cursor does not belong to this list: ask for its first page again",
    ),
    "too many parameters": ("executions?" + "&".join(f"machine=m{n}" for n in range(60)), "at most"),
    "too many state machines": ("executions?" + "machine=m&" * 21, "given 20 times at most"),
    "no visit": (f"executions/{id_of(NOBODY)}/iterations", "The parameter of names"),
    "no way to stand": (f"executions/{id_of(NOBODY)}/visits?standing=Well", "not one of Running"),
    "neither yes nor no": (f"executions/{id_of(NOBODY)}/events?data=true", "not one of 0, 1"),
    "an event before the first": (f"executions/{id_of(NOBODY)}/events?from=0", "numbered from 1 on"),
}


@pytest.mark.parametrize(("path", "said"), REFUSED.values(), ids=REFUSED.keys())
async def test_what_makes_no_sense_is_refused(page: Page, path: str, said: str) -> None:
    got = await page.get(path)

    assert got.code == (400, "ValidationException")
    assert said in got.json["message"]


@pytest.mark.parametrize("below", ["", "/definition", "/tallies", "/visits", "/iterations?of=1", "/events"])
async def test_an_execution_that_is_not_there_is_not_found(page: Page, below: str) -> None:
    assert (await page.get(f"executions/{id_of(NOBODY)}{below}")).code == (404, "ExecutionDoesNotExist")
    assert (await page.get(f"executions/{id_of('<script>')}{below}")).code == (400, "InvalidArn")


async def test_one_execution_is_shown_with_what_it_waits_for(town: Town) -> None:
    machine = await town.machine(WAIT)
    arn = await town.start(machine, input={"text": "ä"})
    shown = await town.until(arn, lambda shown: shown["current"])

    assert shown["status"] == "RUNNING"
    assert shown["input"] == {"text": '{"text": "\\u00e4"}', "bytes": 18}
    assert shown["lastEvent"] == 2
    [visit] = shown["current"]
    assert visit[1:4] == ["A", "/States/A", "Wait"]
    await town.page.aws("StopExecution", executionArn=arn, error="Tired", cause="of waiting")

    shown = (await town.page.get(f"executions/{id_of(arn)}")).json
    assert (shown["status"], shown["error"], shown["cause"]) == ("ABORTED", "Tired", "of waiting")
    assert shown["redrivable"] is True
    assert shown["current"] == []


async def test_a_long_input_is_shown_to_where_it_gets_too_long(town: Town) -> None:
    machine = await town.machine()
    arn = await town.ended(await town.start(machine, input="ä" * 40_000))

    shown = (await town.page.get(f"executions/{id_of(arn)}")).json

    assert shown["input"]["cut"] is True
    assert shown["input"]["bytes"] == 6 * 40_000 + 2
    assert len(shown["input"]["text"]) == 64 * 1024


async def test_the_definition_is_as_it_was_written(town: Town) -> None:
    text = '{ "StartAt":"A",\n\t"States": {"A": {"Type": "Pass", "End": true, "Result": 1.50}} }'
    machine = await town.machine(text)
    arn = await town.ended(await town.start(machine))
    path = f"executions/{id_of(arn)}/definition"

    before = (await town.page.get(path)).json
    await town.page.aws("UpdateStateMachine", stateMachineArn=machine, definition=json.dumps(WAIT))
    after = (await town.page.get(path)).json

    assert before["text"] == after["text"] == text
    assert before["revision"] == after["revision"]
    assert [shown["drifted"] for shown in (before, after)] == [False, True]


async def test_events_are_read_from_any_one_on(town: Town) -> None:
    machine = await town.machine(STEPS)
    arn = await town.ended(await town.start(machine, input={"a": 1}))
    path = f"executions/{id_of(arn)}/events"

    everything = (await town.page.get(path)).json
    window = (await town.page.get(f"{path}?from=3&limit=2&data=1")).json
    beyond = (await town.page.get(f"{path}?from=99")).json

    ids = [event["id"] for event in everything["events"]]
    assert ids == list(range(1, len(ids) + 1))
    assert [event["id"] for event in window["events"]] == [3, 4]
    assert window["next"] == 5
    assert beyond == {"events": []}
    entered = everything["events"][1]
    assert entered["type"] == "PassStateEntered"
    assert entered["details"] == {"name": "S0"}
    assert entered["cut"] == {"input": 8}
    assert window["events"][1]["details"]["input"] == '{"a": 1}'
    assert window["events"][1]["timestamp"] > 1_600_000_000_000


async def test_many_long_events_come_in_several_windows(town: Town) -> None:
    machine = await town.machine(STEPS)
    arn = await town.ended(await town.start(machine, input="x" * 200_000))
    path = f"executions/{id_of(arn)}/events"

    first = await town.page.get(f"{path}?data=1&limit=500")

    assert len(first.body) < 1_200_000
    assert 1 < len(first.json["events"]) < 22
    assert first.json["next"] == len(first.json["events"]) + 1
    cut = first.json["events"][1]
    assert len(cut["details"]["input"]) == 64 * 1024
    assert cut["cut"] == {"input": 200_002}


@pytest.mark.parametrize(
    "name", ["a.b", "ünï", "x" * 80, "\U0001f600", "order=7", "it's", "(a)", "a+b", "a@b"]
)
async def test_names_may_be_anything_that_aws_allows(town: Town, name: str) -> None:
    arn = await town.ended(await town.start(await town.machine(), name))

    shown = (await town.page.get(f"executions/{id_of(arn)}")).json
    listed = (await town.page.get(f"executions?name={quote(name)}")).json

    assert shown["name"] == name
    assert arn in [row["arn"] for row in listed["rows"]]
