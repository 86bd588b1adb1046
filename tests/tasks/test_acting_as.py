"""As whom tasks call Step Functions: as the role of their state machine, in the place where their execution is."""

from __future__ import annotations

import asyncio
import itertools
import json
import random
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, Final

import pytest
from msgspec import structs

from stepwright.api import dispatch, model
from stepwright.api.line import Line
from stepwright.api.own_calls import of_any_task
from stepwright.api.service import Service
from stepwright.asl.json_types import Json
from stepwright.asl.resource import parse as parse_resource
from stepwright.assembly.embedded import Embedded, activity_driver
from stepwright.catalog import callers
from stepwright.catalog.arns import Place
from stepwright.catalog.callers import Caller
from stepwright.engine.clock import SystemClock
from stepwright.engine.ports import ExecutionRef, StopRequest, Uid
from stepwright.engine.reports import Reports
from stepwright.mocks.test_cases import MockTestCases
from stepwright.sql.database import Database
from stepwright.sql.test_cases import SqlTestCases
from stepwright.tasks.calls.driver import CallDriver
from stepwright.tasks.calls.integration import Call, CallFailed
from stepwright.tasks.step_functions.integration import StepFunctions
from tests.tasks.start_tasks import start_task

ACCOUNT: Final = "123456789012"
HERE: Final = Place(ACCOUNT, "eu-west-1")
ROLE: Final = f"arn:aws:iam::{ACCOUNT}:role/service-role/orders"
OTHER_ROLE: Final = "arn:aws:iam::210987654321:role/shared"
START: Final = "arn:aws:states:::states:startExecution"
PASS: Final = {"StartAt": "A", "States": {"A": {"Type": "Pass", "End": True}}}
WAIT: Final = {"StartAt": "A", "States": {"A": {"Type": "Wait", "Seconds": 3600, "End": True}}}


class Asked:
    """Implements ``catalog.ports.Access``: keeps what it was asked, and forbids roles what is named in ``denied``."""

    def __init__(self) -> None:
        self.questions: list[tuple[Caller, str, str]] = []
        self.denied: set[str] = set()

    async def allows(self, caller: Caller, action: str, resource: str) -> bool:
        self.questions.append((caller, action, resource))
        return caller.role_arn is None or action not in self.denied

    def needs(self, action: str) -> str:  # noqa: ARG002
        return ""


class World:
    """``stepwright dev`` without HTTP: its API, and what carries its executions."""

    def __init__(self, here: Embedded, service: Service, line: Line, access: Asked) -> None:
        self.here = here
        self.access = access
        self._service = service
        self._line = line
        self._numbers = itertools.count()

    async def run(self) -> None:
        await asyncio.gather(self.here.run(), self._line.answer(of_any_task(self._service)))

    async def call(self, operation: str, **request: Any) -> dict[str, Any]:
        reply = await dispatch.dispatch(self._service, model.TARGET + operation, json.dumps(request).encode())
        answer: dict[str, Any] = json.loads(reply.body)
        assert reply.status == 200, answer
        return answer

    async def create(self, definition: Any, **more: Any) -> str:
        answer = await self.call(
            "CreateStateMachine",
            name=f"m{next(self._numbers)}",
            roleArn=ROLE,
            definition=json.dumps(definition),
            **more,
        )
        return str(answer["stateMachineArn"])

    async def ended(self, definition: Any) -> dict[str, Any]:
        """An execution called ``x``, once it is over. What it asked for has been asked for by then; nothing else was."""
        machine = await self.create(definition)
        self.access.questions.clear()
        arn = (await self.call("StartExecution", stateMachineArn=machine, name="x"))["executionArn"]
        del self.access.questions[0]
        await self.here.executions.until_ended(arn)
        asked = list(self.access.questions)
        answer = await self.call("DescribeExecution", executionArn=arn)
        self.access.questions = asked
        return answer


@asynccontextmanager
async def opened(folder: Path) -> AsyncIterator[World]:
    database = await Database.open(folder)
    clock, reports, line, access = SystemClock(), Reports(), Line(), Asked()
    work = activity_driver(database, reports)
    nested = CallDriver(StepFunctions(line, clock), clock, reports)
    here = Embedded(database, clock, (work, nested), reports, MockTestCases(SqlTestCases(database), None))
    numbers = random.Random(7)
    service = here.service(
        work,
        HERE,
        new_id=lambda: f"{numbers.getrandbits(32):08x}-0000-4000-8000-{numbers.getrandbits(48):012x}",
        chance=lambda: 0.5,
    )
    world = World(here, structs.replace(service, access=access), line, access)
    running = asyncio.create_task(world.run())
    try:
        yield world
    finally:
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)
        await nested.close()
        await here.machines.deletions.close()
        await database.close()


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[World]:
    async with opened(tmp_path) as made:
        yield made


def task(resource: str, parameters: Any, **fields: Any) -> dict[str, Any]:
    state = {"Type": "Task", "Resource": resource, "Parameters": parameters, "End": True, **fields}
    return {"StartAt": "Call", "States": {"Call": state}}


ORDERS: Final = Caller(ACCOUNT, role_arn=ROLE, session="x")


async def test_an_execution_is_started_by_the_role_of_the_one_that_starts_it(world: World) -> None:
    child = await world.create(PASS)

    answer = await world.ended(task(START, {"StateMachineArn": child}))

    assert answer["status"] == "SUCCEEDED"
    assert world.access.questions == [(ORDERS, "StartExecution", child)]


async def test_an_execution_that_is_waited_for_is_described_by_the_role_too(world: World) -> None:
    child = await world.create(PASS)

    answer = await world.ended(task(f"{START}.sync:2", {"StateMachineArn": child}))

    arn = json.loads(answer["output"])["ExecutionArn"]
    assert world.access.questions == [(ORDERS, "StartExecution", child), (ORDERS, "DescribeExecution", arn)]


async def test_what_the_role_may_not_do_fails_the_task_as_on_aws(world: World) -> None:
    child = await world.create(PASS)
    world.access.denied = {"StartExecution"}

    answer = await world.ended(task(START, {"StateMachineArn": child}))

    assert answer["error"] == "StepFunctions.AWSStepFunctionsException"
    assert answer["cause"].startswith(
        f"User: arn:aws:sts::{ACCOUNT}:assumed-role/orders/x is not authorized to perform: "
        f"states:StartExecution on resource: {child} (Service: AWSStepFunctions; Status Code: 400; "
        "Error Code: AccessDeniedException; Request ID: "
    )


async def test_an_operation_that_the_role_may_not_call_fails_in_the_words_of_the_newer_sdk(
    world: World,
) -> None:
    world.access.denied = {"ListActivities"}

    answer = await world.ended(task("arn:aws:states:::aws-sdk:sfn:listActivities", {}))

    assert (answer["status"], answer["error"]) == ("FAILED", "Sfn.SfnException")
    assert world.access.questions == [(ORDERS, "ListActivities", HERE.activity("*"))]


async def test_a_state_with_credentials_of_its_own_acts_as_their_role(world: World) -> None:
    child = await world.create(PASS)

    await world.ended(task(START, {"StateMachineArn": child}, Credentials={"RoleArn": OTHER_ROLE}))

    other = Caller("210987654321", role_arn=OTHER_ROLE, session="x")
    assert world.access.questions == [(other, "StartExecution", child)]


async def test_what_is_named_without_an_arn_is_where_the_execution_is(world: World) -> None:
    answer = await world.ended(task("arn:aws:states:::aws-sdk:sfn:createActivity", {"Name": "review"}))

    assert json.loads(answer["output"])["ActivityArn"] == HERE.activity("review")


async def test_an_express_execution_that_nobody_can_wait_for_is_not_started(world: World) -> None:
    """To find that out takes no right that the role would have to have."""
    child = await world.create(PASS, type="EXPRESS")

    answer = await world.ended(task(f"{START}.sync", {"StateMachineArn": child}))

    assert answer["error"] == "StepFunctions.StateMachineTypeNotSupportedException"
    assert world.access.questions == []


async def test_whoever_acts_is_known_after_a_restart(tmp_path: Path) -> None:
    async with opened(tmp_path) as world:
        machine = await world.create(WAIT)
        arn = (await world.call("StartExecution", stateMachineArn=machine, name="x"))["executionArn"]
    async with opened(tmp_path) as world:
        execution = await world.here.executions.execution(arn)
        assert execution is not None
        (taken_up,) = await world.here.journal.unsettled()
        await world.here.executions.stop(execution, StopRequest())

    assert callers.of_task(taken_up.ref) == ORDERS


def call(credentials: Json) -> Call:
    ref = ExecutionRef(Uid("u"), "local", "x", "m", arn=HERE.execution("m", "x"), role_arn=ROLE)
    return Call(ref, start_task(parse_resource(START), {}, credentials=credentials))


@pytest.mark.parametrize("credentials", [{}, {"RoleArn": 5}, {"RoleArn": ""}, "role"])
def test_credentials_that_name_no_role_are_not_taken_for_none(credentials: Json) -> None:
    with pytest.raises(CallFailed) as failed:
        _ = call(credentials).caller

    assert failed.value.error == "States.Runtime"
    assert failed.value.cause == "The Credentials of a task must name a role by its ARN (RoleArn)."


def test_a_role_that_is_no_arn_is_of_the_account_of_the_execution() -> None:
    assert call({"RoleArn": "admin"}).caller == Caller(ACCOUNT, role_arn="admin", session="x")
    assert call(None).caller == ORDERS
