"""Tasks that call the Kubernetes API take effect once, through all the trouble of the simulation; and bugs in that are seen."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from typing import Any

import pytest

from stepwright.tasks.kubernetes import marks
from stepwright.tasks.kubernetes.integration import Kubernetes
from stepwright.tasks.kubernetes.verbs import patch
from tests.simulation import running, verbs
from tests.simulation.access import Access
from tests.simulation.api_server import Request
from tests.simulation.client import Fate
from tests.simulation.scene import Scene, play
from tests.simulation.world import ACCOUNT

pytestmark = pytest.mark.slow

CHUNK = 20
SEEDS = 80
MOST_FOR_A_BUG = 60


@pytest.mark.parametrize("first", range(0, SEEDS, CHUNK))
def test_what_tasks_ask_of_the_kubernetes_api_is_done_once(first: int) -> None:
    worlds = [verbs.play(seed) for seed in range(first, first + CHUNK)]
    failed = [running.failure(world.result) for world in worlds if world.result.violations]

    assert not failed, "\n\n".join(failed)
    outcomes = Counter(outcome for world in worlds for outcome in world.watchman.outcomes)
    assert outcomes["Succeeded"] > 2
    assert sum(world.result.kills for world in worlds) > 2


def recognise_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    """What a task has made before is taken for somebody else's."""

    def bears(_found: Mapping[str, Any], _mark: str) -> bool:
        return False

    monkeypatch.setattr(marks, "bears", bears)
    monkeypatch.setattr(marks, "among", bears)


def patch_whatever_is_there(monkeypatch: pytest.MonkeyPatch) -> None:
    """A JSON patch has no condition."""

    async def operate(asked: Any, path: str) -> Any:
        return await asked.api.patch(path, asked.given["patch"])

    monkeypatch.setattr(patch, "_operate", operate)


def stop_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    async def stop(*_: Any) -> None:
        pass

    monkeypatch.setattr(Kubernetes, "stop", stop)


@pytest.mark.parametrize(
    ("bug", "words"),
    [
        (recognise_nothing, "appended 2 times"),
        (patch_whatever_is_there, "appended 2 times"),
        (stop_nothing, "its execution has settled"),
    ],
    ids=lambda value: getattr(value, "__name__", ""),
)
def test_a_bug_is_seen_soon(bug: Callable[[pytest.MonkeyPatch], None], words: str) -> None:
    with pytest.MonkeyPatch.context() as monkeypatch:
        bug(monkeypatch)
        for seed in range(MOST_FOR_A_BUG):
            if any(words in violation for violation in verbs.play(seed).result.violations):
                return
    raise AssertionError(f"not seen in {MOST_FOR_A_BUG} seeds")


class Leaving(Scene):
    """The operator is told to end while it waits for the answer to a request that makes something."""

    machine: Mapping[str, Any] = {
        "StartAt": "Make",
        "States": {
            "Make": {
                "Type": "Task",
                "Resource": "k8s:create",
                "Parameters": {"manifest": {**verbs.CONFIG_MAP, "metadata": {"name": "a"}}},
                "End": True,
            }
        },
    }
    settings: Mapping[str, Any] = {"serviceAccountName": ACCOUNT}

    def _make_access(self) -> Access:
        return verbs.Rights(*self.lease_namespaces)

    def fate(self, request: Request, fate: Fate) -> Fate:
        if "/configmaps" not in request.path:
            return fate
        self.asked.append(f"{request.by} {request.method}")
        return Fate(fate.there, 4.0)

    async def script(self) -> None:
        self.asked: list[str] = []
        self.begin_operator()
        self.create("e0")
        await self.until(lambda: bool(self.asked))
        leaving = self.operator.process.name
        self.operator.end()
        await self.until(lambda: self.phase("e0") == "Succeeded")
        assert self.watchman.wrote_last[self.execution("e0")["metadata"]["uid"]] == leaving
        assert self.asked == [f"{leaving} POST"]


def test_an_operator_that_ends_records_what_its_calls_have_made() -> None:
    """The next one looked for it, after it had waited for a Lease."""
    assert play(Leaving).result.violations == []
