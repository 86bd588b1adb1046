"""What is done about an execution that something is seen of: the whole table, without a loop."""

from __future__ import annotations

from typing import Any

import pytest

from stepwright.cluster import seal
from stepwright.controllers import execution_watch
from stepwright.controllers.acts import Act, Here, act_upon
from stepwright.controllers.execution_watch import TOUCHED, Seen

NOBODY = Here(
    owned=True,
    elsewhere=False,
    carried=False,
    ending=False,
    set_apart=False,
    busy=False,
    waiting=False,
    given_up=False,
)
CARRIED = NOBODY._replace(carried=True)
BUSY = NOBODY._replace(busy=True)
WAITING = NOBODY._replace(waiting=True)
APART = NOBODY._replace(set_apart=True)
ENDING = CARRIED._replace(ending=True)


def _body(
    phase: str,
    *,
    deleted: bool = False,
    stop: bool = False,
    shard: bool = False,
    redrive: str | None = None,
    **status: Any,
) -> dict[str, Any]:
    metadata = {
        "name": "order-7",
        "namespace": "shop",
        "uid": "4711",
        "generation": 1,
        "resourceVersion": "9",
        "labels": {"stepwright.dev/map-shard": "u-9"} if shard else {},
    }
    return {
        "metadata": {**metadata, **({"deletionTimestamp": "2026-11-01T00:00:00Z"} if deleted else {})},
        "spec": {
            "stateMachineRef": {"name": "orders"},
            **({"stop": {}} if stop else {}),
            **({} if redrive is None else {"redrive": {"requestId": redrive}}),
        },
        "status": {"phase": phase, **status},
    }


STARTED: dict[str, Any] = {"stateMachine": {"name": "orders", "uid": "1", "revision": "orders-1"}, "seq": 3}


def _seen(phase: str = "Pending", *, edited: bool = False, **given: Any) -> Seen:
    body = _body(phase, **given)
    if not edited:
        body["status"]["seal"] = str(seal.of("4711", body["status"]))
    return execution_watch.of(body)


NEW = _seen()
RUNNING = _seen("Running", **STARTED)
ENDED = _seen("Succeeded", endTime="2026-11-01T00:00:00Z", **STARTED)
SETTLED = _seen("Succeeded", endTime="2026-11-01T00:00:00Z", settled=True, **STARTED)
FAILED: dict[str, Any] = {"endTime": "2026-11-01T00:00:00Z", "settled": True, **STARTED}
ASKED = _seen("Failed", redrive="r1", **FAILED)
DONE: dict[str, Any] = {"redrives": [{"requestId": "r0"}, {"requestId": "r1"}], "redriveCount": 1}
EDITED = _seen("Running", edited=True, seal="1.2.3", **STARTED)


@pytest.mark.parametrize(
    ("type", "seen", "here", "act"),
    [
        ("ADDED", NEW, NOBODY, Act.BEGIN),
        ("MODIFIED", RUNNING, NOBODY, Act.BEGIN),
        ("MODIFIED", ENDED, NOBODY, Act.BEGIN),
        ("MODIFIED", RUNNING, NOBODY._replace(given_up=True), Act.NOTHING),
        ("MODIFIED", RUNNING, BUSY, Act.PUT_OFF),
        # Shards of distributed Maps begin when others have written with what.
        ("ADDED", _seen(shard=True), NOBODY, Act.NOTHING),
        ("MODIFIED", _seen(shard=True, stop=True), NOBODY, Act.BEGIN),
        ("MODIFIED", _seen("Running", shard=True, **STARTED), NOBODY, Act.BEGIN),
        # Gone.
        ("MODIFIED", _seen("Running", deleted=True, **STARTED), CARRIED, Act.FORGET),
        ("DELETED", RUNNING, CARRIED, Act.FIND_OUT),
        ("DELETED", NEW, BUSY, Act.FIND_OUT),
        ("DELETED", NEW, WAITING, Act.FORGET),
        ("DELETED", SETTLED, NOBODY, Act.FORGET),
        # Others'.
        ("MODIFIED", RUNNING, NOBODY._replace(elsewhere=True), Act.LEAVE_TO_NEIGHBOUR),
        ("MODIFIED", RUNNING, CARRIED._replace(elsewhere=True), Act.GO_ON),
        ("MODIFIED", RUNNING, NOBODY._replace(owned=False), Act.LEAVE),
        ("MODIFIED", RUNNING, CARRIED._replace(owned=False), Act.LEAVE),
        # Operators died under it.
        ("MODIFIED", RUNNING, APART, Act.SET_APART),
        ("MODIFIED", RUNNING, APART._replace(busy=True), Act.PUT_OFF),
        ("MODIFIED", RUNNING, APART._replace(carried=True), Act.LET_GO),
        ("MODIFIED", ENDED, APART, Act.BEGIN),
        # Carried here.
        ("MODIFIED", RUNNING, CARRIED, Act.GO_ON),
        (TOUCHED, RUNNING, CARRIED, Act.COMPARE),
        ("MODIFIED", RUNNING, ENDING, Act.PUT_OFF),
        ("MODIFIED", SETTLED, ENDING, Act.END),
        ("MODIFIED", ENDED, ENDING, Act.GO_ON),
        # Waits for its state machine.
        ("MODIFIED", NEW, WAITING, Act.WAIT),
        ("MODIFIED", _seen(stop=True), WAITING, Act.BEGIN),
        ("MODIFIED", RUNNING, WAITING, Act.BEGIN),
        # Ended.
        ("MODIFIED", SETTLED, NOBODY, Act.END),
        ("MODIFIED", SETTLED, BUSY, Act.END),
        # It is to go on, unless something was done about the request before.
        ("MODIFIED", ASKED, NOBODY, Act.REDRIVE),
        ("MODIFIED", ASKED, BUSY, Act.PUT_OFF),
        ("MODIFIED", ASKED, ENDING, Act.PUT_OFF),
        ("MODIFIED", ASKED, CARRIED, Act.PUT_OFF),
        ("MODIFIED", ASKED, NOBODY._replace(given_up=True), Act.NOTHING),
        ("MODIFIED", ASKED, NOBODY._replace(owned=False), Act.LEAVE),
        ("MODIFIED", ASKED, NOBODY._replace(elsewhere=True), Act.LEAVE_TO_NEIGHBOUR),
        ("MODIFIED", ASKED, APART, Act.NOTHING),
        ("MODIFIED", _seen("Failed", redrive="r1", **FAILED, **DONE), NOBODY, Act.END),
        ("MODIFIED", _seen("Failed", redrive="r2", **FAILED, **DONE), NOBODY, Act.REDRIVE),
        ("MODIFIED", _seen("Failed", redrive="r1", **{**FAILED, "settled": False}), NOBODY, Act.BEGIN),
        ("MODIFIED", _seen("Running", redrive="r1", **STARTED), CARRIED, Act.GO_ON),
        # Edited by somebody.
        ("MODIFIED", EDITED, CARRIED, Act.COMPARE),
        ("MODIFIED", EDITED, NOBODY, Act.BEGIN),
    ],
)
def test_what_is_done_about_an_execution(type: str, seen: Seen, here: Here, act: Act) -> None:
    assert act_upon(type, seen, here) is act
