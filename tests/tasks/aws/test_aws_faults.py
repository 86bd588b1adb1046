"""Tasks that call AWS's services where something is wrong: each ends, with a name that retriers know and a reason."""

from __future__ import annotations

import asyncio
import contextlib
import json
import socket
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, ClassVar

import pytest
from botocore.awsrequest import AWSHTTPConnection

from stepwright.asl.json_types import Json
from stepwright.aws import bounded, clients
from stepwright.tasks.calls.integration import CallFailed
from tests.tasks.aws_calls import called, use_endpoint
from tests.testcluster.ports import free_port

QUEUES: tuple[str, Json] = ("aws-sdk:sqs:listQueues", {})
SEND: tuple[str, Json] = (
    "sqs:sendMessage",
    {"QueueUrl": "https://sqs.us-east-1.amazonaws.com/1/q", "MessageBody": "b"},
)


class Faulty(BaseHTTPRequestHandler):
    """Answers as ``behaviour`` does, and counts the requests."""

    protocol_version = "HTTP/1.1"
    behaviour: ClassVar[Callable[[Faulty], None]]
    requests: ClassVar[list[dict[str, str]]] = []

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers.get("Content-Length") or 0))
        Faulty.requests.append({name.lower(): value for name, value in self.headers.items()})
        with contextlib.suppress(ConnectionError):
            Faulty.behaviour(self)

    def answer(self, status: int, body: bytes, length: int | None = None) -> None:
        self.send_response_only(status)
        self.send_header("Content-Type", "application/x-amz-json-1.0")
        self.send_header("x-amzn-RequestId", "r-1")
        self.send_header("Content-Length", str(len(body) if length is None else length))
        self.end_headers()
        self.wfile.write(body)

    def refuse(self, status: int, code: str, message: str) -> None:
        self.answer(status, json.dumps({"__type": code, "message": message}).encode())

    def log_message(self, *_: Any) -> None:
        pass


@pytest.fixture
def faulty(monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    # Pauses between attempts are botocore's; how many there are is ours.
    monkeypatch.setattr("botocore.retries.standard.ExponentialBackoff.delay_amount", lambda *_: 0)
    server = ThreadingHTTPServer(("127.0.0.1", 0), Faulty)
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, daemon=True).start()
    url = f"http://127.0.0.1:{server.server_address[1]}"
    use_endpoint(monkeypatch, url)
    Faulty.requests.clear()
    yield url
    server.shutdown()
    server.server_close()


async def failed(resource: str, parameters: Any) -> tuple[str, str]:
    with pytest.raises(CallFailed) as raised:
        await called(resource, parameters)
    return raised.value.error, raised.value.cause


@pytest.mark.usefixtures("faulty")
async def test_a_body_does_not_wait_until_the_head_of_its_request_is_acknowledged(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Servers take 40 ms for that."""
    sent_at_once: list[int] = []
    request = AWSHTTPConnection.request

    def noted(self: Any, *args: Any, **kwargs: Any) -> None:
        request(self, *args, **kwargs)
        sent_at_once.append(self.sock.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY))

    monkeypatch.setattr(AWSHTTPConnection, "request", noted)
    Faulty.behaviour = lambda self: self.answer(200, b"{}")
    await called(*QUEUES)

    assert sent_at_once == [1]


async def test_nobody_listens(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("botocore.retries.standard.ExponentialBackoff.delay_amount", lambda *_: 0)
    where = f"127.0.0.1:{free_port()}"
    use_endpoint(monkeypatch, f"http://{where}")

    assert await failed(*SEND) == (
        "SQS.SdkClientException",
        f"Unable to execute HTTP request: Connect to {where} failed: Connection refused",
    )
    assert (await failed(*QUEUES))[0] == "Sqs.SdkClientException"


async def test_the_name_is_not_resolved(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("botocore.retries.standard.ExponentialBackoff.delay_amount", lambda *_: 0)
    use_endpoint(monkeypatch, "http://aws.invalid:4566")

    assert await failed(*QUEUES) == (
        "Sqs.SdkClientException",
        "Unable to execute HTTP request: aws.invalid: Name or service not known",
    )


@pytest.mark.usefixtures("faulty")
async def test_no_answer_comes(monkeypatch: pytest.MonkeyPatch) -> None:
    over = threading.Event()
    monkeypatch.setattr(Faulty, "behaviour", lambda _: over.wait(60), raising=False)
    monkeypatch.setattr(clients, "ANSWER_SECONDS", 0.2)
    try:
        assert await failed(*QUEUES) == (
            "Sqs.SdkClientException",
            "Unable to execute HTTP request: Read timed out",
        )
    finally:
        over.set()
    assert len(Faulty.requests) == clients.ATTEMPTS


@pytest.mark.usefixtures("faulty")
async def test_an_answer_that_comes_byte_by_byte_is_not_waited_for_for_ever(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Each byte came in time, and so the task took as long as the service went on."""
    over = threading.Event()

    def drip(handler: Faulty) -> None:
        handler.answer(200, b"{", length=2**20)
        while not over.wait(0.02):
            handler.wfile.write(b" ")

    monkeypatch.setattr(Faulty, "behaviour", drip, raising=False)
    monkeypatch.setattr(clients, "ANSWER_SECONDS", 0.5)
    try:
        async with asyncio.timeout(60):
            assert await failed(*QUEUES) == (
                "Sqs.SdkClientException",
                "Unable to execute HTTP request: Read timed out",
            )
    finally:
        over.set()


async def test_the_answer_breaks_off(faulty: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def half(handler: Faulty) -> None:
        handler.answer(200, b'{"QueueUrls": [', length=100)
        handler.close_connection = True

    monkeypatch.setattr(Faulty, "behaviour", half, raising=False)

    error, cause = await failed(*QUEUES)

    assert error == "Sqs.SdkClientException"
    assert cause == f"Unable to execute HTTP request: {faulty.removeprefix('http://')} failed to respond"


@pytest.mark.usefixtures("faulty")
async def test_the_answer_is_none_of_the_service(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Faulty, "behaviour", lambda handler: handler.answer(200, b"<html>"), raising=False)

    assert await failed(*QUEUES) == (
        "Sqs.SdkClientException",
        "Unable to execute HTTP request: the answer cannot be read, so it is not from this service",
    )


@pytest.mark.usefixtures("faulty")
async def test_the_answer_is_huge(monkeypatch: pytest.MonkeyPatch) -> None:
    written: list[int] = []

    def huge(handler: Faulty) -> None:
        piece = b" " * 65_536
        handler.send_response_only(200)
        handler.send_header("Content-Length", str(2**40))
        handler.end_headers()
        written.extend(handler.wfile.write(piece) for _ in range(2**20))

    monkeypatch.setattr(Faulty, "behaviour", huge, raising=False)

    assert await failed(*QUEUES) == (
        "States.DataLimitExceeded",
        "The answer is larger than 8,388,608 bytes.",
    )
    assert sum(written) < 8 * bounded.LARGEST_BYTES


@pytest.mark.usefixtures("faulty")
async def test_a_throttled_call_is_made_again_and_then_fails(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(
        Faulty,
        "behaviour",
        lambda handler: handler.refuse(400, "ThrottlingException", "slower"),
        raising=False,
    )

    assert await failed(*QUEUES) == (
        "Sqs.SqsException",
        "slower (Service: Sqs, Status Code: 400, Request ID: r-1) (SDK Attempt Count: 3)",
    )
    assert len(Faulty.requests) == clients.ATTEMPTS


@pytest.mark.usefixtures("faulty")
async def test_a_service_that_fails_for_a_moment_is_asked_again(monkeypatch: pytest.MonkeyPatch) -> None:
    def at_last(handler: Faulty) -> None:
        if len(Faulty.requests) < clients.ATTEMPTS:
            handler.refuse(500, "InternalFailure", "not now")
        else:
            handler.answer(200, b'{"QueueUrls": ["u"]}')

    monkeypatch.setattr(Faulty, "behaviour", at_last, raising=False)

    assert await called(*QUEUES) == {"QueueUrls": ["u"]}


@pytest.mark.parametrize(
    ("code", "message"),
    [
        ("ExpiredTokenException", "The security token included in the request is expired"),
        ("UnrecognizedClientException", "The security token included in the request is invalid."),
        ("AccessDeniedException", "User: x is not authorized to perform: sqs:sendmessage"),
    ],
)
@pytest.mark.usefixtures("faulty")
async def test_credentials_that_do_not_do_are_told_as_the_service_tells_it(
    monkeypatch: pytest.MonkeyPatch, code: str, message: str
) -> None:
    monkeypatch.setattr(
        Faulty, "behaviour", lambda handler: handler.refuse(403, code, message), raising=False
    )

    assert await failed(*SEND) == (
        "SQS.AmazonSQSException",
        f"{message} (Service: AmazonSQS; Status Code: 403; Error Code: {code}; Request ID: r-1; Proxy: null)",
    )
    assert len(Faulty.requests) == 1


async def test_credentials_come_from_the_environment_and_are_in_no_error(
    faulty: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    use_endpoint(
        monkeypatch, faulty, {"AWS_ACCESS_KEY_ID": "AKIAKNOWN", "AWS_SECRET_ACCESS_KEY": "unsayable"}
    )
    monkeypatch.setattr(
        Faulty, "behaviour", lambda handler: handler.refuse(400, "Other", "no"), raising=False
    )

    error, cause = await failed(*SEND)

    (seen,) = Faulty.requests
    assert "Credential=AKIAKNOWN/" in seen["authorization"]
    assert "/us-east-1/sqs/" in seen["authorization"]
    assert "unsayable" not in error + cause


async def test_without_an_endpoint_and_without_credentials_nothing_is_called(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    use_endpoint(monkeypatch, "")

    assert await failed(*SEND) == (
        "SQS.SdkClientException",
        "AWS_ENDPOINT_URL_SQS names no endpoint, and there are no credentials for AWS.",
    )


async def test_an_endpoint_that_is_no_url_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    use_endpoint(monkeypatch, "localhost:4566")

    assert (await failed(*QUEUES))[1] == "AWS_ENDPOINT_URL is not an http or https URL: localhost:4566"
