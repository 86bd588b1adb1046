"""Which executions pass to another operator, or to this one, when operators come or go: the whole table, without a loop."""

from __future__ import annotations

import pytest

from stepwright.controllers import execution_watch
from stepwright.controllers.execution_watch import Seen
from stepwright.controllers.passing_on import Held, is_cleared, is_released, is_taken_up
from stepwright.controllers.suspects import Suspect
from stepwright.engine.ports import ExecutionRef, Uid

OWN = Held(owned=True)
ENDED = {"endTime": "2026-11-01T00:00:00Z", "phase": "Succeeded"}


def seen(uid: str = "4711", **status: str) -> Seen:
    metadata = {"name": "order-7", "namespace": "shop", "uid": uid, "resourceVersion": "9"}
    return execution_watch.of(
        {"metadata": metadata, "spec": {"stateMachineRef": {"name": "orders"}}, "status": status}
    )


@pytest.mark.parametrize(
    ("owned", "to_examine", "released"),
    [(True, False, False), (True, True, True), (False, False, True), (False, True, True)],
)
def test_what_is_released(owned: bool, to_examine: bool, released: bool) -> None:
    assert is_released(owned=owned, to_examine=to_examine) is released


@pytest.mark.parametrize(
    ("newest", "held", "taken_up"),
    [
        pytest.param(seen(phase="Running"), OWN, True, id="one that came from another operator"),
        pytest.param(seen(phase="Running"), Held(owned=False), False, id="one of another operator"),
        pytest.param(None, OWN, False, id="it went while the others were looked at"),
        pytest.param(seen("4712"), OWN, False, id="another one has its name by now"),
        pytest.param(seen(phase="Running"), OWN._replace(carried=True), False, id="the engine has it"),
        pytest.param(seen(), OWN._replace(waiting=True), False, id="it waits for its state machine"),
        pytest.param(seen(phase="Running"), OWN._replace(taken_up=True), False, id="it is being taken up"),
        pytest.param(
            seen(**ENDED), OWN._replace(carried=True, ending=True), False, id="the engine cleans up after it"
        ),
        pytest.param(
            seen(phase="Running"),
            OWN._replace(carried=True, ending=True),
            True,
            id="it has ended here, and a restore of etcd has undone that",
        ),
    ],
)
def test_what_is_taken_up(newest: Seen | None, held: Held, taken_up: bool) -> None:
    assert is_taken_up(seen(phase="Running"), newest, held) is taken_up


@pytest.mark.parametrize(
    ("found", "owned", "cleared"),
    [
        pytest.param(seen(phase="Running"), True, False, id="under way"),
        pytest.param(seen(), True, False, id="not begun"),
        pytest.param(seen(**ENDED), True, True, id="ended"),
        pytest.param(None, True, True, id="gone"),
        pytest.param(seen("4712", phase="Running"), True, True, id="gone, and another one has its name"),
        pytest.param(None, False, False, id="gone, and another operator's to forget"),
    ],
)
def test_when_deaths_under_an_execution_are_forgotten(found: Seen | None, owned: bool, cleared: bool) -> None:
    suspect = Suspect(ExecutionRef(Uid("4711"), "shop", "order-7", "orders"), ("a",), "1")

    assert is_cleared(suspect, found, owned=owned) is cleared
