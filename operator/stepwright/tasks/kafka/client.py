"""Connections to brokers of Kafka, for one task.

aiokafka's producer looks hosts up, connects to whatever brokers a cluster names, and goes on after the task. So only its connections
are used, with its protocol: each gets a socket that was chosen and made before.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, Final

from aiokafka import errors
from aiokafka.conn import AIOKafkaConnection, AIOKafkaProtocol
from aiokafka.partitioner import DefaultPartitioner
from aiokafka.protocol.metadata import MetadataRequest
from aiokafka.protocol.produce import ProduceRequest
from aiokafka.protocol.transaction import InitProducerIdRequest
from aiokafka.record.default_records import DefaultRecordBatchBuilder

from stepwright.tasks.calls.at_servers import Line
from stepwright.tasks.calls.servers import Server
from stepwright.tasks.kafka.connection import KafkaConnection
from stepwright.tasks.kafka.producers import Producer

_ALL_IN_SYNC: Final = -1
_NO_TRANSACTION_MS: Final = 60_000
_OVERHEAD_BYTES: Final = 4096
_NEVER_MS: Final = 24 * 3600 * 1000
"""Whoever uses a connection limits the time."""

# Each task says by itself what has happened to its connections.
logging.getLogger("aiokafka").setLevel(logging.CRITICAL)


class _Connection(AIOKafkaConnection):  # type: ignore[misc]  # it has no types
    """Uses a socket that was connected before, and never looks for another."""

    def __init__(self, server: Server, line: Line, mechanism: str) -> None:
        protocol = ("SASL_" if line.user else "") + ("SSL" if line.context is not None else "PLAINTEXT")
        super().__init__(
            server.target.host,
            server.target.port,
            client_id="stepwright",
            request_timeout_ms=_NEVER_MS,
            ssl_context=line.context,
            security_protocol=protocol,
            sasl_mechanism=mechanism if line.user else None,
            sasl_plain_username=line.user or None,
            sasl_plain_password=line.password or None,
        )
        self._line = line
        self._expected = server.expected
        self.transport: asyncio.WriteTransport | None = None

    async def connect(self) -> None:
        loop = asyncio.get_running_loop()
        self._closed_fut = loop.create_future()
        reader = asyncio.StreamReader(loop=loop)
        protocol = AIOKafkaProtocol(self._closed_fut, reader, loop=loop)
        options = self._line.options(self._expected)
        transport, _ = await loop.create_connection(lambda: protocol, **options)
        self.transport = transport
        self._reader, self._protocol = reader, protocol
        self._writer = asyncio.StreamWriter(transport, protocol, reader, loop)
        self._read_task = self._create_reader_task()
        await self._do_version_lookup()
        if self._line.user:
            await self._do_sasl_handshake()


class Broker:
    """What one broker is asked."""

    def __init__(self, connection: Any) -> None:
        self._connection = connection

    async def topic(self, name: str) -> Topic:
        """Raises the errors of aiokafka."""
        told = await self._connection.send(MetadataRequest([name], allow_auto_topic_creation=False))
        brokers = {node: (host, port) for node, host, port, *_ in told.brokers}
        for code, topic, _, partitions in told.topics:
            if topic == name:
                _require(code)
                leaders = {number: brokers.get(leader) for _, number, leader, *_ in partitions}
                return Topic(str(told.cluster_id), leaders)
        raise errors.UnknownTopicOrPartitionError

    async def producer(self) -> Producer:
        """Raises the errors of aiokafka."""
        made = await self._connection.send(InitProducerIdRequest(None, _NO_TRANSACTION_MS))
        _require(made.error_code)
        return Producer(made.producer_id, made.producer_epoch)

    async def publish(self, topic: str, partition: int, batch: bytes, seconds: float) -> int:
        """The message's place in the partition, -1 if it is there already and nobody remembers where. Raises the errors of
        aiokafka."""
        asked = ProduceRequest(None, _ALL_IN_SYNC, round(seconds * 1000), [(topic, [(partition, batch)])])
        told = await self._connection.send(asked)
        for _, partitions in told.topics:
            for _, code, offset, *_ in partitions:
                if errors.for_code(code) is not errors.DuplicateSequenceNumber:
                    _require(code)
                return int(offset)
        raise errors.KafkaProtocolError("the broker answers for another topic")


class Topic:
    """``cluster``: its id. ``leaders``: where each partition's is, None if there is none now."""

    def __init__(self, cluster: str, leaders: dict[int, tuple[str, int] | None]) -> None:
        self.cluster = cluster
        self.leaders = leaders

    def partition(self, key: bytes | None) -> int:
        """As Kafka's own clients choose it: by the key, without one any that has a leader."""
        led = [number for number, leader in self.leaders.items() if leader is not None]
        return int(DefaultPartitioner()(key, sorted(self.leaders), led))


def batch(
    producer: Producer,
    place: tuple[str, int],
    moment_ms: int,
    key: bytes | None,
    value: bytes | None,
    headers: list[tuple[str, bytes]],
) -> bytes:
    """One message as ``producer`` sends it next to that topic and partition."""
    size = sum(map(len, (key or b"", value or b"", *(part for _, part in headers)))) + _OVERHEAD_BYTES
    size += sum(len(name) for name, _ in headers)
    builder = DefaultRecordBatchBuilder(
        magic=2,
        compression_type=0,
        is_transactional=0,
        producer_id=producer.id,
        producer_epoch=producer.epoch,
        base_sequence=producer.next.get(place, 0),
        batch_size=size,
    )
    builder.append(0, moment_ms, key, value, headers)
    return bytes(builder.build())


@asynccontextmanager
async def broker(kafka: KafkaConnection, server: Server, line: Line) -> AsyncIterator[Broker]:
    """Raises OSError, TimeoutError, and the errors of aiokafka."""
    connection = _Connection(server, line, kafka.mechanism)
    try:
        await connection.connect()
        yield Broker(connection)
    finally:
        connection.close()
        if connection.transport is None:
            line.socket.close()
        else:
            connection.transport.abort()
        await asyncio.sleep(0)  # then the socket is closed


def _require(code: int) -> None:
    error = errors.for_code(code)
    if error is not errors.NoError:
        raise error
