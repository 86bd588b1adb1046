"""What an editor has to know of a state machine beside what AWS's API tells, and which of them cannot run."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from tests.api.conftest import PASS
from tests.console.conftest import Town
from tests.console.pages import Page, id_of
from tests.processes.dev import ROLE

UNSERVED: Mapping[str, Any] = {
    "StartAt": "Deliver",
    "States": {"Deliver": {"Type": "Task", "Resource": "acme:deliver", "End": True}},
}


async def test_of_a_machine_that_nothing_else_keeps_it_is_told_what_one_may_do_with_it(
    page: Page, town: Town
) -> None:
    machine = await town.machine()

    told = (await page.get(f"machines/{id_of(machine)}")).json

    assert told == {"may": ["UpdateStateMachine", "DeleteStateMachine", "StartExecution"]}


async def test_only_machines_are_told_of(page: Page, town: Town) -> None:
    machine = await town.machine()

    assert (await page.get(f"machines/{id_of(machine + 'x')}")).code == (404, "StateMachineDoesNotExist")
    assert (await page.get("machines/nonsense")).code == (400, "InvalidArn")
    assert (await page.get(f"machines/{id_of(await town.start(machine))}")).code == (400, "InvalidArn")


async def test_a_machine_that_calls_what_nothing_runs_is_not_ready_and_its_place_is_told(
    page: Page, town: Town
) -> None:
    broken = await town.machine(UNSERVED)
    unready = (await page.get(f"machines/{id_of(broken)}")).json["unready"]

    assert unready["reason"] == "NO_DRIVER"
    assert "acme:deliver" in unready["message"]
    assert unready["pointer"] == "/States/Deliver/Resource"


async def test_machines_that_are_not_ready_are_listed_until_they_are_mended(page: Page) -> None:
    place = {"region": "sa-east-1"}
    before = (await page.get("machines?region=sa-east-1")).json
    assert before == {"count": 0, "unready": []}
    made = {}
    for name, definition in (("fine", PASS), ("broken", UNSERVED)):
        answer = await page.post(
            f"aws/CreateStateMachine?region={place['region']}",
            {"name": name, "roleArn": ROLE, "definition": json.dumps(definition)},
        )
        made[name] = answer.json["stateMachineArn"]

    listed = (await page.get("machines?region=sa-east-1")).json
    assert listed["count"] == 2
    assert [(each["name"], each["arn"]) for each in listed["unready"]] == [("broken", made["broken"])]

    await page.aws("UpdateStateMachine", stateMachineArn=made["broken"], definition=json.dumps(PASS))
    assert (await page.get("machines?region=sa-east-1")).json == {"count": 2, "unready": []}


async def test_of_somebody_elses_account_nothing_is_listed(page: Page) -> None:
    assert (await page.get("machines?ns=999999999999")).code == (400, "ValidationException")


async def test_a_server_without_a_cluster_has_express_machines_and_roles_that_are_no_accounts(
    page: Page,
) -> None:
    features = (await page.begin())["features"]

    assert features["express"] is True
    assert "accounts" not in features
