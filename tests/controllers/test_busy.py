"""Work on executions beside the engine: one piece at a time, and what is seen meanwhile is looked at afterwards."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

import pytest

from stepwright.cluster import stored
from stepwright.controllers import execution_watch
from stepwright.controllers.busy import Busy
from stepwright.controllers.execution_watch import Seen
from stepwright.engine.ports import Uid
from tests.controllers.test_beginning import execution
from tests.controllers.test_insisting import Around, insisting
from tests.engine.virtual_loop import run

SEEN = execution_watch.of_stored(stored.of(execution()))
REF, UID = SEEN.reference, SEEN.uid


class Scene:
    """``looked_at``: what was seen of executions while somebody was busy with them, and is looked at now."""

    def __init__(self) -> None:
        self.around = Around()
        self.looked_at: list[Seen] = []
        self.busy = Busy(insisting(self.around), again=self.looked_at.append)
        self.work = asyncio.Event()
        self.begun = 0
        self.told: list[str] = []

    async def act(self) -> None:
        self.begun += 1
        await self.work.wait()

    async def done(self) -> None:
        self.work.set()
        await asyncio.sleep(1)


def played(main: Callable[[Scene], Awaitable[None]]) -> None:
    async def play() -> None:
        scene = Scene()
        await main(scene)
        scene.work.set()
        await scene.busy.close()
        assert set(scene.busy.counts.values()) == {0}

    run(play)


def test_what_is_seen_meanwhile_is_looked_at_once_the_work_is_done() -> None:
    async def main(scene: Scene) -> None:
        scene.busy.keep_at(REF, scene.act)
        scene.busy.put_off(SEEN)
        await asyncio.sleep(1)
        assert (UID in scene.busy, scene.busy.takes_up(UID), scene.looked_at) == (True, True, [])
        await scene.done()
        assert (UID in scene.busy, scene.looked_at) == (False, [SEEN])

    played(main)


def test_of_what_is_given_up_nothing_is_looked_at() -> None:
    async def main(scene: Scene) -> None:
        scene.busy.keep_at(REF, scene.act)
        await asyncio.sleep(1)
        scene.busy.put_off(SEEN)
        scene.busy.stop_taking_up(UID, lambda uid: scene.told.append(f"{uid} is given up"))
        await asyncio.sleep(1)
        assert (UID in scene.busy, scene.looked_at, scene.told) == (False, [], [f"{UID} is given up"])

    played(main)


@pytest.mark.parametrize(("given_up", "told"), [(False, ["then"]), (True, [])])
def test_what_waits_for_the_work_is_done_after_it_unless_that_is_given_up(
    given_up: bool, told: list[str]
) -> None:
    async def main(scene: Scene) -> None:
        assert not scene.busy.when_taken_up(UID, lambda: scene.told.append("nobody is busy"))
        scene.busy.keep_at(REF, scene.act)
        assert scene.busy.when_taken_up(UID, lambda: scene.told.append("then"))
        if given_up:
            scene.busy.stop_taking_up(UID)
        await scene.done()
        assert scene.told == told

    played(main)


def test_an_execution_that_is_let_go_is_looked_at_again_afterwards() -> None:
    async def main(scene: Scene) -> None:
        scene.busy.let_go(UID, scene.act(), lambda uid: scene.told.append(f"{uid} is let go"))
        scene.busy.put_off(SEEN)
        assert (UID in scene.busy, scene.busy.lets_go(UID), scene.busy.takes_up(UID)) == (True, True, False)
        await scene.done()
        assert (UID in scene.busy, scene.looked_at, scene.told) == (False, [SEEN], [f"{UID} is let go"])

    played(main)


def test_an_execution_is_checked_on_once_at_a_time() -> None:
    async def main(scene: Scene) -> None:
        for _ in range(3):
            scene.busy.check_on(REF, lambda _: scene.act())
        await asyncio.sleep(1)
        assert (scene.begun, UID in scene.busy) == (1, False)
        await scene.done()
        scene.busy.check_on(REF, lambda _: scene.act())
        await scene.done()
        assert scene.begun == 2

    played(main)


def test_work_that_decides_anew_is_followed_by_what_it_has_decided() -> None:
    async def main(scene: Scene) -> None:
        async def decide() -> None:
            with scene.busy.aside(UID):
                assert not scene.busy.takes_up(UID)
                scene.busy.keep_at(REF, scene.act)

        scene.busy.keep_at(REF, decide)
        await asyncio.sleep(1)
        assert (scene.busy.takes_up(UID), scene.begun) == (True, 1)
        await scene.done()
        assert not scene.busy.takes_up(UID)

    played(main)


def test_work_that_decides_that_nothing_is_left_to_do_ends() -> None:
    async def main(scene: Scene) -> None:
        async def decide() -> None:
            with scene.busy.aside(UID):
                scene.told.append("nothing is left to do")
            assert scene.busy.takes_up(UID)

        scene.busy.keep_at(REF, decide)
        await asyncio.sleep(1)
        assert (scene.busy.taking_up(), scene.told) == ([], ["nothing is left to do"])

    played(main)


def test_work_waits_as_long_as_the_execution_is_anothers() -> None:
    async def main(scene: Scene) -> None:
        scene.around.is_held = False
        scene.busy.keep_at(REF, scene.act)
        await asyncio.sleep(30)
        assert scene.begun == 0
        scene.around.is_held = True
        await asyncio.sleep(60)
        assert scene.begun == 1

    played(main)


def test_others_are_not_held_up() -> None:
    async def main(scene: Scene) -> None:
        scene.busy.keep_at(REF, scene.act)
        assert Uid("another") not in scene.busy
        scene.busy.look_again(Uid("another"))
        scene.busy.stop_taking_up(Uid("another"))
        await scene.done()

    played(main)
