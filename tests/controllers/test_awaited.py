"""Whether the task that has started an execution waits for it, by what the watch, the engine and the store say."""

from __future__ import annotations

import asyncio
from types import SimpleNamespace
from typing import Any

import msgspec
import pytest

from stepwright.cluster import stored
from stepwright.cluster.stored import Stored
from stepwright.controllers import execution_watch
from stepwright.controllers.awaited import Awaited
from stepwright.controllers.execution_watch import Seen
from stepwright.engine.ports import ExecutionRef, Gone, Uid

SCHEDULED = "2026-11-01T00:00:00.000Z"
SCHEDULED_MILLIS = 1_793_491_200_000


def body(name: str, phase: str = "Running", task: int | None = None, **spec: Any) -> dict[str, Any]:
    """``task``: the one that is open in it."""
    checkpoint: dict[str, Any] = {"head": {"kind": "head"}}
    if task is not None:
        checkpoint["branch/0"] = {"kind": "branch", "task": {"id": task, "scheduled": SCHEDULED_MILLIS}}
    return {
        "metadata": {"name": name, "namespace": "shop", "uid": f"uid of {name}", "resourceVersion": "9"},
        "spec": {"stateMachineRef": {"name": "orders"}, **spec},
        "status": {
            "phase": phase,
            "checkpoint": {part: msgspec.json.encode(what).decode() for part, what in checkpoint.items()},
        },
    }


def child(*, awaited: bool = True, namespace: str = "shop", stop: bool = False) -> dict[str, Any]:
    parent = {
        "namespace": namespace,
        "name": "order",
        "uid": "uid of order",
        "task": 5,
        "scheduledTime": SCHEDULED,
        "awaited": awaited,
    }
    more: dict[str, Any] = {"stop": {}} if stop else {}
    return body("payment", parent=parent, **more)


OF_NOBODY = body("payment")
ORDER = body("order")


class Scene:
    def __init__(
        self, *there: dict[str, Any], open_here: bool = False, namespaces: tuple[str, ...] = ()
    ) -> None:
        self.objects = {each["metadata"]["name"]: each for each in there}
        engine: Any = SimpleNamespace(has_open=lambda *_: open_here)
        journal: Any = SimpleNamespace(read_lean=self._read)
        watch: Any = SimpleNamespace(get=self._seen)
        self.awaited = Awaited(engine, journal, watch, namespaces)

    def _seen(self, _: str, name: str) -> Seen | None:
        found = self.objects.get(name)
        return None if found is None else execution_watch.of(found)

    async def _read(self, ref: ExecutionRef) -> Stored:
        found = self.objects.get(ref.name)
        if found is None or found["metadata"]["uid"] != ref.uid:
            raise Gone("it is not there")
        return stored.of(found)


@pytest.mark.parametrize(
    ("this", "scene", "seems"),
    [
        pytest.param(OF_NOBODY, Scene(), True, id="nobody's"),
        pytest.param(child(awaited=False), Scene(), True, id="not waited for"),
        pytest.param(child(), Scene(ORDER), True, id="its parent runs"),
        pytest.param(child(), Scene(body("order", "Failed")), False, id="its parent has ended"),
        pytest.param(child(), Scene(), False, id="its parent is gone"),
        pytest.param(
            child(),
            Scene({**ORDER, "metadata": {**ORDER["metadata"], "uid": "another"}}),
            False,
            id="another has its parent's name",
        ),
    ],
)
def test_whether_a_task_seems_to_wait(this: dict[str, Any], scene: Scene, seems: bool) -> None:
    assert scene.awaited.seems_so(execution_watch.of(this)) is seems


@pytest.mark.parametrize(
    ("this", "scene", "left"),
    [
        pytest.param(OF_NOBODY, Scene(), False, id="nobody's"),
        pytest.param(child(awaited=False), Scene(), False, id="not waited for"),
        pytest.param(child(stop=True), Scene(), False, id="it is stopped already"),
        pytest.param(child(), Scene(open_here=True), False, id="its task is open here"),
        pytest.param(child(), Scene(), True, id="its parent is gone"),
        pytest.param(child(), Scene(body("order", "Failed", task=5)), True, id="its parent has ended"),
        pytest.param(child(), Scene(body("order", task=5)), False, id="its task is open elsewhere"),
        pytest.param(child(), Scene(body("order", task=7)), True, id="another task is"),
        pytest.param(child(), Scene(body("order")), True, id="none is"),
        pytest.param(
            child(namespace="other"), Scene(namespaces=("shop",)), False, id="its parent cannot be read"
        ),
    ],
)
def test_a_child_is_left_when_the_task_that_was_to_wait_for_it_is_over(
    this: dict[str, Any], scene: Scene, left: bool
) -> None:
    assert asyncio.run(scene.awaited.no_longer(execution_watch.of(this))) is left


@pytest.mark.parametrize(
    ("scene", "may"),
    [
        pytest.param(Scene(child(), body("order", task=5)), False, id="its task has not taken its output"),
        pytest.param(Scene(child(), body("order", task=7)), True, id="its task is over"),
        pytest.param(Scene(child()), True, id="its parent is gone"),
        pytest.param(Scene(child(awaited=False), body("order", task=5)), True, id="not waited for"),
        pytest.param(Scene(OF_NOBODY), True, id="nobody's"),
        pytest.param(Scene(), True, id="gone itself"),
    ],
)
def test_an_execution_stays_until_the_task_that_waits_for_it_has_its_output(scene: Scene, may: bool) -> None:
    ref = ExecutionRef(Uid("uid of payment"), "shop", "payment", "orders")

    assert asyncio.run(scene.awaited.may_miss(ref)) is may
