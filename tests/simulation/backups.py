"""Backups of etcd, and what a scene does with them: it lays them aside, and puts them back."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

from stepwright.controllers import execution_watch
from tests.simulation.api_server import Request, Snapshot
from tests.simulation.client import Fate
from tests.simulation.scene import TASK, Scene
from tests.simulation.watchman import Memory

STATES = 8
JOBS = "GET", "/apis/batch/v1/jobs"
PODS = "GET", "/api/v1/pods"
STATUS = "PATCH", "/status"


def tasks() -> dict[str, Any]:
    states: dict[str, Any] = {
        f"T{number}": {**TASK, **({"Next": f"T{number + 1}"} if number + 1 < STATES else {"End": True})}
        for number in range(STATES)
    }
    return {"StartAt": "T0", "States": states}


Saved = tuple[Snapshot, Memory]


class BackedUp(Scene):
    def save(self) -> Saved:
        return self.server.snapshot(), self.watchman.remember()

    def put_back(self, saved: Saved) -> None:
        snapshot, memory = saved
        self.server.restore(snapshot)
        self.watchman.recall(memory, self.living())
        self.jobs.begin_again()

    async def begin(self, reached: Callable[[], bool], **spec: Any) -> Saved:
        """An operator, an execution, and a backup of the moment at which that has come so far."""
        self.begin_operator()
        self._create_execution("e0", {"stateMachineRef": {"name": "m0"}, **spec})
        await self.until(reached)
        return self.save()

    def has_written(self, commits: int) -> bool:
        return bool(self.status("e0").get("seq", 0) >= commits)

    def is_at(self, state: str) -> bool:
        return self.status("e0").get("currentState") == state

    def has_pods(self) -> bool:
        return bool(self.server.all("pods"))

    def has_settled(self) -> bool:
        return bool(self.status("e0").get("settled"))

    def has_ended(self) -> bool:
        return self.phase("e0") not in ("Pending", "Running")

    async def settles(self, seconds: float = 300) -> None:
        """And all is as it should be then."""
        await self.until(self.has_settled, seconds)
        self.watchman.final(self.setting, may_end_plainly=False)


class Lost(BackedUp):
    """``etcd`` is lost and restored: for longer than anybody relies on what was there."""

    def cut_off(self) -> None:
        """Nobody lists or watches Executions from now on."""
        self.is_cut_off = True
        self.close_watches()

    is_cut_off = False
    are_lost: tuple[tuple[str, str], ...] = ()
    """Method and end of the path of requests that do not arrive."""

    def fate(self, request: Request, fate: Fate) -> Fate:
        path = request.path
        lost = self.is_cut_off and request.method == "GET" and path.endswith("/executions")
        lost |= any(request.method == method and path.endswith(end) for method, end in self.are_lost)
        return Fate(fate.there, fate.back, "request", 0.1) if lost else fate

    async def restore(self, saved: Saved, seconds: float = 12) -> None:
        self.server.go_away()
        await asyncio.sleep(seconds)
        self.put_back(saved)

    def close_watches(self) -> None:
        for stream in self.server.streams:
            stream.finish("closed")

    def is_taken_over(self) -> None:
        """The operator hears of the execution as one that takes it over, and cannot see its Jobs."""
        for job in self.server.all("jobs"):
            self.operator.driver._releases.forget("default", job["metadata"]["name"])
        self.are_lost = (JOBS, PODS)
        self.close_watches()
        self.operator.executions.observe("MODIFIED", execution_watch.of(self.execution("e0")))
