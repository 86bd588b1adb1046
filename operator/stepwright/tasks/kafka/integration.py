"""Tasks that publish to Kafka: a connection to the broker that the Connection names, and one to the partition's leader.

While a task lasts, it publishes again what was not acknowledged, and the broker drops what it has already. If its process ends, the
next one publishes again as another producer: then there may be two messages, with the same header.

Source: https://kafka.apache.org/protocol
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Final

from aiokafka import errors

from stepwright.asl.failure.errors import DATA_LIMIT_EXCEEDED, PERMISSIONS
from stepwright.asl.json_types import Json
from stepwright.catalog.ports import ConnectionObjects
from stepwright.engine import backoff
from stepwright.tasks.calls.at_servers import AtServers, hiding
from stepwright.tasks.calls.integration import Again, Answered, Call, CallFailed
from stepwright.tasks.calls.policy import NotAllowed
from stepwright.tasks.calls.secrets import Secrets
from stepwright.tasks.calls.servers import Connector, Server
from stepwright.tasks.kafka import client, connection, failures
from stepwright.tasks.kafka.client import Broker
from stepwright.tasks.kafka.connection import KafkaConnection
from stepwright.tasks.kafka.failures import CONNECTION, LOST, ForNow
from stepwright.tasks.kafka.message import Message
from stepwright.tasks.kafka.parameters import OFFERED
from stepwright.tasks.kafka.producers import Producers

LARGEST_ANSWER_BYTES: Final = 1024 * 1024
"""All that one broker may send for one task."""


class Kafka(AtServers):
    """Implements ``tasks.calls.integration.Integration``."""

    offered = OFFERED
    connection_failed = CONNECTION

    def __init__(
        self, objects: ConnectionObjects, *, loopback: bool = False, connector: Connector | None = None
    ) -> None:
        super().__init__(objects, loopback=loopback, connector=connector)
        self._producers = Producers()

    def again(self, call: Call) -> Again:  # noqa: ARG002
        return Again.REPEAT

    def lost(self, call: Call) -> CallFailed:  # noqa: ARG002
        return CallFailed(LOST, "Nobody knows whether the message was published.")

    async def begin(self, call: Call) -> Answered:
        given = OFFERED.read(call)
        secrets, kafka = await self._connection(call, given["Connection"], connection.read)
        message = Message(call, given)
        try:
            with hiding(secrets):
                return Answered(await self._acknowledged(message, kafka, secrets))
        finally:
            message.leave(self._producers)

    async def _acknowledged(self, message: Message, kafka: KafkaConnection, secrets: Secrets) -> Json:
        """As often as it takes within the time that is left: the broker recognises a message that comes twice."""
        last = CallFailed(
            CONNECTION, f"{kafka.server.name} has not answered within {kafka.server.seconds:g} seconds."
        )
        try:
            async with asyncio.timeout(kafka.server.seconds):
                for delay in backoff.delays():
                    try:
                        return await self._published(message, kafka, secrets)
                    except ForNow as refused:
                        last = refused.failure
                    except CallFailed as failed:
                        if not message.may_be_there:
                            raise
                        last = failed
                    await asyncio.sleep(delay)
        except TimeoutError as error:
            raise (CallFailed(LOST, last.cause) if message.may_be_there else last) from error
        raise AssertionError("delays never end")

    async def _published(self, message: Message, kafka: KafkaConnection, secrets: Secrets) -> Json:
        """Raises CallFailed, ForNow."""
        async with AsyncExitStack() as stack:
            first = await stack.enter_async_context(self._broker(kafka, kafka.server, secrets))
            topic = await first.topic(message.topic)
            try:
                leader = kafka.broker(*message.leader(topic))
            except NotAllowed as refused:
                raise CallFailed(PERMISSIONS, str(refused)) from refused
            broker = (
                first
                if leader.name == kafka.server.name
                else await stack.enter_async_context(self._broker(kafka, leader, secrets))
            )
            if message.producer is None:
                message.cluster = topic.cluster
                message.producer = await self._producers.one(topic.cluster, broker.producer)
            return await message.publish(broker, leader.seconds)

    @asynccontextmanager
    async def _broker(
        self, kafka: KafkaConnection, server: Server, secrets: Secrets
    ) -> AsyncIterator[Broker]:
        """Raises CallFailed, ForNow: also for what happens while it is used."""
        line = await self._line(server, secrets, LARGEST_ANSWER_BYTES)
        try:
            async with client.broker(kafka, server, line) as found:
                yield found
        except (CallFailed, ForNow):
            raise
        except errors.BrokerResponseError as error:
            raise failures.of_broker(error) from error
        except Exception as error:
            if line.socket.exceeded:
                why = f"{server.name} sends more than {LARGEST_ANSWER_BYTES:,} bytes."
                raise CallFailed(DATA_LIMIT_EXCEEDED, why) from error
            raise CallFailed(
                CONNECTION, f"The connection to {server.name} has failed: {failures.why(error)}."
            ) from error
