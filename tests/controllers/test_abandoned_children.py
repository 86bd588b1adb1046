"""What becomes of executions that a task waited for, once that task's execution has ended or is gone."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import pytest

from stepwright.cluster import stored
from stepwright.controllers import execution_watch
from stepwright.controllers.execution_watch import Seen
from stepwright.controllers.parents import OWN_STOP_SECONDS, Parents
from tests.controllers.test_beginning import begun, execution
from tests.engine.virtual_loop import VirtualClock, run


def seen(name: str, phase: str = "Running", uid: str | None = None) -> Seen:
    body = execution(status=begun(phase), name=name, uid=uid or f"uid of {name}")
    return execution_watch.of_stored(stored.of(body))


class Around:
    """A parent and its one child, as this operator sees them."""

    def __init__(self) -> None:
        self.child: Seen | None = seen("child")
        self.is_own = True
        self.is_carried = True
        self.is_wanted = False
        self.is_taken_up = False
        self.told: list[str] = []

    def look(self, _: str, name: str) -> None:
        self.told.append(f"tell who waits for {name}")

    def by_index(self, _: str) -> list[Seen]:
        return [seen("child")]

    def get(self, *_: str) -> Seen | None:
        return self.child

    async def no_longer(self, _: Seen) -> bool:
        return not self.is_wanted

    def when_taken_up(self, *_: Any) -> bool:
        return self.is_taken_up

    def check_on(self, ref: Any, act: Callable[[Any], Any]) -> None:
        self.doing = asyncio.ensure_future(act(ref))

    def __contains__(self, _: Any) -> bool:
        return False

    def carries(self, _: Any) -> bool:
        return self.is_carried

    def stop(self, uid: str, _: Any) -> None:
        self.told.append(f"stop {uid}")


def after(seconds: float, how: Callable[[Around], None], type: str = "MODIFIED", phase: str = "Failed") -> list[str]:  # fmt: skip
    """What is done by then, after such an event of the parent. ``how``: what is different."""

    async def main() -> list[str]:
        around = Around()
        how(around)
        what: Any = around
        parents = Parents(
            what, what, what, what, what, what, VirtualClock(),
            owns=lambda _: around.is_own, take_up=lambda child: around.told.append(f"take up {child.metadata.name}"),
        )  # fmt: skip
        parents.observe(type, seen("parent", phase))
        await asyncio.sleep(seconds)
        return around.told

    return run(main)


def nothing(_: Around) -> None:
    """Is different."""


TOLD = "tell who waits for parent"


def test_of_a_parent_that_runs_nothing_follows() -> None:
    assert after(60, nothing, phase="Running") == []


def test_a_parent_that_has_ended_has_time_to_stop_its_child_itself() -> None:
    assert after(OWN_STOP_SECONDS - 1, nothing) == [TOLD]
    assert after(OWN_STOP_SECONDS + 1, nothing) == [TOLD, "stop uid of child"]


def test_one_that_is_gone_will_not() -> None:
    assert after(1, nothing, "DELETED", "Running") == [TOLD, "stop uid of child"]


def _set(**values: Any) -> Callable[[Around], None]:
    return lambda around: vars(around).update(values)


@pytest.mark.parametrize(
    ("how", "told"),
    [
        pytest.param(_set(is_own=False), [], id="it is another operator's"),
        pytest.param(_set(is_wanted=True), [], id="its task is there still"),
        pytest.param(_set(child=None), [], id="it is gone, too"),
        pytest.param(_set(child=seen("child", uid="another")), [], id="another one has its name"),
        pytest.param(_set(child=seen("child", "Succeeded")), [], id="it has ended meanwhile"),
        pytest.param(_set(is_taken_up=True), [], id="it is being taken up: then it is looked at afterwards"),
        pytest.param(_set(is_carried=False), ["take up child"], id="the engine does not carry it"),
    ],
)
def test_which_children_are_stopped(how: Callable[[Around], None], told: list[str]) -> None:
    assert after(60, how, "DELETED") == [TOLD, *told]
