"""The JSON Patches of commits: applied as the API server applies them, the stored status is what the record says."""

from __future__ import annotations

import copy
from typing import Any

import jsonpatch
import msgspec
import pytest

from stepwright.asl.checkpoint.checkpoint import PartId
from stepwright.asl.signals import Millis, TaskId
from stepwright.asl.step import Outcome, StartTask, Visit
from stepwright.cluster import patches, record, seal, told_visits
from stepwright.cluster.record import Record, Rolled
from stepwright.cluster.stored import of
from stepwright.cluster.told_visits import ToldVisits
from stepwright.cluster.transitions import MOST_ENDED
from stepwright.engine import payloads
from stepwright.engine.ports import Commit
from stepwright.kube import timestamps
from tests.engine.memory import World, loaded
from tests.engine.virtual_loop import run

PINNED = {"name": "machine", "uid": "m-1", "revision": "machine-1"}
NEW: dict[str, Any] = {
    "metadata": {"namespace": "default", "name": "run-1", "uid": "uid-1", "generation": 1},
    "spec": {"stateMachineRef": {"name": "machine"}},
    "status": {"phase": "Pending", "seq": 0},
}
TASK: dict[str, Any] = {"Type": "Task", "Resource": "k8s:job", "Parameters": {"image": "x"}}
FORKS = {
    "StartAt": "Both",
    "States": {
        "Both": {
            "Type": "Parallel",
            "Branches": [
                {"StartAt": "Quick", "States": {"Quick": {"Type": "Pass", "End": True}}},
                {"StartAt": "Slow", "States": {"Slow": {**TASK, "End": True}}},
            ],
            "ResultPath": "$.both",
            "Next": "Each",
        },
        "Each": {
            "Type": "Map",
            "ItemsPath": "$.items",
            "MaxConcurrency": 3,
            "ItemProcessor": {
                "StartAt": "One",
                "States": {
                    "One": {**TASK, "Retry": [{"ErrorEquals": ["States.ALL"]}], "Next": "Then"},
                    "Then": {"Type": "Wait", "Seconds": 1, "End": True},
                },
            },
            "End": True,
        },
    },
}


def commits_of(machine: dict[str, Any], input: Any, answer: Any) -> list[Commit]:
    """What an engine writes for an execution."""

    async def main() -> list[Commit]:
        return (await World(answer).complete(loaded(machine, input))).commits

    return run(main)


def encoded(commit: Commit) -> tuple[dict[PartId, str | None], list[str]]:
    texts: payloads.Payloads = {}
    parts = {
        part: None if value is None else msgspec.json.encode(payloads.take_out(value, texts)).decode()
        for part, value in commit.parts.items()
    }
    return parts, [msgspec.json.encode(payloads.take_out(event, texts)).decode() for event in commit.events]


def apply(stored: dict[str, Any], known: Record, commit: Commit, *, rolled: Rolled | None = None) -> Record:
    parts, events = encoded(commit)
    visits = known.visits.after(commit.visits)
    if len(visits.text) > told_visits.FULL_CHARACTERS:
        visits = ToldVisits(previous="page")
    change = patches.of_commit(known, commit, parts, events, visits=visits, rolled=rolled)
    stored.update(jsonpatch.apply_patch(stored, change.patch))
    return change.after


def fail_first(task: StartTask) -> Any:
    return 0.5 + task.task % 7, (("Boom", "once") if task.attempt == 0 and task.task % 3 == 0 else task.input)


@pytest.mark.parametrize("reload", [False, True], ids=["one process", "a new process for each commit"])
def test_the_stored_status_is_what_the_record_says_after_each_commit(reload: bool) -> None:
    stored, known = copy.deepcopy(NEW), Record.of(of(NEW), PINNED)
    commits = commits_of(FORKS, {"items": list(range(30))}, fail_first)
    for commit in commits:
        known = apply(stored, known, commit)
        read = Record.of(of(stored), PINNED)
        read.stored = known.stored

        assert read == known
        assert stored["status"]["seal"] == str(seal.of("uid-1", stored["status"]))
        if reload:
            known = read

    assert len(commits) > 20
    assert stored["status"]["phase"] == "Succeeded"
    events = [msgspec.json.decode(event) for event in stored["status"]["history"]]
    assert [event["id"] for event in events] == list(range(1, len(events) + 1))
    assert len(stored["status"]["transitions"]) == MOST_ENDED
    assert stored["status"]["checkpoint"].keys() == {"head", "start"}


def test_a_state_under_way_is_shown_however_many_visits_end_meanwhile() -> None:
    stored, known = copy.deepcopy(NEW), Record.of(of(NEW), PINNED)
    shown: list[list[tuple[str, bool]]] = []
    for commit in commits_of(FORKS, {"items": list(range(30))}, fail_first):
        known = apply(stored, known, commit)
        shown.append([(each["path"], "outcome" in each) for each in stored["status"]["transitions"]])

    began = next(index for index, each in enumerate(shown) if ("Each", False) in each)
    assert all(("Each", False) in each for each in shown[began:-1])
    assert all(sum(ended for _, ended in each) <= MOST_ENDED for each in shown)


def test_the_size_of_a_patch_does_not_grow_with_the_history() -> None:
    states: dict[str, Any] = {
        f"W{n}": {"Type": "Wait", "Seconds": 1, "Next": f"W{n + 1}"} for n in range(200)
    }
    states["W200"] = {"Type": "Succeed"}
    stored, known, sizes = copy.deepcopy(NEW), Record.of(of(NEW), PINNED), []
    for commit in commits_of({"StartAt": "W0", "States": states}, {}, fail_first):
        parts, events = encoded(commit)
        sizes.append(len(msgspec.json.encode(patches.of_commit(known, commit, parts, events).patch)))
        rolled = Rolled(f"page-{known.page_first}", len(known.events)) if known.page_is_full else None
        known = apply(stored, known, commit, rolled=rolled)

    settled = sizes[60:-1]
    assert max(settled) < 1.2 * min(settled)
    assert known.previous_page is not None
    assert len(msgspec.json.encode(stored)) < 2 * record.LARGEST_PAGE_BYTES


def test_events_that_were_recorded_while_a_page_was_copied_stay_in_the_status() -> None:
    stored, known = copy.deepcopy(NEW), Record.of(of(NEW), PINNED)
    copied, taken_out = 0, []
    for number, commit in enumerate(commits_of(FORKS, {"items": list(range(30))}, fail_first)):
        rolled = Rolled(f"page-{number}", copied) if copied and number % 5 == 0 else None
        if rolled is not None:
            taken_out += known.events[:copied]
            copied = 0
        elif number % 5 == 2:
            copied = len(known.events)
        known = apply(stored, known, commit, rolled=rolled)
        read = Record.of(of(stored), PINNED)
        read.stored = known.stored

        assert read == known
        assert stored["status"]["seal"] == str(seal.of("uid-1", stored["status"]))
        ids = [msgspec.json.decode(event)["id"] for event in (*taken_out, *known.events)]
        assert ids == list(range(1, len(ids) + 1))
        assert known.page_first == len(taken_out) + 1

    assert len(taken_out) > 50


def test_a_part_that_came_and_went_within_a_commit_is_not_removed_from_the_store() -> None:
    """After a restart both branches of a Parallel had ended: its results were a part only between two steps, and the
    patch that removed them was refused."""
    stored, known = copy.deepcopy(NEW), Record.of(of(NEW), PINNED)
    first = Commit("c1", 0, Millis(1000), Millis(1000), {PartId("head"): {"a": 1}})
    known = apply(stored, known, first)
    second = Commit("c2", 1, Millis(2000), Millis(1000), {PartId("results/0/0"): None})
    known = apply(stored, known, second)

    assert stored["status"]["checkpoint"] == {"head": '{"a":1}'}
    assert known.seq == 2


@pytest.mark.parametrize("write", ["commit", "explanation", "settling"])
def test_no_write_applies_to_another_commit_of_the_same_number(write: str) -> None:
    """An etcd that was restored twice may hold one."""
    stored, known = copy.deepcopy(NEW), Record.of(of(NEW), PINNED)
    commits = commits_of(FORKS, {"items": [1]}, None)
    known = apply(stored, known, commits[0])
    change = {
        "commit": lambda: patches.of_commit(known, commits[1], *encoded(commits[1])),
        "explanation": lambda: patches.of_explanation(known, "too large", Millis(5000)),
        "settling": lambda: patches.of_settling(known, "settles"),
    }[write]()
    jsonpatch.apply_patch(copy.deepcopy(stored), change.patch)
    stored["status"]["commitId"] = "of another row"

    with pytest.raises(jsonpatch.JsonPatchTestFailed):
        jsonpatch.apply_patch(stored, change.patch)


def test_a_commit_of_another_sequence_does_not_apply() -> None:
    stored, known = copy.deepcopy(NEW), Record.of(of(NEW), PINNED)
    apply(stored, known, Commit("c1", 0, Millis(1000), Millis(1000), {}))
    parts, events = encoded(Commit("c1", 0, Millis(1000), Millis(1000), {}))
    again = patches.of_commit(known, Commit("c2", 0, Millis(1000), Millis(1000), {}), parts, events)

    with pytest.raises(jsonpatch.JsonPatchTestFailed):
        jsonpatch.apply_patch(stored, again.patch)


def test_a_visit_in_its_last_word_keeps_the_job_it_had() -> None:
    stored, known = copy.deepcopy(NEW), Record.of(of(NEW), PINNED)
    begun = Visit(2, "Ship", "Ship", "Task", Millis(1000), task=TaskId(3))
    first = Commit("c1", 0, Millis(1000), Millis(1000), {}, visits=[begun], shown={TaskId(3): "ship-1"})
    known = apply(stored, known, first)
    ended = Visit(2, "Ship", "Ship", "Task", Millis(1000), outcome="Succeeded", ended=Millis(3500))
    apply(stored, known, Commit("c2", 1, Millis(3500), Millis(1000), {}, visits=[ended]))

    assert stored["status"]["transitions"] == [
        {
            "id": 2,
            "path": "Ship",
            "state": "Ship",
            "type": "Task",
            "outcome": "Succeeded",
            "startTime": "1970-01-01T00:00:01.000Z",
            "durationSeconds": 2.5,
            "attempts": 1,
            "job": "ship-1",
        }
    ]


def test_a_failure_shows_error_and_cause_and_its_conditions() -> None:
    stored, known = copy.deepcopy(NEW), Record.of(of(NEW), PINNED)
    outcome = Outcome("FAILED", error="Order.Rejected", cause="too expensive")
    apply(stored, known, Commit("c1", 0, Millis(4200), Millis(4200), {}, outcome=outcome, settled=True))
    status = stored["status"]

    assert (status["phase"], status["error"], status["cause"], status["duration"], status["settled"]) == (
        "Failed",
        "Order.Rejected",
        "too expensive",
        "0.0s",
        True,
    )
    conditions = {c["type"]: (c["status"], c["reason"]) for c in status["conditions"]}
    assert conditions == {
        "Ready": ("False", "Failed"),
        "Reconciling": ("False", "Failed"),
        "Stalled": ("True", "Failed"),
        "Complete": ("True", "Failed"),
    }


@pytest.mark.parametrize(
    ("milliseconds", "text"),
    [
        (0, "0.0s"),
        (1_290, "1.3s"),
        (9_999, "10.0s"),
        (10_000, "10s"),
        (192_000, "3m12s"),
        (180_000, "3m"),
        (7_500_000, "2h5m"),
        (273_600_000, "3d4h"),
    ],
)
def test_durations_read_as_kubectl_writes_them(milliseconds: int, text: str) -> None:
    assert timestamps.duration(milliseconds) == text
