"""What becomes of executions that the engine cannot continue."""

from __future__ import annotations

from typing import Any

import pytest

from stepwright.asl.checkpoint.checkpoint import NewerVersion
from stepwright.cluster import executions, stored
from stepwright.cluster.consistency import Edited, Truth
from stepwright.cluster.stored import Stored
from stepwright.controllers.failing import Failing
from stepwright.controllers.stalled import Stalled
from stepwright.engine.ports import Unavailable
from tests.controllers.test_beginning import begun, execution
from tests.engine.virtual_loop import run


class Around:
    """All that these ask and report; what is written down is what became of the execution."""

    def __init__(self, body: dict[str, Any], *, holds: bool = False) -> None:
        self.body = body
        self.is_held = holds
        self.is_carried = False
        self.is_taken_up = False
        self.told: list[str] = []

    def __getattr__(self, name: str) -> Any:
        if name not in ("abort", "settle", "correct", "stall", "stop_all"):
            raise AttributeError(name)

        async def say(_: Stored, *more: Any, **named: Any) -> None:
            said = (getattr(each, "name", None) or str(each) for each in (*more, *named.values()))
            self.told.append(" ".join((name, *said)))

        return say

    async def fail(self, _: Stored, reason: Any, error: str, cause: str) -> bool:
        self.told.append(f"fail {reason.name} {error}: {cause}")
        return True

    def failed(self, _: Any, error: str) -> None:
        self.told.append(f"event {error}")

    def holds(self, _: Any) -> bool:
        return self.is_held

    async def read_lean(self, _: Any) -> Stored:
        return stored.of(self.body)

    # What is busy with it.

    def takes_up(self, _: Any) -> bool:
        return self.is_taken_up

    def keep_at(self, _: Any, act: Any) -> None:
        self.kept = act

    def put_off(self, seen: Any) -> None:
        self.told.append(f"look again at {seen.metadata.name}")


def failing(around: Around) -> Failing:
    what: Any = around
    return Failing(what, what, what)


ENDED = begun("Succeeded")


@pytest.mark.parametrize(
    ("body", "told"),
    [
        pytest.param(
            execution(),
            ["fail InvalidInput InvalidExecutionInput: too large", "event InvalidExecutionInput"],
            id="it cannot begin",
        ),
        pytest.param(
            execution(spec={"stop": {"error": "E"}}), ["abort StopRequest(error='E', cause=None)"], id="and is to be stopped"
        ),
    ],
)  # fmt: skip
def test_an_execution_whose_input_is_refused(body: dict[str, Any], told: list[str]) -> None:
    around = Around(body)

    run(lambda: failing(around).refuse(stored.of(body), "too large"))

    assert around.told == told


@pytest.mark.parametrize(
    ("body", "told"),
    [
        pytest.param(
            execution(status=begun()),
            [
                "stop_all",
                "fail Failed States.Runtime: The execution cannot go on: its revision is lost.",
                "event States.Runtime",
            ],
            id="it runs: what runs for it is stopped first",
        ),
        pytest.param(execution(status=ENDED), ["stop_all", "settle"], id="it has ended, and is not settled"),
        pytest.param(execution(status={**ENDED, "settled": True}), ["stop_all"], id="it is settled"),
    ],
)
def test_an_execution_that_cannot_go_on_with_what_is_stored(body: dict[str, Any], told: list[str]) -> None:
    around = Around(body)

    run(lambda: failing(around).fail_plainly(stored.of(body), "its revision is lost"))

    assert around.told == told


def test_an_edit_of_what_follows_from_the_rest_is_corrected() -> None:
    body = execution(status=begun())
    around = Around(body)

    run(lambda: failing(around).put_right(stored.of(body), Edited("x is", Truth("Running", settled=False))))

    assert around.told == ["correct Running False"]


@pytest.mark.parametrize(
    ("body", "holds", "is_put_right"),
    [
        pytest.param(execution(), False, False, id="it has not begun"),
        pytest.param(execution(), True, True, id="it has not begun, but has Jobs: its status was taken away"),
        pytest.param(
            execution(status=begun(seal="x"), sealed=False), False, True, id="its status was edited"
        ),
    ],
)
def test_who_has_edited_a_status(body: dict[str, Any], holds: bool, is_put_right: bool) -> None:
    around = Around(body, holds=holds)
    found = stored.of(body)

    assert run(lambda: failing(around).has_put_right(found.uid, found)) is is_put_right
    assert bool(around.told) is is_put_right


# --- What the engine gives up ------------------------------------------------------------------------------------------


def stalled(around: Around) -> Stalled:
    what: Any = around
    return Stalled(what, what, failing(around), what, carries=lambda _: around.is_carried)


def test_an_execution_that_is_being_taken_up_is_not_given_up_beside() -> None:
    around = Around(execution(status=begun()))
    around.is_taken_up = True

    stalled(around).give_up(stored.of(around.body).reference, "gone")

    assert not hasattr(around, "kept")


def test_the_engine_s_reason_ends_an_execution_that_nobody_has_edited(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    around = Around(execution(status=begun()))
    monkeypatch.setattr("stepwright.cluster.consistency.check", lambda _: None)

    stalled(around).give_up(stored.of(around.body).reference, "gone")
    run(around.kept)

    assert around.told[1] == "fail Failed States.Runtime: The execution cannot go on: gone."


def test_what_a_newer_version_has_written_is_left_to_it(monkeypatch: pytest.MonkeyPatch) -> None:
    around = Around(execution(status=begun()))
    parts, uid = stalled(around), stored.of(around.body).uid

    def newer(_: Stored) -> None:
        raise NewerVersion("version 7")

    monkeypatch.setattr(executions, "check_version", newer)
    parts.give_up(stored.of(around.body).reference, "gone")
    run(around.kept)

    assert [each.split()[:2] for each in around.told] == [["stall", "NewerVersion"]]
    assert parts.for_newer_version == {uid}
    parts.has_ended(uid)
    assert not parts.for_newer_version


def test_an_execution_restored_to_a_time_before_its_beginning_begins_again() -> None:
    around = Around(execution(), holds=True)
    parts, uid = stalled(around), stored.of(around.body).uid
    assert parts.was_here(uid)

    parts.begins_again(uid)
    assert not parts.was_here(uid)
    parts.give_up(stored.of(around.body).reference, "restored")
    around.is_carried = True
    with pytest.raises(Unavailable):
        run(around.kept)
    around.is_carried = False
    run(around.kept)

    assert around.told == ["stop_all", "stop_all", "look again at order-7"]
    parts.forget(uid)
    assert parts.was_here(uid)
