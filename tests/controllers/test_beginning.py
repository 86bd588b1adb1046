"""How an execution is taken up: whatever is stored of it, what is said and what is run."""

from __future__ import annotations

import json
from typing import Any

import pytest

from stepwright.asl.checkpoint.checkpoint import NewerVersion
from stepwright.cluster import seal, stored
from stepwright.cluster.consistency import Edited
from stepwright.cluster.stored import APPLIED, STARTED, VELERO, InvalidInput, Stored
from stepwright.controllers import execution_watch
from stepwright.controllers.beginning import Beginning, ForNewer, Opened, Unbegun
from stepwright.controllers.known_machines import Known
from stepwright.controllers.waiting import Waiting
from stepwright.engine.ports import Refused, Unavailable
from tests.engine.virtual_loop import VirtualClock, run

MACHINE = {"name": "orders", "uid": "1", "revision": "orders-1"}
READY = Known("1", 1, "orders-1", "", deleting=False)
NOT_READY = Known("1", 1, None, "States.A has no Next", deleting=False)


def execution(*, spec: Any = None, status: Any = None, sealed: bool = True, **metadata: Any) -> dict[str, Any]:  # fmt: skip
    status = {"phase": "Pending", **(status or {})}
    if status.get("seq") and sealed:
        status["seal"] = str(seal.of("4711", status))
    return {
        "metadata": {
            "name": "order-7",
            "namespace": "shop",
            "uid": "4711",
            "resourceVersion": "9",
            "generation": 1,
            **metadata,
        },
        "spec": {"stateMachineRef": {"name": "orders"}, **(spec or {})},
        "status": status,
    }


def begun(phase: str = "Running", **more: Any) -> dict[str, Any]:
    return {"phase": phase, "seq": 3, "stateMachine": MACHINE, **more}


class Around:
    """All that a beginning asks and reports, in one: what is written down is what became of the execution."""

    def __init__(
        self, body: dict[str, Any], *, machine: Known | None = READY, fails: BaseException | None = None
    ) -> None:
        self.body = body
        self.machine = machine
        self.fails = fails
        self.runs_something = False
        self.is_edited = False
        self.appears_after_looks = 0
        self.heard: Known | None = None
        """What events have said of its state machine so far."""
        self.told: list[str] = []

    def __getattr__(self, name: str) -> Any:
        """What is said of it (``refusals``, ``failing``), by what was called."""
        if name not in ("abort", "restored", "wait", "refuse", "put_right", "fail_plainly"):
            raise AttributeError(name)

        async def say(_: Stored, *more: Any) -> None:
            said = ": ".join(getattr(each, "name", None) or str(each) for each in more)
            self.told.append(f"{name} {said}")

        return say

    # The journal.

    async def read_lean(self, _: Any) -> Stored:
        self.told.append("reads")
        return stored.lean(json.dumps(self.body).encode())

    async def read(self, _: Any) -> Stored:
        self.told.append("reads all")
        return stored.of(self.body)

    def read_clocks(self) -> Any:
        return None

    async def open(self, found: Stored, pinned: Any, _: Any) -> Any:
        if self.fails is not None:
            raise self.fails
        return (found.name, pinned.revision)

    # What fails executions.

    def holds(self, _: Any) -> bool:
        return self.runs_something

    async def has_put_right(self, *_: Any) -> bool:
        if self.is_edited:
            self.told.append("put right")
        return self.is_edited

    # State machines.

    async def newest(self, _: Any) -> Known | None:
        return None if self.appears_after_looks else self.machine

    def find(self, _: Any) -> Known | None:
        self.appears_after_looks = max(0, self.appears_after_looks - 1)
        return None if self.appears_after_looks else self.heard or self.machine

    # What is done with it.

    def opened(self, *, was_here: bool = False, restarts_restored: bool = False, seen: Any = None) -> Opened:
        everything: Any = self
        self.waiting = Waiting()

        async def main() -> Opened:
            beginning = Beginning(
                everything,
                everything,
                everything,
                everything,
                self.waiting,
                VirtualClock(),
                restarts_restored=restarts_restored,
                pin=lambda _, pinned: self.told.append(f"pins {pinned.revision}"),
                unpin=lambda _: self.told.append("unpins"),
            )
            return await beginning.open(execution_watch.of(seen or self.body), was_here=was_here)

        return run(main)


OPENED: Any = ("order-7", "orders-1")


def test_a_new_one_runs_what_its_state_machine_says_now() -> None:
    around = Around(execution())

    assert around.opened() == OPENED
    assert around.told == ["reads", "reads all", "pins orders-1"]


def test_one_that_has_begun_runs_what_it_began_with_whatever_has_become_of_its_state_machine() -> None:
    around = Around(execution(status=begun()), machine=None)

    assert around.opened() == OPENED
    assert around.told == ["reads all", "pins orders-1"]


@pytest.mark.parametrize(
    ("body", "told"),
    [
        pytest.param(execution(spec={"stop": {"error": "E"}}), ["abort StopRequest(error='E', cause=None)"], id="stopped"),
        pytest.param(execution(annotations={STARTED: "0815"}), ["restored it was started as the Execution with uid 0815"], id="a copy"),
        pytest.param(execution(labels={VELERO: "nightly"}), ["restored Velero restored it (nightly)"], id="Velero"),
        pytest.param(
            execution(annotations={APPLIED: '{"status":{"seq":4}}'}),
            ["restored it was applied with the status of one that had begun"],
            id="applied as it was read",
        ),
    ],
)  # fmt: skip
def test_what_does_not_begin_says_why(body: dict[str, Any], told: list[str]) -> None:
    around = Around(body)

    assert around.opened() is None
    assert around.told == ["reads", *told]


def test_one_that_was_refused_by_a_write_that_was_not_answered_is_left_alone() -> None:
    around = Around(execution(status={"phase": "Failed"}))

    assert around.opened(seen=execution()) is None
    assert around.told == ["reads"]


def test_a_copy_begins_where_somebody_wants_it_or_all_of_them() -> None:
    copy: dict[str, Any] = {"annotations": {STARTED: "0815"}}

    assert Around(execution(spec={"restart": True}, **copy)).opened() == OPENED
    assert Around(execution(**copy)).opened(restarts_restored=True) == OPENED
    assert Around(execution(annotations={STARTED: "4711"})).opened() == OPENED  # it is itself
    assert Around(execution(annotations={APPLIED: '{"status":{}}'})).opened() == OPENED


@pytest.mark.parametrize(
    ("machine", "told"),
    [
        (None, "wait WaitingForStateMachine: there is no StateMachine 'orders' in namespace 'shop'"),
        (NOT_READY, "wait StateMachineNotReady: States.A has no Next"),
    ],
)
def test_without_a_state_machine_that_is_ready_it_waits_and_says_so(machine: Known | None, told: str) -> None:
    around = Around(execution(), machine=machine)

    assert around.opened() is None
    assert around.told == ["reads", told]
    assert len(around.waiting) == 1


def test_a_state_machine_that_comes_a_moment_later_is_waited_for_without_a_word() -> None:
    around = Around(execution())
    around.appears_after_looks = 5

    assert around.opened() == OPENED
    assert not [said for said in around.told if said.startswith("wait")]


def test_of_a_state_machine_that_is_heard_of_late_what_it_says_now_counts() -> None:
    """Its first event showed the definition before the one that was ready when the execution was created: seed 19690 of
    the simulation."""
    around = Around(execution())
    around.appears_after_looks = 5
    around.heard = Known("1", 1, "orders-0", "", deleting=False)

    assert around.opened() == OPENED


@pytest.mark.parametrize(
    ("error", "told"),
    [
        (InvalidInput("spec.input is not JSON"), "refuse spec.input is not JSON"),
        (Edited("status is"), "put_right status is not what Stepwright wrote there; somebody else has changed it"),
        (Refused("the revision is lost"), "fail_plainly the revision is lost"),
    ],
    ids=lambda value: type(value).__name__,
)  # fmt: skip
def test_what_cannot_be_opened_fails_and_its_state_machine_waits_for_it_no_more(
    error: Exception, told: str
) -> None:
    around = Around(execution(status=begun()), fails=error)

    assert around.opened() is None
    assert around.told == ["reads all", "pins orders-1", "unpins", told]


def test_what_a_newer_version_has_written_is_left_to_it() -> None:
    around = Around(execution(status=begun()), fails=NewerVersion("head is of version 9"))

    found = around.opened()
    assert isinstance(found, ForNewer)
    assert str(found.error) == "head is of version 9"
    assert around.told[-1] == "unpins"


def test_what_is_away_is_not_taken_for_an_answer() -> None:
    around = Around(execution(status=begun()), fails=Unavailable("no answer"))

    with pytest.raises(Unavailable):
        around.opened()
    assert around.told[-1] == "unpins"


def test_one_that_etcd_has_forgotten_to_have_begun_is_found_anew() -> None:
    around = Around(execution())

    found = around.opened(seen=execution(status=begun()))
    assert isinstance(found, Unbegun)
    assert found.seen.pinned is None


def test_one_that_has_settled_is_not_carried_unless_something_of_it_runs() -> None:
    settled = execution(status=begun("Succeeded", settled=True))

    assert Around(settled).opened() is None
    around = Around(settled)
    around.runs_something = True
    assert around.opened() == OPENED


def test_one_that_somebody_has_edited_is_put_right_before_anything_is_run() -> None:
    around = Around(execution())
    around.is_edited = True

    assert around.opened(was_here=True) is None
    assert around.told == ["reads", "put right"]
