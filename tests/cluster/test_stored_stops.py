"""The status of an Execution says which tasks still have to be stopped until that is done, even once it has ended."""

from __future__ import annotations

import asyncio
import copy
import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import jsonpatch
import msgspec
import pytest

from stepwright.asl.checkpoint import checkpoint as checkpoints
from stepwright.asl.resource import parse as parse_resource
from stepwright.asl.signals import Millis, TaskId
from stepwright.asl.step import CancelTask
from stepwright.cluster import executions, patches, revisions, seal
from stepwright.cluster.clearing import Clearing
from stepwright.cluster.journal import ClusterJournal
from stepwright.cluster.record import Record
from stepwright.cluster.revisions import Revisions
from stepwright.cluster.stored import Pinned, of
from stepwright.cluster.uncarried import Refusals
from stepwright.controllers.failing import Failing
from stepwright.controllers.failure_events import FailureEvents
from stepwright.engine.clock import SystemClock
from stepwright.engine.ports import Commit, Unavailable
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
STOP = CancelTask(TaskId(3), parse_resource("k8s:job"), {"jobName": "job-3"}, Millis(1_767_225_600_000))


Stored = tuple[dict[str, Any], Record]
"""An Execution as it is stored, and what is known of it."""


def written(commits: Sequence[Commit]) -> Stored:
    body, known = copy.deepcopy(NEW), Record.of(of(NEW), PINNED.as_status())
    for commit in commits:
        parts = {
            part: None if value is None else msgspec.json.encode(value).decode()
            for part, value in commit.parts.items()
        }
        events = [msgspec.json.encode(event).decode() for event in commit.events]
        change = patches.of_commit(known, commit, parts, events)
        body, known = jsonpatch.apply_patch(body, change.patch), change.after
    return body, known


def played(*, stopped: bool) -> Stored:
    """Of an execution whose task runs, or was to be stopped with it and could not be."""

    async def main() -> list[Commit]:
        world = World(lambda _: (3600.0, 1), driver=RemoteDriver)
        assert isinstance(world.driver, RemoteDriver)
        execution = world.journal.add(loaded(DEFINITION))
        world.engine.adopt(execution)
        await asyncio.sleep(20)
        world.driver.stops_fail = True
        if stopped:
            stop(world)
            await asyncio.sleep(1)
        await world.crash()
        return world.journal.stored[execution.ref.uid].commits

    return written(run(main))


@pytest.fixture(scope="module")
def ended_with_a_stop() -> Stored:
    return played(stopped=True)


@pytest.fixture(scope="module")
def running() -> Stored:
    return played(stopped=False)


def test_a_stop_outlives_its_execution_until_that_has_settled(
    ended_with_a_stop: Stored,
) -> None:
    body, known = ended_with_a_stop
    status = body["status"]
    assert (status["phase"], status["settled"]) == ("Aborted", False)
    assert status["checkpoint"].keys() == {"start", "head", "stop/3"}
    executions.check_version(of(body))

    settled = jsonpatch.apply_patch(body, patches.of_settling(known, "settled").patch)["status"]

    assert settled["settled"]
    assert settled["checkpoint"].keys() == {"start", "head"}
    assert settled["seal"] == str(seal.of("uid-1", settled))


async def test_an_operator_that_takes_up_an_ended_execution_reads_its_stops(
    tmp_path: Path, ended_with_a_stop: Stored
) -> None:
    body, _ = ended_with_a_stop
    async with serving(tmp_path, says(200, REVISION)) as (_, api):
        read = await ClusterJournal(api, Revisions(api)).open(of(body), PINNED)

    assert (read.ended, read.settled) == (True, False)
    assert checkpoints.kept_stops(read.parts) == [STOP]
    assert len(read.parts) == 1


# --- Ends that are written where no engine carries the execution ------------------------------------------------------


@dataclass
class Ending:
    """``fail_plainly`` with one driver. ``written``: what it has written of the execution, by field of its status."""

    driver: RemoteDriver
    written: list[dict[str, Any]]


async def fail_plainly(folder: Path, body: dict[str, Any], *, away: bool = False) -> Ending:
    driver = RemoteDriver()
    driver.stops_fail = away
    clock = SystemClock()
    async with serving(folder, says(200, REVISION), says(200, {})) as (server, api):
        clearing = Clearing(ClusterJournal(api, Revisions(api)), [driver])
        failures = FailureEvents(api, "x", clock)
        failing = Failing(Refusals(api, clock), clearing, failures)
        if away:
            with pytest.raises(Unavailable):
                await failing.fail_plainly(of(body), "it is broken")
        else:
            await failing.fail_plainly(of(body), "it is broken")
        await asyncio.gather(*failures._posting)
    patches = [
        json.loads(text)
        for request, text in zip(server.requests, server.bodies, strict=True)
        if request.method == "PATCH"
    ]
    added = [
        {each["path"].removeprefix("/status/"): each["value"] for each in patch if each["op"] == "add"}
        for patch in patches
    ]
    return Ending(driver, added)


async def test_an_execution_settles_without_an_engine_when_its_stops_are_made(
    tmp_path: Path, ended_with_a_stop: Stored
) -> None:
    body, _ = ended_with_a_stop

    ending = await fail_plainly(tmp_path, body)

    assert ending.driver.cancelled == [STOP]
    (settled,) = ending.written
    assert (settled["settled"], settled["checkpoint"].keys()) == (True, {"start", "head"})
    status = {**body["status"], **settled}
    assert settled["seal"] == str(seal.of("uid-1", status))


async def test_it_does_not_settle_while_they_cannot_be_made(
    tmp_path: Path, ended_with_a_stop: Stored
) -> None:
    body, _ = ended_with_a_stop

    ending = await fail_plainly(tmp_path, body, away=True)

    assert (ending.driver.cancelled, ending.written) == ([STOP], [])


@pytest.mark.parametrize("away", [False, True])
async def test_an_execution_ends_without_an_engine_when_its_tasks_are_stopped(
    tmp_path: Path, running: Stored, away: bool
) -> None:
    body, _ = running

    ending = await fail_plainly(tmp_path, body, away=away)

    assert ending.driver.cancelled == [STOP]
    assert [(said["phase"], said["settled"]) for said in ending.written] == [("Failed", True)] * (not away)


async def test_nothing_is_stopped_by_a_checkpoint_that_somebody_has_edited(
    tmp_path: Path, running: Stored
) -> None:
    body = copy.deepcopy(running[0])
    stored = body["status"]["checkpoint"]
    (branch,) = (part for part, text in stored.items() if "jobName" in text)
    stored[branch] = stored[branch].replace("job-3", "job-of-another")

    ending = await fail_plainly(tmp_path, body)

    assert ending.driver.cancelled == []
    assert [said["phase"] for said in ending.written] == ["Failed"]
