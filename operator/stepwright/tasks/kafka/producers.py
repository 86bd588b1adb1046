"""Identities of producers, by which brokers recognise a message that comes twice.

A broker remembers each identity for a day or more, so there are few: one task at a time uses one, and leaves it to the next, with the
number of its next message in each partition. An identity is never used again once nobody knows what became of its message.

Source: https://cwiki.apache.org/confluence/display/KAFKA/KIP-98+-+Exactly+Once+Delivery+and+Transactional+Messaging
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Final

_LARGEST_SEQUENCE: Final = 2**31 - 1


@dataclass(slots=True)
class Producer:
    """``next``: by topic and partition."""

    id: int
    epoch: int
    next: dict[tuple[str, int], int] = field(default_factory=dict)

    def acknowledged(self, topic: str, partition: int) -> None:
        number = self.next.get((topic, partition), 0)
        self.next[topic, partition] = 0 if number == _LARGEST_SEQUENCE else number + 1


class Producers:
    """Those that nobody uses, by the cluster's id."""

    def __init__(self) -> None:
        self._idle: dict[str, list[Producer]] = {}

    async def one(self, cluster: str, make: Callable[[], Awaitable[Producer]]) -> Producer:
        idle = self._idle.get(cluster)
        return idle.pop() if idle else await make()

    def leave(self, cluster: str, producer: Producer) -> None:
        self._idle.setdefault(cluster, []).append(producer)
