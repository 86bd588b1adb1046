"""Tasks that publish to Kafka keep the contract of all integrations."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, ClassVar

import pytest

from stepwright.asl.definition import TaskCheck
from stepwright.integrations.testing import Contract, Fault, OtherSide
from stepwright.tasks import kafka as tasks
from stepwright.tasks.calls.integration import Integration
from stepwright.tasks.calls.means import Means
from tests.processes.kafka import PASSWORD, USER, Kafka
from tests.tasks.faulty_servers import ANY, faulty

# The first of them may have to fetch Kafka.
pytestmark = [pytest.mark.slow, pytest.mark.timeout(900)]


class TestPublish(Contract):
    """What is published again by another process has the same header."""

    resource = "kafka:publish"
    errors = frozenset({"Kafka.ConnectionFailed", "Kafka.AnswerLost", "Kafka.AuthenticationFailed"})
    faults = ANY | {"refusing"}
    wrong = (
        {"Connection": "log"},
        {"Connection": "log", "Topic": ""},
        {"Connection": "log", "Topic": ".."},
        {"Connection": "log", "Topic": "orders/new"},
        {"Connection": "log", "Topic": "x" * 250},
        {"Connection": "log", "Topic": "orders", "Key": 7},
        {"Connection": "log", "Topic": "orders", "Partition": -1},
        {"Connection": "log", "Topic": "orders", "Headers": {"Stepwright-Task": "7"}},
        {"Connection": "log", "Topic": "orders", "Headers": {"x": 7}},
        {"Connection": "log", "Topic": "orders", "Value": 7},
        {"Topic": "orders"},
    )
    kafka: ClassVar[Kafka]

    @pytest.fixture(autouse=True)
    def _with_server(self, kafka: Kafka) -> None:
        type(self).kafka = kafka

    def integration(self, means: Means) -> Integration:
        return tasks.make(means)

    def check(self) -> TaskCheck:
        return tasks.OFFERED.check_for({})

    def side(self, port: int, fault: Fault | None, before: int) -> OtherSide:
        async def effects() -> int:
            return len(await self.kafka.messages("contract")) - before

        spec: dict[str, Any] = {
            "host": "localhost",
            "port": port,
            "auth": {
                "username": USER,
                "passwordFrom": {"secretKeyRef": {"name": "log", "key": "password"}},
            },
            "tls": {"ca": self.kafka.certificates.text("ca.crt")},
        }
        if fault == "slow":
            spec["timeoutSeconds"] = 1
        elif fault in ("silent", "broken", "huge"):
            spec |= {"timeoutSeconds": 30 if fault == "huge" else 1, "tls": {"mode": "Disabled"}}
        return OtherSide(
            {"Connection": "log", "Topic": "contract", "Message": {"item": "chair"}},
            effects,
            connections={"log": {"kafka": spec}},
            secrets={"log/password": "canary of somebody else" if fault == "refusing" else PASSWORD},
        )

    @asynccontextmanager
    async def other_side(self, fault: Fault | None) -> AsyncIterator[OtherSide]:
        if fault in ANY:
            # An answer that claims to have 2 GB.
            async with faulty(fault, b"\x7f\xff\xff\xff" + b"x" * 10_000, self.kafka.port) as port:
                yield self.side(port, fault, 0)
        else:
            await self.kafka.make("contract")
            yield self.side(self.kafka.port, fault, len(await self.kafka.messages("contract")))


class TestPublishThatWaitsForAToken(TestPublish):
    resource = "kafka:publish.waitForTaskToken"
