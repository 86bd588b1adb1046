"""What earlier versions have stored is read, believed and carried on by this one, and is called as it was called."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from stepwright.cluster import consistency, revisions
from stepwright.cluster.beside import payload_name
from stepwright.cluster.stored import of
from stepwright.engine import payloads
from stepwright.tasks.job import names
from tests.golden import continued
from tests.golden.continued import VERSIONS, Golden
from tests.simulation import history

NAMES = ("ended", "stopped")
GOLDEN = {(version, name): continued.read(version, name) for version in VERSIONS for name in NAMES}
STATES = [(*key, state) for key, golden in GOLDEN.items() for state in range(len(golden.states))]

every = pytest.mark.parametrize("golden", GOLDEN.values(), ids=["-".join(key) for key in GOLDEN])


@pytest.mark.parametrize(("version", "name", "state"), STATES)
def test_an_execution_of_an_earlier_version_is_carried_on_to_its_end(
    version: str, name: str, state: int
) -> None:
    golden = GOLDEN[version, name]
    world = continued.carry_on(golden, state)
    [body] = world.server.all("executions")

    assert world.result.violations == []
    assert body["status"]["phase"] == golden.execution(-1)["status"]["phase"]
    assert body["status"].get("output") == golden.execution(-1)["status"].get("output")
    assert body["status"]["settled"] is True


@every
def test_a_stored_history_is_only_added_to(golden: Golden) -> None:
    state = len(golden.states) // 2
    world = continued.carry_on(golden, state)
    [body] = world.server.all("executions")
    pages = {page["metadata"]["name"]: page for page in world.server.all("executionhistories")}
    before = golden.events(state)

    assert before
    assert history.read(body["status"], pages)[: len(before)] == before


@every
def test_stored_statuses_are_believed(golden: Golden) -> None:
    for state in range(len(golden.states)):
        body = golden.execution(state)

        assert consistency.seems_intact(body["metadata"]["uid"], body["status"])
        consistency.check(of(body))


@every
def test_jobs_are_called_as_they_were(golden: Golden) -> None:
    """Else an open task would get a second Job."""
    ref = of(golden.execution(-1)).reference
    jobs = golden.all("jobs")

    assert jobs
    for job in jobs:
        token = job["metadata"]["annotations"][names.TASK_NAME]
        task = names.task_of(token, ref.uid)
        assert task is not None
        assert job["metadata"]["name"] == names.job_name(ref, task)
        assert token == names.task_name(ref.uid, task)


def test_secrets_with_inputs_are_called_as_they_were() -> None:
    secrets = [secret for golden in GOLDEN.values() for secret in golden.all("secrets")]

    assert secrets
    for secret in secrets:
        [owner] = secret["metadata"]["ownerReferences"]
        assert secret["metadata"]["name"] == names.secret_name(owner["name"])


@every
def test_payloads_and_pages_are_called_as_they_were(golden: Golden) -> None:
    """Payloads by what is in them, pages by their first and last event."""
    uid = golden.execution(-1)["metadata"]["uid"]
    kinds = set()
    for stored in golden.all("executionhistories"):
        kinds.add(stored["content"])
        if stored["content"] == "Payload":
            digest = payloads.digest_of(stored["payload"])
            expected = payload_name(uid, digest)
            assert stored["sha256"] == digest
        else:
            first = stored["firstEventId"]
            expected = f"{uid}-{first}-{first + len(stored['events']) - 1}"
        assert stored["metadata"]["name"] == expected
    assert "Payload" in kinds


@every
def test_revisions_are_called_as_they_were(golden: Golden) -> None:
    """Else every state machine would get a new revision when the operator is upgraded."""
    [machine], [revision] = golden.all("statemachines"), golden.all("controllerrevisions")
    metadata = machine["metadata"]

    assert revision["metadata"]["name"] == revisions.name_of(
        metadata["name"], metadata["uid"], revision["data"]
    )


def test_every_kind_of_open_work_is_among_what_is_stored() -> None:
    """Else it would not be known whether it can be carried on."""
    parts: set[Any] = set()
    for golden in GOLDEN.values():
        for state in range(len(golden.states)):
            stored = golden.execution(state)["status"].get("checkpoint") or {}
            parts |= {msgspec.json.decode(text)["kind"] for text in stored.values()}
    events = {event["type"] for golden in GOLDEN.values() for event in golden.events(-1)}

    assert parts >= {"branch", "fork", "head", "items", "results", "start"}
    assert events >= {
        "ExecutionAborted",
        "ExecutionSucceeded",
        "MapIterationStarted",
        "ParallelStateFailed",
        "TaskFailed",
        "TaskStateAborted",
        "TaskSubmitted",
        "WaitStateAborted",
    }
