"""The API with bearer tokens: who sends a request, where it is, what is too much, and what the log says."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
from structlog.testing import capture_logs

from stepwright.api import audit, bearer, overload
from stepwright.api.admission import CONTENT_TYPE
from stepwright.api.bearer import ByToken
from stepwright.api.server import handler, sharing
from stepwright.catalog.arns import Place
from stepwright.catalog.callers import Caller, User
from stepwright.engine.ports import Unavailable
from stepwright.http import listening
from stepwright.http.messages import Request, Response
from stepwright.http.names import Names
from tests.api.services import service
from tests.api.test_access import Asked

SHOP = Place("111111111111", "us-east-1")
DANA = User("system:serviceaccount:shop:dana")
EVE = User("eve@example.com")


class Held:
    """Implements ``api.bearer.Holders``."""

    def __init__(self) -> None:
        self.asked: list[str] = []

    def remembers(self, token: str) -> bool:
        return token in self.asked

    async def user(self, token: str) -> User | None:
        self.asked.append(token)
        if token == "down":
            raise Unavailable("the API server is away")
        return {"dana": DANA, "eve": EVE}.get(token)


class OnlyShop:
    """Implements ``api.bearer.Places``."""

    region = "us-east-1"

    def of(self, namespace: str) -> Place | None:
        return SHOP if namespace == "shop" else None


class Api:
    def __init__(self, port: int, access: Asked, held: Held) -> None:
        self.port = port
        self.access = access
        self.held = held

    async def ask(
        self, authorization: str | None, path: str = "/", operation: str = "ListStateMachines", more: str = ""
    ) -> tuple[int, Any]:
        lines = [
            f"POST {path} HTTP/1.1",
            "Host: localhost",
            f"Content-Type: {CONTENT_TYPE}",
            f"X-Amz-Target: AWSStepFunctions.{operation}",
            "Content-Length: 2",
            "Connection: close",
        ]
        lines += [f"Authorization: {authorization}"] if authorization is not None else []
        reader, writer = await asyncio.open_connection("127.0.0.1", self.port)
        writer.write(("\r\n".join(lines) + "\r\n" + more + "\r\n{}").encode())
        answer = await asyncio.wait_for(reader.read(), 30)
        writer.close()
        head, _, body = answer.partition(b"\r\n\r\n")
        return int(head.split()[1]), json.loads(body)


@asynccontextmanager
async def served(most: int = 200, most_of_one: int = 64) -> AsyncIterator[Api]:
    held, access = Held(), Asked()
    own = service(access=audit.NotedAccess(access))
    serving = overload.bounded(
        handler(sharing(own), ByToken(held, OnlyShop()), Names.of()), most, most_of_one
    )
    web, port = await listening.start(audit.audited(serving), ["127.0.0.1"], 0)
    try:
        yield Api(port, access, held)
    finally:
        await web.cleanup()


async def test_a_request_is_of_whoever_holds_the_token_where_that_one_is_or_says() -> None:
    machines = "arn:aws:states:us-east-1:{}:stateMachine:*"
    async with served() as api:
        await api.ask("Bearer dana")
        await api.ask("bearer  dana", "/ns/shop/")
        await api.ask("Bearer eve", "/ns/shop")
        await api.ask("Bearer eve")
        await api.ask("Bearer dana", "/ns/bank")

    assert api.access.questions == [
        (Caller(SHOP.account, user=DANA), "ListStateMachines", machines.format(SHOP.account)),
        (Caller(SHOP.account, user=DANA), "ListStateMachines", machines.format(SHOP.account)),
        (Caller(SHOP.account, user=EVE), "ListStateMachines", machines.format(SHOP.account)),
        # Nobody has a right there.
        (Caller("", user=EVE), "ListStateMachines", machines.format("")),
        (Caller("", user=DANA), "ListStateMachines", machines.format("")),
    ]


@pytest.mark.parametrize(
    "authorization", [None, "", "Bearer", "Bearer  ", "Basic ZGFuYTp4", "Bearer forged", "AWS4-HMAC-SHA256 x"]
)
async def test_without_a_token_that_counts_nothing_is_decided_upon(authorization: str | None) -> None:
    async with served() as api:
        status, answer = await api.ask(authorization)

    assert (status, answer["__type"]) == (403, "UnrecognizedClientException")
    assert "forged" not in answer["message"]
    assert api.access.questions == []


@pytest.mark.parametrize(
    ("path", "more"),
    [("/?token=dana", ""), ("/", "Authorization: Bearer eve\r\n")],
    ids=["query", "two headers"],
)
async def test_a_token_comes_in_one_header_alone(path: str, more: str) -> None:
    async with served() as api:
        status, answer = await api.ask("Bearer dana", path, more=more)

    assert (status, answer["__type"]) == (403, "UnrecognizedClientException")
    assert api.access.questions == []


async def test_no_other_header_says_who_somebody_is() -> None:
    """What proxies and the API server would believe."""
    others = ("Impersonate-User", "X-Remote-User", "X-Remote-Group", "X-Forwarded-User", "X-Forwarded-For")
    async with served() as api:
        await api.ask("Bearer dana", more="".join(f"{name}: system:masters\r\n" for name in others))

    assert [caller for caller, *_ in api.access.questions] == [Caller(SHOP.account, user=DANA)]


@pytest.mark.parametrize("path", ["/ns/", "/ns/a/b", "/ns/%2e%2e", "/ns/A", "/ns/a..b", "/other"])
async def test_other_paths_are_not_served(path: str) -> None:
    async with served() as api:
        status, answer = await api.ask("Bearer dana", path)

    assert (status, answer["__type"]) == (404, "UnknownOperationException")
    assert api.held.asked == []


async def test_a_request_is_to_be_repeated_while_nobody_can_be_recognised() -> None:
    async with served() as api:
        status, answer = await api.ask("Bearer down")

    assert (status, answer["__type"]) == (503, "ServiceUnavailableException")


async def test_wrong_tokens_are_asked_about_only_so_often() -> None:
    most = int(bearer.NEW_TOKENS[0])
    async with served() as api:
        answers = [await api.ask(f"Bearer wrong-{number}") for number in range(most + 10)]
        names = [answer["__type"] for _, answer in answers]

        assert names[:most] == ["UnrecognizedClientException"] * most
        assert "ThrottlingException" in names
        assert len(api.held.asked) < most + 10


async def test_one_caller_is_served_only_so_often(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bearer, "OTHERS", (3, 0.001))
    async with served() as api:
        names = [(await api.ask("Bearer dana"))[1]["__type"] for _ in range(4)]
        starts = (await api.ask("Bearer dana", operation="StartExecution"))[1]["__type"]
        others = (await api.ask("Bearer eve"))[1]["__type"]

    assert names == [*["AccessDeniedException"] * 3, "ThrottlingException"]
    assert (starts, others) == ("ValidationException", "AccessDeniedException")


async def test_a_server_that_is_busy_says_so_at_once() -> None:
    async with served(most=0) as api:
        status, answer = await api.ask("Bearer dana")

    assert (status, answer["__type"]) == (400, "ThrottlingException")


async def test_one_caller_leaves_room_for_others() -> None:
    async with served(most_of_one=1) as api:
        head = f"POST / HTTP/1.1\r\nHost: localhost\r\nContent-Type: {CONTENT_TYPE}\r\nAuthorization: Bearer dana\r\n"
        _, writer = await asyncio.open_connection("127.0.0.1", api.port)
        writer.write(f"{head}Content-Length: 2\r\n\r\n".encode())  # and nothing of it
        await until(api, "ThrottlingException")
        assert (await api.ask("Bearer eve"))[1]["__type"] == "AccessDeniedException"
        writer.close()
        await until(api, "AccessDeniedException")


async def until(api: Api, name: str) -> None:
    """Dana is answered so."""
    async with asyncio.timeout(30):
        while (await api.ask("Bearer dana"))[1]["__type"] != name:  # noqa: ASYNC110 - it has no event
            await asyncio.sleep(0.02)


async def test_a_request_whose_client_goes_has_a_line_too() -> None:
    asked = asyncio.Event()

    async def acting(_: Request) -> Response:
        audit.note(user="dana", operation="StopExecution", resource="arn", allowed=True)
        asked.set()
        await asyncio.Event().wait()
        raise AssertionError

    with capture_logs() as logs:
        web, port = await listening.start(audit.audited(acting), ["127.0.0.1"], 0)
        _, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(b"POST / HTTP/1.1\r\nHost: localhost\r\n\r\n")
        await asyncio.wait_for(asked.wait(), 30)
        writer.close()
        async with asyncio.timeout(30):
            while not logs:  # noqa: ASYNC110 - a log has no event
                await asyncio.sleep(0.02)
        await web.cleanup()

    [line] = logs
    assert (line["user"], line["operation"], line["resource"]) == ("dana", "StopExecution", "arn")
    assert (line["allowed"], line["status"], line["error"]) == (True, None, "NotAnswered")


async def test_each_request_has_a_line_in_the_log_without_its_token() -> None:
    with capture_logs() as logs:
        async with served() as api:
            await api.ask("Bearer dana")
            await api.ask("Bearer forged")
    lines = [line for line in logs if line["event"] == "request"]

    assert [(line["user"], line["operation"], line["allowed"], line["status"]) for line in lines] == [
        (DANA.name, "ListStateMachines", False, 400),
        (None, "AWSStepFunctions.ListStateMachines", None, 403),
    ]
    assert lines[0]["resource"] == f"arn:aws:states:us-east-1:{SHOP.account}:stateMachine:*"
    assert lines[0]["source"] == "127.0.0.1"
    assert "forged" not in str(lines)
