"""One message on its way into a partition."""

from __future__ import annotations

from typing import Any, Final

from aiokafka import errors

from stepwright.asl.failure.errors import RUNTIME
from stepwright.asl.json_types import Json
from stepwright.asl.task_token import begun_uid
from stepwright.tasks.calls.integration import Call, CallFailed
from stepwright.tasks.kafka import client, failures
from stepwright.tasks.kafka.client import Broker, Topic
from stepwright.tasks.kafka.failures import ForNow
from stepwright.tasks.kafka.parameters import IDENTITY, payload
from stepwright.tasks.kafka.producers import Producer, Producers

_MAY_BE_THERE: Final = (errors.RequestTimedOutError, errors.NotEnoughReplicasAfterAppendError)
"""With these errors, too, the message may be in its partition."""
_OF_PRODUCERS: Final = (
    errors.OutOfOrderSequenceNumber,
    errors.InvalidProducerEpoch,
    errors.InvalidProducerIdMapping,
    errors.UnknownProducerId,
)
"""The broker does not know the producer as this process does: another one is needed."""


class Message:
    """The first attempt settles its partition and its producer. ``may_be_there``: it was sent, and nobody
    knows what became of it."""

    def __init__(self, call: Call, given: dict[str, Any]) -> None:
        self.topic: str = given["Topic"]
        self.producer: Producer | None = None
        self.cluster = ""
        self.may_be_there = False
        self._partition: int | None = given.get("Partition")
        self._moment = call.task.scheduled
        key = given.get("Key")
        try:
            self._key = None if key is None else key.encode()
            self._value = payload(given.get("Message"))
        except UnicodeEncodeError as error:
            raise CallFailed(
                RUNTIME, "Message has half of a character in it, which cannot be sent."
            ) from error
        headers = {**(given.get("Headers") or {}), IDENTITY: begun_uid(call.ref.uid, call.task.task)}
        self._headers = [(name, value.encode()) for name, value in headers.items()]

    def leader(self, topic: Topic) -> tuple[str, int]:
        """Of its partition. Raises CallFailed, and the errors of aiokafka."""
        if self._partition is None:
            self._partition = topic.partition(self._key)
        if self._partition not in topic.leaders:
            raise CallFailed(failures.NO_TOPIC, f"The topic {self.topic} has no partition {self._partition}.")
        leader = topic.leaders[self._partition]
        if leader is None:
            raise errors.LeaderNotAvailableError
        return leader

    async def publish(self, broker: Broker, seconds: float) -> Json:
        """Raises ForNow, and the errors of aiokafka."""
        assert self.producer is not None
        assert self._partition is not None
        place = self.topic, self._partition
        sent = client.batch(self.producer, place, self._moment, self._key, self._value, self._headers)
        was_there, self.may_be_there = self.may_be_there, True
        try:
            offset = await broker.publish(*place, sent, seconds)
        except _OF_PRODUCERS as error:
            if was_there:
                raise
            self.producer, self.may_be_there = None, False
            raise ForNow(failures.told(error)) from error
        except errors.BrokerResponseError as error:
            self.may_be_there = was_there or isinstance(error, _MAY_BE_THERE)
            raise
        self.may_be_there = False
        self.producer.acknowledged(*place)
        return {"Topic": self.topic, "Partition": self._partition, "Offset": offset if offset >= 0 else None}

    def leave(self, producers: Producers) -> None:
        if self.producer is not None and not self.may_be_there:
            producers.leave(self.cluster, self.producer)
