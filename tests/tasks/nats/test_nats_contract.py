"""Tasks that talk to NATS keep the contract of all integrations."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any, ClassVar

import pytest
from nats.aio.client import Client
from nats.aio.msg import Msg

from stepwright.asl.definition import TaskCheck
from stepwright.integrations.testing import Contract, Fault, OtherSide
from stepwright.tasks import nats
from stepwright.tasks.calls.integration import Integration
from stepwright.tasks.calls.means import Means
from tests.processes.nats_server import PASSWORD, USER, NatsServer
from tests.tasks.faulty_servers import ANY, faulty

Counted = Callable[[], Awaitable[int]]


class _OverNats(Contract):
    errors = frozenset({"Nats.ConnectionFailed", "Nats.AnswerLost", "Nats.AuthorizationViolation"})
    faults = ANY | {"refusing"}
    wrong = (
        {"Connection": "bus"},
        {"Connection": "bus", "Subject": "orders.*"},
        {"Connection": "bus", "Subject": "orders..new"},
        {"Connection": "bus", "Subject": "a b"},
        {"Connection": "bus", "Subject": "$JS.API.STREAM.DELETE.orders"},
        {"Connection": "bus", "Subject": "a\r\nPUB b 1"},
        {"Connection": "bus", "Subject": "a", "Headers": {"Nats-Msg-Id": "7"}},
        {"Connection": "bus", "Subject": "a", "Headers": {"X": "a\r\nY: b"}},
    )
    nats_server: ClassVar[NatsServer]

    @pytest.fixture(autouse=True)
    def _with_server(self, nats_server: NatsServer) -> None:
        type(self).nats_server = nats_server

    def integration(self, means: Means) -> Integration:
        return nats.make(means)

    def check(self) -> TaskCheck:
        return nats.OFFERED.check_for({})

    def listening(self, client: Client) -> Any:
        """A context manager in which somebody takes what is sent; gives what counts it."""
        raise NotImplementedError

    def side(self, port: int, fault: Fault | None, effects: Counted) -> OtherSide:
        spec: dict[str, Any] = {
            "host": "localhost",
            "port": port,
            "auth": {
                "username": USER,
                "passwordFrom": {"secretKeyRef": {"name": "bus", "key": "password"}},
            },
            "tls": {"ca": self.nats_server.certificates.text("ca.crt")},
        }
        if fault in ("silent", "slow"):
            spec["timeoutSeconds"] = 1
        return OtherSide(
            {"Connection": "bus", "Subject": "orders.new", "Message": {"item": "chair"}},
            effects,
            connections={"bus": {"nats": spec}},
            secrets={"bus/password": "canary of somebody else" if fault == "refusing" else PASSWORD},
        )

    @asynccontextmanager
    async def other_side(self, fault: Fault | None) -> AsyncIterator[OtherSide]:
        if fault in ANY:

            async def nothing() -> int:
                return 0

            async with faulty(fault, b"INFO {" + b"x" * 10_000, self.nats_server.port) as port:
                yield self.side(port, fault, nothing)
        else:
            async with self.nats_server.client() as client, self.listening(client) as effects:
                yield self.side(self.nats_server.port, fault, effects)


class TestPublish(_OverNats):
    """The stream knows a message that comes again."""

    resource = "nats:publish"

    @asynccontextmanager
    async def listening(self, client: Client) -> AsyncIterator[Counted]:
        streams = client.jetstream()
        await streams.add_stream(name="orders", subjects=["orders.>"])

        async def effects() -> int:
            return int((await streams.stream_info("orders")).state.messages)

        try:
            yield effects
        finally:
            await streams.delete_stream("orders")


class TestPublishThatWaitsForAToken(TestPublish):
    resource = "nats:publish.waitForTaskToken"


class TestRequest(_OverNats):
    """What has been asked for once is not asked for again."""

    resource = "nats:request"

    @asynccontextmanager
    async def listening(self, client: Client) -> AsyncIterator[Counted]:
        asked: list[bytes] = []

        async def answer(message: Msg) -> None:
            asked.append(message.data)
            await message.respond(b'{"taken": true}')

        subscribed = await client.subscribe("orders.new", cb=answer)
        await client.flush()

        async def effects() -> int:
            return len(asked)

        try:
            yield effects
        finally:
            await subscribed.unsubscribe()
