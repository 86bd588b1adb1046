"""Which tasks are to be stopped yet stands in the status of an Execution until that is done, also once it has ended."""

from __future__ import annotations

import asyncio
import copy
from pathlib import Path
from typing import Any

import jsonpatch
import msgspec
import pytest

from stepwright.asl.checkpoint import checkpoint as checkpoints
from stepwright.asl.resource import parse as parse_resource
from stepwright.asl.signals import TaskId
from stepwright.asl.step import CancelTask
from stepwright.cluster import executions, record, revisions, seal
from stepwright.cluster.executions import Pinned
from stepwright.cluster.journal import ClusterJournal
from stepwright.cluster.record import Record
from stepwright.cluster.revisions import Revisions
from stepwright.engine.ports import Commit
from tests.engine.memory import RemoteDriver, World, loaded, stop
from tests.engine.virtual_loop import run
from tests.kube.server import says, serving

DEFINITION: dict[str, Any] = {
    "StartAt": "A",
    "States": {"A": {"Type": "Task", "Resource": "k8s:job", "Parameters": {"image": "x"}, "End": True}},
}
MACHINE: dict[str, Any] = {
    "apiVersion": "stepwright.dev/v1",
    "kind": "StateMachine",
    "metadata": {"name": "machine", "namespace": "default", "uid": "m-1"},
}
REVISION = revisions.manifest(MACHINE, {"definition": msgspec.json.encode(DEFINITION).decode()}, 1)
PINNED = Pinned("machine", "m-1", REVISION["metadata"]["name"])
NEW: dict[str, Any] = {
    "metadata": {"namespace": "default", "name": "run-1", "uid": "uid-1", "generation": 1},
    "spec": {"stateMachineRef": {"name": "machine"}},
    "status": {"phase": "Pending", "seq": 0},
}
STOP = CancelTask(TaskId(3), parse_resource("k8s:job"), {"jobName": "job-3"})


@pytest.fixture(scope="module")
def ended_with_a_stop() -> tuple[dict[str, Any], Record]:
    """What is stored of an execution that was stopped while its task could not be, and what is known of it."""

    async def main() -> list[Commit]:
        world = World(lambda _: (3600.0, 1), driver=RemoteDriver)
        assert isinstance(world.driver, RemoteDriver)
        execution = world.journal.add(loaded(DEFINITION))
        world.engine.adopt(execution)
        await asyncio.sleep(20)
        world.driver.stops_fail = True
        stop(world)
        await asyncio.sleep(1)
        await world.crash()
        return world.journal.stored[execution.ref.uid].commits

    body, known = copy.deepcopy(NEW), Record.of(NEW, PINNED.as_status())
    for commit in run(main):
        parts = {
            part: None if value is None else msgspec.json.encode(value).decode()
            for part, value in commit.parts.items()
        }
        events = [msgspec.json.encode(event).decode() for event in commit.events]
        change = record.of_commit(known, commit, parts, events)
        body, known = jsonpatch.apply_patch(body, change.patch), change.after
    return body, known


def test_a_stop_outlives_its_execution_until_that_has_settled(
    ended_with_a_stop: tuple[dict[str, Any], Record],
) -> None:
    body, known = ended_with_a_stop
    status = body["status"]
    assert (status["phase"], status["settled"]) == ("Aborted", False)
    assert status["checkpoint"].keys() == {"start", "head", "stop/3"}
    executions.check_version(body)

    settled = jsonpatch.apply_patch(body, record.of_settling(known, "settled").patch)["status"]

    assert settled["settled"]
    assert settled["checkpoint"].keys() == {"start", "head"}
    assert settled["seal"] == str(seal.of("uid-1", settled))


async def test_an_operator_that_takes_up_an_ended_execution_reads_its_stops(
    tmp_path: Path, ended_with_a_stop: tuple[dict[str, Any], Record]
) -> None:
    body, _ = ended_with_a_stop
    async with serving(tmp_path, says(200, REVISION)) as (_, api):
        read = await ClusterJournal(api, Revisions(api)).open(body, PINNED)

    assert (read.ended, read.settled) == (True, False)
    assert checkpoints.kept_stops(read.parts) == [STOP]
    assert len(read.parts) == 1
