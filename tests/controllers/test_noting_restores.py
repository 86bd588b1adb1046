"""What is done about an execution that etcd has in an earlier state than it had already."""

from __future__ import annotations

from typing import Any

import pytest

from stepwright.controllers.restored import Restored
from stepwright.engine.ports import ExecutionRef, Uid

ORDER = ExecutionRef(Uid("4711"), "shop", "order-7", "orders")


class Around:
    """The engine, two drivers, and all who are notified; what they hear is written down."""

    def __init__(self) -> None:
        self.done: list[str] = []

    def let_go(self, uid: Uid) -> None:
        self.done.append(f"a driver forgets {uid}")

    def restate(self, uid: Uid) -> None:
        self.done.append(f"goes on with what is stored of {uid}")

    def begins_again(self, uid: Uid) -> None:
        self.done.append(f"{uid} begins again")

    def restored(self, ref: ExecutionRef, was: int, now: int) -> None:
        self.done.append(f"Event: {ref.name} was at {was}, is at {now}")


FORGOTTEN = ["a driver forgets 4711"] * 2


@pytest.mark.parametrize(
    ("was", "now", "done"),
    [
        pytest.param(
            7,
            3,
            [*FORGOTTEN, "goes on with what is stored of 4711", "Event: order-7 was at 7, is at 3"],
            id="it had begun by then",
        ),
        pytest.param(
            7,
            0,
            [*FORGOTTEN, "4711 begins again", "Event: order-7 was at 7, is at 0"],
            id="it had not begun by then",
        ),
        pytest.param(0, 0, [*FORGOTTEN, "4711 begins again"], id="only what it was to run is lost"),
    ],
)
def test_what_follows_from_a_restore(was: int, now: int, done: list[str]) -> None:
    around: Any = Around()

    Restored(around, [around, around], around, around).note(ORDER, was, now)

    assert around.done == done
