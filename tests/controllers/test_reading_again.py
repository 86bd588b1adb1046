"""Executions of which too little was seen: they are read, and decided about as they are stored. In quarantine they are examined."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from stepwright import __version__
from stepwright.cluster import stored
from stepwright.cluster.stored import Stored
from stepwright.controllers.busy import Busy
from stepwright.controllers.examining import Examining
from stepwright.controllers.execution_watch import Seen
from stepwright.controllers.reading_again import ReadingAgain
from stepwright.controllers.setting_apart import SettingApart
from stepwright.controllers.suspects import RELEASE, Suspect
from stepwright.engine.ports import ExecutionRef, Gone, Uid
from tests.controllers.test_beginning import execution
from tests.controllers.test_insisting import Around, insisting
from tests.controllers.test_setting_apart import Around as Apart
from tests.engine.virtual_loop import run

REF = stored.of(execution()).reference
APART = Suspect(REF, ("first", "second"), __version__)


class Scene:
    """``body``: what is stored of the execution; None if it is gone. ``said``: what came of it."""

    def __init__(self) -> None:
        self.body: dict[str, Any] | None = execution()
        self.said: list[str] = []
        self.carried = False
        self.refuses: Exception | None = None
        self.around = Around()
        self.busy = Busy(insisting(self.around), again=lambda seen: self.said.append(f"looks at {seen.uid}"))
        what: Any = self
        self.reading = ReadingAgain(what, what, self.busy, what, decide=self.decide)

    async def read_lean(self, ref: ExecutionRef) -> Stored:
        if self.body is None:
            raise Gone(str(ref))
        return stored.of(self.body)

    def carries(self, _: Uid) -> bool:
        return self.carried

    def gone(self, _: ExecutionRef) -> None:
        self.said.append("gone")

    def decide(self, seen: Seen) -> None:
        assert not self.busy.takes_up(seen.uid)
        self.said.append("decides")
        if self.refuses is not None:
            raise self.refuses


def said(main: Callable[[Scene], Awaitable[None]], seconds: float = 60) -> list[str]:
    scene = Scene()

    async def play() -> None:
        await main(scene)
        await asyncio.sleep(seconds)
        await scene.busy.close()

    run(play)
    return scene.said


@pytest.mark.parametrize(("is_there", "expected"), [(True, ["decides"]), (False, ["gone"])])
def test_an_event_that_could_not_be_processed_is_made_up_for_by_what_is_stored(
    is_there: bool, expected: list[str]
) -> None:
    async def main(scene: Scene) -> None:
        if not is_there:
            scene.body = None
        scene.reading.in_place_of(REF, ValueError("odd"))

    assert said(main) == expected


def test_whoever_cannot_decide_a_second_time_gives_the_execution_up() -> None:
    async def main(scene: Scene) -> None:
        scene.refuses = ValueError("odd")
        scene.reading.in_place_of(REF, scene.refuses)
        await asyncio.sleep(60)
        scene.said += scene.around.told

    *others, last = said(main)
    assert others == ["decides", "broke", "broke"]
    assert last.startswith("An internal error of Stepwright (ValueError) kept the execution from going on.")


@pytest.mark.parametrize(
    ("is_there", "is_carried", "expected"),
    [
        pytest.param(False, False, ["gone"], id="it is gone"),
        pytest.param(True, False, ["decides"], id="it is there, and nobody is busy with it"),
        pytest.param(True, True, [], id="it is there, and the engine has it: it is decided about afterwards"),
    ],
)
def test_an_execution_that_left_the_watch_is_looked_for(
    is_there: bool, is_carried: bool, expected: list[str]
) -> None:
    async def main(scene: Scene) -> None:
        if not is_there:
            scene.body = None
        scene.carried = is_carried
        scene.reading.find_out(REF)
        await asyncio.sleep(1)
        assert scene.busy.counts["newer sights"] == (1 if is_carried else 0)
        scene.busy.look_again(REF.uid)

    assert said(main) == (expected or [f"looks at {REF.uid}"])


def test_an_execution_that_left_the_watch_while_it_was_taken_up_is_decided_about_afterwards() -> None:
    async def main(scene: Scene) -> None:
        done = asyncio.Event()

        async def take_up() -> None:
            await done.wait()

        scene.busy.keep_at(REF, take_up)
        scene.reading.find_out(REF)
        await asyncio.sleep(1)
        assert scene.said == []
        done.set()

    assert said(main) == [f"looks at {REF.uid}"]


@pytest.mark.parametrize(
    ("key", "expected"),
    [
        pytest.param(APART.key, ["takes back what it said", f"forgets {REF.uid}", f"looks at {REF.uid}"], id="somebody released it"),
        pytest.param("another", ["stalls"], id="nobody did"),
    ],
)  # fmt: skip
def test_an_execution_in_quarantine_is_examined_and_looked_at_again_once_it_is_released(
    key: str, expected: list[str]
) -> None:
    async def main(scene: Scene) -> None:
        assert scene.body is not None
        scene.body["metadata"]["annotations"] = {RELEASE: key}
        apart: Any = Apart(APART)
        apart.holds = lambda _: not any("forgets" in each for each in apart.done)
        journal: Any = scene
        examining = Examining(SettingApart(apart, apart, apart, apart), journal, scene.busy)
        assert examining.is_due(REF.uid)
        examining.examine(REF)
        assert not examining.is_due(REF.uid)
        await asyncio.sleep(1)
        assert examining.is_due(REF.uid) == (key != APART.key)
        scene.said[:0] = ["stalls" if each.startswith("Quarantined") else each for each in apart.done]

    assert said(main) == expected
