"""Which executions are taken up without being read, and which are read although the engine has them."""

from __future__ import annotations

from typing import Any

import pytest

from stepwright.asl.signals import Millis, UpdateMapRun
from stepwright.cluster import stored
from stepwright.cluster.stored import Stored
from stepwright.controllers import execution_watch
from stepwright.controllers.carried import Carried
from stepwright.controllers.execution_watch import Seen
from stepwright.controllers.taking_up import TakingUp
from stepwright.kube import timestamps
from tests.controllers.test_beginning import begun, execution
from tests.engine.virtual_loop import BEGIN, VirtualClock, run

LATER, EARLIER = (timestamps.rfc3339(Millis(BEGIN + away)) for away in (3_600_000, -1))


def seen(spec: Any = None, *, sealed: bool = True, **status: Any) -> Seen:
    return execution_watch.of_stored(stored.of(execution(spec=spec, status=begun(**status), sealed=sealed)))


class Around:
    """All that taking up asks and reports."""

    def __init__(
        self, *, holds: bool = False, awaited: bool = True, may_begin: bool = True, intact: bool = True
    ) -> None:
        self.is_held, self.is_awaited, self.others_begin_nothing = holds, awaited, may_begin
        self.is_as_it_was = intact
        self.is_carried = True
        self.spec: Any = None
        self.told: list[str] = []

    def stop(self, *_: Any) -> None:
        """Nobody waits for its state machine any more."""

    def may_begin(self, _: str) -> bool:
        return self.others_begin_nothing

    def holds(self, _: Any) -> bool:
        return self.is_held

    def seems_so(self, _: Seen) -> bool:
        return self.is_awaited

    def forget(self, _: Any) -> None: ...

    def park(self, *_: Any) -> None:
        self.told.append("parked unread")

    def keep_at(self, *_: Any, **__: Any) -> None:
        self.told.append("read")

    # For one that the engine has.

    def check_on(self, ref: Any, act: Any) -> None:
        run(lambda: act(ref))

    async def read_lean(self, _: Any) -> Stored:
        return stored.of(execution(spec=self.spec, status=begun()))

    def is_stored(self, *_: Any) -> None:
        """It is in memory."""

    def carries(self, _: Any) -> bool:
        return self.is_carried

    def is_as_written(self, _: Any) -> bool:
        return self.is_as_it_was

    def restate(self, _: Any) -> None:
        self.told.append("written again")

    def observe_generation(self, *_: Any) -> None: ...

    def tell(self, _: Any, bounds: UpdateMapRun) -> None:
        self.told.append(f"{bounds.arn}: {bounds.max_concurrency}")


@pytest.mark.parametrize(
    ("this", "around", "told"),
    [
        pytest.param(seen(waitingUntil=LATER), Around(), ["parked unread"], id="it only waits"),
        pytest.param(seen(), Around(), ["read"], id="it waits for something else"),
        pytest.param(seen(waitingUntil=EARLIER), Around(), ["read"], id="what it waits for is due"),
        pytest.param(seen({"stop": {}}, waitingUntil=LATER), Around(), ["read"], id="it is to stop"),
        pytest.param(seen({"mapRuns": [{"mapRunArn": "a"}]}, waitingUntil=LATER), Around(), ["read"], id="its Map is to have other bounds"),
        pytest.param(seen(phase="Succeeded", waitingUntil=LATER), Around(), ["read"], id="it has ended"),
        pytest.param(seen(waitingUntil=LATER), Around(holds=True), ["read"], id="something runs for it"),
        pytest.param(seen(sealed=False, waitingUntil=LATER, seal="x"), Around(), ["read"], id="its status was edited"),
        pytest.param(seen(waitingUntil=LATER), Around(awaited=False), ["read"], id="nobody may want it any more"),
        pytest.param(execution_watch.of_stored(stored.of(execution())), Around(), ["read"], id="it is new"),
        pytest.param(execution_watch.of_stored(stored.of(execution())), Around(may_begin=False), [], id="it is new, and another installation begins all"),
        pytest.param(seen(waitingUntil=LATER), Around(may_begin=False), ["parked unread"], id="it has begun before that"),
    ],
)  # fmt: skip
def test_what_is_read_when_it_is_taken_up(this: Seen, around: Around, told: list[str]) -> None:
    what: Any = around

    async def main() -> None:
        TakingUp(what, what, what, what, what, what, what, what, VirtualClock(), what).take_up(this)

    run(main)
    assert around.told == told


def test_other_bounds_are_told_to_the_engine_once() -> None:
    around = Around()
    what: Any = around
    carried = Carried(what, what, what, what, what)
    for bounds in ({"a": 1}, {"a": 1, "b": 2}, {"a": 1, "b": 2}, {"b": 3}):
        asked = [{"mapRunArn": arn, "maxConcurrency": most} for arn, most in bounds.items()]
        carried.go_on(seen({"mapRuns": asked}))

    assert around.told == ["a: 1", "b: 2", "b: 3"]


def bounds_of(most: int) -> Any:
    return {"mapRuns": [{"mapRunArn": "a", "maxConcurrency": most}]}


def test_bounds_that_a_backup_has_undone_are_told_and_so_is_whoever_asks_for_them_again() -> None:
    """The engine read what the backup had, and was not told again what it had been told once."""
    around = Around()
    what: Any = around
    carried = Carried(what, what, what, what, what)
    carried.go_on(seen(bounds_of(1)))
    around.spec = bounds_of(0)

    carried.compare(seen(bounds_of(0)).reference)
    carried.go_on(seen(bounds_of(1)))
    carried.restored(seen().uid)
    carried.go_on(seen(bounds_of(1)))

    assert around.told == ["a: 1", "a: 0", "a: 1", "a: 1"]


@pytest.mark.parametrize(
    ("is_carried", "intact", "told"),
    [
        pytest.param(True, True, [], id="it is as it was written"),
        pytest.param(True, False, ["written again"], id="somebody has edited it"),
        pytest.param(False, False, [], id="it has ended meanwhile"),
    ],
)
def test_a_status_that_may_have_been_edited(is_carried: bool, intact: bool, told: list[str]) -> None:
    around = Around(intact=intact)
    around.is_carried = is_carried
    what: Any = around

    Carried(what, what, what, what, what).compare(seen().reference)

    assert around.told == told
