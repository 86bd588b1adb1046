"""AWS's operations from a page: what SDKs get, without a signature."""

from __future__ import annotations

import json

import pytest

from tests.api.conftest import PASS
from tests.console.pages import API, Page
from tests.processes.dev import ROLE, DevProcess


async def test_what_a_page_makes_an_sdk_sees(page: Page, console_dev: DevProcess) -> None:
    made = await page.aws("CreateStateMachine", name="by-page", roleArn=ROLE, definition=json.dumps(PASS))
    started = await page.aws("StartExecution", stateMachineArn=made["stateMachineArn"], name="one")

    client = console_dev.client()
    listed = client.list_executions(stateMachineArn=made["stateMachineArn"])["executions"]
    client.close()

    assert [one["executionArn"] for one in listed] == [started["executionArn"]]


async def test_errors_are_aws_own_in_the_consoles_form(page: Page) -> None:
    arn = "arn:aws:states:us-east-1:123456789012:stateMachine:nowhere"

    got = await page.post("aws/DescribeStateMachine", {"stateMachineArn": arn})

    assert got.status == 400
    assert got.json == {
        "code": "StateMachineDoesNotExist",
        "message": f"State Machine Does Not Exist: '{arn}'",
    }


@pytest.mark.parametrize(
    ("operation", "body", "code"),
    [
        ("DescribeStateMachine", b"{}", (400, "ValidationException")),
        ("DescribeStateMachine", b"{", (400, "SerializationException")),
        ("DescribeStateMachine", b"[]", (400, "SerializationException")),
        ("Nothing", b"{}", (400, "UnknownOperationException")),
        ("%2e%2e%2fme", b"{}", (400, "UnknownOperationException")),
        ("ListStateMachines/x", b"{}", (404, "NoSuchRoute")),
        ("", b"{}", (400, "UnknownOperationException")),
    ],
)
async def test_what_is_no_request_is_refused(
    page: Page, operation: str, body: bytes, code: tuple[int, str]
) -> None:
    assert (await page.post(f"aws/{operation}", body)).code == code


async def test_things_are_where_the_page_says(page: Page) -> None:
    """Where no ARN does: each region has things of its own."""
    request = {"name": "there", "roleArn": ROLE, "definition": json.dumps(PASS)}
    made = await page.post("aws/CreateStateMachine?region=eu-west-1", request)

    assert made.json["stateMachineArn"] == "arn:aws:states:eu-west-1:123456789012:stateMachine:there"
    here = await page.aws("ListStateMachines")
    assert made.json["stateMachineArn"] not in [one["stateMachineArn"] for one in here["stateMachines"]]


@pytest.mark.parametrize("query", ["region=eu-west-1&region=us-east-1", "regoin=eu-west-1"])
async def test_parameters_that_are_not_known_are_refused(page: Page, query: str) -> None:
    assert (await page.post(f"aws/ListStateMachines?{query}")).code == (400, "ValidationException")


async def test_too_long_a_request_is_refused_before_it_is_read(page: Page) -> None:
    headers: dict[str, str | None] = {
        "Content-Type": "application/json",
        "Content-Length": str(9 * 1024 * 1024),
        "X-Stepwright-Console": page.token,
    }

    got = await page.ask("POST", f"{API}aws/ListStateMachines", headers=headers)

    assert got.code == (413, "RequestEntityTooLargeException")


async def test_only_the_methods_of_a_route_are_served(page: Page) -> None:
    assert (await page.get("aws/ListStateMachines")).code == (405, "MethodNotAllowed")
    assert (await page.post("me")).code == (405, "MethodNotAllowed")
