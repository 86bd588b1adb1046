"""Tasks that publish to RabbitMQ keep the contract of all integrations."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Any, ClassVar

import pytest
from aiormq.abc import AbstractChannel, DeliveredMessage
from pamqp.commands import Basic

from stepwright.asl.definition import TaskCheck
from stepwright.asl.json_types import Json
from stepwright.integrations.testing import Contract, Fault, OtherSide
from stepwright.tasks import amqp
from stepwright.tasks.calls.integration import Integration
from stepwright.tasks.calls.means import Means
from tests.processes.rabbitmq import PASSWORD, USER, VIRTUAL_HOST, RabbitMq
from tests.tasks.faulty_servers import ANY, faulty


async def answering(
    channel: AbstractChannel, queue: str, answer: bytes, asked: list[bytes], **properties: Any
) -> None:
    """Somebody who takes what is in a queue, and answers it."""

    async def take(message: DeliveredMessage) -> None:
        asked.append(message.body)
        given = message.header.properties
        await channel.basic_publish(
            answer,
            routing_key=given.reply_to or "",
            properties=Basic.Properties(correlation_id=given.correlation_id, **properties),
        )

    await channel.queue_declare(queue)
    await channel.basic_consume(queue, take, no_ack=True)


class TestPublish(Contract):
    """What is published again has the same message-id."""

    resource = "amqp:publish"
    errors = frozenset({"Amqp.ConnectionFailed", "Amqp.AnswerLost", "Amqp.AuthenticationFailed"})
    faults = ANY | {"refusing"}
    wrong: ClassVar[Sequence[Json]] = (
        {"Connection": "bus"},
        {"Connection": "bus", "Exchange": "", "RoutingKey": ""},
        {"Connection": "bus", "RoutingKey": "x" * 256},
        {"Connection": "bus", "RoutingKey": "ü" * 128},
        {"Connection": "bus", "RoutingKey": "a\0b"},
        {"Connection": "bus", "RoutingKey": "orders", "Headers": {"CC": "others"}},
        {"Connection": "bus", "RoutingKey": "orders", "Headers": {"X": ["a"]}},
        {"Connection": "bus", "RoutingKey": "orders", "Headers": {"X": 2**63}},
        {"Connection": "bus", "RoutingKey": "orders", "Priority": 256},
        {"Connection": "bus", "RoutingKey": "orders", "Persistent": "yes"},
        {"Connection": "bus", "Queue": "orders"},
        {"RoutingKey": "orders"},
    )
    rabbitmq: ClassVar[RabbitMq]

    @pytest.fixture(autouse=True)
    def _with_server(self, rabbitmq: RabbitMq) -> None:
        type(self).rabbitmq = rabbitmq

    def integration(self, means: Means) -> Integration:
        return amqp.make(means)

    def check(self) -> TaskCheck:
        return amqp.OFFERED.check_for({})

    async def count(self) -> int:
        async with self.rabbitmq.channel() as channel:
            return (await channel.queue_declare("orders", passive=True)).message_count or 0

    def side(self, port: int, fault: Fault | None) -> OtherSide:
        spec: dict[str, Any] = {
            "host": "localhost",
            "port": port,
            "virtualHost": VIRTUAL_HOST,
            "auth": {
                "username": USER,
                "passwordFrom": {"secretKeyRef": {"name": "bus", "key": "password"}},
            },
            "tls": {"ca": self.rabbitmq.certificates.text("ca.crt")},
        }
        if fault == "slow":
            spec["timeoutSeconds"] = 1
        elif fault in ("silent", "broken", "huge"):
            spec |= {"timeoutSeconds": 30 if fault == "huge" else 1, "tls": {"mode": "Disabled"}}
        return OtherSide(
            {"Connection": "bus", "RoutingKey": "orders", "Message": {"item": "chair"}},
            self.count,
            connections={"bus": {"amqp": spec}},
            secrets={"bus/password": "canary of somebody else" if fault == "refusing" else PASSWORD},
        )

    @asynccontextmanager
    async def other_side(self, fault: Fault | None) -> AsyncIterator[OtherSide]:
        if fault in ANY:
            # A frame that claims to have 4 GB.
            async with faulty(
                fault, b"\x01\x00\x00\xff\xff\xff\xff" + b"x" * 10_000, self.rabbitmq.port
            ) as port:
                yield self.side(port, fault)
        else:
            async with self.rabbitmq.channel() as channel:
                await channel.queue_declare("orders")
                await channel.queue_purge("orders")
            yield self.side(self.rabbitmq.port, fault)


class TestPublishThatWaitsForAToken(TestPublish):
    resource = "amqp:publish.waitForTaskToken"


class TestRequest(TestPublish):
    """What has been asked for once is not asked for again."""

    resource = "amqp:request"
    wrong = (
        {"Connection": "bus"},
        {"Connection": "bus", "RoutingKey": "orders", "ReplyTo": "answers"},
        {"Connection": "bus", "RoutingKey": "orders", "ExpirationSeconds": 1},
        {"RoutingKey": "orders"},
    )
    asked: list[bytes]

    @asynccontextmanager
    async def other_side(self, fault: Fault | None) -> AsyncIterator[OtherSide]:
        self.asked = []
        async with super().other_side(fault) as side, self.rabbitmq.channel() as channel:
            await answering(channel, "orders", b'{"taken": true}', self.asked)
            yield side

    async def count(self) -> int:
        return len(self.asked)
