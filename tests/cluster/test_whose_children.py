"""Which executions a task has started itself, and what it gets of those that it has not."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from stepwright.asl.json_types import JsonText
from stepwright.asl.signals import Millis, TaskId
from stepwright.catalog.ports import CallingTask, LimitReached, NameTaken
from stepwright.catalog.records import Execution
from stepwright.cluster.nested import ownership
from stepwright.cluster.nested.names import Named
from stepwright.cluster.nested.parent import DEEPEST
from stepwright.cluster.nested.stored_child import StoredChild
from stepwright.engine.ports import ExecutionRef, Uid

USER = "system:serviceaccount:shop:clerk"
NAMED = Named("shop", "ship", "order-7")


def task(number: int = 3, scheduled: int | None = 1_000, uid: str = "u-1", *, waits: bool = True) -> CallingTask:  # fmt: skip
    ref = ExecutionRef(Uid(uid), "shop", "parent", "order")
    return CallingTask(ref, TaskId(number), None if scheduled is None else Millis(scheduled), waits=waits)


def child(by: CallingTask, user: str = USER, **spec: Any) -> StoredChild:
    """As the API server has it."""
    body = ownership.manifest(by, user, 0, JsonText('{"a":1}'), NAMED)
    metadata = body["metadata"] | {"uid": "c-1", "creationTimestamp": "2026-01-01T00:00:00Z"}
    return msgspec.convert({**body, "metadata": metadata, "spec": body["spec"] | spec}, StoredChild)


@pytest.mark.parametrize(
    ("found", "is_own"),
    [
        pytest.param(child(task()), True, id="the task's"),
        pytest.param(child(task(4)), False, id="another task's"),
        pytest.param(child(task(uid="u-2")), False, id="another execution's"),
        pytest.param(child(task(scheduled=2_000)), False, id="a task of the same id, before etcd was restored"),
        pytest.param(child(task(), "system:serviceaccount:shop:thief"), False, id="named by another account"),
        pytest.param(child(task(), parent=None), False, id="nobody's"),
    ],
)  # fmt: skip
def test_what_the_task_has_started(found: StoredChild, is_own: bool) -> None:
    assert ownership.is_own(found, task(), USER) is is_own


def test_of_a_task_that_an_earlier_version_has_stopped_the_moment_is_not_known() -> None:
    assert ownership.is_own(child(task()), task(scheduled=None), USER)


def started(found: StoredChild, by: CallingTask) -> Execution:
    wanted = msgspec.structs.replace(found.record(None), uid=Uid("wanted"))
    return ownership.as_started(found, by, USER, wanted)


@pytest.mark.parametrize("waits", [True, False], ids=["waits", "does not wait"])
def test_what_the_task_has_started_before_is_what_it_wants(waits: bool) -> None:
    assert started(child(task(waits=waits)), task(waits=waits)).uid == "wanted"


def test_a_task_that_waits_gets_nothing_of_what_another_has_started() -> None:
    with pytest.raises(NameTaken):
        started(child(task(4)), task())


def test_a_task_that_does_not_wait_learns_who_has_its_name() -> None:
    assert started(child(task(4)), task(waits=False)).uid == "c-1"


def test_a_child_says_who_has_started_it_and_how_deep_it_is() -> None:
    body = ownership.manifest(task(), USER, 2, JsonText("{}"), NAMED)

    assert body["metadata"] == {
        "name": "ship.order-7",
        "namespace": "shop",
        "labels": {"stepwright.dev/parent-uid": "u-1", "stepwright.dev/parent-task": "3"},
        "annotations": {"stepwright.dev/started-by": USER},
    }
    assert body["spec"]["parent"] == {
        "namespace": "shop",
        "name": "parent",
        "uid": "u-1",
        "task": 3,
        "scheduledTime": "1970-01-01T00:00:01.000Z",
        "depth": 3,
        "awaited": True,
    }


def test_executions_that_start_one_another_end_somewhere() -> None:
    ownership.manifest(task(), USER, DEEPEST - 1, JsonText("{}"), NAMED)

    with pytest.raises(LimitReached, match=r"20 executions have started one another"):
        ownership.manifest(task(), USER, DEEPEST, JsonText("{}"), NAMED)
