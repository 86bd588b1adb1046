"""Calls of functions keep the contract of all integrations, whether or not they may be repeated."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import ClassVar, Final, get_args

from stepwright.asl.definition import TaskCheck
from stepwright.asl.definition.compiling import unchecked
from stepwright.asl.json_types import Json
from stepwright.catalog.ports import Function
from stepwright.integrations.testing import Contract, Fault, OtherSide
from stepwright.tasks.calls.integration import Integration
from stepwright.tasks.calls.means import Means
from stepwright.tasks.functions.integration import FunctionCalls
from tests.tasks.functions.test_function_answers import OneFunction, unsigned
from tests.tasks.played_http import Answer, serving

REFUSALS: Final[Mapping[Fault, Answer]] = {
    "throttling": (429, {"x-amzn-ErrorType": "TooManyRequestsException"}, {"message": "Rate Exceeded."}),
    "refusing": (403, {"x-amzn-ErrorType": "AccessDeniedException"}, {"message": "not yours"}),
    "expired": (403, {"x-amzn-ErrorType": "ExpiredTokenException"}, {"message": "not any more"}),
}


class TestFunction(Contract):
    resource = "arn:aws:states:::lambda:invoke"
    errors = frozenset(
        f"Lambda.{name}Exception" for name in ("SdkClient", "TooManyRequests", "AccessDenied", "ExpiredToken")
    )
    faults = frozenset(get_args(Fault))
    repeats: ClassVar[bool] = True
    url: str

    def integration(self, means: Means) -> Integration:
        function = Function(
            key="shop/charge",
            url=self.url,
            invoked_as="charge",
            shown="Service charge (TaskTemplate charge)",
            seconds=1,
            connect_seconds=0,
            largest_bytes=1_000_000,
            signed=unsigned,
            repeats=self.repeats,
            stands_in=True,
        )
        return FunctionCalls(OneFunction(function), means.clock)

    def check(self) -> TaskCheck:
        """Nothing is said of a payload before it is sent."""
        return unchecked

    @asynccontextmanager
    async def other_side(self, fault: Fault | None) -> AsyncIterator[OtherSide]:
        calls: list[bytes] = []

        def answer(_: object, body: bytes) -> Answer:
            calls.append(body)
            return 200, {"Content-Type": "application/json"}, {"paid": True}

        async def count() -> int:
            return len(calls)

        parameters: Json = {"FunctionName": "charge", "Payload": {"order": 7}}
        with serving(answer, fault, REFUSALS) as self.url:
            yield OtherSide(parameters, count)


class TestFunctionThatIsNotCalledAgain(TestFunction):
    repeats: ClassVar[bool] = False
