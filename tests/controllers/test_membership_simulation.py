"""Operators that share executions, under faults: nothing is ever held by two, and soon everything is held by one."""

from __future__ import annotations

import asyncio
import dataclasses
from collections.abc import Callable, Iterator
from random import Random
from typing import Any

import pytest

from stepwright.controllers import standing, taking_part
from stepwright.controllers.lease_ages import LeaseAges
from stepwright.controllers.own_lease import OwnLease
from stepwright.controllers.rendezvous import owner
from stepwright.controllers.taking_part import TakingPart
from tests.controllers.members import Violation, World
from tests.simulation import logs
from tests.simulation import loop as loops

pytestmark = pytest.mark.slow

SEEDS = range(60)


@pytest.fixture(autouse=True)
def _logs() -> Iterator[None]:
    with logs.caught():
        yield


def chance(world: World, random: Random) -> None:
    """Somebody comes, leaves, is killed, or is stopped for longer or shorter than a Lease."""
    members = world.members
    what = random.randrange(8)
    if len(members) < 2 or (what < 3 and len(members) < 4):
        world.start()
    elif what == 3:
        world.kill(random.choice(members))
    elif what == 4:
        member = random.choice(members)
        world.trace(member.process.name, "is told to stop")
        member.end()
    elif what in (5, 6):
        member = random.choice(members)
        if not member.process.stopped:
            seconds = random.choice((0.5, 4, 12, 14, 16, 25))
            world.trace(member.process.name, "stands still", seconds)
            member.process.stop(seconds)


def play(seed: int) -> World:
    worlds: list[World] = []

    async def main(_: Any) -> None:
        worlds.append(World(seed))
        with logs.into(worlds[0].trace):
            try:
                await worlds[0].live(chance)
            finally:
                await worlds[0].end()

    loops.run(Random(f"loop {seed}"), main)
    return worlds[0]


def test_no_execution_is_ever_held_by_two_and_soon_each_is_held_by_one() -> None:
    removals = 0
    for seed in SEEDS:
        try:
            removals += play(seed).removals
        except Violation as error:
            pytest.fail(f"seed {seed}: {error}")
    assert removals > len(SEEDS) / 10, "hardly anybody was taken for dead: the simulation shows nothing"


def test_the_same_seed_is_the_same_event_by_event() -> None:
    first, second = play(7), play(7)

    assert first.log == second.log


def test_nobody_is_taken_for_dead_because_the_api_server_was_away() -> None:
    outcome: list[tuple[int, int, bool]] = []

    async def main(_: Any) -> None:
        world = World(1, calm_from=0)
        for _ in range(3):
            world.start()
        await asyncio.sleep(10)
        world.away = True
        await asyncio.sleep(60)
        assert not any(member.membership.valid for member in world.members)
        world.away = False
        await asyncio.sleep(10)
        outcome.append((len(world.members), world.removals, world.all_held()))
        await world.end()

    loops.run(Random(1), main)

    assert outcome == [(3, 0, True)]


# --- Known bugs are seen -----------------------------------------------------------------------------------------------


def blind_to_others(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever the own view gives is taken, also while another one has published that it is his."""
    real = standing.standing
    monkeypatch.setattr(
        taking_part, "standing", lambda *given: dataclasses.replace(real(*given), claims=frozenset())
    )


def acts_before_it_reads(monkeypatch: pytest.MonkeyPatch) -> None:
    """Who has published a view acts upon it, though nothing was read of the others yet."""
    monkeypatch.setattr(
        standing.Standing,
        "with_view",
        lambda self, view: dataclasses.replace(self, views=self.views | {view}),
    )


def reads_before_it_publishes(monkeypatch: pytest.MonkeyPatch) -> None:
    """The own new view counts from its answer on, with what was read of the others before."""

    real = TakingPart._write

    async def write(self: TakingPart, view: standing.View) -> None:
        await real(self, view)
        membership = self._membership
        views = frozenset({membership.lease.view})
        membership._standing = dataclasses.replace(membership._standing, views=views)

    monkeypatch.setattr(TakingPart, "_write", write)


def counts_from_the_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    """A Lease is taken to begin when its renewal was answered rather than when it was asked for."""

    real = OwnLease.take

    def take(self: OwnLease, lease: Any) -> None:
        before = self.granted
        real(self, lease)
        if self.granted != before:
            self.granted = self._read_clocks()

    monkeypatch.setattr(OwnLease, "take", take)


def takes_for_dead_too_early(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(LeaseAges, "has_lapsed", lambda self, name, at: at - self._seen[name].since >= 8)


@pytest.mark.parametrize(
    "bug",
    [
        blind_to_others,
        acts_before_it_reads,
        reads_before_it_publishes,
        counts_from_the_answer,
        takes_for_dead_too_early,
    ],
)
def test_a_known_bug_is_seen(
    bug: Callable[[pytest.MonkeyPatch], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    bug(monkeypatch)

    for seed in SEEDS:
        try:
            play(seed)
        except Violation:
            return
    pytest.fail(f"{bug.__name__} is not seen within {len(SEEDS)} seeds")


# --- Shares ------------------------------------------------------------------------------------------------------------


def test_shares_are_even_and_only_those_of_who_left_move() -> None:
    uids = [f"{number:08x}-52fe-4a02-9c4b-a9d7c2aa0d10" for number in range(10_000)]
    three = ("stepwright-operator-a", "stepwright-operator-b", "stepwright-operator-c")

    shares = [sum(owner(uid, three) == member for uid in uids) for member in three]
    moved = [uid for uid in uids if owner(uid, three) != owner(uid, three[:2])]

    assert min(shares) > 3_100
    assert max(shares) < 3_600
    assert all(owner(uid, three) == three[2] for uid in moved)


def test_all_give_the_same_owner_whatever_python_they_run_on() -> None:
    members = ("stepwright-operator-3b9f", "stepwright-operator-a01c", "stepwright-operator-ff32")

    owners = [owner(uid, members) for uid in ("43e358d5", "215c705e", "9ab0", "7c1d")]

    assert owners == [members[1], members[1], members[1], members[2]]
