"""Somebody who may do anything edits the status of executions by hand: while an operator carries them, and
while none does. Edits are never followed blindly: they are corrected, or the execution fails plainly and its
Job is deleted."""

from __future__ import annotations

import json
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator

import pytest

from tests.on_cluster.gate import Gate
from tests.on_cluster.kubectl import (
    ENDED,
    Kube,
    Object,
    Objects,
    condition,
    execution,
    job,
    one,
    output,
    phase,
)
from tests.processes.operators import OperatorProcess
from tests.testcluster import Cluster
from tests.testcluster.audit import Audit

pytestmark = pytest.mark.cluster

Edit = Callable[[Object, Object], None]
"""Changes a status; the second one is what it was before its first task."""


def _counters(status: Object, **by: int) -> None:
    head = json.loads(status["checkpoint"]["head"])
    status["checkpoint"]["head"] = json.dumps(head | {name: head[name] + more for name, more in by.items()})


def _set(**fields: object) -> Edit:
    return lambda status, _: status.update(fields)


EDITS: dict[str, Edit] = {
    "seq-raised": lambda status, _: status.update(seq=status["seq"] + 5),
    "seq-lowered": lambda status, _: status.update(seq=status["seq"] - 1),
    "phase-succeeded": _set(phase="Succeeded", output='"forged"'),
    "phase-pending": _set(phase="Pending"),
    "ended-and-settled": _set(phase="Succeeded", settled=True, endTime="2026-01-01T00:00:00Z"),
    "settled": _set(settled=True),
    "checkpoint-emptied": _set(checkpoint={}),
    "checkpoint-garbage": lambda status, _: status["checkpoint"].update(head="} garbage {"),
    "checkpoint-older": lambda status, older: status.update(checkpoint=older["checkpoint"]),
    "checkpoint-and-history-older": lambda status, older: status.update(
        checkpoint=older["checkpoint"], history=older["history"]
    ),
    "counter-changed": lambda status, _: _counters(status, nextBranch=7),
    "history-cut": lambda status, _: status.update(history=status["history"][:-1]),
    "history-reordered": lambda status, _: status.update(history=status["history"][::-1]),
    "history-garbage": _set(history=["} garbage {"]),
    "revision-changed": lambda status, _: status["stateMachine"].update(revision="another-1"),
    "status-emptied": lambda status, _: status.clear(),
    # These decide nothing.
    "transitions-removed": _set(transitions=[]),
    "conditions-removed": _set(conditions=[]),
    "commit-id-changed": _set(commitId="0"),
}

#: The number of the write itself is the ground that everything stands on: somebody else may have gone on from there.
FAIL_WHILE_CARRIED = {"seq-raised", "seq-lowered", "status-emptied"}
#: Each kind once, with nobody who knew better: whether the execution goes on.
WHILE_NOT_CARRIED = {
    "seq-raised": False,
    "checkpoint-garbage": False,
    "checkpoint-and-history-older": False,
    "history-cut": False,
    "revision-changed": False,
    "status-emptied": False,
    "phase-succeeded": True,
    "phase-pending": True,
    "ended-and-settled": True,
    "transitions-removed": True,
    "conditions-removed": True,
}


def work(gate: Gate) -> Object:
    """A wait, whose checkpoint is the older one; then the task in whose midst the edits come."""
    task = job(f'{gate.waits}; echo "[7]" > $STEPWRIGHT_OUTPUT_FILE')
    return {
        "StartAt": "Pause",
        "States": {"Pause": {"Type": "Wait", "Seconds": 6, "Next": "Work"}, "Work": task},
    }


EVENTS = [
    "ExecutionStarted",
    *("WaitStateEntered", "WaitStateExited"),
    *("TaskStateEntered", "TaskScheduled", "TaskSucceeded", "TaskStateExited"),
    "ExecutionSucceeded",
]


@pytest.fixture
def gate(cluster: Cluster) -> Iterator[Gate]:
    with Gate(cluster) as closed:
        yield closed


def by_name(kube: Kube) -> dict[str, Object]:
    return {found["metadata"]["name"]: found for found in kube.list("executions")}


def await_all(kube: Kube, holds: Callable[[Object], object], *, seconds: float = 60) -> dict[str, Object]:
    deadline = time.monotonic() + seconds
    while True:
        found = by_name(kube)
        late = {name: one_of["status"] for name, one_of in found.items() if not holds(one_of)}
        if not late:
            return found
        if time.monotonic() > deadline:
            raise AssertionError(f"not as awaited after {seconds} s: {json.dumps(late, indent=1)}")
        time.sleep(0.3)


def at_work(kube: Kube, names: Iterable[str], gate: Gate) -> dict[str, Object]:
    """Start an execution of each name; as they are before their task, once all pods run."""
    kube.machine("work", work(gate))
    kube.apply(*(execution(name, "work") for name in names))
    before = await_all(kube, lambda found: found["status"].get("currentState") == "Pause")
    # Until what can wait for another write has been written, too: nothing more comes before the tasks end.
    await_all(
        kube, lambda found: "history" in found["status"] and "TaskSubmitted" in found["status"]["history"][-1]
    )
    return before


def edit(kube: Kube, edits: dict[str, Edit], before: dict[str, Object]) -> None:
    """By one who may do anything, all at once."""
    items = []
    for name, found in by_name(kube).items():
        if name in edits:
            edits[name](found["status"], before[name]["status"])
            items.append(found)
    kube(
        "replace",
        "--subresource=status",
        "-f",
        "-",
        input=json.dumps({"kind": "List", "apiVersion": "v1", "items": items}),
    )


def created_once(kube: Kube, audit: Audit, since: int, jobs: int) -> None:
    created = Counter(
        write.name
        for write in audit.writes(since, namespace=kube.namespace)
        if write.verb == "create" and write.resource == "jobs" and write.code == 201
    )
    assert set(created.values()) == {1}
    assert len(created) == jobs


def active_jobs(kube: Kube, name: str) -> Objects:
    jobs = kube.list("jobs", "-l", f"stepwright.dev/execution={name}")
    return [found for found in jobs if found["status"].get("active")]


def check_gone_on(kube: Kube, name: str, ended: Object) -> None:
    assert phase(ended) == "Succeeded", ended["status"].get("cause")
    assert output(ended) == [7]
    history = kube.history(name)
    assert [event["id"] for event in history] == list(range(1, len(history) + 1))
    assert [
        event["type"] for event in history if event["type"] not in ("TaskStarted", "TaskSubmitted")
    ] == EVENTS
    assert condition(ended, "Complete")["reason"] == "Succeeded"
    assert ended["status"]["settled"] is True


def check_failed_plainly(kube: Kube, name: str, ended: Object) -> None:
    assert phase(ended) == "Failed", name
    assert ended["status"]["error"] == "States.Runtime"
    assert "not what Stepwright wrote there; somebody else has changed it." in ended["status"]["cause"]
    assert condition(ended, "Complete")["reason"] == "Failed"
    assert active_jobs(kube, name) == []


def check_log(operator: OperatorProcess, most_loud: int) -> None:
    lines = [json.loads(line) for line in operator.log_path.read_text().splitlines()]
    loud = [line for line in lines if line["level"] in ("warning", "error", "critical")]
    assert not [line for line in lines if "exception" in line], "a defect"
    assert len(loud) <= most_loud, Counter(line["event"] for line in loud)


def is_put_right(found: Object) -> bool:
    status = found["status"]
    return (
        phase(found) == "Running"
        and not status.get("settled")
        and len(status["transitions"]) == 2
        and len(status["conditions"]) == 4
        and "output" not in status
    )


def test_edited_while_an_operator_carries_them_executions_go_on_as_it_knows_them(
    kube: Kube, own_operator: OperatorProcess, audit: Audit, gate: Gate
) -> None:
    since = audit.mark()
    own_operator.start()
    pid = own_operator.pid
    before = at_work(kube, EDITS, gate)
    edit(kube, EDITS, before)
    mended = [name for name in EDITS if name not in FAIL_WHILE_CARRIED]
    for name in mended:
        kube.until("execution", name, is_put_right, seconds=15)
    gate.open()
    ended = await_all(kube, lambda found: phase(found) in ENDED and found["status"].get("settled"))

    for name in EDITS:
        if name in FAIL_WHILE_CARRIED:
            check_failed_plainly(kube, name, ended[name])
        else:
            check_gone_on(kube, name, ended[name])
            assert [entry["outcome"] for entry in ended[name]["status"]["transitions"]] == [
                "Succeeded",
                "Succeeded",
            ]
    created_once(kube, audit, since, len(EDITS))
    assert (own_operator.alive, own_operator.pid) == (True, pid)
    assert "stepwright_executions_live 0.0" in own_operator.metrics()
    check_log(own_operator, most_loud=4 * len(EDITS))


def test_edited_while_no_operator_runs_executions_go_on_or_fail_plainly(
    kube: Kube, own_operator: OperatorProcess, audit: Audit, gate: Gate
) -> None:
    since = audit.mark()
    own_operator.start()
    before = at_work(kube, WHILE_NOT_CARRIED, gate)
    own_operator.stop()
    edit(kube, EDITS, before)
    own_operator.start()
    gate.open()
    ended = await_all(kube, lambda found: phase(found) in ENDED and found["status"].get("settled"))

    for name, goes_on in WHILE_NOT_CARRIED.items():
        if goes_on:
            check_gone_on(kube, name, ended[name])
        else:
            check_failed_plainly(kube, name, ended[name])
    created_once(kube, audit, since, len(WHILE_NOT_CARRIED))
    assert "stepwright_executions_live 0.0" in own_operator.metrics()
    check_log(own_operator, most_loud=4 * len(EDITS))


def test_edited_while_they_only_wait_or_after_their_end_executions_are_put_right(
    kube: Kube, own_operator: OperatorProcess
) -> None:
    own_operator.start()
    kube.machine("waits", one({"Type": "Wait", "Seconds": 3600, "End": True}))
    kube.machine("passes", one({"Type": "Pass", "Result": 5, "End": True}))
    waiting: dict[str, Edit] = {
        "seq-raised": EDITS["seq-raised"],
        "checkpoint-garbage": EDITS["checkpoint-garbage"],
        "never-due": _set(waitingUntil="2099-01-01T00:00:00Z"),
        "ended-and-settled": EDITS["ended-and-settled"],
        "phase-pending": EDITS["phase-pending"],
    }
    over: dict[str, Edit] = {"runs-again": _set(phase="Running"), "unsettled": _set(settled=False)}
    for name in waiting:
        kube.start(name, "waits")
    for name in over:
        kube.start(name, "passes")
    await_all(
        kube,
        lambda found: (
            found["status"].get("settled")
            if found["metadata"]["name"] in over
            else found["status"].get("waitingUntil")
        ),
    )
    edit(kube, waiting | over, by_name(kube))

    for name in ("seq-raised", "checkpoint-garbage", "never-due"):
        check_failed_plainly(kube, name, kube.ended(name, seconds=15))
    for name in ("ended-and-settled", "phase-pending"):
        kube.until("execution", name, lambda found: phase(found) == "Running", seconds=15)
        kube("patch", "execution", name, "--type=merge", "-p", '{"spec": {"stop": {"cause": "enough"}}}')
        assert phase(kube.ended(name, seconds=15)) == "Aborted"
        assert "endTime" in kube.get("execution", name)["status"]
    for name in over:
        found = kube.until(
            "execution",
            name,
            lambda found: phase(found) == "Succeeded" and found["status"]["settled"],
            seconds=15,
        )
        assert output(found) == 5
        assert len(kube.history(name)) == 4
    check_log(own_operator, most_loud=4 * len(waiting | over))
