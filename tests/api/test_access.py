"""Each request is decided upon once, for who calls and what it is about, before anything is looked up."""

from __future__ import annotations

import asyncio
import json
import re
import time
from typing import Any

import pytest
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

from stepwright.api import dispatch, model, server
from stepwright.api.admission import CONTENT_TYPE
from stepwright.api.operations import OPERATIONS
from stepwright.api.regions import Regions
from stepwright.api.signatures import Key
from stepwright.asl.signals import Millis
from stepwright.catalog.callers import Caller
from stepwright.http import listening
from stepwright.http.names import Names
from tests.api.services import ACCOUNT, service

HERE = f"arn:aws:states:us-east-1:{ACCOUNT}"
THERE = "arn:aws:states:eu-west-1:210987654321"
MACHINE = f"{THERE}:stateMachine:m"
EXECUTION = f"{THERE}:execution:m:e"
ACTIVITY = f"{THERE}:activity:a"
MAP_RUN = f"{THERE}:mapRun:m/l:r"
ROLE = f"arn:aws:iam::{ACCOUNT}:role/r"
NEW: dict[str, Any] = {"name": "new", "definition": "{}", "roleArn": ROLE}
ROUTES = [{"stateMachineVersionArn": f"{MACHINE}:3", "weight": 100}]

ABOUT: dict[str, tuple[dict[str, Any], str]] = {
    "CreateStateMachine": (NEW, f"{HERE}:stateMachine:new"),
    "DescribeStateMachine": ({"stateMachineArn": f"{MACHINE}:1"}, f"{MACHINE}:1"),
    "DescribeStateMachineForExecution": ({"executionArn": EXECUTION}, EXECUTION),
    "ListStateMachines": ({}, f"{HERE}:stateMachine:*"),
    "UpdateStateMachine": ({"stateMachineArn": MACHINE}, MACHINE),
    "DeleteStateMachine": ({"stateMachineArn": MACHINE}, MACHINE),
    "ValidateStateMachineDefinition": ({"definition": "{}"}, f"{HERE}:stateMachine:*"),
    "TestState": ({"definition": "{}"}, f"{HERE}:stateMachine:*"),
    "PublishStateMachineVersion": ({"stateMachineArn": MACHINE}, MACHINE),
    "ListStateMachineVersions": ({"stateMachineArn": MACHINE}, MACHINE),
    "DeleteStateMachineVersion": ({"stateMachineVersionArn": f"{MACHINE}:3"}, f"{MACHINE}:3"),
    "CreateStateMachineAlias": ({"name": "live", "routingConfiguration": ROUTES}, f"{MACHINE}:live"),
    "DescribeStateMachineAlias": ({"stateMachineAliasArn": f"{MACHINE}:live"}, f"{MACHINE}:live"),
    "UpdateStateMachineAlias": ({"stateMachineAliasArn": f"{MACHINE}:live"}, f"{MACHINE}:live"),
    "ListStateMachineAliases": ({"stateMachineArn": MACHINE}, MACHINE),
    "DeleteStateMachineAlias": ({"stateMachineAliasArn": f"{MACHINE}:live"}, f"{MACHINE}:live"),
    "StartExecution": ({"stateMachineArn": f"{MACHINE}:live#Happy"}, f"{MACHINE}:live"),
    "StartSyncExecution": ({"stateMachineArn": MACHINE}, MACHINE),
    "DescribeExecution": ({"executionArn": EXECUTION}, EXECUTION),
    "ListExecutions": ({"stateMachineArn": MACHINE}, MACHINE),
    "StopExecution": ({"executionArn": EXECUTION}, EXECUTION),
    "RedriveExecution": ({"executionArn": EXECUTION}, EXECUTION),
    "GetExecutionHistory": ({"executionArn": EXECUTION}, EXECUTION),
    "DescribeMapRun": ({"mapRunArn": MAP_RUN}, MAP_RUN),
    "ListMapRuns": ({"executionArn": EXECUTION}, EXECUTION),
    "UpdateMapRun": ({"mapRunArn": MAP_RUN}, MAP_RUN),
    "CreateActivity": ({"name": "new"}, f"{HERE}:activity:new"),
    "DescribeActivity": ({"activityArn": ACTIVITY}, ACTIVITY),
    "ListActivities": ({}, f"{HERE}:activity:*"),
    "DeleteActivity": ({"activityArn": ACTIVITY}, ACTIVITY),
    "GetActivityTask": ({"activityArn": ACTIVITY}, ACTIVITY),
    "SendTaskSuccess": ({"taskToken": "t", "output": "{}"}, f"{HERE}:execution:*:*"),
    "SendTaskFailure": ({"taskToken": "t"}, f"{HERE}:execution:*:*"),
    "SendTaskHeartbeat": ({"taskToken": "t"}, f"{HERE}:execution:*:*"),
    "TagResource": ({"resourceArn": ACTIVITY, "tags": []}, ACTIVITY),
    "UntagResource": ({"resourceArn": MACHINE, "tagKeys": []}, MACHINE),
    "ListTagsForResource": ({"resourceArn": MACHINE}, MACHINE),
}
"""By operation: a request, and what it is about."""


class Asked:
    """Decides by ``allowed`` and keeps what it was asked."""

    def __init__(self, *allowed: Caller) -> None:
        self.questions: list[tuple[Caller, str, str]] = []
        self._allowed = allowed

    async def allows(self, caller: Caller, action: str, resource: str) -> bool:
        self.questions.append((caller, action, resource))
        return caller in self._allowed

    def needs(self, action: str) -> str:  # noqa: ARG002
        return ""


class Clock:
    def now(self) -> Millis:
        return Millis(int(time.time() * 1000))


async def test_where_a_redrive_goes_on_takes_a_right_of_its_own() -> None:
    class Redriving(Asked):
        async def allows(self, caller: Caller, action: str, resource: str) -> bool:
            await super().allows(caller, action, resource)
            return action == "RedriveExecution"

    access = Redriving()
    asked = {"executionArn": EXECUTION, "from": {"state": "Ship"}}
    reply = await dispatch.dispatch(
        service(access=access), f"{model.TARGET}RedriveExecution", json.dumps(asked).encode()
    )

    assert [action for _, action, _ in access.questions] == ["RedriveExecution", "RedriveExecutionFrom"]
    assert (reply.status, reply.error) == (400, "AccessDeniedException")
    assert b"states:RedriveExecutionFrom" in reply.body


@pytest.mark.parametrize("operation", sorted(OPERATIONS))
async def test_each_operation_is_decided_upon_for_what_it_is_about(operation: str) -> None:
    request, about = ABOUT[operation]
    access = Asked()

    # There are no ports: whatever would be looked up for it would end in an error of another kind.
    reply = await dispatch.dispatch(
        service(access=access), model.TARGET + operation, json.dumps(request).encode()
    )

    assert access.questions == [(Caller(ACCOUNT), operation, about)]
    assert (reply.status, reply.error) == (400, "AccessDeniedException")
    assert json.loads(reply.body)["message"] == (
        f"User: an access key of account {ACCOUNT} is not authorized to perform: states:{operation} "
        f"on resource: {about}"
    )


async def test_child_executions_are_listed_by_whoever_may_list_those_of_their_map_run() -> None:
    access = Asked()

    await dispatch.dispatch(
        service(access=access), f"{model.TARGET}ListExecutions", json.dumps({"mapRunArn": MAP_RUN}).encode()
    )

    assert [resource for _, _, resource in access.questions] == [MAP_RUN]


@pytest.mark.parametrize("body", [b"{", b"[]", b"{}", b'{"executionArn": 1}'])
async def test_a_request_that_does_not_fit_is_not_decided_upon(body: bytes) -> None:
    access = Asked()

    reply = await dispatch.dispatch(service(access=access), f"{model.TARGET}DescribeExecution", body)

    assert reply.error in ("SerializationException", "ValidationException")
    assert access.questions == []


# --- Who calls, and where ---------------------------------------------------------------------------------------------

SHOP, BANK = Caller("111111111111", "SHOP"), Caller("222222222222", "BANK")
KEYS = {"SHOP": Key("secret of the shop", SHOP), "BANK": Key("secret of the bank", BANK)}


def signed(key: str, region: str, port: int) -> bytes:
    url = f"http://127.0.0.1:{port}/"
    headers = {
        "X-Amz-Target": "AWSStepFunctions.ListActivities",
        "Host": f"127.0.0.1:{port}",
        "Content-Type": CONTENT_TYPE,
    }
    request = AWSRequest("POST", url, data=b"{}", headers=headers)
    SigV4Auth(Credentials(key, KEYS[key].secret), "states", region).add_auth(request)
    lines = "".join(f"{name}: {value}\r\n" for name, value in request.headers.items())
    return f"POST / HTTP/1.1\r\n{lines}Content-Length: 2\r\n\r\n{{}}".encode()


async def test_each_request_is_of_the_caller_whose_key_it_is_signed_with() -> None:
    access = Asked()
    own = service(access=access, clock=Clock())
    senders = server.BySignature(own.caller, Regions("us-east-1", fixed=False), own.clock, KEYS)
    handler = server.handler(server.sharing(own), senders, Names.of())
    web, port = await listening.start(handler, ["127.0.0.1"], 0)
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    answers = []
    try:
        for key, region in (("SHOP", "eu-west-1"), ("BANK", "us-east-1"), ("SHOP", "!")):
            writer.write(signed(key, region, port))
            answers.append(await asyncio.wait_for(reader.readuntil(b"}"), 60))
    finally:
        writer.close()
        await web.cleanup()

    assert access.questions == [
        (SHOP, "ListActivities", "arn:aws:states:eu-west-1:111111111111:activity:*"),
        (BANK, "ListActivities", "arn:aws:states:us-east-1:222222222222:activity:*"),
        (SHOP, "ListActivities", "arn:aws:states:us-east-1:111111111111:activity:*"),
    ]
    assert [re.findall(rb"User: (\w+) is not authorized", answer) for answer in answers] == [
        [b"SHOP"],
        [b"BANK"],
        [b"SHOP"],
    ]
