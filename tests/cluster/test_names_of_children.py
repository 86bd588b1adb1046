"""The object of an execution that a task has started is called after its state machine and its name, and found by both."""

from __future__ import annotations

import re

import pytest

from stepwright.asl.signals import Millis, TaskId
from stepwright.catalog.ports import CallingTask
from stepwright.cluster.nested.names import candidates, object_name
from stepwright.cluster.nested.of_task import call_id
from stepwright.cluster.nested.parent import Parent
from stepwright.engine.ports import ExecutionRef, Uid

OBJECT_NAME = re.compile(r"[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*")


def task(number: int = 3, scheduled: int | None = 1_000) -> CallingTask:
    ref = ExecutionRef(Uid("u-1"), "shop", "order-7", "order")
    return CallingTask(ref, TaskId(number), None if scheduled is None else Millis(scheduled), waits=True)


@pytest.mark.parametrize(
    ("machine", "name", "expected"),
    [
        ("ship", "order-7", "ship.order-7"),
        ("ship", "a.b", "ship.a.b"),
    ],
)
def test_a_name_that_an_object_can_have_stays(machine: str, name: str, expected: str) -> None:
    assert object_name(machine, name) == expected


@pytest.mark.parametrize("name", ["Order_7", "ORDER-7", "ä", "-", "x" * 80 + "_", "a..b"])
def test_any_other_name_becomes_one_of_its_own(name: str) -> None:
    made = object_name("ship", name)

    assert made.startswith("ship.")
    assert OBJECT_NAME.fullmatch(made)
    assert len(made) <= 253
    assert made == object_name("ship", name)
    assert made != object_name("sail", name).replace("sail", "ship")


def test_names_that_look_alike_are_different_objects() -> None:
    names = ["Order_7", "order_7", "Order-7", "order-7"]

    assert len({object_name("ship", name) for name in names}) == len(names)
    assert object_name("a.b", "c") != object_name("a", "b.c")


def test_an_execution_that_somebody_has_created_is_found_by_its_own_name() -> None:
    assert list(candidates("ship", "order-7")) == ["ship.order-7", "order-7"]
    assert list(candidates("ship", "Order_7")) == [object_name("ship", "Order_7")]


def test_what_a_task_has_started_is_known_by_the_moment_at_which_it_was_scheduled() -> None:
    """A restore of etcd may give the id of a task that is undone to another one."""
    parent = Parent.of(task(), 1)

    assert parent.is_of(task())
    assert parent.is_of(task(scheduled=None))  # of a stop that an earlier version has kept
    assert not parent.is_of(task(scheduled=2_000))
    assert not parent.is_of(task(number=5))
    assert call_id(task()) == call_id(task())
    assert call_id(task()) != call_id(task(scheduled=2_000))
