"""Tasks that publish to RabbitMQ, as their users write them: what arrives, and what the server refuses."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from ipaddress import ip_address
from pathlib import Path
from typing import Any, Literal

import pytest
from aiormq.abc import AbstractChannel

from stepwright.asl.json_types import Json
from stepwright.asl.resource import parse
from stepwright.tasks.amqp.connection import read
from stepwright.tasks.amqp.integration import Amqp
from stepwright.tasks.calls.connection_parts import BadConnection
from stepwright.tasks.calls.integration import Again, Call, RefusedForNow
from tests.processes.dev import DevProcess, ended
from tests.processes.rabbitmq import PASSWORD, USER, VIRTUAL_HOST, RabbitMq
from tests.sql.test_killed import machine
from tests.tasks.http.calling import REF, Kept, certified, secret, secrets_of
from tests.tasks.one_call import OneCall, nowhere
from tests.tasks.relays import Relay
from tests.tasks.start_tasks import start_task


def bus(server: RabbitMq, **amqp: Any) -> Kept:
    """The Connection ``shop``."""
    spec = {
        "host": "localhost",
        "port": server.port,
        "virtualHost": VIRTUAL_HOST,
        "auth": {"username": USER, "passwordFrom": secret("password")},
        "tls": {"ca": server.certificates.text("ca.crt")},
        **amqp,
    }
    return Kept({"amqp": spec}, secrets={"password": PASSWORD, **secrets_of(server.certificates)})


def asked(number: int = 5, **parameters: Json) -> Call:
    given: dict[str, Json] = {
        "Connection": "shop",
        "RoutingKey": "orders",
        "Message": {"n": 7},
        **parameters,
    }
    return Call(REF, start_task(parse("amqp:publish"), given, number))


CALL = OneCall(Amqp)
result, failure = CALL.result, CALL.failure


@pytest.fixture
async def channel(rabbitmq: RabbitMq) -> AsyncIterator[AbstractChannel]:
    """With the empty queue ``orders``."""
    async with rabbitmq.channel() as channel:
        await channel.queue_delete("orders")
        await channel.queue_declare("orders", arguments={"x-max-priority": 9})
        yield channel


async def taken(channel: AbstractChannel, queue: str = "orders") -> Any:
    """The next message of a queue."""
    return await channel.basic_get(queue, no_ack=True)


# --- What arrives ---------------------------------------------------------------------------------------------------------


async def test_a_message_is_in_its_queue_and_lasts(rabbitmq: RabbitMq, channel: AbstractChannel) -> None:
    given = await result(bus(rabbitmq), asked())

    message = await taken(channel)
    properties = message.header.properties
    assert (message.body, properties.content_type) == (b'{"n":7}', "application/json")
    assert (properties.message_id, properties.delivery_mode) == (given["MessageId"], 2)
    assert properties.timestamp is not None


async def test_all_that_a_task_says_of_a_message_arrives(
    rabbitmq: RabbitMq, channel: AbstractChannel
) -> None:
    await result(
        bus(rabbitmq),
        asked(
            Message="Zürich",
            Headers={"shop": "Zürich", "n": -7, "large": 2**40, "urgent": True},
            ContentType="text/csv",
            CorrelationId="7",
            ReplyTo="answers",
            Type="order",
            Priority=3,
            ExpirationSeconds=3600,
            Persistent=False,
        ),
    )

    message = await taken(channel)
    properties = message.header.properties
    assert message.body == "Zürich".encode()
    assert properties.headers == {"shop": "Zürich", "n": -7, "large": 2**40, "urgent": True}
    assert (properties.content_type, properties.message_type) == ("text/csv", "order")
    assert (properties.correlation_id, properties.reply_to) == ("7", "answers")
    assert (properties.priority, properties.expiration, properties.delivery_mode) == (3, "3600000", 1)


async def test_an_exchange_sends_a_message_to_all_its_queues(
    rabbitmq: RabbitMq, channel: AbstractChannel
) -> None:
    await channel.exchange_declare("news", exchange_type="topic", auto_delete=True)
    for queue in ("all", "some"):
        await channel.queue_declare(queue, auto_delete=True, exclusive=True)
    await channel.queue_bind("all", "news", "#")
    await channel.queue_bind("some", "news", "orders.*")

    await result(bus(rabbitmq), asked(Exchange="news", RoutingKey="orders.new"))

    assert [(await taken(channel, queue)).body for queue in ("all", "some")] == [b'{"n":7}'] * 2


@pytest.mark.usefixtures("channel")
async def test_a_message_that_is_published_again_has_the_same_identity(rabbitmq: RabbitMq) -> None:
    kept = bus(rabbitmq)

    first, again, another = [(await result(kept, asked(number)))["MessageId"] for number in (5, 5, 6)]

    assert first == again != another


async def test_a_certificate_says_who_calls(rabbitmq: RabbitMq, channel: AbstractChannel) -> None:
    await result(bus(rabbitmq, auth=None, tls=certified(rabbitmq.certificates)), asked())

    assert (await taken(channel)).body == b'{"n":7}'


async def test_a_certificate_whose_time_is_over_is_not_believed(rabbitmq: RabbitMq) -> None:
    failed = await failure(bus(rabbitmq, auth=None, tls=certified(rabbitmq.certificates, "expired")), asked())

    assert (
        failed.error == "Amqp.ConnectionFailed"
    )  # what the server says of it may come after what is sent next


# --- What the server refuses ------------------------------------------------------------------------------------------------


async def test_a_message_that_no_queue_takes_fails_the_task(rabbitmq: RabbitMq) -> None:
    failed = await failure(bus(rabbitmq), asked(RoutingKey="nowhere"))

    assert (failed.error, failed.cause) == (
        "Amqp.NoRoute",
        "No queue takes messages that go to the default exchange with the routing key 'nowhere'.",
    )


async def test_a_message_that_need_not_be_taken_is_taken_by_nobody(rabbitmq: RabbitMq) -> None:
    assert await result(bus(rabbitmq), asked(RoutingKey="nowhere", Mandatory=False))


async def test_an_exchange_that_is_not_there_is_told(rabbitmq: RabbitMq) -> None:
    failed = await failure(bus(rabbitmq), asked(Exchange="nowhere"))

    assert failed.error == "Amqp.NotFound"
    assert "no exchange 'nowhere' in vhost 'shop/eu'" in failed.cause


async def test_an_exchange_that_may_not_be_used_is_told(rabbitmq: RabbitMq, channel: AbstractChannel) -> None:
    await channel.exchange_declare("inner", internal=True, auto_delete=True)
    failed = await failure(bus(rabbitmq), asked(Exchange="inner"))

    assert failed.error == "Amqp.AccessRefused"
    assert "inner" in failed.cause


async def test_a_queue_that_is_full_refuses_a_message(rabbitmq: RabbitMq, channel: AbstractChannel) -> None:
    await channel.queue_declare(
        "full", exclusive=True, arguments={"x-max-length": 1, "x-overflow": "reject-publish"}
    )
    await result(bus(rabbitmq), asked(RoutingKey="full"))

    failed = await failure(bus(rabbitmq), asked(RoutingKey="full"))

    assert (failed.error, failed.cause) == (
        "Amqp.Refused",
        "The server refuses the message: a queue is full, or has failed.",
    )


@pytest.mark.usefixtures("channel")
async def test_a_message_that_is_too_large_is_refused(rabbitmq: RabbitMq) -> None:
    failed = await failure(bus(rabbitmq), asked(Message="x" * 250_000))

    assert failed.error == "Amqp.Refused"
    assert "larger than configured max size" in failed.cause


@pytest.mark.slow
async def test_a_server_that_is_short_of_memory_takes_nothing_and_the_task_ends_in_time(
    rabbitmq: RabbitMq, channel: AbstractChannel
) -> None:
    async with rabbitmq.short_of_memory():
        with pytest.raises(RefusedForNow) as refused:
            await result(bus(rabbitmq, timeoutSeconds=2), asked())

    assert refused.value.failure.error == "Amqp.AnswerLost"
    assert "has not answered within 2 seconds" in refused.value.failure.cause
    await result(bus(rabbitmq), asked(Message="later"))
    bodies = []
    while body := (await taken(channel)).body:
        bodies.append(body)
    assert b"later" in bodies


async def test_a_message_with_half_of_a_character_is_not_sent(rabbitmq: RabbitMq) -> None:
    failed = await failure(bus(rabbitmq), asked(Message="\ud800"))

    assert failed.error == "States.Runtime"


# --- When something ends ------------------------------------------------------------------------------------------------


def test_what_nobody_knows_is_published_again() -> None:
    assert Amqp(Kept({})).again(asked()) is Again.REPEAT


PUBLISH = b"\x00\x3c\x00\x28"
"""How the method Basic.Publish begins."""


@pytest.mark.parametrize("then", ["cut", "hold"])
async def test_an_answer_that_does_not_come_leaves_it_unknown_and_is_asked_for_again(
    then: Literal["cut", "hold"], rabbitmq: RabbitMq, channel: AbstractChannel
) -> None:
    async with Relay(rabbitmq.plain_port, PUBLISH, then) as relay:
        seconds = 30 if then == "cut" else 2
        kept = bus(rabbitmq, port=relay.port, tls={"mode": "Disabled"}, timeoutSeconds=seconds)
        with pytest.raises(RefusedForNow) as refused:
            await result(kept, asked())

    assert (refused.value.landed, refused.value.failure.error) == (True, "Amqp.AnswerLost")
    assert (await taken(channel)).body == b'{"n":7}'


@pytest.mark.slow
async def test_a_message_whose_process_was_killed_before_its_answer_comes_again_with_the_same_identity(
    rabbitmq: RabbitMq, channel: AbstractChannel, tmp_path: Path
) -> None:
    state = {
        "Type": "Task",
        "Resource": "amqp:publish",
        "Parameters": {"Connection": "shop", "RoutingKey": "orders", "Message": "once"},
        "End": True,
    }
    async with Relay(rabbitmq.plain_port, PUBLISH, "hold") as relay:
        spec = {**bus(rabbitmq, port=relay.port, tls={"mode": "Disabled"}).spec}
        connection = {
            "apiVersion": "stepwright.dev/v1",
            "kind": "Connection",
            "metadata": {"name": "shop"},
            "spec": spec,
        }
        (tmp_path / "connections.yaml").write_text(json.dumps(connection))
        dev = DevProcess(
            tmp_path / "data",
            "--connections",
            str(tmp_path / "connections.yaml"),
            environment={"STEPWRIGHT_SECRET_SHOP_PASSWORD": PASSWORD},
        )
        with dev:
            client = dev.client()
            arn = await asyncio.to_thread(machine, client, {"StartAt": "A", "States": {"A": state}})
            execution = await asyncio.to_thread(client.start_execution, stateMachineArn=arn)
            await relay.asked.wait()
            await asyncio.to_thread(dev.kill)
            relay.then = "pass"
            await asyncio.to_thread(dev.start)
            client = dev.client()
            answer = await asyncio.to_thread(ended, client, execution["executionArn"], within_seconds=120)

    first, second, third = [await taken(channel) for _ in range(3)]
    assert answer["status"] == "SUCCEEDED", answer
    assert (first.body, second.body, third.body) == (b"once", b"once", b"")
    identities = {each.header.properties.message_id for each in (first, second)}
    assert identities == {json.loads(answer["output"])["MessageId"]}


# --- Whom it connects to ------------------------------------------------------------------------------------------------


async def test_a_certificate_of_an_unknown_authority_is_not_believed(rabbitmq: RabbitMq) -> None:
    failed = await failure(bus(rabbitmq, tls={}), asked())

    assert failed.error == "Amqp.ConnectionFailed"
    assert "its certificate is not valid (" in failed.cause


async def test_a_certificate_of_another_host_is_not_believed(rabbitmq: RabbitMq) -> None:
    tls = {"ca": rabbitmq.certificates.text("ca.crt"), "serverName": "other.example.test"}

    assert "Hostname mismatch" in (await failure(bus(rabbitmq, tls=tls), asked())).cause


@pytest.mark.usefixtures("channel")
async def test_a_server_without_tls_is_told_no_password_unless_the_connection_says_so(
    rabbitmq: RabbitMq,
) -> None:
    heard = bytearray()
    over = asyncio.Event()

    async def listen(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        heard.extend(await reader.read(1000))
        writer.write(b"AMQP\x00\x00\x09\x01")
        heard.extend(await reader.read(1000))
        writer.transport.abort()
        over.set()

    server = await asyncio.start_server(listen, "127.0.0.1", 0)
    async with server:
        port = server.sockets[0].getsockname()[1]
        refused = await failure(bus(rabbitmq, port=port), asked())
        await over.wait()
    plain = bus(rabbitmq, port=rabbitmq.plain_port, tls={"mode": "Disabled"})

    assert refused.error == "Amqp.ConnectionFailed"
    assert PASSWORD.encode() not in heard
    assert await result(plain, asked())


async def test_a_wrong_password_is_told_without_it(rabbitmq: RabbitMq) -> None:
    kept = bus(rabbitmq)
    kept.secrets["password"] = "canary-wrong"

    failed = await failure(kept, asked())

    assert (failed.error, failed.cause) == (
        "Amqp.AuthenticationFailed",
        "The server does not accept the credentials.",
    )


async def test_a_virtual_host_that_is_not_there_is_told(rabbitmq: RabbitMq) -> None:
    failed = await failure(bus(rabbitmq, virtualHost="nowhere"), asked())

    assert failed.error == "Amqp.AccessRefused"
    assert "virtual host nowhere" in failed.cause


async def test_a_name_that_does_not_resolve_is_told(rabbitmq: RabbitMq) -> None:
    failed = await failure(bus(rabbitmq, host="bus.example.test"), asked(), nowhere)

    assert (failed.error, failed.cause) == (
        "Amqp.ConnectionFailed",
        "The name bus.example.test cannot be resolved: Name or service not known.",
    )


@pytest.mark.parametrize("address", ["127.0.0.1", "169.254.169.254", "10.0.0.7"])
async def test_a_host_that_points_inwards_is_not_connected_to(address: str, rabbitmq: RabbitMq) -> None:
    kept = bus(rabbitmq, host="bus.example.test")

    failed = await failure(kept, asked(), lambda *_: [ip_address(address)], loopback=False)

    assert failed.error == "States.Permissions"


def test_a_connection_that_names_nobody_is_refused() -> None:
    with pytest.raises(BadConnection, match="names nobody who calls"):
        read({"amqp": {"host": "bus.shop.svc"}})
