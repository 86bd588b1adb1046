"""Requests that are wrong: AWS's own exceptions, never an internal error."""

from __future__ import annotations

import http.client
import json
import socket
from collections.abc import Callable
from typing import Any

import pytest
from botocore.exceptions import ClientError

from stepwright.api.admission import CONTENT_TYPE
from tests.api.test_state_machines import refusal
from tests.processes.dev import ROLE, DevProcess

LIST = "AWSStepFunctions.ListStateMachines"
CREATE = "AWSStepFunctions.CreateStateMachine"


def post(dev: DevProcess, target: str | None, body: bytes) -> tuple[int, dict[str, Any], Any]:
    connection = http.client.HTTPConnection("127.0.0.1", dev.port, timeout=20)
    try:
        headers = {"Content-Type": CONTENT_TYPE} | ({} if target is None else {"X-Amz-Target": target})
        connection.request("POST", "/", body, headers)
        response = connection.getresponse()
        return response.status, json.loads(response.read()), response.headers
    finally:
        connection.close()


@pytest.mark.parametrize(
    ("target", "body", "code"),
    [
        pytest.param(None, b"{}", "UnknownOperationException", id="no target"),
        pytest.param("AWSStepFunctions.Nothing", b"{}", "UnknownOperationException", id="unknown operation"),
        pytest.param("ListStateMachines", b"{}", "UnknownOperationException", id="target without a prefix"),
        pytest.param("Other.ListStateMachines", b"{}", "UnknownOperationException", id="another service"),
        pytest.param(LIST, b"{", "SerializationException", id="half of a body"),
        pytest.param(LIST, b"[]", "SerializationException", id="a list"),
        pytest.param(LIST, b"\xff\xfe", "SerializationException", id="not UTF-8"),
        pytest.param(LIST, b"[" * 100_000, "SerializationException", id="deeply nested"),
        pytest.param(LIST, b'{"maxResults": "1"}', "SerializationException", id="a text for a number"),
        pytest.param(LIST, b'{"maxResults": true}', "SerializationException", id="a boolean for a number"),
        pytest.param(LIST, b'{"maxResults": {}}', "SerializationException", id="an object for a number"),
        pytest.param(CREATE, b'{"tags": {}}', "SerializationException", id="an object for a list"),
        pytest.param(CREATE, b"{}", "ValidationException", id="nothing"),
        pytest.param(CREATE, b'{"name": null}', "ValidationException", id="null"),
    ],
)
def test_a_malformed_request_is_refused(dev: DevProcess, target: str, body: bytes, code: str) -> None:
    status, answer, headers = post(dev, target, body)

    assert (status, answer["__type"]) == (400, code)
    assert headers["x-amzn-ErrorType"] == code
    assert headers["Content-Type"] == "application/x-amz-json-1.0"
    assert len(headers["x-amzn-RequestId"]) == 36


def test_a_request_without_a_body_is_an_empty_one(dev: DevProcess) -> None:
    assert post(dev, LIST, b"")[0] == 200


def test_a_body_over_the_limit_is_refused(dev: DevProcess) -> None:
    body = json.dumps({"definition": "x" * (9 * 1024 * 1024)}).encode()

    status, answer, _ = post(dev, CREATE, body)

    assert (status, answer["__type"]) == (413, "RequestEntityTooLargeException")


def test_everything_that_breaks_a_constraint_is_told_at_once(sfn: Any) -> None:
    with pytest.raises(ClientError) as error:
        sfn.create_state_machine(name="", roleArn=ROLE, type="FAST", tags=[{"key": ""}])

    assert refusal(error) == (
        "ValidationException",
        (
            "4 validation errors detected: "
            "Value '' at 'name' failed to satisfy constraint: Member must have length greater than or equal to 1; "
            "Value null at 'definition' failed to satisfy constraint: Member must not be null; "
            "Value 'FAST' at 'type' failed to satisfy constraint: Member must satisfy enum value set: "
            "[STANDARD, EXPRESS]; "
            "Value '' at 'tags.1.member.key' failed to satisfy constraint: "
            "Member must have length greater than or equal to 1"
        ),
    )


def test_a_text_that_does_not_fit_the_pattern_of_its_field_is_refused(sfn: Any, create: Any) -> None:
    arn = create(name="traced")

    sfn.start_execution(stateMachineArn=arn, traceHeader="Root=1-5f2b")
    with pytest.raises(ClientError) as error:
        sfn.start_execution(stateMachineArn=arn, traceHeader="ä")

    assert refusal(error) == (
        "ValidationException",
        (
            "1 validation error detected: Value 'ä' at 'traceHeader' failed to satisfy constraint: "
            "Member must satisfy regular expression pattern: \\p{ASCII}*"
        ),
    )


def test_secret_values_are_not_repeated(sfn: Any) -> None:
    with pytest.raises(ClientError) as error:
        sfn.start_execution(stateMachineArn="arn:x", input='"' + "secret" * 50_000 + '"')

    assert refusal(error) == (
        "ValidationException",
        (
            "1 validation error detected: Value at 'input' failed to satisfy constraint: "
            "Member must have length less than or equal to 262144"
        ),
    )


@pytest.mark.parametrize("character", [*' <>{}[]?*"#%\\^|~`$&,;:/', "\x00", "\x1f", "\x7f", "\x9f"])
def test_a_name_with_a_forbidden_character_is_refused(sfn: Any, character: str) -> None:
    name = f"a{character}b"

    with pytest.raises(ClientError) as error:
        sfn.create_state_machine(name=name, roleArn=ROLE, definition="{}")

    assert refusal(error) == ("InvalidName", f"Invalid Name: '{name}'")


@pytest.mark.parametrize(
    ("arn", "code", "message"),
    [
        ("nonsense", "InvalidArn", "Invalid Arn: 'Invalid ARN prefix: nonsense'"),
        (
            "arn:aws:states:us-east-1:123456789012:stateMachine:a",
            "InvalidArn",
            "Invalid Arn: 'Resource type not valid in this context: stateMachine'",
        ),
        (
            "arn:aws:states:us-east-1:123456789012:execution:a:b",
            "ExecutionDoesNotExist",
            "Execution Does Not Exist: 'arn:aws:states:us-east-1:123456789012:execution:a:b'",
        ),
    ],
)
def test_an_arn_of_nothing_is_refused(sfn: Any, arn: str, code: str, message: str) -> None:
    for call in (sfn.describe_execution, sfn.get_execution_history, sfn.stop_execution):
        with pytest.raises(ClientError) as error:
            call(executionArn=arn)
        assert refusal(error) == (code, message)


def test_an_input_that_is_no_json_is_refused(sfn: Any, create: Any) -> None:
    with pytest.raises(ClientError) as error:
        sfn.start_execution(stateMachineArn=create(), input="{'a': 1}")

    assert refusal(error)[0] == "InvalidExecutionInput"


@pytest.mark.parametrize("token", ["nonsense", "a-1", "-", "1"])
def test_a_token_that_was_never_given_out_is_refused(sfn: Any, token: str) -> None:
    calls: tuple[Callable[[], Any], ...] = (
        lambda: sfn.send_task_success(taskToken=token, output="{}"),
        lambda: sfn.send_task_failure(taskToken=token),
        lambda: sfn.send_task_heartbeat(taskToken=token),
    )
    for call in calls:
        with pytest.raises(ClientError) as error:
            call()
        assert refusal(error) == ("InvalidToken", "Invalid Token: 'Invalid token'")


def test_a_thousand_idle_connections_and_slow_clients_keep_nobody_waiting(dev: DevProcess) -> None:
    head = (
        f"POST / HTTP/1.1\r\nHost: localhost\r\nX-Amz-Target: {LIST}\r\nContent-Type: {CONTENT_TYPE}\r\n"
        "Content-Length: 2\r\n\r\n"
    ).encode()
    sockets = []
    try:
        for number in range(1_000):
            sockets.append(socket.create_connection(("127.0.0.1", dev.port), timeout=20))
            if number % 2:  # half of a request, and never the rest
                sockets[-1].sendall(head + b"{")
        status, _, _ = post(dev, LIST, b"{}")

        assert status == 200  # while all the others are still open
    finally:
        for opened in sockets:
            opened.close()


@pytest.mark.parametrize(
    "body", ['{{"tags": {}}}', "{}", '{{"tags": [{}, ]}}'], ids=["values", "no object", "no JSON"]
)
def test_what_is_large_in_a_body_is_text(dev: DevProcess, body: str) -> None:
    """Else it takes seventy times as much memory, before it is known who may do what."""
    status, told, _ = post(dev, CREATE, body.format(f"[{'{},' * 700_000}{{}}]").encode())

    assert (status, told["__type"]) == (400, "SerializationException")


def test_of_many_mistakes_a_hundred_are_told(dev: DevProcess) -> None:
    """Else the answer would be larger than the request, and hold up others while it is made."""
    request = {"name": "a", "roleArn": ROLE, "definition": "{}", "tags": [None] * 40_000}
    status, told, _ = post(dev, CREATE, json.dumps(request).encode())

    assert status == 400
    assert told["__type"] == "ValidationException"
    assert told["message"].startswith("100 validation errors detected: Value null at 'tags.1.member'")
