"""Somebody else's edits of a status are distinguished from what was written, and reported in words."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable
from typing import Any

import jsonpatch
import pytest

from stepwright.asl.checkpoint.checkpoint import PartId
from stepwright.asl.signals import Millis
from stepwright.asl.step import Outcome
from stepwright.cluster import consistency, patches, seal
from stepwright.cluster.consistency import Edited, Truth
from stepwright.cluster.record import Record
from stepwright.cluster.stored import of
from stepwright.engine.ports import Commit

Status = dict[str, Any]
Edit = Callable[[Status], Any]

PINNED = {"name": "machine", "uid": "m-1", "revision": "machine-1"}
NEW: dict[str, Any] = {
    "metadata": {"namespace": "default", "name": "run-1", "uid": "uid-1", "generation": 1},
    "spec": {"stateMachineRef": {"name": "machine"}},
    "status": {"phase": "Pending", "seq": 0, "observedGeneration": 0},
}
EVENTS = [
    [{"id": 1, "type": "ExecutionStarted"}, {"id": 2, "type": "WaitStateEntered"}],
    [{"id": 3, "type": "WaitStateExited"}],
    [{"id": 4, "type": "ExecutionSucceeded"}],
]
HEADS: list[dict[str, Any]] = [
    {"lastEventId": 2},
    {"lastEventId": 3},
    {"lastEventId": 4, "ended": "SUCCEEDED"},
]


def written(count: int, *, whole: bool = False) -> dict[str, Any]:
    """An Execution after so many of three commits, the last of which ends it. ``whole``: each writes everything."""
    stored, known = copy.deepcopy(NEW), Record.of(of(NEW), PINNED)
    for n in range(count):
        parts = {PartId("head"): json.dumps(HEADS[n]), PartId("start"): "{}"}
        commit = Commit(
            f"c{n}",
            n,
            Millis(n * 1000),
            Millis(0),
            {},
            waiting_until=Millis(9000) if n == 0 else None,
            outcome=Outcome("SUCCEEDED", "1") if n == 2 else None,  # type: ignore[arg-type]
            settled=n == 2,
            whole=whole,
        )
        change = patches.of_commit(known, commit, parts, [json.dumps(event) for event in EVENTS[n]])
        stored, known = jsonpatch.apply_patch(stored, change.patch), change.after
    return stored


@pytest.mark.parametrize("whole", [False, True])
@pytest.mark.parametrize("count", range(4))
def test_what_was_written_is_intact(count: int, whole: bool) -> None:
    body = written(count, whole=whole)
    consistency.check(of(body))

    assert consistency.seems_intact(body["metadata"]["uid"], body["status"])
    if count:
        assert body["status"]["seal"] == str(seal.of("uid-1", body["status"]))


def test_a_commit_that_writes_all_leaves_nothing_of_what_was_edited() -> None:
    known = Record.of(of(written(1)), PINNED)
    body = written(1)
    body["status"] |= {
        "phase": "Failed",
        "checkpoint": {"x": "1"},
        "history": [],
        "output": "2",
        "settled": True,
    }
    parts = {PartId("head"): json.dumps(HEADS[1]), PartId("start"): "{}"}
    commit = Commit("c1", 1, Millis(1000), Millis(0), {}, whole=True)
    change = patches.of_commit(known, commit, parts, [json.dumps(event) for event in EVENTS[1]])

    assert jsonpatch.apply_patch(body, change.patch)["status"] == written(2)["status"]


def other_head(status: Status) -> None:
    status["checkpoint"]["head"] = json.dumps({"lastEventId": 2, "nextBranch": 1})


CHECKPOINT = "status.checkpoint is not what Stepwright wrote there; somebody else has changed it"
HISTORY = "status.history is not what Stepwright wrote there; somebody else has changed it"
BOTH = (
    "status.checkpoint and status.history are not what Stepwright wrote there; somebody else has changed it"
)
SUMMARY = (
    "one of status.seq, status.phase, status.settled, status.waitingUntil, status.stateMachine is not what Stepwright "
    "wrote there; somebody else has changed it"
)
SEQ = "status.seq is not what Stepwright wrote there; somebody else has changed it"
PHASE = "status.phase or status.settled is not what Stepwright wrote there; somebody else has changed it"


@pytest.mark.parametrize(
    ("edit", "sentence", "truth"),
    [
        pytest.param(lambda s: s.update(checkpoint={}), CHECKPOINT, None, id="checkpoint emptied"),
        pytest.param(lambda s: s["checkpoint"].update(head="}"), CHECKPOINT, None, id="checkpoint garbage"),
        pytest.param(lambda s: s["checkpoint"].update(more="{}"), CHECKPOINT, None, id="a part added"),
        pytest.param(lambda s: s["checkpoint"].pop("start"), CHECKPOINT, None, id="a part removed"),
        pytest.param(other_head, CHECKPOINT, None, id="a counter changed"),
        pytest.param(lambda s: s["history"].pop(), HISTORY, None, id="history cut"),
        pytest.param(lambda s: s["history"].reverse(), HISTORY, None, id="history reordered"),
        pytest.param(lambda s: s.update(history=["".join(s["history"])]), HISTORY, None, id="events joined"),
        pytest.param(lambda s: s.update(historyPage={"previous": "x"}), HISTORY, None, id="another page"),
        pytest.param(lambda s: s.update(history=[], checkpoint={}), BOTH, None, id="both emptied"),
        pytest.param(lambda s: s.update(seq=2), SUMMARY, None, id="seq raised"),
        pytest.param(lambda s: s.update(seq=0), SEQ, None, id="seq zero"),
        pytest.param(lambda s: s.pop("waitingUntil"), SUMMARY, None, id="no longer waiting"),
        pytest.param(lambda s: s["stateMachine"].update(revision="x"), SUMMARY, None, id="another revision"),
        pytest.param(lambda s: s.update(phase="Pending"), PHASE, Truth("Running", False), id="pending"),
        pytest.param(
            lambda s: s.update(phase="Succeeded", settled=True),
            PHASE,
            Truth("Running", False),
            id="succeeded",
        ),
        pytest.param(lambda s: s.update(settled=True), PHASE, Truth("Running", False), id="settled"),
    ],
)
def test_what_was_edited_is_said(edit: Edit, sentence: str, truth: Truth | None) -> None:
    body = written(1)
    edit(body["status"])
    with pytest.raises(Edited) as caught:
        consistency.check(of(body))

    assert (str(caught.value), caught.value.truth) == (sentence, truth)


def test_the_fields_that_a_watch_decodes_show_that_they_were_edited() -> None:
    body = written(1)
    for edited in (
        {"seq": 7},
        {"phase": "Failed"},
        {"settled": True},
        {"waitingUntil": "2099-01-01T00:00:00Z"},
    ):
        status = {"seal": body["status"]["seal"], **{name: body["status"].get(name) for name in seal.SUMMARY}}

        assert consistency.seems_intact(body["metadata"]["uid"], status)
        assert not consistency.seems_intact(body["metadata"]["uid"], status | edited)


@pytest.mark.parametrize("status", [{"phase": "Succeeded"}, {"settled": True}])
def test_an_execution_that_has_not_begun_has_not_ended(status: Status) -> None:
    body = written(0)
    body["status"] |= status
    with pytest.raises(Edited) as caught:
        consistency.check(of(body))

    assert caught.value.truth == Truth("Pending", settled=False)


def test_what_has_ended_has_ended() -> None:
    body = written(3)
    body["status"]["phase"] = "Running"
    with pytest.raises(Edited) as caught:
        consistency.check(of(body))
    assert caught.value.truth == Truth("Succeeded", settled=True)

    # Nothing of it is followed any more; what is gone cannot be brought back.
    body["status"] |= {"phase": "Succeeded", "checkpoint": {}, "transitions": []}
    consistency.check(of(body))
    body["status"]["seq"] = 9
    consistency.check(of(body))


@pytest.mark.parametrize(
    "edit",
    [
        pytest.param(lambda s: s["checkpoint"].pop("head"), id="no head"),
        pytest.param(lambda s: s["checkpoint"].update(head="}"), id="garbage"),
        pytest.param(lambda s: s["history"].pop(), id="history cut"),
        pytest.param(lambda s: s.update(history=[]), id="no history"),
    ],
)
def test_without_a_seal_the_checkpoint_must_fit_the_history(edit: Edit) -> None:
    body = written(1)
    del body["status"]["seal"]
    consistency.check(of(body))
    edit(body["status"])
    with pytest.raises(Edited):
        consistency.check(of(body))
