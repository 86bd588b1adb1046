"""What is hardly a request: it gets an answer, and everybody else is served as before."""

from __future__ import annotations

import asyncio
import base64
import gzip
import json
import re
import socket
from collections.abc import Sequence
from typing import Any

import pytest
from botocore.exceptions import ClientError

from stepwright.api import server
from stepwright.api.admission import CONTENT_TYPE
from stepwright.api.regions import Regions
from stepwright.http import bodies, listening
from stepwright.http.names import Names
from tests.api.services import service
from tests.api.test_bad_requests import LIST, post
from tests.api.test_state_machines import refusal
from tests.processes.dev import DevProcess, ended


def request(
    body: bytes = b"{}",
    *,
    line: bytes = b"POST / HTTP/1.1",
    headers: Sequence[bytes] = (),
    length: bool = True,
) -> bytes:
    lines = [line, b"Host: localhost", b"X-Amz-Target: " + LIST.encode(), *headers]
    if not any(header.startswith(b"Content-Type:") for header in headers):
        lines.append(b"Content-Type: " + CONTENT_TYPE.encode())
    if length:
        lines.append(b"Content-Length: %d" % len(body))
    return b"\r\n".join(lines) + b"\r\n\r\n" + body


def answers(dev: DevProcess, data: bytes, *, half: bool = False) -> bytes:
    """All that comes until the server has nothing to say for a moment. ``half``: say that nothing more will be sent."""
    with socket.create_connection(("127.0.0.1", dev.port), timeout=20) as connection:
        connection.sendall(data)
        if half:
            connection.shutdown(socket.SHUT_WR)
        received = b""
        while chunk := _received(connection):
            received += chunk
            connection.settimeout(0.3)
        return received


def _received(connection: socket.socket) -> bytes:
    try:
        return connection.recv(65_536)
    except TimeoutError:
        return b""


def statuses(data: bytes) -> list[int]:
    return [int(status) for status in re.findall(rb"HTTP/1\.[01] (\d{3}) ", data)]


def code(data: bytes) -> str | None:
    found = re.search(rb'"__type":"(\w+)"', data)
    return found[1].decode() if found else None


CHUNKED = b"Transfer-Encoding: chunked"


@pytest.mark.parametrize(
    ("data", "status", "exception"),
    [
        pytest.param(request(line=b"GET / HTTP/1.1"), 404, "UnknownOperationException", id="GET"),
        pytest.param(request(line=b"PUT / HTTP/1.1"), 404, "UnknownOperationException", id="PUT"),
        pytest.param(request(line=b"POST /a HTTP/1.1"), 404, "UnknownOperationException", id="path"),
        pytest.param(request(line=b"POST / HTTP/1.0"), 200, None, id="HTTP 1.0"),
        pytest.param(request(line=b"POST / HTTP/9.9"), 400, None, id="HTTP 9.9"),
        pytest.param(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 400, None, id="HTTP 2"),
        pytest.param(b"\x16\x03\x01\x02\x00\x01\x00\xfc\x03\x03\r\n\r\n", 400, None, id="TLS"),
        pytest.param(
            request(b"2\r\n{}\r\n0\r\n\r\n", headers=[CHUNKED], length=False), 200, None, id="chunks"
        ),
        pytest.param(request(b"zz\r\n", headers=[CHUNKED], length=False), 400, None, id="bad chunks"),
        pytest.param(request(headers=[CHUNKED]), 400, None, id="chunks and a length"),
        pytest.param(request(headers=[b"Content-Length: 3"]), 400, None, id="two lengths"),
        pytest.param(request(headers=[b"Content-Length: -5"], length=False), 400, None, id="negative length"),
        pytest.param(request(headers=[b"X-A: " + b"a" * 20_000]), 400, None, id="long header"),
        pytest.param(request(headers=[b"X-%d: a" % n for n in range(3_000)]), 400, None, id="many headers"),
        pytest.param(request(headers=[b"X-A: \x00"]), 400, None, id="zero in a header"),
        pytest.param(request(headers=[b"Expect: what"]), 417, None, id="unknown expectation"),
        pytest.param(
            request(headers=[b"Connection: Upgrade", b"Upgrade: websocket"]), 200, None, id="upgrade"
        ),
        pytest.param(
            request(headers=[b"Content-Type: application/x-amz-json-1.0; charset=no"]),
            200,
            None,
            id="unknown character set",
        ),
        pytest.param(request(b"a=b"), 400, "SerializationException", id="a form"),
        pytest.param(
            request(gzip.compress(b"{}"), headers=[b"Content-Encoding: gzip"]),
            415,
            "UnsupportedMediaTypeException",
            id="compressed",
        ),
        pytest.param(
            request(gzip.compress(b"\0" * 50_000_000), headers=[b"Content-Encoding: gzip"]),
            415,
            "UnsupportedMediaTypeException",
            id="compressed a thousand times",
        ),
        pytest.param(
            request(b"nonsense", headers=[b"Content-Encoding: br"]),
            415,
            "UnsupportedMediaTypeException",
            id="an encoding that does not exist",
        ),
    ],
)
def test_what_is_hardly_a_request_is_answered(
    dev: DevProcess, data: bytes, status: int, exception: str | None
) -> None:
    answer = answers(dev, data)

    assert statuses(answer)[:1] == [status]
    assert code(answer) == exception
    assert post(dev, LIST, b"{}")[0] == 200


def test_requests_sent_at_once_are_answered_in_turn(dev: DevProcess) -> None:
    assert statuses(answers(dev, request() * 3)) == [200, 200, 200]


def test_a_request_whose_body_comes_after_the_answer_to_the_one_before_is_served(dev: DevProcess) -> None:
    with socket.create_connection(("127.0.0.1", dev.port), timeout=20) as connection:
        connection.sendall(request() + request()[:-2])
        assert statuses(connection.recv(65_536)) == [200]
        connection.sendall(b"{}")
        assert statuses(connection.recv(65_536)) == [200]


def test_headers_without_end_behind_a_body_are_not_kept(dev: DevProcess) -> None:
    chunks = request(b"2\r\n{}\r\n0\r\nX-A: ", headers=[CHUNKED], length=False)
    with socket.create_connection(("127.0.0.1", dev.port), timeout=20) as connection:
        connection.sendall(chunks)
        for _ in range(600):
            connection.sendall(b"a" * 1024)
        assert statuses(connection.recv(65_536)) == [400]


def test_a_client_that_waits_until_its_body_is_wanted_is_told(dev: DevProcess) -> None:
    with socket.create_connection(("127.0.0.1", dev.port), timeout=20) as connection:
        connection.sendall(request(headers=[b"Expect: 100-continue"])[:-2])
        assert statuses(connection.recv(65_536)) == [100]
        connection.sendall(b"{}")
        assert statuses(connection.recv(65_536)) == [200]


def test_rubbish_after_a_request_ends_the_connection(dev: DevProcess) -> None:
    answer = answers(dev, request() + b"\x00\x01rubbish\r\n\r\n")

    assert set(statuses(answer)) <= {200, 400}
    assert post(dev, LIST, b"{}")[0] == 200


def test_a_client_that_closes_its_half_gets_its_answer(dev: DevProcess) -> None:
    assert statuses(answers(dev, request(), half=True)) in ([200], [])
    assert answers(dev, request()[:-1], half=True) == b""
    assert post(dev, LIST, b"{}")[0] == 200


def test_rubbish_leaves_no_trace_in_the_log(dev: DevProcess) -> None:
    answers(dev, request(line=b"POST / HTTP/9.9", headers=[b"Authorization: swordfish"]))
    answers(dev, b"swordfish \r\n\r\n")

    assert "swordfish" not in dev.log.read_text(encoding="utf-8")


async def test_a_body_that_does_not_come_in_time_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bodies, "BODY_SECONDS", 0.1)
    own = service()
    senders = server.BySignature(own.caller, Regions("us-east-1", fixed=True), own.clock)
    handler = server.handler(server.sharing(own), senders, Names.of())
    runner, port = await listening.start(handler, ["127.0.0.1"], 0)
    try:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(request()[:-1])
        answer = await asyncio.wait_for(reader.read(), 20)
        writer.close()
    finally:
        await runner.cleanup()

    assert statuses(answer) == [408]
    assert code(answer) == "RequestTimeoutException"


# --- Tokens of pages --------------------------------------------------------------------------------------------------


def forged(*parts: Any) -> str:
    return base64.urlsafe_b64encode(json.dumps(parts).encode()).decode()


@pytest.mark.parametrize(
    "token",
    [
        *("", "x", "é", "====", "bnVsbA==", forged(), forged("activities"), forged("activities", {"a": 1})),
        *(
            forged("activities", None),
            forged("activities", 1),
            forged("activities", ["a"]),
            forged("machines", "a"),
        ),
        forged("activities", "a", "b"),
    ],
)
def test_a_token_that_was_never_given_out_is_refused(sfn: Any, token: str) -> None:
    with pytest.raises(ClientError) as error:
        sfn.list_activities(nextToken=token)

    assert refusal(error)[0] in ("InvalidToken", "ValidationException")


def test_a_token_goes_with_the_list_that_it_was_given_out_for(sfn: Any, create: Any) -> None:
    arns = [sfn.start_execution(stateMachineArn=create())["executionArn"] for _ in range(2)]
    ended(sfn, arns[0])
    page = sfn.get_execution_history(executionArn=arns[0], maxResults=2)

    token = page["nextToken"]
    again = sfn.get_execution_history(executionArn=arns[0], maxResults=1, nextToken=token)
    assert [event["id"] for event in again["events"]] == [3]
    for arguments in ({"executionArn": arns[1]}, {"executionArn": arns[0], "reverseOrder": True}):
        with pytest.raises(ClientError) as error:
            sfn.get_execution_history(nextToken=token, **arguments)
        assert refusal(error) == ("InvalidToken", "Invalid Token: 'Invalid token'")


def test_pages_have_at_most_a_thousand_items(sfn: Any, create: Any) -> None:
    arn = sfn.start_execution(stateMachineArn=create())["executionArn"]

    ended(sfn, arn)
    assert len(sfn.get_execution_history(executionArn=arn, maxResults=0)["events"]) == 4
    for size in (-1, 1_001):
        with pytest.raises(ClientError) as error:
            sfn.get_execution_history(executionArn=arn, maxResults=size)
        assert refusal(error)[0] == "ValidationException"
