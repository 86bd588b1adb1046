"""What becomes of an execution in quarantine: it says why, and goes on or ends when somebody says so."""

from __future__ import annotations

from typing import Any

import pytest

from stepwright import __version__
from stepwright.cluster import stored
from stepwright.cluster.stored import Stored
from stepwright.controllers.setting_apart import SettingApart
from stepwright.controllers.suspects import RELEASE, Suspect
from stepwright.engine.ports import ExecutionRef, Uid
from tests.engine.virtual_loop import run

ORDER = ExecutionRef(Uid("4711"), "shop", "order-7", "orders")
APART = Suspect(ORDER, ("first", "second"), __version__)


def order(stop: Any = None, key: str | None = None) -> Stored:
    return stored.of(
        {
            "metadata": {
                "name": "order-7",
                "namespace": "shop",
                "uid": "4711",
                "annotations": {} if key is None else {RELEASE: key},
            },
            "spec": {"stateMachineRef": {"name": "orders"}, **({} if stop is None else {"stop": stop})},
            "status": {"phase": "Running", "seq": 3},
        }
    )


class Around:
    """The quarantine, and all who write or stop something."""

    def __init__(self, suspect: Suspect | None) -> None:
        self.suspects = {} if suspect is None else {suspect.ref.uid: suspect}
        self.done: list[str] = []

    async def forget(self, uid: Uid, _: Any) -> None:
        self.done.append(f"forgets {uid}")

    async def stop_all(self, _: Stored) -> None:
        self.done.append("stops all")

    async def abort(self, _: Stored, request: Any) -> None:
        self.done.append(f"aborts with {request.error}")

    async def stall(self, _: Stored, reason: Any, detail: str) -> None:
        self.done.append(f"{reason.name}: {detail}")

    async def go_on(self, _: Stored) -> None:
        self.done.append("takes back what it said")


def released(found: Stored, suspect: Suspect | None) -> tuple[bool, list[str]]:
    around: Any = Around(suspect)

    async def main() -> bool:
        return await SettingApart(around, around, around, around).releases(found)

    return run(main), around.done


@pytest.mark.parametrize(
    "suspect",
    [
        None,
        Suspect(ORDER, ("first",), __version__),
        Suspect(ORDER, ("first", "second"), "0.0.1"),
    ],
    ids=["nobody died", "one operator died", "operators of another version died"],
)
def test_others_go_on(suspect: Suspect | None) -> None:
    assert released(order(), suspect) == (True, [])


def test_one_under_which_operators_have_died_says_what_to_do() -> None:
    goes_on, [told] = released(order(), APART)

    assert not goes_on
    assert told.startswith("Quarantined: first, second ended while they computed a step of it.")
    assert told.endswith(
        f"kubectl annotate execution -n shop order-7 --overwrite stepwright.dev/release={APART.key}"
    )


def test_the_annotation_lets_it_go_on_and_that_of_an_earlier_quarantine_does_not() -> None:
    assert released(order(key=APART.key), APART) == (True, ["takes back what it said", "forgets 4711"])
    earlier = Suspect(ORDER, ("first", "second"), __version__)
    again = Suspect(ORDER, ("first", "second", "third"), __version__)
    assert not released(order(key=earlier.key), again)[0]


def test_one_that_is_stopped_ends_and_nothing_of_it_runs_on() -> None:
    assert released(order(stop={"error": "E"}), APART) == (False, ["stops all", "aborts with E"])
