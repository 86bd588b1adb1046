"""An execution runs the definition that it was started with."""

from __future__ import annotations

from dataclasses import replace

from stepwright.asl.machine import Machine
from stepwright.cluster import stored
from stepwright.cluster.stored import Pinned
from tests.simulation.scene import Scene, play


class _BegunByAnother(Scene):
    """One operator has begun it while another found out what it would run itself: a newer definition."""

    async def script(self) -> None:
        self.begin_operator()
        self.create("e0")
        await self.until(lambda: self.phase("e0") == "Running")
        body = self.execution("e0")
        begun = stored.of(body).pinned
        assert begun is not None
        newer: Pinned = replace(begun, revision="m0-newer")
        self.loaded: Machine = (await self.operator.journal.open(stored.of(body), newer)).machine
        self.begun = self.setting.revisions[begun.revision].machine


def test_one_that_was_begun_meanwhile_goes_on_with_the_definition_it_has() -> None:
    """It went on with the newer one, from where the older one had come."""
    scene = play(_BegunByAnother)

    assert scene.loaded == scene.begun
