"""Deaths of operators under an execution: what is recorded of them, and when the execution is set apart."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from random import Random
from typing import Any

import msgspec
import pytest

from stepwright import __version__
from stepwright.controllers import member_lease, suspects
from stepwright.controllers.member_lease import MemberLease, Metadata
from stepwright.controllers.quarantine import Quarantine
from stepwright.controllers.suspects import Suspect, after_death, read, recorded
from stepwright.engine.ports import ExecutionRef, Uid, Unavailable
from tests.controllers.test_shared_state_machines import Quiet
from tests.engine.virtual_loop import run
from tests.simulation.api_server import ApiServer, Refusal, Request
from tests.simulation.client import SimulatedApi

ORDER = ExecutionRef(Uid("4711"), "shop", "order-7", "orders")
NAMESPACE = "stepwright-system"
OTHER_VERSION = "0.0.1"
STORED = Metadata(suspects.name_of("4711"), NAMESPACE, "l-1", "9")


def lease(name: str, annotations: dict[str, str], labels: dict[str, str] | None = None) -> MemberLease:
    return MemberLease(Metadata(name, NAMESPACE, "", "", annotations, labels or {}))


def dead(name: str, version: str = __version__) -> MemberLease:
    """The Lease that an operator leaves which has died while it computed a step of the execution."""
    annotations = {member_lease.STEPPING: member_lease.written_reference(ORDER), member_lease.WRITER: version}
    return lease(name, annotations)


def suspect(*deaths: str, version: str = __version__, stored: Metadata | None = None) -> Suspect:
    return Suspect(ORDER, deaths, version, stored)


@pytest.mark.parametrize(
    ("known", "lease", "expected"),
    [
        pytest.param(None, dead("a"), suspect("a"), id="the first"),
        pytest.param(suspect("a"), dead("b"), suspect("a", "b"), id="the second"),
        pytest.param(suspect("a", "b"), dead("c"), suspect("b", "c"), id="the third: the newest two are kept"),
        pytest.param(suspect("a"), dead("a"), None, id="another operator has recorded it already"),
        pytest.param(suspect("a", version=OTHER_VERSION), dead("b"), suspect("b"), id="those of another version do not count"),
        pytest.param(suspect("a"), dead("b", OTHER_VERSION), suspect("b", version=OTHER_VERSION), id="nor for that one"),
        pytest.param(suspect("a", stored=STORED), dead("b"), suspect("a", "b", stored=STORED), id="in the place of the record"),
    ],
)  # fmt: skip
def test_what_is_recorded_of_a_death(
    known: Suspect | None, lease: MemberLease, expected: Suspect | None
) -> None:
    assert after_death(known, lease, ORDER) == expected


@pytest.mark.parametrize(
    ("found", "quarantined"),
    [
        pytest.param(suspect("a"), False, id="one death may be chance"),
        pytest.param(suspect("a", "b"), True, id="two are not"),
        pytest.param(suspect("a", "b", version=OTHER_VERSION), False, id="another version may do better"),
    ],
)
def test_when_an_execution_is_set_apart(found: Suspect, quarantined: bool) -> None:
    assert found.quarantined is quarantined


def test_the_key_of_an_earlier_quarantine_releases_no_later_one() -> None:
    assert suspect("a", "b").key != suspect("b", "c").key


SUSPECT = {member_lease.LABEL: suspects.COMPONENT}
UNDER = {suspects.EXECUTION: "shop/order-7/orders/4711", suspects.DEATHS: "a,b"}


@pytest.mark.parametrize(
    "other",
    [
        pytest.param(lease(STORED.name, UNDER), id="without the label"),
        pytest.param(lease("mine", UNDER, SUSPECT), id="of another name"),
        pytest.param(lease(STORED.name, {suspects.DEATHS: "a,b"}, SUSPECT), id="of no execution"),
        pytest.param(
            lease(STORED.name, {**UNDER, suspects.EXECUTION: "4711"}, SUSPECT), id="of something else"
        ),
        pytest.param(dead("a"), id="of an operator"),
    ],
)
def test_other_leases_record_nothing(other: MemberLease) -> None:
    assert read(other) is None
    assert recorded([other]) == {}


# --- On an API server --------------------------------------------------------------------------------------------------


class Installation:
    """An API server, and the operators that record deaths there."""

    def __init__(self) -> None:
        self.server = ApiServer(Random(0))
        self.changes = 0

    def quarantine(self) -> Quarantine:
        quiet = Quiet("operator")
        api: Any = SimulatedApi(self.server, quiet, quiet, lambda *_: None)
        return Quarantine(api, NAMESPACE, self._changed)

    def _changed(self) -> None:
        self.changes += 1

    def records(self) -> list[str]:
        return [body["metadata"]["annotations"][suspects.DEATHS] for body in self.server.all("leases")]

    def leases(self) -> list[MemberLease]:
        return msgspec.convert(self.server.all("leases"), list[MemberLease])


def on(play: Callable[[Installation], Awaitable[None]]) -> Installation:
    installation = Installation()

    async def main() -> None:
        await asyncio.wait_for(play(installation), 600)

    run(main)
    return installation


def test_two_deaths_set_an_execution_apart_for_all_operators_that_list_leases() -> None:
    async def play(there: Installation) -> None:
        one, other = there.quarantine(), there.quarantine()
        await one.note_death(dead("a"), ORDER)
        assert not one.holds("4711")
        other.take(there.leases())
        await other.note_death(dead("b"), ORDER)
        assert other.holds("4711")
        one.take(there.leases())
        assert one.holds("4711")

    there = on(play)

    assert there.records() == ["a,b"]
    assert there.changes == 2


def test_a_death_that_two_operators_notice_counts_once() -> None:
    async def play(there: Installation) -> None:
        one, late = there.quarantine(), there.quarantine()
        await one.note_death(dead("a"), ORDER)
        await late.note_death(dead("a"), ORDER)
        late.take(there.leases())
        await late.note_death(dead("a"), ORDER)
        assert not late.holds("4711")

    assert on(play).records() == ["a"]


def test_a_record_that_was_written_meanwhile_is_not_overwritten() -> None:
    async def play(there: Installation) -> None:
        one, other = there.quarantine(), there.quarantine()
        await one.note_death(dead("a"), ORDER)
        other.take(there.leases())
        await one.note_death(dead("b"), ORDER)
        await other.note_death(dead("c"), ORDER)

    assert on(play).records() == ["a,b"]


def test_an_execution_that_is_released_may_go_on_everywhere() -> None:
    async def play(there: Installation) -> None:
        one = there.quarantine()
        for name in ("a", "b"):
            await one.note_death(dead(name), ORDER)
        await one.forget(ORDER.uid)
        await one.forget(ORDER.uid)  # another operator may have done so, too
        assert not one.holds("4711")

    there = on(play)

    assert there.records() == []
    assert there.changes == 2


def test_a_record_that_cannot_be_removed_holds() -> None:
    async def play(there: Installation) -> None:
        one = there.quarantine()
        for name in ("a", "b"):
            await one.note_death(dead(name), ORDER)
        handle = there.server.handle

        def refuse(request: Request) -> bytes:
            if request.method == "DELETE":
                raise Refusal(403, "Forbidden", "no")
            return handle(request)

        there.server.handle = refuse  # type: ignore[method-assign]
        with pytest.raises(Unavailable):
            await one.forget(ORDER.uid)
        assert one.holds("4711")

    assert on(play).records() == ["a,b"]
