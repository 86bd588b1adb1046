"""One operator and its Lease: whom it believes, when it acts, and what it lets go of first."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from random import Random

import pytest

from stepwright.controllers import member_lease
from stepwright.engine.ports import ExecutionRef, Uid
from tests.controllers.members import UIDS, World
from tests.simulation import logs
from tests.simulation import loop as loops


@pytest.fixture(autouse=True)
def _logs() -> Iterator[None]:
    with logs.caught():
        yield


def play(main: Callable[[World], Awaitable[None]]) -> None:
    async def whole(_: object) -> None:
        world = World(1, calm_from=0)
        try:
            await main(world)
        finally:
            await world.end()

    loops.run(Random(1), whole)


def lay(world: World, name: str, seconds: int, annotations: dict[str, str] | None = None) -> None:
    """A Lease that somebody else has made."""
    body = {
        "metadata": {
            "name": name,
            "labels": {member_lease.LABEL: member_lease.COMPONENT},
            "annotations": annotations or {},
        },
        "spec": {"holderIdentity": "x", "leaseDurationSeconds": seconds},
    }
    world.server.create("leases", "default", body)


def test_a_lease_with_a_foreign_name_is_nobodys() -> None:
    async def main(world: World) -> None:
        world.start()
        await asyncio.sleep(5)
        lay(world, "a", 2_147_483_647)
        await asyncio.sleep(5)
        assert world.all_held()
        await asyncio.sleep(100)
        assert world.server.get("leases", "default", "a") is not None, "it was left alone"

    play(main)


def test_a_lease_that_claims_all_for_years_is_removed_in_bounded_time() -> None:
    async def main(world: World) -> None:
        world.start()
        await asyncio.sleep(5)
        lay(world, member_lease.PREFIX + "x", 2_147_483_647)
        await asyncio.sleep(5)
        assert not world.all_held(), "while it may be a member's, what it may claim is not touched"
        await asyncio.sleep(60)
        assert world.all_held()

    play(main)


def test_a_member_whose_loop_is_held_keeps_its_lease_and_gives_nothing_away() -> None:
    async def main(world: World) -> None:
        first = world.start()
        await asyncio.sleep(5)
        assert all(map(first.holds, UIDS))
        first.loop.turns.clear()
        second = world.start()
        await asyncio.sleep(100)

        assert first.membership.valid
        assert not any(map(second.holds, UIDS)), "what the first may be about to do is not let go of"

        first.loop.turns.set()
        await asyncio.sleep(5)
        assert world.all_held()
        assert any(map(second.holds, UIDS))

    play(main)


def test_a_member_whose_loop_turns_seldom_gives_away_what_it_must() -> None:
    async def main(world: World) -> None:
        first = world.start()
        await asyncio.sleep(5)
        first.loop.turns_seconds = 7  # much longer than between two renewals
        second = world.start()
        await asyncio.sleep(15)
        world.check()
        assert world.all_held()
        assert any(map(second.holds, UIDS))

    play(main)


def test_a_member_that_ends_while_a_step_is_stuck_leaves_its_lease() -> None:
    """It shows under which execution the process ended; one that is given back shows nothing."""

    async def main(world: World) -> None:
        first, second = world.start(), world.start()
        await asyncio.sleep(5)
        first.loop.stuck = first.loop.suspect = ExecutionRef(Uid("4711"), "shop", "order-7", "orders")
        first.taking_part.hear()
        await asyncio.sleep(5)
        first.end()
        await asyncio.sleep(5)

        left = world.server.get("leases", "default", first.membership.name)
        assert left is not None
        assert "order-7" in str(left["metadata"]["annotations"])
        await asyncio.sleep(30)
        assert all(map(second.holds, UIDS))

    play(main)


def test_others_take_over_from_a_member_whose_loop_hangs() -> None:
    async def main(world: World) -> None:
        first, second = world.start(), world.start()
        await asyncio.sleep(5)
        first.loop.hung = True
        await asyncio.sleep(20)

        assert not first.membership.valid
        assert all(map(second.holds, UIDS))

    play(main)


def test_who_has_another_time_than_the_api_server_does_not_act_and_others_take_over() -> None:
    async def main(world: World) -> None:
        first, second = world.start(), world.start()
        await asyncio.sleep(5)
        first.membership._skew = lambda: -7.0
        assert not any(map(first.holds, UIDS)), "from the moment on at which it is known"
        assert first.membership.obstacle == (
            "the clock is 7 s behind the API server's: nothing is done until they differ by 5 s or less"
        )
        await asyncio.sleep(20)
        assert all(map(second.holds, UIDS))

    play(main)


def test_alone_it_goes_on_when_its_time_is_right_again() -> None:
    async def main(world: World) -> None:
        only = world.start()
        await asyncio.sleep(5)
        only.membership._skew = lambda: 3_600.0
        await asyncio.sleep(100)
        assert not any(map(only.holds, UIDS))
        only.membership._skew = lambda: 0.5
        await asyncio.sleep(5)
        assert all(map(only.holds, UIDS))

    play(main)
