"""Calls of what stands for a function, against a server that answers in every way there is, and in some that there are not."""

from __future__ import annotations

import asyncio
import json
import uuid
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from typing import Any

import pytest

from stepwright.asl.json_types import Json, JsonText
from stepwright.asl.resource import parse as parse_resource
from stepwright.asl.signals import TaskFailed, TaskId, TaskStarted, TaskSucceeded
from stepwright.asl.step import StartTask
from stepwright.catalog.callers import Caller
from stepwright.catalog.ports import Function, FunctionName, FunctionUnfit, NoFunction, Speech
from stepwright.engine.clock import SystemClock
from stepwright.engine.ports import ExecutionRef, Reported, Uid
from stepwright.tasks.calls.driver import CallDriver
from stepwright.tasks.functions.integration import FunctionCalls
from stepwright.tasks.functions.resources import INVOKE
from tests.tasks.start_tasks import start_task

UID = "43e358d5-6a62-4b0c-9b3e-3d3c6f2a7b10"
REF = ExecutionRef(
    Uid(UID), "shop", "order-7", "order", arn="arn:aws:states:us-east-1:1:execution:order:order-7"
)
ARN = "arn:aws:lambda:us-east-1:123456789012:function:Charge"
TASK = "k8s:task/charge"
ONCE = str(uuid.uuid5(uuid.NAMESPACE_OID, f"{UID}-5"))


def task(
    resource: str = TASK, parameters: Json = None, number: int = 5, seconds: int | None = None
) -> StartTask:
    given: Json = {"n": 1} if parameters is None else parameters
    return start_task(parse_resource(resource), given, number, timeout_seconds=seconds)


async def unsigned(_url: str, headers: Mapping[str, str], _body: bytes) -> dict[str, str]:
    return dict(headers)


@dataclass
class OneFunction:
    """Implements ``catalog.ports.Functions``: every name is the same function."""

    function: Function | NoFunction | FunctionUnfit
    asked: list[FunctionName] = field(default_factory=list)

    def known(self, name: FunctionName, namespace: str) -> Function | None:  # noqa: ARG002
        return self.function if isinstance(self.function, Function) else None

    def lacking(self, name: FunctionName, namespace: str) -> str | None:  # noqa: ARG002
        raise AssertionError("asked when definitions are checked")

    async def find(self, name: FunctionName, namespace: str, caller: Caller) -> Function:  # noqa: ARG002
        self.asked.append(name)
        if isinstance(self.function, Exception):
            raise self.function
        return self.function


def at(port: int, **fields: Any) -> Function:
    given: dict[str, Any] = {
        "key": "shop/charge",
        "url": f"http://127.0.0.1:{port}",
        "invoked_as": "function",
        "shown": "Service charge (TaskTemplate charge)",
        "seconds": 30,
        "connect_seconds": 0,
        "largest_bytes": 1000,
        "signed": unsigned,
        "stands_in": True,
    }
    return Function(**given | fields)


Handler = Callable[["Server", asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


class Server:
    """Answers each request with the next of ``answers``, the last one over and over: bytes are written, and the connection
    is kept open after an answer that has a length."""

    def __init__(self, *answers: bytes | None) -> None:
        self.answers = list(answers)
        self.requests: list[tuple[str, dict[str, str], bytes]] = []
        self.connections = 0
        self.hang = asyncio.Event()
        self.more = asyncio.Event()

    @asynccontextmanager
    async def listening(self) -> AsyncIterator[int]:
        server = await asyncio.start_server(self._connected, "127.0.0.1", 0)
        try:
            yield server.sockets[0].getsockname()[1]
        finally:
            self.hang.set()
            server.close()

    async def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        try:
            while await self._answered(reader, writer):
                pass
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            writer.close()

    async def _answered(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
        head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
        headers = dict(line.split(": ", 1) for line in head[1:] if line)
        lowered = {name.lower(): value for name, value in headers.items()}
        body = await reader.readexactly(int(lowered.get("content-length", "0")))
        self.requests.append((head[0].split(" ")[1], lowered, body))
        self.more.set()
        answer = self.answers[0] if len(self.answers) == 1 else self.answers.pop(0)
        if answer is None:
            await self.hang.wait()
            return False
        writer.write(answer)
        await writer.drain()
        return b"Content-Length" in answer and b"Connection: close" not in answer


def http(status: int, said: bytes | Json = b"", **headers: str) -> bytes:
    body = said if isinstance(said, bytes) else json.dumps(said).encode()
    lines = [f"HTTP/1.1 {status} Said", f"Content-Length: {len(body)}"]
    lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body


class Scene:
    def __init__(self, function: Function | NoFunction | FunctionUnfit) -> None:
        self.signals: list[Reported] = []
        self.functions = OneFunction(function)
        clock = SystemClock()
        self.driver = CallDriver(FunctionCalls(self.functions, clock), clock, self._hear)
        self._more = asyncio.Event()

    def _hear(self, _: Uid, signal: Reported) -> None:
        self.signals.append(signal)
        self._more.set()

    async def ended(self, this: StartTask, *, again: bool = False) -> TaskFailed | TaskSucceeded:
        await self.driver.start(REF, this, again=again)
        async with asyncio.timeout(60):
            while (end := self._end(this.task)) is None:
                self._more.clear()
                await self._more.wait()
        return end

    def _end(self, of: TaskId) -> TaskFailed | TaskSucceeded | None:
        ends = [signal for signal in self.signals if isinstance(signal, TaskFailed | TaskSucceeded)]
        return next((end for end in ends if end.task == of), None)

    async def close(self) -> None:
        await self.driver.close()


async def ended(server: Server, this: StartTask, **fields: Any) -> TaskFailed | TaskSucceeded:
    async with server.listening() as port:
        scene = Scene(at(port, **fields))
        try:
            return await scene.ended(this)
        finally:
            await scene.close()


REFUSED = "(Service: AWSLambda; Status Code: {}; Error Code: {}; Request ID: {}; Proxy: null)"


def refused(status: int, code: str, message: str, request: str = ONCE) -> tuple[str, str]:
    return f"Lambda.{code}", f"{message} " + REFUSED.format(status, code, request)


OWN: Json = {"errorType": "CardDeclined", "errorMessage": "no"}
SHOWN = "Service charge (TaskTemplate charge)"

FAILURES: Mapping[str, tuple[Speech, bytes, tuple[str, str]]] = {
    "the function failed": (
        "lambda",
        http(200, OWN, X_Amz_Function_Error="Unhandled"),
        ("CardDeclined", json.dumps(OWN)),
    ),
    "the function failed in an image of AWS's": ("lambda", http(200, OWN), ("CardDeclined", json.dumps(OWN))),
    "the runtime died in an image of AWS's": (
        "lambda",
        http(502, {"errorType": "Runtime.ExitError", "errorMessage": "exit status 1"}),
        ("Runtime.ExitError", '{"errorType": "Runtime.ExitError", "errorMessage": "exit status 1"}'),
    ),
    "an image of AWS's is busy": (
        "lambda",
        http(400),
        refused(
            400,
            "TooManyRequestsException",
            "It is busy with another call: the emulator of Lambda's runtime serves one at a time (maxConcurrency)",
        ),
    ),
    "an image of AWS's ran out of time": (
        "lambda",
        http(200, b"Task timed out after 3.00 seconds"),
        (
            "Lambda.Unknown",
            "The function's answer is not JSON: invalid character at line 1, column 1. It begins: Task timed out after 3.00 seconds",
        ),
    ),
    "Lambda's own words": (
        "lambda",
        http(429, {"Reason": "x", "message": "Rate Exceeded."}, x_amzn_ErrorType="TooManyRequestsException:http"),
        refused(429, "TooManyRequestsException", "Rate Exceeded."),
    ),
    "with json, an error of the function's own with a status": (
        "json",
        http(422, {"errorType": "CardDeclined"}),
        ("CardDeclined", '{"errorType": "CardDeclined"}'),
    ),
    **{
        f"{speech}: {status}": (
            speech,
            http(status, b"<html>", x_amzn_RequestId="r-1"),
            refused(status, code, f"{SHOWN} answered {status}: <html>", "r-1"),
        )
        for speech in ("lambda", "json")
        for status, code in {
            301: "ServiceException",
            403: "InvalidRequestContentException",
            404: "ResourceNotFoundException",
            408: "ServiceException",
            413: "RequestTooLargeException",
            429: "TooManyRequestsException",
            500: "ServiceException",
            503: "ServiceException",
        }.items()
    },
    "nothing said": (
        "json",
        http(500),
        refused(500, "ServiceException", f"{SHOWN} answered 500: nothing"),
    ),
    "too large": (
        "lambda",
        http(200, b"[" + b" " * 2000 + b"]"),
        ("States.DataLimitExceeded", "The function's answer is larger than 1,000 bytes."),
    ),
}  # fmt: skip


@pytest.mark.parametrize(("speech", "answer", "failure"), FAILURES.values(), ids=FAILURES.keys())
async def test_what_a_function_does_not_do_has_a_name_that_retriers_know(
    speech: Speech, answer: bytes, failure: tuple[str, str]
) -> None:
    end = await ended(Server(answer), task(), speech=speech)

    assert end == TaskFailed(TaskId(5), *failure)


BROKEN = {
    "nothing": b"",
    "half a head": b"HTTP/1.1 200 OK\r\nContent-Le",
    "half a body": b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\nConnection: close\r\n\r\n{",
    "no HTTP": b"SSH-2.0-OpenSSH_9.2\r\n\r\n",
    "no length of a chunk": b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
    "a header without end": b"HTTP/1.1 200 OK\r\nX: " + b"x" * 100_000,
}


@pytest.mark.parametrize("answer", BROKEN.values(), ids=BROKEN.keys())
async def test_an_answer_that_breaks_off_or_is_none_is_a_lost_connection(answer: bytes) -> None:
    end = await ended(Server(answer), task())

    assert isinstance(end, TaskFailed)
    assert end.error == "Lambda.SdkClientException"
    assert end.cause is not None
    assert end.cause.startswith(f"{SHOWN} cannot be reached: ")


@pytest.mark.parametrize("answer", [None, b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n{"])
async def test_a_call_takes_no_longer_than_it_may(answer: bytes | None) -> None:
    end = await ended(Server(answer), task(), seconds=0.05)

    assert end == TaskFailed(
        TaskId(5), "Lambda.SdkClientException", f"{SHOWN} cannot be reached: no answer within 0.05 s"
    )


async def test_nobody_listens() -> None:
    async with Server(b"").listening() as port:
        pass
    scene = Scene(at(port))
    end = await scene.ended(task())
    await scene.close()

    assert isinstance(end, TaskFailed)
    assert end.error == "Lambda.SdkClientException"


async def test_a_name_that_does_not_resolve_is_told() -> None:
    scene = Scene(at(1, url="http://charge.invalid:8080"))
    end = await scene.ended(task())
    await scene.close()

    assert isinstance(end, TaskFailed)
    assert end.error == "Lambda.SdkClientException"
    assert (end.cause or "").startswith(f"{SHOWN} cannot be reached: ")


async def test_a_call_waits_for_somebody_to_listen_and_is_made_once() -> None:
    server = Server(http(200, {"ok": True}))
    async with Server(b"").listening() as port:
        pass
    scene = Scene(at(port, connect_seconds=60))
    ending = asyncio.create_task(scene.ended(task()))
    await asyncio.sleep(0)
    listening = await asyncio.start_server(server._connected, "127.0.0.1", port)

    assert await ending == TaskSucceeded(TaskId(5), {"ok": True}, JsonText('{"ok": true}'))
    assert len(server.requests) == 1
    listening.close()
    await scene.close()


RESULTS: Mapping[str, tuple[Speech, str, Json, bytes, Json]] = {
    "a task template": ("lambda", TASK, {"n": 1}, b'{"n": 1}', "well"),
    "by its ARN": ("lambda", ARN, [1], b"[1]", "well"),
    "with json": ("json", TASK, {"n": 1}, b'{"n": 1}', "well"),
    "invoked": ("lambda", INVOKE.text, {"FunctionName": "Charge", "Payload": {"n": 1}}, b'{"n":1}', "well"),
    "invoked, with json": ("json", INVOKE.text, {"FunctionName": "Charge", "Payload": {"n": 1}}, b'{"n":1}', "well"),
    "invoked with a text": ("lambda", INVOKE.text, {"FunctionName": "Charge", "Payload": "[2]"}, b"[2]", "well"),
    "invoked with nothing": ("lambda", INVOKE.text, {"FunctionName": "Charge"}, b"", "well"),
}  # fmt: skip


@pytest.mark.parametrize(
    ("speech", "resource", "parameters", "body", "result"), RESULTS.values(), ids=RESULTS.keys()
)
async def test_a_function_gets_the_payload_and_its_answer_is_the_result(
    speech: Speech, resource: str, parameters: Json, body: bytes, result: Json
) -> None:
    server = Server(http(200, result))
    end = await ended(server, task(resource, parameters), speech=speech)

    assert isinstance(end, TaskSucceeded)
    if resource == INVOKE.text:
        assert isinstance(end.output, dict)
        members = ["ExecutedVersion", "Payload", "SdkHttpMetadata", "SdkResponseMetadata", "StatusCode"]
        assert list(end.output) == members
        assert (end.output["Payload"], end.output["StatusCode"]) == (result, 200)
        assert end.output["ExecutedVersion"] == "$LATEST"
        assert end.output["SdkResponseMetadata"] == {"RequestId": ONCE}
    else:
        assert end.output == result
    path, _, sent = server.requests[0]
    assert json.loads(sent or b"null") == json.loads(body or b"null")
    assert path == ("/" if speech == "json" else "/2015-03-31/functions/function/invocations")


async def test_an_object_that_only_looks_a_little_like_an_error_is_a_result() -> None:
    end = await ended(Server(http(200, {"errorType": "x"})), task())

    assert isinstance(end, TaskSucceeded)


async def test_a_function_is_told_by_which_call_it_is_called_and_the_same_when_it_is_called_again() -> None:
    server = Server(http(200, {}))
    parameters: Json = {"FunctionName": "Charge:prod", "ClientContext": "e30=", "LogType": "None"}
    async with server.listening() as port:
        for again in (False, True):
            scene = Scene(at(port, seconds=100))
            await scene.ended(task(INVOKE.text, parameters, seconds=7), again=again)
            await scene.close()
            assert scene.functions.asked == [FunctionName("Charge:prod", "Charge", "prod")]

    (path, headers, _), (_, repeated, _) = server.requests
    assert path == "/2015-03-31/functions/function/invocations?Qualifier=prod"
    assert headers["idempotency-key"] == headers["x-amzn-requestid"] == ONCE
    trace = UID.replace("-", "")
    assert headers["traceparent"] == f"00-{trace}-{ONCE.replace('-', '')[:16]}-00"
    assert (headers["x-amz-client-context"], headers["x-amz-log-type"]) == ("e30=", "None")
    assert "authorization" not in headers
    deadline = int(headers["lambda-runtime-deadline-ms"]) - SystemClock().now()
    assert deadline <= 7000
    for header in ("idempotency-key", "x-amzn-requestid", "traceparent"):
        assert repeated[header] == headers[header]


@pytest.mark.parametrize("repeats", [True, False])
async def test_after_a_crash_a_call_is_made_again_unless_the_template_says_that_it_fails(
    repeats: bool,
) -> None:
    server = Server(http(200, "done"))
    async with server.listening() as port:
        scene = Scene(at(port, repeats=repeats))
        end = await scene.ended(task(), again=True)
        await scene.close()

    if repeats:
        assert end == TaskSucceeded(TaskId(5), "done", JsonText('"done"'))
        assert scene.signals[0] == TaskStarted(TaskId(5))
    else:
        assert isinstance(end, TaskFailed)
        assert (end.error, server.requests) == ("Lambda.SdkClientException", [])


async def test_a_connection_that_was_kept_open_and_has_closed_meanwhile_loses_no_call() -> None:
    """Many servers close what was idle for some seconds, just as the next call comes."""
    server = Server(http(200, 1), b"", http(200, 2))
    async with server.listening() as port:
        scene = Scene(at(port))
        await scene.ended(task())
        second = await scene.ended(task(number=6))
        await scene.close()

    assert second == TaskSucceeded(TaskId(6), 2, JsonText("2"))
    assert [body for _, _, body in server.requests] == [b'{"n":1}'] * 3
    assert server.connections == 2


async def test_where_a_call_must_not_be_repeated_each_has_a_connection_of_its_own() -> None:
    server = Server(http(200, 1))
    async with server.listening() as port:
        for number in (5, 6):
            scene = Scene(at(port, repeats=False))
            await scene.ended(task(number=number))
            await scene.close()

    assert server.connections == 2


@pytest.mark.parametrize(
    ("lacking", "error"),
    [
        (NoFunction("Create one named charge."), "Lambda.ResourceNotFoundException"),
        (FunctionUnfit("The Service does not exist."), "Lambda.ServiceException"),
    ],
)
async def test_nothing_stands_for_the_function(lacking: NoFunction | FunctionUnfit, error: str) -> None:
    assert await Scene(lacking).ended(task(ARN)) == TaskFailed(TaskId(5), error, str(lacking))


async def test_no_cookie_of_one_function_is_sent_to_another() -> None:
    server = Server(http(200, 1, Set_Cookie="a=b"))
    async with server.listening() as port:
        function = at(port, url=f"http://localhost:{port}")
        scene = Scene(function)
        for number in (5, 6):
            await scene.ended(task(number=number))
        await scene.close()

    assert all("cookie" not in headers for _, headers, _ in server.requests)
    assert len(server.requests) == 2


async def test_no_more_calls_are_made_at_once_than_the_template_says() -> None:
    server = Server(None)
    async with server.listening() as port:
        scene = Scene(replace(at(port), most_at_once=2))
        for number in range(5):
            await scene.driver.start(REF, task(number=number), again=False)
        async with asyncio.timeout(60):
            while len(server.requests) < 2:
                server.more.clear()
                await server.more.wait()
        assert sum(isinstance(signal, TaskStarted) for signal in scene.signals) == 2
        await scene.close()
