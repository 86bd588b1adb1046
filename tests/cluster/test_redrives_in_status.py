"""What is kept of an execution that ends without success, how it goes on from that, and why it may not."""

from __future__ import annotations

import copy
from dataclasses import replace
from typing import Any

import jsonpatch
import msgspec
import pytest

from stepwright.asl.checkpoint import checkpoint as checkpoints
from stepwright.asl.checkpoint.checkpoint import PartId
from stepwright.asl.signals import Millis
from stepwright.cluster import executions, patches, redrives, seal
from stepwright.cluster.record import Record
from stepwright.cluster.redrives import Kept
from stepwright.cluster.revisions import Revision
from stepwright.cluster.stored import RedriveRequest, Stored, of
from stepwright.engine import payloads
from stepwright.engine.ports import Commit
from stepwright.kube import timestamps
from tests.cluster.test_patches import NEW, PINNED, TASK
from tests.engine.memory import World, loaded
from tests.engine.virtual_loop import run

MACHINE: dict[str, Any] = {
    "StartAt": "First",
    "States": {
        "First": {**TASK, "ResultPath": "$.first", "Next": "Second"},
        "Second": {**TASK, "ResultPath": "$.second", "End": True},
    },
}
DAY = 24 * 60 * 60 * 1000


def written(body: dict[str, Any], known: Record, commit: Commit) -> tuple[dict[str, Any], Record]:
    texts: payloads.Payloads = {}
    parts: dict[PartId, str | None] = {
        part: None if value is None else payloads.short_text(value, texts)
        for part, value in commit.parts.items()
    }
    kept = redrives.kept_by(commit, texts)
    if kept is not None:
        parts |= kept.parts
    events = [payloads.short_text(event, texts) for event in commit.events]
    change = patches.of_commit(
        known, commit, parts, events, visits=known.visits.after(commit.visits), kept=kept
    )
    return jsonpatch.apply_patch(body, change.patch), change.after


def failed() -> tuple[dict[str, Any], Record]:
    """The second task of two has failed."""

    async def main() -> list[Commit]:
        world = World(lambda task: (0.5, ("Boom", "why")) if task.state == "Second" else (0.5, 1))
        return (await world.complete(loaded(MACHINE))).commits

    body, known = copy.deepcopy(NEW), Record.of(of(NEW), PINNED)
    for commit in run(main):
        body, known = written(body, known, commit)
    if not body["status"]["settled"]:
        change = patches.of_settling(known, "settles")
        body, known = jsonpatch.apply_patch(body, change.patch), change.after
    return body, known


@pytest.fixture(scope="module")
def ended() -> dict[str, Any]:
    return failed()[0]


def asked(body: dict[str, Any], request: str = "once", **status: Any) -> Stored:
    body = copy.deepcopy(body)
    body["spec"]["redrive"] = {"requestId": request}
    body["status"] |= status
    return of(body)


def end_of(body: dict[str, Any]) -> Millis:
    return timestamps.millis(body["status"]["endTime"])


def test_an_end_without_success_keeps_where_it_failed(ended: dict[str, Any]) -> None:
    status = ended["status"]

    assert (status["phase"], status["settled"], status["redrivable"]) == ("Failed", True, True)
    assert status["checkpoint"].keys() == {"start", "head", "branch/0"}
    assert msgspec.json.decode(status["checkpoint"]["branch/0"])["state"] == "Second"
    assert status["seal"] == str(seal.of("uid-1", status))


def redriven(
    stored: Stored, *, fails: bool = False, meanwhile: str | None = None
) -> tuple[dict[str, Any], list[Commit]]:
    """By an engine that takes it up as it is stored. ``meanwhile``: another request, which comes before the first write."""
    machine = loaded(MACHINE).machine
    parts = {PartId(name): msgspec.json.decode(text) for name, text in stored.checkpoint.items()}
    found = executions.loaded(stored, Revision("machine-1", machine, {}), parts)
    found = replace(found, identity=loaded(MACHINE).identity)

    async def main() -> list[Commit]:
        world = World(lambda _: (0.5, ("Boom", "again") if fails else 2))
        return (await world.complete(found)).commits

    body, known = dict(stored.body), Record.of(stored, PINNED)
    known.asked = meanwhile or known.asked
    commits = run(main)
    for commit in commits:
        body, known = written(body, known, commit)
        read = Record.of(of(body), PINNED)
        read.stored = known.stored
        if not known.has_ended and meanwhile is None:
            assert read == known
    return body, commits


def test_it_goes_on_with_one_commit_that_notes_the_request(ended: dict[str, Any]) -> None:
    body, _ = redriven(asked(ended))
    status = body["status"]

    assert status["phase"] == "Succeeded"
    assert msgspec.json.decode(status["output"]) == {"first": 1, "second": 2}
    assert "error" not in status and "redrivable" not in status
    events = [msgspec.json.decode(text) for text in status["history"]]
    assert [event["id"] for event in events] == list(range(1, len(events) + 1))
    types = [event["type"] for event in events]
    assert types.count("TaskScheduled") == 3
    [again] = [event for event in events if event["type"] == "ExecutionRedriven"]
    assert (status["redriveCount"], status["redriveTime"]) == (1, again["timestamp"])
    assert status["redrives"] == [{"requestId": "once", "time": again["timestamp"]}]
    assert {each["type"]: each["status"] for each in status["conditions"]} == {
        "Ready": "True",
        "Reconciling": "False",
        "Stalled": "False",
        "Complete": "True",
        "Redriven": "True",
    }


def test_what_is_asked_for_while_a_redrive_is_written_is_not_noted_in_its_place(
    ended: dict[str, Any],
) -> None:
    body, _ = redriven(asked(ended), meanwhile="later")

    made, refused = body["status"]["redrives"]
    assert (made["requestId"], "refused" in made) == ("once", False)
    assert (refused["requestId"], refused["refused"]) == ("later", redrives.RUNNING)


def test_what_failed_again_can_go_on_again(ended: dict[str, Any]) -> None:
    body, _ = redriven(asked(ended), fails=True)
    assert (body["status"]["phase"], body["status"]["redriveCount"]) == ("Failed", 1)
    assert not redrives.is_asked_for(of(body))
    if not body["status"]["settled"]:
        settling = patches.of_settling(Record.of(of(body), PINNED), "settles")
        body = jsonpatch.apply_patch(body, settling.patch)

    body, _ = redriven(asked(body, "twice"))

    assert (body["status"]["phase"], body["status"]["redriveCount"]) == ("Succeeded", 2)
    assert [each["requestId"] for each in body["status"]["redrives"]] == ["once", "twice"]


def test_a_request_while_it_runs_is_refused_with_the_next_write() -> None:
    async def main() -> list[Commit]:
        return (await World(lambda _: (0.5, 1)).complete(loaded(MACHINE))).commits

    body, known = copy.deepcopy(NEW), Record.of(of(NEW), PINNED)
    first, *others = run(main)
    body, known = written(body, known, first)
    known.asked = "early"
    for commit in others:
        body, known = written(body, known, commit)

    [request] = body["status"]["redrives"]
    assert (request["requestId"], request["refused"]) == ("early", redrives.RUNNING)
    [condition] = [each for each in body["status"]["conditions"] if each["type"] == "Redriven"]
    assert (condition["status"], condition["reason"]) == ("False", "NotRedrivable")


@pytest.mark.parametrize(
    ("status", "days", "why"),
    [
        ({}, 0, None),
        ({}, 13, None),
        ({}, 15, "Execution redrivable period exceeded"),
        ({"phase": "Succeeded"}, 0, "Execution is SUCCEEDED and cannot be redriven"),
        ({"phase": "Running"}, 0, "Execution is RUNNING and cannot be redriven"),
        ({"redrivable": None}, 0, "Execution was started before the launch of RedriveExecution"),
        ({"redrivable": False, "notRedrivable": "Too large"}, 0, "Too large"),
        ({"startTime": "2020-01-01T00:00:00.000Z"}, 0, "Execution has exceeded the max execution time"),
        ({"checkpoint": {}}, 0, "Execution has a status that somebody else has changed"),
        ({"history": []}, 0, "Execution has a status that somebody else has changed"),
        ({"seal": None}, 0, "Execution has a status that somebody else has changed"),
        ({"seq": 99}, 0, "Execution has a status that somebody else has changed"),
    ],
)
def test_why_one_cannot_go_on(
    ended: dict[str, Any], status: dict[str, Any], days: int, why: str | None
) -> None:
    stored = asked(ended, **status)

    assert redrives.refusal(stored, Millis(end_of(ended) + days * DAY)) == why


@pytest.mark.parametrize(
    ("status", "goes_on"),
    [
        ({}, True),
        ({"settled": False}, False),
        ({"phase": "Running"}, False),
        ({"redrivable": False}, False),
        ({"checkpoint": {}}, False),
        ({"redrives": [{"requestId": "once", "time": "2026-01-01T00:00:00.000Z"}]}, False),
        ({"redrives": [{"requestId": "other", "time": "2026-01-01T00:00:00.000Z"}]}, True),
    ],
)
def test_whoever_loads_it_decides_alike(ended: dict[str, Any], status: dict[str, Any], goes_on: bool) -> None:
    assert redrives.goes_on(asked(ended, **status)) is goes_on


def commit_of(ended: Commit, **head: Any) -> Commit:
    kept = ended.redrivable
    assert kept is not None
    changed = kept.head.copy()
    for name, value in head.items():
        setattr(changed, name, value)
    parts = {**kept.parts, PartId("head"): changed}
    return replace(ended, redrivable=checkpoints.Checkpoint(parts))


def test_what_is_kept_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    async def main() -> list[Commit]:
        return (await World(lambda _: (0.1, ("E", "c"))).complete(loaded(MACHINE))).commits

    last = run(main)[-1]
    texts: payloads.Payloads = {}
    kept = redrives.kept_by(last, texts)
    assert kept is not None and kept.parts and kept.why_not is None
    assert redrives.kept_by(replace(last, redrivable=None), texts) == Kept(
        why_not="Execution has ended with nothing to go on from"
    )
    full = redrives.kept_by(commit_of(last, last_event_id=24_999), texts)
    assert full == Kept(why_not="Execution history event limit exceeded")
    monkeypatch.setattr(redrives, "MOST_KEPT_BYTES", 100)
    assert redrives.kept_by(last, texts) == Kept(why_not=redrives.TOO_LARGE)
    assert texts == {}


def test_the_newest_ten_requests_are_known() -> None:
    noted = redrives.NOT_REDRIVEN
    for number in range(12):
        noted = noted.refused(f"r{number}", "2026-01-01T00:00:00.000Z", "no")
    noted = noted.made(RedriveRequest("r12"), "2026-01-01T00:00:01.000Z")

    assert [request["requestId"] for request in noted.requests] == [f"r{number}" for number in range(3, 13)]
    assert (noted.count, redrives.Redrives.of(noted.as_status())) == (1, noted)
