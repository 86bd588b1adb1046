"""An execution under which operators die is set apart before it takes the third one with it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import pytest

from stepwright.cluster import stored
from stepwright.controllers import suspects
from stepwright.engine.advancing import Advancing
from tests.simulation import scene
from tests.simulation.scene import Scene
from tests.simulation.world import NAMESPACE

pytestmark = pytest.mark.slow


class Poisoned(Scene):
    """Who steps ``poison`` computes for some seconds, then dies of it."""

    operators_begun = 1
    dies = True

    def __init__(self, *given: Any) -> None:
        super().__init__(*given)
        self.deaths = 0

    async def script(self) -> None:
        for slot in range(self.operators_begun):
            self.begin_operator(slot)
        await asyncio.sleep(5)
        self.create("poison")
        for number in range(5):
            self.create(f"e{number}")
        await self.then()

    async def then(self) -> None:
        raise NotImplementedError

    def is_quarantined(self) -> bool:
        stalled = self.condition("poison", "Stalled")
        return (stalled.get("status"), stalled.get("reason")) == ("True", "Quarantined")

    async def others_succeed(self) -> None:
        await self.until(lambda: all(self.phase(f"e{number}") == "Succeeded" for number in range(5)))

    def suspects(self) -> list[str]:
        leases = self.server.all("leases")
        return [
            body["metadata"]["name"]
            for body in leases
            if body["metadata"]["name"].startswith(suspects.PREFIX)
        ]


@pytest.fixture
def dying(monkeypatch: pytest.MonkeyPatch) -> Callable[[type[Poisoned]], Poisoned]:
    worlds: list[Poisoned] = []
    started = Advancing.started

    async def deadly(self: Advancing, loaded: Any) -> Any:
        world = worlds[-1]
        if self._ref.name != "poison" or not world.dies:
            return await started(self, loaded)
        operator = next(
            operator for operator in world.operators.values() if operator.engine._world is self._world
        )
        operator.pulse.suspect = self._ref
        operator.taking_part.hear()
        await asyncio.sleep(3)
        world.deaths += 1
        world._strike(operator, "killed")
        return await asyncio.Event().wait()

    monkeypatch.setattr(Advancing, "started", deadly)

    def play(kind: type[Poisoned]) -> Poisoned:
        class Noted(kind):  # type: ignore[misc, valid-type]
            def __init__(self, *given: Any) -> None:
                worlds.append(self)
                super().__init__(*given)

        return scene.play(Noted)

    return play


@pytest.mark.parametrize("operators", [1, 2, 3])
def test_two_deaths_set_an_execution_apart_and_all_others_go_on(
    operators: int, dying: Callable[[type[Poisoned]], Poisoned]
) -> None:
    class World(Poisoned):
        operators_begun = operators

        async def then(self) -> None:
            await self.until(self.is_quarantined)
            await self.others_succeed()
            await asyncio.sleep(200)

    world = dying(World)

    assert world.deaths == 2
    assert world.is_quarantined()
    assert world.condition("poison", "Reconciling")["status"] == "False"
    assert "--overwrite stepwright.dev/release=" in world.condition("poison", "Stalled")["message"]
    assert world.result.violations == []


def test_the_key_in_its_condition_releases_it(dying: Callable[[type[Poisoned]], Poisoned]) -> None:
    class World(Poisoned):
        operators_begun = 2

        async def then(self) -> None:
            await self.until(self.is_quarantined)
            self.change("poison", lambda body: body["metadata"].update(annotations={suspects.RELEASE: "now"}))
            await asyncio.sleep(60)
            assert self.is_quarantined(), "not by any value: one that is left there would release it for ever"
            key = self.condition("poison", "Stalled")["message"].rpartition("=")[2]
            self.dies = False
            self.change("poison", lambda body: body["metadata"].update(annotations={suspects.RELEASE: key}))
            await self.until(lambda: self.phase("poison") == "Succeeded")
            await self.until(lambda: not self.suspects())

    world = dying(World)

    assert world.condition("poison", "Stalled")["status"] == "False"
    assert world.deaths == 2
    assert world.result.violations == []


def test_one_that_is_released_and_deadly_still_is_set_apart_again(
    dying: Callable[[type[Poisoned]], Poisoned],
) -> None:
    class World(Poisoned):
        async def then(self) -> None:
            await self.until(self.is_quarantined)
            key = self.condition("poison", "Stalled")["message"].rpartition("=")[2]
            self.change("poison", lambda body: body["metadata"].update(annotations={suspects.RELEASE: key}))
            await self.until(lambda: self.deaths == 4)
            await self.until(self.is_quarantined)
            await asyncio.sleep(200)

    assert dying(World).deaths == 4


def test_another_version_tries_it_again(
    dying: Callable[[type[Poisoned]], Poisoned], monkeypatch: pytest.MonkeyPatch
) -> None:
    class World(Poisoned):
        async def then(self) -> None:
            await self.until(self.is_quarantined)
            self._strike(self.operators[0], "ended")
            monkeypatch.setattr(suspects, "__version__", "99.0.0")
            self.dies = False
            await self.until(lambda: self.phase("poison") == "Succeeded")

    dying(World)


def test_it_can_be_stopped_and_deleted(dying: Callable[[type[Poisoned]], Poisoned]) -> None:
    class World(Poisoned):
        async def then(self) -> None:
            await self.until(self.is_quarantined)
            self.change("poison", lambda body: body["spec"].update(stop={"cause": "enough"}))
            await self.until(lambda: self.phase("poison") == "Aborted")
            await self.until(lambda: not self.suspects())

    world = dying(World)

    assert world.execution("poison")["status"]["cause"] == "enough"

    class Deleted(Poisoned):
        async def then(self) -> None:
            await self.until(self.is_quarantined)
            self.server.remove(("executions", NAMESPACE, "poison"))
            await self.until(lambda: not self.suspects())

    dying(Deleted)


def test_who_ends_in_order_after_a_long_step_leaves_no_suspicion(
    dying: Callable[[type[Poisoned]], Poisoned],
) -> None:
    class World(Poisoned):
        dies = False

        async def then(self) -> None:
            await self.others_succeed()
            ref = stored.of(self.execution("e0")).reference
            self.operators[0].pulse.suspect = ref
            self.operators[0].taking_part.hear()
            await asyncio.sleep(2)
            self._strike(self.operators[0], "ended")
            await asyncio.sleep(60)

    assert dying(World).suspects() == []
