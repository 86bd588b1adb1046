"""What becomes of Jobs in the simulated cluster, as with Kubernetes' controllers, whoever created them."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from stepwright.tasks.job import names
from tests.simulation.api_server import Body
from tests.simulation.jobs import Habits, is_finished
from tests.simulation.scene import Scene, play
from tests.simulation.watchman import FOREIGN

JOB: Body = {
    "metadata": {"name": "job", "annotations": {names.TASK_NAME: FOREIGN}},
    "spec": {"template": {"spec": {"containers": [{"name": "main"}]}}},
}
KEY = ("jobs", "default", "job")


class _Cluster(Scene):
    """No operator is in it."""

    def edit_spec(self, **fields: Any) -> None:
        body = self.server.edited(KEY)
        assert body is not None
        body["spec"] |= fields
        self.server.change(KEY, body)

    def job(self) -> Body | None:
        return self.server.get(*KEY)

    def has_finished(self) -> bool:
        job = self.job()
        return job is not None and is_finished(job)


class _BroughtBack(_Cluster):
    """After the backup it finishes, or is asked to end, or is deleted; once that is undone it runs for longer than all this
    takes."""

    field: str

    async def script(self) -> None:
        self.server.create("jobs", "default", JOB)
        saved = self.server.snapshot()
        if self.field == "ttlSecondsAfterFinished":
            await self.until(self.has_finished)
        self.edit_spec(**{self.field: 8})
        self.jobs.habits = Habits({"output": 1}, longer_seconds=30)
        self.server.restore(saved)
        self.jobs.begin_again()
        await asyncio.sleep(20)
        self.is_there = self.job() is not None
        self.had_finished = self.has_finished()


@pytest.mark.parametrize("told", ["ttlSecondsAfterFinished", "activeDeadlineSeconds"])
def test_a_time_that_a_restore_has_undone_does_not_end_a_job(told: str) -> None:
    class Told(_BroughtBack):
        field = told

    scene = play(Told)

    assert scene.is_there
    assert not scene.had_finished


class _LetGo(_Cluster):
    async def script(self) -> None:
        self.server.create("jobs", "default", JOB)
        await self.until(self.has_finished)
        await asyncio.sleep(15)
        self.edit_spec(ttlSecondsAfterFinished=10_000)
        self.edit_spec(ttlSecondsAfterFinished=20)
        await asyncio.sleep(4)
        self.is_there = self.job() is not None
        await asyncio.sleep(4)
        self.is_there_later = self.job() is not None


def test_its_time_is_counted_from_its_end() -> None:
    scene = play(_LetGo)

    assert scene.is_there
    assert not scene.is_there_later


class _LetStay(_Cluster):
    async def script(self) -> None:
        self.server.create("jobs", "default", JOB)
        await self.until(self.has_finished)
        self.edit_spec(ttlSecondsAfterFinished=5)
        self.edit_spec(ttlSecondsAfterFinished=50)
        await asyncio.sleep(20)
        self.is_there = self.job() is not None


def test_of_two_times_that_it_was_given_the_newest_counts() -> None:
    assert play(_LetStay).is_there
