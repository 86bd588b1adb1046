"""The test kit for integrations fails those that do not keep their word, and passes those that do."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, ClassVar, get_args

import pytest
import structlog

from stepwright.integrations import (
    CONNECTION,
    Again,
    Answered,
    Call,
    CallFailed,
    Calling,
    Driver,
    Fields,
    Integration,
    Json,
    Provided,
    whole,
)
from stepwright.integrations.testing import Contract, Fault, OtherSide

SECRET = "canary-secret"


class Bell(Calling):
    """Rings a bell, which is all that there is on its other side. ``habit``: what it does wrong."""

    habit = ""
    rung: ClassVar[list[str]] = []
    fault: ClassVar[Fault | None] = None

    def __init__(self, provided: Provided) -> None:
        self._provided = provided

    def again(self, call: Call) -> Again:  # noqa: ARG002
        return Again.FAIL if self.habit == "says that nobody knows" else Again.HARMLESS

    def lost(self, call: Call) -> CallFailed:  # noqa: ARG002
        return CallFailed("Bell.Lost", "Nobody knows whether it has rung.")

    async def begin(self, call: Call) -> Answered:
        parameters = call.task.parameters
        if self.habit != "reads no parameters":
            parameters = DRIVER.parameters(call)
        assert isinstance(parameters, dict)
        values = await self._provided.values(call.ref, str(parameters["Connection"]))
        if self.habit == "logs":
            structlog.get_logger().info("ringing", key=values.of["key"])
        if self.fault is not None:
            error = "Bell.Surprise" if self.habit == "has errors that nobody lists" else "Bell.Away"
            told = values.of["key"] if self.habit == "tells" else "it"
            raise CallFailed(error, f"The bell does not know {told}.")
        identity = f"{call.ref.uid}/{call.task.task}"
        if identity not in self.rung or self.habit == "rings twice":
            self.rung.append(identity)
        return Answered("x" * 300_000 if self.habit == "answers at length" else {"rung": True})


DRIVER = Driver("bell", {"ring": Fields({"Connection": CONNECTION, "Times": whole("a number", 1)})}, Bell)


class Rings(Contract):
    driver = DRIVER
    resource = "bell:ring"
    errors = frozenset({"Bell.Away", "Bell.Lost"})
    wrong = ({"Connection": "church", "Times": 0}, {"Times": 1})
    faults = frozenset(get_args(Fault))
    habit: ClassVar[str] = ""

    def integration(self, means: Any) -> Integration:
        bell = Bell(Provided.of("bell", means))
        bell.habit = self.habit
        return bell

    @asynccontextmanager
    async def other_side(self, fault: Fault | None) -> AsyncIterator[OtherSide]:
        Bell.rung, Bell.fault = [], fault
        given = {"name": "key", "valueFrom": {"secretKeyRef": {"name": "bell", "key": "key"}}}
        parameters: Json = {"Connection": "church", "Times": 1}
        yield OtherSide(
            parameters,
            self._count,
            connections={"church": {"integration": {"name": "bell", "values": [given]}}},
            secrets={"bell/key": SECRET},
        )

    async def _count(self) -> int:
        await asyncio.sleep(0)
        return len(Bell.rung)


class TestRings(Rings):
    """One that does nothing wrong."""


FAULTS = [
    "test_nobody_listens",
    "test_no_more_is_taken_for_now",
    "test_nothing_is_answered",
    "test_the_credentials_are_not_believed",
    "test_the_credentials_are_not_believed_any_more",
    "test_what_is_answered_comes_too_slowly",
    "test_what_is_answered_is_too_large",
    "test_what_is_answered_makes_no_sense",
]
HABITS = {
    "rings twice": [
        "test_a_process_that_ends_between_request_and_answer_leaves_what_is_declared",
        "test_a_process_that_is_told_to_end_records_its_answer_or_leaves_the_call_to_the_next",
    ],
    "says that nobody knows": [],
    "reads no parameters": ["test_wrong_parameters_fail_the_task_and_call_nothing"],
    "logs": ["test_no_secret_is_told", *FAULTS],
    "tells": FAULTS,
    "has errors that nobody lists": FAULTS,
    "answers at length": ["test_a_task_is_done_once_and_its_result_is_kept_until_it_is_recorded"],
}


@pytest.mark.parametrize("habit", HABITS)
def test_what_is_wrong_with_an_integration_is_found(habit: str) -> None:
    contract = type("Faulty", (Rings,), {"habit": habit})()
    failed = []
    for name in sorted(name for name in dir(contract) if name.startswith("test_")):
        try:
            getattr(contract, name)()
        except AssertionError:
            failed.append(name)

    assert failed == sorted(HABITS[habit])
