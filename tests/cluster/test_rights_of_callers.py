"""Who may do what: each operation takes the rights that its row says, and what nobody has the right to looks like what is missing."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from stepwright.api.operations import OPERATIONS
from stepwright.api.operations.executions import REDRIVE_FROM
from stepwright.catalog.callers import Caller, User
from stepwright.cluster import access
from stepwright.cluster.access import RIGHTS, Access
from stepwright.cluster.places import Places, account_of
from stepwright.console import logs
from stepwright.engine.ports import Unavailable
from stepwright.kube.api import Api
from tests.kube.server import Server, problem, says, serving

ACCOUNT = account_of("shop")
HERE = f"arn:aws:states:us-east-1:{ACCOUNT}"
MACHINE = f"{HERE}:stateMachine:order"
EXECUTION = f"{HERE}:execution:order:one"
DANA = Caller(ACCOUNT, user=User("dana", "1", ("staff",)))
YES, NO = says(201, {"status": {"allowed": True}}), says(201, {"status": {"allowed": False}})


class Time:
    now = 1_000.0

    def __call__(self) -> float:
        return self.now


def access_to(api: Api, time: Time | None = None) -> Access:
    return Access(api, Places(api, namespaces=["shop"]), time or Time())


def asked(server: Server) -> list[tuple[str, str, str, str]]:
    questions = [json.loads(body)["spec"] for body in server.bodies]
    assert {(question["user"], *question["groups"]) for question in questions} <= {("dana", "staff")}
    found = [question["resourceAttributes"] for question in questions]
    parts = [(each["resource"], each["subresource"]) for each in found]
    resources = ["/".join(filter(None, part)) for part in parts]
    return [
        (each["verb"], resource, each["namespace"], each["name"])
        for each, resource in zip(found, resources, strict=True)
    ]


def about(operation: str) -> str:
    """What a request of it is about (``api.subjects``)."""
    of_executions = {right.resource for right in RIGHTS[operation]} <= {
        "executions",
        "executionhistories",
        "pods/log",
    }
    return EXECUTION if of_executions and operation != "ListExecutions" else MACHINE


@pytest.mark.parametrize("operation", sorted(RIGHTS))
async def test_an_operation_takes_all_of_its_rights(tmp_path: Path, operation: str) -> None:
    async with serving(tmp_path, YES) as (server, api):
        assert await access_to(api).allows(DANA, operation, about(operation))
        assert asked(server) == [(right.verb, right.resource, "shop", "") for right in RIGHTS[operation]]
    for lacking in range(len(RIGHTS[operation])):
        on_machine = RIGHTS[operation][lacking].on_machine and about(operation) == MACHINE
        answers = [*[YES] * lacking, NO, *([NO] if on_machine else [])]
        async with serving(tmp_path, *answers) as (server, api):
            assert not await access_to(api).allows(DANA, operation, about(operation))
            assert len(server.requests) == len(answers)


def test_each_operation_that_is_served_has_a_row() -> None:
    assert set(RIGHTS) - {logs.RIGHT, REDRIVE_FROM} <= set(OPERATIONS)


async def test_a_right_may_be_given_for_one_state_machine(tmp_path: Path) -> None:
    async with serving(tmp_path, YES, NO, YES) as (server, api):
        assert await access_to(api).allows(DANA, "StartExecution", MACHINE)
        assert asked(server) == [
            ("create", "executions", "shop", ""),
            ("start", "statemachines", "shop", ""),
            ("start", "statemachines", "shop", "order"),
        ]


@pytest.mark.parametrize(
    "resource",
    [
        MACHINE.replace(ACCOUNT, "000000000001"),
        MACHINE.replace(ACCOUNT, "bank"),
        MACHINE.replace(ACCOUNT, ""),
        MACHINE.replace(ACCOUNT, "../shop"),
        MACHINE.replace(ACCOUNT, "bank%2f..%2fshop"),
        MACHINE.replace(ACCOUNT, "\u0455hop"),  # its first letter is Cyrillic
        MACHINE.replace("us-east-1", "eu-west-1"),
        MACHINE.replace("states", "lambda"),
        "order",
        "",
    ],
)
async def test_of_what_is_nobodys_nobody_may_do_anything(tmp_path: Path, resource: str) -> None:
    async with serving(tmp_path, YES) as (server, api):
        assert not await access_to(api).allows(DANA, "DescribeStateMachine", resource)
        assert server.requests == []


async def test_without_a_name_or_a_row_there_is_no_right(tmp_path: Path) -> None:
    async with serving(tmp_path, YES) as (server, api):
        assert not await access_to(api).allows(Caller(ACCOUNT), "DescribeStateMachine", MACHINE)
        assert not await access_to(api).allows(DANA, "SendTaskSuccess", MACHINE)
        assert server.requests == []


async def test_the_name_of_a_namespace_may_stand_for_its_account(tmp_path: Path) -> None:
    async with serving(tmp_path, YES) as (server, api):
        named = "arn:aws:states:kubernetes:shop:stateMachine:order"
        assert await access_to(api).allows(DANA, "DescribeStateMachine", named)
        assert [question[2] for question in asked(server)] == ["shop"]


async def test_answers_are_remembered_a_right_for_longer_than_a_refusal(tmp_path: Path) -> None:
    time = Time()
    async with serving(tmp_path, YES) as (server, api):
        rights = access_to(api, time)
        for _ in range(3):
            assert await rights.allows(DANA, "ListStateMachines", MACHINE)
        assert len(server.requests) == 1
        time.now += access.ALLOWED_SECONDS
        assert await rights.allows(DANA, "ListStateMachines", MACHINE)
        assert len(server.requests) == 2
    async with serving(tmp_path, NO) as (server, api):
        rights = access_to(api, time)
        for seconds, questions in ((0.0, 1), (1.0, 1), (access.REFUSED_SECONDS, 2)):
            time.now += seconds
            assert not await rights.allows(DANA, "ListStateMachines", MACHINE)
            assert len(server.requests) == questions


async def test_a_token_that_may_less_is_not_taken_for_one_of_the_same_user_that_may_more(
    tmp_path: Path,
) -> None:
    scopes: Any = {"scopes.authorization.openshift.io": ("user:info",)}
    of_token: Any = {"authentication.kubernetes.io/credential-id": ("JTI=1",)}
    async with serving(tmp_path, YES, NO) as (server, api):
        rights = access_to(api)
        for extra, may in (({}, True), (of_token, True), (scopes, False)):
            caller = Caller(ACCOUNT, user=User("dana", "1", ("staff",), extra))
            assert await rights.allows(caller, "ListStateMachines", MACHINE) is may
        assert len(server.requests) == 2


async def test_nobody_may_while_nobody_can_be_asked(tmp_path: Path) -> None:
    async with serving(tmp_path, problem(500, "InternalError"), YES) as (_, api):
        rights = access_to(api)
        with pytest.raises(Unavailable):
            await rights.allows(DANA, "ListStateMachines", MACHINE)
        assert await rights.allows(DANA, "ListStateMachines", MACHINE)
