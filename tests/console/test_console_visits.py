"""What an execution did, state by state, as the viewer reads it."""

from __future__ import annotations

import sys
from typing import Any
from urllib.parse import quote

import pytest

from tests.console.conftest import Town
from tests.console.pages import id_of

TASK = {"command": [sys.executable, "-c", "print(1 / 0)"]}
RETRIED: dict[str, Any] = {
    "StartAt": "Work",
    "States": {
        "Work": {
            "Type": "Task",
            "Resource": "k8s:job",
            "Parameters": {**TASK, "output": "stdout"},
            "Retry": [{"ErrorEquals": ["States.ALL"], "IntervalSeconds": 1, "MaxAttempts": 1}],
            "Catch": [{"ErrorEquals": ["States.ALL"], "ResultPath": "$.error", "Next": "Mend"}],
            "End": True,
        },
        "Mend": {"Type": "Pass", "Assign": {"mended": True}, "End": True},
    },
}
ORDERS: dict[str, Any] = {
    "StartAt": "Orders",
    "States": {
        "Orders": {
            "Type": "Map",
            "ItemProcessor": {
                "StartAt": "Ship",
                "States": {
                    "Ship": {
                        "Type": "Choice",
                        "Choices": [{"Variable": "$", "NumericEquals": 3, "Next": "Lost"}],
                        "Default": "Sent",
                    },
                    "Lost": {"Type": "Pass", "End": True},
                    "Sent": {"Type": "Pass", "End": True},
                },
            },
            "End": True,
        }
    },
}
SHIP = "/States/Orders/ItemProcessor/States/Ship"


async def run(town: Town, definition: Any, input: Any = None) -> str:
    """The path of an execution that has ended."""
    arn = await town.ended(await town.start(await town.machine(definition), input=input))
    return f"executions/{id_of(arn)}"


async def test_a_state_that_failed_twice_and_was_caught_is_one_visit(town: Town) -> None:
    path = await run(town, RETRIED, {"a": 1})

    visits = (await town.page.get(f"{path}/visits")).json["rows"]
    tallies = (await town.page.get(f"{path}/tallies")).json["tallies"]

    work, mend = visits
    assert work[1:4] == ["Work", "/States/Work", "Task"]
    assert work[6:9] == ["Caught", 2, "Job.Failed"]
    assert work[9:11] == [0, "StartAt"]
    assert [one[0] for one in work[14]] == [0, 1]
    assert mend[6:8] == ["Succeeded", 1]
    assert mend[9:11] == [work[0], "Catch/0/Next"]
    assert tallies["/States/Work"]["Caught"]["count"] == 1
    assert tallies["/States/Work"]["Caught"]["retries"] == 1
    assert tallies["/States/Mend"] == {"Succeeded": {"count": 1}} | tallies["/States/Mend"]


async def test_each_attempt_is_told_with_what_went_in_and_came_out(town: Town) -> None:
    path = await run(town, RETRIED, {"a": 1})
    [work, mend] = (await town.page.get(f"{path}/visits")).json["rows"]

    data = (await town.page.get(f"{path}/visits/{work[0]}/data")).json
    mended = (await town.page.get(f"{path}/visits/{mend[0]}/data")).json

    assert data["input"]["text"] == '{"a": 1}'
    assert [attempt["error"] for attempt in data["attempts"]] == ["Job.Failed", "Job.Failed"]
    assert all("ZeroDivisionError" in attempt["cause"]["text"] for attempt in data["attempts"])
    assert '"command"' in data["attempts"][0]["parameters"]["text"]
    assert '"error"' in data["output"]["text"]
    assert data["events"][0] == work[0]
    assert "complete" not in data  # it is
    assert mended["variables"] == {"mended": {"text": "true", "bytes": 4}}


async def test_iterations_are_listed_and_their_visits_found(town: Town) -> None:
    path = await run(town, ORDERS, [1, 2, 3, 4])
    visits = (await town.page.get(f"{path}/visits")).json["rows"]
    of = next(visit[0] for visit in visits if visit[1] == "Orders")

    iterations = (await town.page.get(f"{path}/iterations?of={of}&limit=3")).json
    rest = (await town.page.get(f"{path}/iterations?of={of}&cursor={iterations['next']}")).json
    third = (await town.page.get(f"{path}/visits?under={quote('Orders[2]')}")).json["rows"]
    tallies = (await town.page.get(f"{path}/tallies?under={quote('Orders[2]')}")).json["tallies"]
    at_ship = (await town.page.get(f"{path}/visits?pointer={quote(SHIP)}&limit=2")).json

    assert [row[0] for row in iterations["rows"] + rest["rows"]] == [0, 1, 2, 3]
    assert iterations["counts"] == {"Succeeded": 4}
    assert iterations["rows"][2][7].endswith("/States/Lost")
    assert [visit[1] for visit in third] == ["Orders[2]/Ship", "Orders[2]/Lost"]
    assert third[1][9:13] == [third[0][0], "Choices/0/Next", of, 2]
    assert set(tallies) == {SHIP, "/States/Orders/ItemProcessor/States/Lost"}
    assert len(at_ship["rows"]) == 2
    assert at_ship["next"] == at_ship["rows"][-1][0]


async def test_what_comes_out_of_a_map_is_found_however_much_lies_between(town: Town) -> None:
    path = await run(town, ORDERS, list(range(500)))

    data = (await town.page.get(f"{path}/visits/2/data")).json

    assert data["output"]["text"].startswith("[0,1,2,3,")
    assert data["output"]["text"].endswith(",499]")
    assert "complete" not in data  # it is
    assert (await town.page.get(f"{path}/events?from=2900&limit=1")).json[
        "events"
    ]  # more than are looked through


async def test_visits_after_child_executions_have_their_data(town: Town) -> None:
    """Their ids are none of events."""
    item = {"StartAt": "Ship", "States": {"Ship": {"Type": "Pass", "End": True}}}
    processor = {**item, "ProcessorConfig": {"Mode": "DISTRIBUTED", "ExecutionType": "STANDARD"}}
    states = {
        "Orders": {"Type": "Map", "ItemProcessor": processor, "Next": "Sum"},
        "Sum": {"Type": "Pass", "Result": 7, "End": True},
    }
    path = await run(town, {"StartAt": "Orders", "States": states}, [1, 2, 3])
    [orders, total] = (await town.page.get(f"{path}/visits")).json["rows"]

    of_map = (await town.page.get(f"{path}/visits/{orders[0]}/data")).json
    data = (await town.page.get(f"{path}/visits/{total[0]}/data")).json

    assert of_map["output"]["text"] == data["input"]["text"] == "[1,2,3]"
    assert data["output"]["text"] == "7"
    assert data["events"][0] != total[0]


async def test_visits_come_in_windows(town: Town) -> None:
    path = await run(town, ORDERS, list(range(30)))

    everything = (await town.page.get(f"{path}/visits")).json["rows"]
    found: list[Any] = []
    after: int | None = 0
    while after is not None:
        window = (await town.page.get(f"{path}/visits?after={after}&limit=7")).json
        found += window["rows"]
        after = window.get("next")
    between = (await town.page.get(f"{path}/visits?after={found[3][0]}&before={found[6][0]}")).json

    assert found == everything
    assert between == {"rows": found[4:6]}


async def test_the_state_of_a_moment_is_told(town: Town) -> None:
    path = await run(town, RETRIED)
    [work, _] = (await town.page.get(f"{path}/visits")).json["rows"]

    then = (await town.page.get(f"{path}/tallies?at={work[4]}")).json["tallies"]

    assert set(then) == {"/States/Work"}
    assert set(then["/States/Work"]) == {"Running"}


@pytest.mark.parametrize("visit", ["1", "0", "99", "x", "-1", "2.0", "%2e%2e", "9" * 30])
async def test_what_is_no_visit_is_not_shown(town: Town, visit: str) -> None:
    path = await run(town, ORDERS, [])

    got = await town.page.get(f"{path}/visits/{visit}/data")

    assert got.code in ((404, "NoSuchVisit"), (400, "ValidationException"))
