"""The cluster is restored to an earlier state, under an operator that runs on or is started anew."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest

from tests.simulation.api_server import Request
from tests.simulation.backups import STATUS, BackedUp, Lost, tasks
from tests.simulation.client import Fate
from tests.simulation.operator import Operator
from tests.simulation.scene import play


class _Restored(BackedUp):
    machine = tasks()
    kills = False

    async def script(self) -> None:
        saved = await self.begin(lambda: self.has_written(3))
        self.before = self.status("e0")["seq"]
        await self.until(lambda: self.has_written(self.before + 4))
        if self.kills:
            self.operator.process.kill()
            self._replace(self.operator)
        self.put_back(saved)
        await self.until(self.has_ended, 900)


def test_under_an_operator_that_runs_on_executions_go_on_from_the_restored_state() -> None:
    """They failed: "status.seq is not what Stepwright wrote there"."""
    scene = play(_Restored)

    assert scene.phase("e0") == "Succeeded"
    assert len(scene.events()) == 1
    assert scene.events()[0].startswith("default/e0 was restored, from ")
    condition = scene.condition("e0", "Restored")
    assert (condition["status"], condition["reason"]) == ("True", "RestoredFromBackup")
    assert "tasks begun since may run again" in condition["message"]


def test_an_operator_that_is_started_after_it_goes_on_too() -> None:
    class Started(_Restored):
        kills = True

    assert play(Started).phase("e0") == "Succeeded"


class _EndedBefore(Lost):
    machine = tasks()

    async def script(self) -> None:
        saved = await self.begin(lambda: self.has_written(3), ttlSecondsAfterFinished=20)
        await self.until(lambda: self.phase("e0") == "Succeeded")
        await self.restore(saved)
        await self.until(lambda: self.phase("e0") == "Succeeded")
        self.is_there_no_more = False
        await asyncio.sleep(60)
        self.is_there_no_more = self.server.get("executions", "default", "e0") is None


def test_what_had_ended_after_the_backup_runs_to_its_end_again_before_its_time_is_over() -> None:
    """It was deleted while it ran, since its time had passed as it had ended before."""
    assert play(_EndedBefore).is_there_no_more


class _BackAsItWasSeen(Lost):
    """The operator's copy of the Execution is as the backup has it, and what happened between it has seen nothing of."""

    machine = tasks()

    async def script(self) -> None:
        self.begin_operator()
        self.create("e0")
        await self.until(lambda: self.has_written(3))
        await asyncio.sleep(0.3)
        self.cut_off()
        saved = self.save()
        await self.until(self.has_settled)
        await self.restore(saved, 1)  # so soon that no Lease lapses
        self.is_cut_off = False
        await self.until(lambda: self.phase("e0") == "Succeeded", 200)


def test_what_looks_as_it_did_when_it_was_seen_last_is_taken_up() -> None:
    """It hung without a word: its resourceVersion was the one that the operator knew."""
    assert play(_BackAsItWasSeen).phase("e0") == "Succeeded"


class _EndedUnseen(Lost):
    async def script(self) -> None:
        await self.begin(lambda: self.phase("e0") == "Running", ttlSecondsAfterFinished=5)
        self.cut_off()
        await self.until(self.has_settled)
        await asyncio.sleep(5)
        self.server.compact()
        self.is_cut_off = False
        await asyncio.sleep(300)
        self.is_there = self.server.get("executions", "default", "e0") is not None


def test_what_ended_while_nothing_was_heard_goes_when_its_time_is_over() -> None:
    """It stayed until the next round, for up to an hour."""
    assert not play(_EndedUnseen).is_there


class _Payload(Lost):
    """The payload of a commit is stored after the backup, the commit itself not before etcd was restored."""

    machine: Mapping[str, Any] = {
        "StartAt": "First",
        "States": {
            "First": {"Type": "Wait", "Seconds": 5, "Next": "Large"},
            "Large": {"Type": "Pass", "Result": {"t": "x" * 9_000}, "Next": "Second"},
            "Second": {"Type": "Wait", "Seconds": 60, "Next": "Last"},
            "Last": {"Type": "Pass", "End": True},
        },
    }

    async def script(self) -> None:
        saved = await self.begin(lambda: self.is_at("First"))
        self.are_lost = (STATUS,)
        await self.until(lambda: bool(self.server.all("executionhistories")))
        await self.restore(saved)
        self.are_lost = ()
        await self.until(lambda: self.is_at("Second"))
        self.operator.process.kill()
        self._replace(self.operator)
        await self.until(lambda: self.phase("e0") != "Running")


def test_what_a_commit_refers_to_is_stored_again_where_it_went_with_etcd() -> None:
    """The checkpoint needed a payload that was no longer there, and the execution failed."""
    assert play(_Payload).phase("e0") == "Succeeded"


class _PausedBetween(_Payload):
    """The machine is paused right after a payload was stored, and etcd is restored before the commit is sent."""

    is_paused = False

    def fate(self, request: Request, fate: Fate) -> Fate:
        fate = super().fate(request, fate)
        if request.method != "POST" or not request.path.endswith("/executionhistories") or self.is_paused:
            return fate
        self.is_paused = True
        return replace(fate, strikes=("answered", "paused"))

    def _pause(self, operator: Operator, _: float) -> None:  # type: ignore[override]
        super()._pause(operator, 40)

    async def script(self) -> None:
        saved = await self.begin(lambda: self.is_at("First"))
        await self.until(lambda: self.operator.process.stopped)
        await self.restore(saved)
        await self.until(lambda: self.is_at("Second"))
        self.operator.process.kill()
        self._replace(self.operator)
        await self.until(lambda: self.phase("e0") != "Running")


def test_what_was_stored_before_a_pause_of_the_machine_is_stored_again() -> None:
    """The execution failed, since what its checkpoint needs was lost: by its monotonic clock no time had passed."""
    scene = play(_PausedBetween)

    assert scene.is_paused
    assert scene.phase("e0") == "Succeeded", scene.status("e0").get("cause")


class _RestoredTwice(BackedUp):
    """First to an earlier backup, then to a later one, made before the first was put back: the same number of commits, and
    other ones."""

    machine = tasks()

    async def script(self) -> None:
        earlier = await self.begin(lambda: self.has_written(2))
        await self.until(lambda: self.has_written(5))
        later = self.save()
        self.was = self.status("e0")
        self.put_back(earlier)
        await self.until(lambda: self.status("e0")["seq"] == self.was["seq"], 900)
        self.became = self.status("e0")
        self.put_back(later)
        await self.settles(900)


@pytest.fixture(scope="module")
def twice() -> _RestoredTwice:
    return play(_RestoredTwice)


def test_of_two_rows_of_commits_with_the_same_numbers_an_execution_goes_on_with_the_stored_one(
    twice: _RestoredTwice,
) -> None:
    """What was new in the one was written at the end of the other."""
    assert twice.became["seq"] == twice.was["seq"]
    assert twice.became["commitId"] != twice.was["commitId"]
    assert twice.result.violations == []
    assert twice.phase("e0") == "Succeeded"


def test_it_says_that_it_was_restored_though_the_number_is_the_same(twice: _RestoredTwice) -> None:
    was = twice.was["seq"]
    assert twice.events()[-1] == f"default/e0 was restored, from {was} to {was}"
    assert twice.condition("e0", "Restored")["message"].endswith(
        f"commit {was} was restored, another commit {was} was the newest; tasks begun since may run again"
    )


class _ChangedAfterItsEnd(Lost):
    """Nothing comes of a change of what has ended, which is to be written when etcd is gone: restored, it has not ended."""

    machine = tasks()

    async def script(self) -> None:
        saved = await self.begin(lambda: self.has_written(3))
        await self.until(self.has_settled)
        self.are_lost = (STATUS,)
        self._stop_execution("e0")
        await asyncio.sleep(1)
        await self.restore(saved)
        self.are_lost = ()
        await self.settles()


def test_what_had_ended_is_not_said_to_have_been_looked_at_where_it_runs_again() -> None:
    """It failed for an error of Stepwright: what was read had no generation."""
    scene = play(_ChangedAfterItsEnd)

    assert scene.result.violations == []
    assert scene.phase("e0") == "Succeeded"


class _Waiting(Lost):
    """It only waits, in the backup for a minute, and then for a day: of that it is not in memory."""

    machine: Mapping[str, Any] = {
        "StartAt": "First",
        "States": {
            "First": {"Type": "Wait", "Seconds": 60, "Next": "Second"},
            "Second": {"Type": "Wait", "Seconds": 86_400, "End": True},
        },
    }

    async def script(self) -> None:
        saved = await self.begin(lambda: self.is_at("First"))
        await self.until(lambda: self.is_at("Second"))
        await asyncio.sleep(5)
        await self.restore(saved)
        await self.until(lambda: self.is_at("Second"), 200)


def test_what_waits_for_long_goes_on_from_the_restored_state_at_once() -> None:
    """It was looked at after a day: nobody compared what is not in memory with what is stored."""
    scene = play(_Waiting)

    assert scene.result.violations == []
    assert scene.condition("e0", "Restored")["reason"] == "RestoredFromBackup"
