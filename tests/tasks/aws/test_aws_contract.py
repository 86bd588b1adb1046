"""Tasks that call AWS keep the contract of all integrations: those that ask once, and those that wait for what they began."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any, ClassVar, Final, get_args

import pytest

from stepwright.asl.definition import TaskCheck
from stepwright.asl.json_types import Json
from stepwright.assembly.connections import ServicesOfEnvironment
from stepwright.aws import clients
from stepwright.integrations.testing import Contract, Fault, OtherSide
from stepwright.tasks import aws
from stepwright.tasks.aws.integration import AwsServices
from stepwright.tasks.calls.integration import Integration
from stepwright.tasks.calls.means import Means
from tests.tasks.aws_calls import use_endpoint
from tests.tasks.played_http import Answer, serving

SECRET: Final = "canary-of-the-key"
JSON: Final = {"Content-Type": "application/x-amz-json-1.1", "x-amzn-RequestId": "r-1"}
REFUSALS: Final[Mapping[Fault, Answer]] = {
    "throttling": (400, JSON, {"__type": "ThrottlingException", "message": "Rate exceeded"}),
    "refusing": (403, JSON, {"__type": "UnrecognizedClientException", "message": "The token is invalid."}),
    "expired": (403, JSON, {"__type": "ExpiredTokenException", "message": "The token is expired"}),
}


class _OverAws(Contract):
    faults = frozenset(get_args(Fault))
    parameters: ClassVar[Json]
    monkeypatch: pytest.MonkeyPatch

    @pytest.fixture(autouse=True)
    def _environment(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.monkeypatch = monkeypatch
        monkeypatch.setattr("botocore.retries.standard.ExponentialBackoff.delay_amount", lambda *_: 0)
        monkeypatch.setattr(clients, "ANSWER_SECONDS", 1)

    def integration(self, means: Means) -> Integration:
        return AwsServices(ServicesOfEnvironment(), means.clock)

    def check(self) -> TaskCheck:
        return aws.check_for({})

    @asynccontextmanager
    async def other_side(self, fault: Fault | None) -> AsyncIterator[OtherSide]:
        self.begin()
        if fault in ("silent", "slow"):
            self.monkeypatch.setattr(clients, "ATTEMPTS", 1)

        def answer(headers: Mapping[str, str], body: bytes) -> Answer:
            operation = headers["x-amz-target"].rpartition(".")[2]
            return 200, JSON, self.answer(operation, json.loads(body))

        with serving(answer, fault, REFUSALS) as url:
            keys = {"AWS_ACCESS_KEY_ID": "AKIAKNOWN", "AWS_SECRET_ACCESS_KEY": SECRET}
            use_endpoint(self.monkeypatch, url, keys)
            yield OtherSide(
                self.parameters,
                self.count,
                secrets={"the/key": SECRET},
                running=self.count_running,
                end=self.end,
            )

    def begin(self) -> None:
        """Nothing has been asked yet."""
        raise NotImplementedError

    def answer(self, operation: str, given: Any) -> Json:
        raise NotImplementedError

    async def count(self) -> int:
        raise NotImplementedError

    async def count_running(self) -> int:
        return 0

    async def end(self) -> None:
        pass


class TestMessage(_OverAws):
    """A message that is sent twice is two."""

    resource = "arn:aws:states:::sqs:sendMessage"
    errors = frozenset({"SQS.SdkClientException", "SQS.AmazonSQSException"})
    wrong = ({}, {"QueueUrl": "q"}, {"QueueUrl": "q", "MessageBody": "b", "DelaySeconds": "soon"})
    parameters: ClassVar[Json] = {"QueueUrl": "https://sqs.us-east-1.amazonaws.com/1/q", "MessageBody": "b"}
    messages: list[Any]

    def begin(self) -> None:
        self.messages = []

    def answer(self, operation: str, given: Any) -> Json:
        assert operation == "SendMessage"
        self.messages.append(given)
        return {"MessageId": str(len(self.messages))}

    async def count(self) -> int:
        return len(self.messages)


class TestQuery(_OverAws):
    """Athena knows a query again by its token, and tells how it is."""

    resource = "arn:aws:states:::athena:startQueryExecution.sync"
    errors = frozenset({"Athena.SdkClientException", "Athena.AmazonAthenaException"})
    wrong = ({}, {"QueryString": "SELECT 1", "QueryStrng": ""})
    parameters: ClassVar[Json] = {"QueryString": "SELECT 1"}
    states: dict[str, str]

    def begin(self) -> None:
        self.states = {}

    def answer(self, operation: str, given: Any) -> Json:
        match operation:
            case "StartQueryExecution":
                self.states.setdefault(given["ClientRequestToken"], "RUNNING")
                return {"QueryExecutionId": given["ClientRequestToken"]}
            case "StopQueryExecution":
                self.states[given["QueryExecutionId"]] = "CANCELLED"
                return {}
            case _:
                id = given["QueryExecutionId"]
                return {"QueryExecution": {"QueryExecutionId": id, "Status": {"State": self.states[id]}}}

    async def count(self) -> int:
        return len(self.states)

    async def count_running(self) -> int:
        return list(self.states.values()).count("RUNNING")

    async def end(self) -> None:
        self.states = dict.fromkeys(self.states, "SUCCEEDED")
