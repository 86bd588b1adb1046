"""Tasks that ask whoever takes their message from a queue of RabbitMQ."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest
from aiormq.abc import AbstractChannel

from stepwright.asl.json_types import Json
from stepwright.asl.resource import parse
from stepwright.tasks.amqp.integration import Amqp
from stepwright.tasks.calls.integration import Again, Call
from tests.processes.rabbitmq import RabbitMq
from tests.tasks.amqp.test_amqp_contract import answering
from tests.tasks.amqp.test_amqp_tasks import PUBLISH, bus, failure, result, taken
from tests.tasks.http.calling import REF, Kept
from tests.tasks.relays import Relay
from tests.tasks.start_tasks import start_task


def asked(number: int = 5, **parameters: Json) -> Call:
    given: dict[str, Json] = {"Connection": "shop", "RoutingKey": "prices", "Message": {"n": 7}, **parameters}
    return Call(REF, start_task(parse("amqp:request"), given, number))


@pytest.fixture
async def channel(rabbitmq: RabbitMq) -> AsyncIterator[AbstractChannel]:
    """With the empty queue ``prices``."""
    async with rabbitmq.channel() as channel:
        await channel.queue_delete("prices")
        await channel.queue_declare("prices")
        yield channel


@pytest.mark.parametrize(
    ("data", "message"), [(b'{"price": 12.50}', {"price": 12.5}), (b"soon", "soon"), (b"", None)]
)
async def test_an_answer_is_the_result(
    data: bytes, message: Json, rabbitmq: RabbitMq, channel: AbstractChannel
) -> None:
    seen: list[bytes] = []
    await answering(channel, "prices", data, seen, content_type="text/x", headers={"from": "stock", "n": 1})

    given = await result(bus(rabbitmq), asked())

    assert given == {"Message": message, "ContentType": "text/x", "Headers": {"from": "stock", "n": 1}}
    assert seen == [b'{"n":7}']


async def test_an_answer_to_something_else_is_none(rabbitmq: RabbitMq, channel: AbstractChannel) -> None:
    async def answer(message: Any) -> None:
        properties = message.header.properties
        for body, identity in ((b"other", "other"), (b"own", properties.correlation_id)):
            told = type(properties)(correlation_id=identity)
            await channel.basic_publish(body, routing_key=properties.reply_to, properties=told)

    await channel.basic_consume("prices", answer, no_ack=True)

    assert (await result(bus(rabbitmq), asked()))["Message"] == "own"


async def test_a_request_that_no_queue_takes_is_told_at_once(rabbitmq: RabbitMq) -> None:
    assert (await failure(bus(rabbitmq), asked(RoutingKey="nowhere"))).error == "Amqp.NoRoute"


async def test_a_request_that_nobody_answers_leaves_it_unknown_and_is_not_taken_later(
    rabbitmq: RabbitMq, channel: AbstractChannel
) -> None:
    failed = await failure(bus(rabbitmq, timeoutSeconds=1), asked())

    assert failed.error == "Amqp.AnswerLost"
    await asyncio.sleep(0.2)
    assert (await taken(channel, "prices")).body == b""


async def test_a_connection_that_ends_within_a_request_leaves_it_unknown(
    rabbitmq: RabbitMq, channel: AbstractChannel
) -> None:
    async with Relay(rabbitmq.plain_port, PUBLISH, "cut") as relay:
        failed = await failure(bus(rabbitmq, port=relay.port, tls={"mode": "Disabled"}), asked())

    assert failed.error == "Amqp.AnswerLost"
    assert (await taken(channel, "prices")).body == b'{"n":7}'


async def test_an_answer_that_is_too_large_is_not_read_to_its_end(
    rabbitmq: RabbitMq, channel: AbstractChannel
) -> None:
    async def flood(message: Any) -> None:
        properties = message.header.properties
        for _ in range(12):  # the server itself takes no message of more than 200 kB
            told = type(properties)(correlation_id="other")
            await channel.basic_publish(b"x" * 150_000, routing_key=properties.reply_to, properties=told)

    await channel.basic_consume("prices", flood, no_ack=True)

    assert (await failure(bus(rabbitmq), asked())).error == "States.DataLimitExceeded"


def test_a_request_is_not_made_again() -> None:
    assert Amqp(Kept({})).again(asked()) is Again.FAIL
