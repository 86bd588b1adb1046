"""A service without versions, Map Runs, activities, Express executions and answers, as in a cluster: whatever asks for them is
refused in plain words."""

from __future__ import annotations

import json
from functools import partial
from typing import Any

import pytest

from stepwright.api import dispatch, model
from stepwright.api.operations.executions import CALLED_IN_A_CLUSTER
from stepwright.asl.signals import Millis
from stepwright.catalog.arns import Place
from stepwright.catalog.records import Revision, StateMachine
from stepwright.tasks import table
from stepwright.tasks.step_functions.resources import IN_A_CLUSTER
from tests.api.services import ACCOUNT, service

PLACE = Place(ACCOUNT, "us-east-1")
MACHINE, EXPRESS = PLACE.state_machine("order"), PLACE.state_machine("quick")
ACTIVITY = PLACE.activity("a")
MAP_RUN = f"arn:aws:states:us-east-1:{ACCOUNT}:mapRun:order/each:1"
ROLE = f"arn:aws:iam::{ACCOUNT}:role/r"
TASK = {"Type": "Task", "Resource": "arn:aws:states:::lambda:invoke", "End": True}


class Clock:
    def now(self) -> Millis:
        return Millis(1_800_000_000_000)


class Machines:
    async def machine(self, arn: str) -> StateMachine | None:
        revision = Revision("r1", "{}", "role", Millis(0))
        if arn not in (MACHINE, EXPRESS):
            return None
        name = arn.rpartition(":")[2]
        return StateMachine(arn, name, "EXPRESS" if arn == EXPRESS else "STANDARD", Millis(0), revision)


NOT_SERVED: dict[str, dict[str, Any]] = {
    "CreateActivity": {"name": "new"},
    "ListActivities": {},
    "DescribeActivity": {"activityArn": ACTIVITY},
    "SendTaskSuccess": {"taskToken": "t", "output": "{}"},
    "SendTaskHeartbeat": {"taskToken": "t"},
    "PublishStateMachineVersion": {"stateMachineArn": MACHINE},
    "ListStateMachineVersions": {"stateMachineArn": MACHINE},
    "DescribeStateMachineAlias": {"stateMachineAliasArn": f"{MACHINE}:live"},
    "StartSyncExecution": {"stateMachineArn": EXPRESS},
}


async def asked(operation: str, request: dict[str, Any]) -> tuple[str | None, str]:
    here = service(
        machines=Machines(),
        clock=Clock(),
        chance=lambda: 0.0,
        new_id=lambda: "id",
        new_task_check=partial(table.check_for, {}, "operator"),
        where=" in a cluster",
    )
    reply = await dispatch.dispatch(here, model.TARGET + operation, json.dumps(request).encode())
    return reply.error, json.loads(reply.body).get("message", "")


@pytest.mark.parametrize("operation", NOT_SERVED)
async def test_what_is_about_nothing_that_is_here_is_said_not_to_be_served(operation: str) -> None:
    assert await asked(operation, NOT_SERVED[operation]) == (
        "UnknownOperationException",
        f"Stepwright does not serve the operation {operation} in a cluster yet",
    )


@pytest.mark.parametrize(
    ("operation", "request_", "code", "message"),
    [
        (
            "StartExecution",
            {"stateMachineArn": EXPRESS},
            "ValidationException",
            "Express executions are not served in a cluster yet: use a state machine of the type Standard",
        ),
        (
            "StartExecution",
            {"stateMachineArn": f"{MACHINE}:live"},
            "StateMachineDoesNotExist",
            f"State Machine Does Not Exist: '{MACHINE}:live'",
        ),
        (
            "DescribeStateMachine",
            {"stateMachineArn": f"{MACHINE}:1"},
            "StateMachineDoesNotExist",
            f"State Machine Does Not Exist: '{MACHINE}:1'",
        ),
        ("ListExecutions", {"mapRunArn": MAP_RUN}, "ResourceNotFound", f"Resource not found: '{MAP_RUN}'"),
        (
            "ListTagsForResource",
            {"resourceArn": ACTIVITY},
            "ResourceNotFound",
            f"Resource not found: '{ACTIVITY}'",
        ),
    ],
)
async def test_what_could_be_here_is_not_found(
    operation: str, request_: dict[str, Any], code: str, message: str
) -> None:
    assert await asked(operation, request_) == (code, message)


async def test_a_state_that_calls_is_tested_with_a_mock() -> None:
    definition = json.dumps(TASK | {"Arguments": {"FunctionName": "f"}, "QueryLanguage": "JSONata"})

    code, message = await asked("TestState", {"definition": definition, "roleArn": ROLE})

    assert (code, message) == ("ValidationException", "TestState calls no tasks in a cluster: give it a mock")


def test_what_tasks_call_in_a_cluster_has_what_it_works_with() -> None:
    named = {name.partition(".")[0] for name in IN_A_CLUSTER}

    assert {f"{name[:1].upper()}{name[1:]}" for name in named} == set(CALLED_IN_A_CLUSTER)
