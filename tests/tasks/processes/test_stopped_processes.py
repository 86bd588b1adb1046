"""The children of a task that is stopped get their grace, and are gone when the driver says so."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import Callable
from pathlib import Path

import pytest

from stepwright.asl.signals import TaskId
from stepwright.asl.step import CancelTask, StartTask
from stepwright.engine.clock import SystemClock
from stepwright.engine.ports import ExecutionRef, Reported, Uid
from stepwright.tasks.job import K8S_JOB
from stepwright.tasks.processes import ProcessDriver, driver
from tests.tasks.processes.test_processes import is_running
from tests.tasks.start_tasks import start_task

pytestmark = [pytest.mark.slow, pytest.mark.timeout(60)]

REF = ExecutionRef(Uid("one"), "local", "one", "machine", {})


def task(script: str) -> StartTask:
    return start_task(K8S_JOB, {"command": ["sh", "-c", script]}, 1)


def _unheard(_uid: Uid, _reported: Reported) -> None:
    """What comes of the task is not the question here."""


class Tasks:
    """Scripts that run in ``folder``, which they find in ``$IN``."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.driver = self.another()

    def another(self) -> ProcessDriver:
        """As after a restart."""
        environment = {"PATH": os.environ["PATH"], "IN": str(self.folder)}
        return ProcessDriver(self.folder / "tasks", SystemClock(), _unheard, environment=environment)

    async def begin(self, script: str) -> None:
        """Until the script has written ``began``."""
        await self.driver.start(REF, task(script), again=False)
        await self.until((self.folder / "began").exists)

    async def until(self, condition: Callable[[], bool]) -> None:
        while not condition():  # noqa: ASYNC110 - a process writes a file, and no event reports it
            await asyncio.sleep(0.02)

    @property
    def shell(self) -> int:
        """Around the script."""
        return int((self.folder / "tasks" / "one-1" / "pid").read_text())

    async def stop(self) -> None:
        await self.driver.stop(REF, CancelTask(TaskId(1), K8S_JOB))

    def pid(self, name: str) -> int:
        return int((self.folder / name).read_text())


@pytest.fixture
def tasks(tmp_path: Path) -> Tasks:
    return Tasks(tmp_path)


TIDIES_UP = """
trap 'until [ -e $IN/go ]; do sleep 0.05; done; echo done > $IN/tidy; exit' TERM
echo $$$$ > $IN/began
while :; do sleep 0.05; done
"""


async def test_a_process_that_tidies_up_is_waited_for(tasks: Tasks, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(driver, "GRACE_SECONDS", 50.0)
    await tasks.begin(TIDIES_UP)
    shell = tasks.shell

    stopping = asyncio.create_task(tasks.stop())
    await tasks.until(lambda: not is_running(shell))
    await asyncio.wait((stopping,), timeout=3 * driver.POLL_SECONDS)
    assert not stopping.done()
    (tasks.folder / "go").touch()
    await stopping

    assert (tasks.folder / "tidy").read_text() == "done\n"
    assert not is_running(tasks.pid("began"))


HEARS_NOTHING = """
trap '' TERM
sh -c 'echo $$$$ > $IN/child; while :; do sleep 0.05; done' &
until [ -s $IN/child ]; do sleep 0.02; done
echo $$$$ > $IN/part; mv $IN/part $IN/began
wait
"""


async def test_processes_that_do_not_stop_are_killed(tasks: Tasks, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(driver, "GRACE_SECONDS", 0.5)
    await tasks.begin(HEARS_NOTHING)

    await tasks.stop()

    assert not is_running(tasks.pid("began"))
    assert not is_running(tasks.pid("child"))


async def test_what_an_ended_shell_has_left_is_stopped_by_the_next_stepwright_too(
    tasks: Tasks, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(driver, "GRACE_SECONDS", 0.5)
    await tasks.begin(HEARS_NOTHING)
    shell = tasks.shell
    os.kill(shell, signal.SIGKILL)
    await tasks.until(lambda: not is_running(shell))

    await tasks.another().sweep(REF, frozenset())

    assert not is_running(tasks.pid("began"))
    assert not is_running(tasks.pid("child"))
