"""How long work on an execution is tried, and what is said of it meanwhile."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from stepwright.cluster import stored
from stepwright.cluster.stored import Stored
from stepwright.cluster.uncarried import Unwritable
from stepwright.controllers import execution_watch
from stepwright.controllers.execution_watch import Seen
from stepwright.controllers.insisting import SILENT_ATTEMPTS, Insisting
from stepwright.engine.ports import Elsewhere, Gone, Unavailable
from tests.controllers.test_beginning import begun, execution
from tests.engine.virtual_loop import VirtualClock, run

TOO_LARGE = Unwritable("no room", was_smallest=False)
SMALLEST = Unwritable("no room at all", was_smallest=True)


class Around:
    def __init__(self, *outcomes: BaseException | None, status: Any = None) -> None:
        """``outcomes``: of one attempt after the other."""
        self.body = execution(status=status)
        self.outcomes = list(outcomes)
        self.attempts = 0
        self.is_held = True
        self.is_carried = False
        self.no_room_to_refuse = False
        self.told: list[str] = []

    async def attempt(self) -> None:
        self.attempts += 1
        if (outcome := self.outcomes.pop(0)) is not None:
            raise outcome

    def find(self, _: Any) -> Seen:
        return execution_watch.of_stored(stored.of(self.body))

    async def read_lean(self, _: Any) -> Stored:
        return stored.of(self.body)

    async def refuse(self, _: Stored, problem: str) -> None:
        if self.no_room_to_refuse:
            raise SMALLEST
        self.told.append(f"refuse: {problem}")

    async def wait(self, _: Stored, reason: Any, problem: str) -> None:
        self.told.append(f"{reason.name}: {problem}")

    async def fail_for_defect(self, _: Stored, cause: str) -> None:
        self.told.append(cause)

    def unwritable(self, _: Any) -> None:
        self.told.append("event: too large")

    def broke(self, _: Any) -> None:
        self.told.append("broke")


def insisting(around: Around) -> Insisting:
    what: Any = around
    return Insisting(
        what,
        what,
        what,
        what,
        VirtualClock(),
        what,
        held=lambda _: around.is_held,
        carries=lambda _: around.is_carried,
        find=around.find,
    )


async def tried(around: Around, how: str = "until_done") -> Insisting:
    made = insisting(around)
    act: Callable[..., Awaitable[None]] = getattr(made, how)
    await act(stored.of(around.body).reference, around.attempt)
    return made


@pytest.mark.parametrize(
    ("outcomes", "attempts", "told"),
    [
        pytest.param([None], 1, [], id="it is done"),
        pytest.param([Unavailable("away"), None], 2, [], id="what is away is waited for"),
        pytest.param([Unavailable("away")] * SILENT_ATTEMPTS + [None], SILENT_ATTEMPTS + 1, ["Delayed: away"], id="and people are told what for"),
        pytest.param([Gone("gone")], 1, [], id="it is gone"),
        pytest.param([Elsewhere("else")], 1, [], id="another installation has it"),
        pytest.param([TOO_LARGE], 1, ["refuse: the Execution is so large that its status has no room"], id="its status has no room"),
        pytest.param([SMALLEST], 1, ["event: too large"], id="not even for its end"),
        pytest.param([ValueError("odd"), None], 2, ["broke"], id="a defect that does not come again"),
    ],
)  # fmt: skip
def test_what_is_tried_again(outcomes: list[BaseException | None], attempts: int, told: list[str]) -> None:
    around = Around(*outcomes)

    run(lambda: tried(around))

    assert (around.attempts, around.told) == (attempts, told)


def test_of_an_execution_that_has_begun_nobody_is_told_why_it_waits() -> None:
    around = Around(*[Unavailable("away")] * SILENT_ATTEMPTS, None, status=begun())

    run(lambda: tried(around))

    assert around.told == []


def test_an_execution_that_is_another_s_by_now_is_not_touched_and_not_explained() -> None:
    around = Around(None)

    class Lapsing(VirtualClock):
        """The Lease is renewed after so many attempts."""

        left = SILENT_ATTEMPTS + 1

        async def sleep(self, seconds: float) -> None:
            Lapsing.left -= 1
            around.is_held = Lapsing.left == 0
            await super().sleep(seconds)

    async def main() -> None:
        what: Any = around
        insisting = Insisting(
            what, what, what, what, Lapsing(), what,
            held=lambda _: around.is_held, carries=lambda _: False, find=around.find,
        )  # fmt: skip
        around.is_held = False
        await insisting.while_held(stored.of(around.body).reference, around.attempt)

    run(main)
    assert (around.attempts, around.told) == (1, [])


@pytest.mark.parametrize("is_carried", [True, False], ids=["the engine has it", "it has begun"])
def test_where_there_is_no_room_nothing_is_tried_until_the_object_changes(is_carried: bool) -> None:
    around = Around(TOO_LARGE, status=None if is_carried else begun())
    around.is_carried = is_carried

    insisting = run(lambda: tried(around))

    assert around.told == ["event: too large"]
    assert insisting.has_given_up(around.find(None))
    around.body["metadata"]["resourceVersion"] = "10"
    assert not insisting.has_given_up(around.find(None))


def test_an_execution_without_room_for_its_refusal_is_given_up_too() -> None:
    around = Around(TOO_LARGE)
    around.no_room_to_refuse = True

    insisting = run(lambda: tried(around))

    assert around.told == ["event: too large"]
    insisting.forget(stored.of(around.body).uid)
    assert not insisting.has_given_up(around.find(None))


def test_a_defect_that_comes_again_is_no_reason_to_end_what_the_engine_carries() -> None:
    around = Around(ValueError("odd"), ValueError("odd"))
    around.is_carried = True

    run(lambda: tried(around))

    assert (around.attempts, around.told) == (2, ["broke", "broke"])
