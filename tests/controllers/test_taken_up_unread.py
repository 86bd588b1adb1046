"""Which executions are taken up without being read, and which are read although the engine has them."""

from __future__ import annotations

from typing import Any

import pytest

from stepwright.asl.signals import Millis
from stepwright.cluster import stored
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

    async def read_lean(self, _: Any) -> None: ...

    def carries(self, _: Any) -> bool:
        return self.is_carried

    def is_as_written(self, _: Any) -> bool:
        return self.is_as_it_was

    def restate(self, _: Any) -> None:
        self.told.append("written again")


@pytest.mark.parametrize(
    ("this", "around", "told"),
    [
        pytest.param(seen(waitingUntil=LATER), Around(), ["parked unread"], id="it only waits"),
        pytest.param(seen(), Around(), ["read"], id="it waits for something else"),
        pytest.param(seen(waitingUntil=EARLIER), Around(), ["read"], id="what it waits for is due"),
        pytest.param(seen({"stop": {}}, waitingUntil=LATER), Around(), ["read"], id="it is to stop"),
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
