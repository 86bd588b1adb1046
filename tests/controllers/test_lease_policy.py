"""What an operator does about Leases, its own and others': the decisions as tables, without a loop or an API server."""

from __future__ import annotations

import pytest

from stepwright.controllers import lease_policy
from stepwright.controllers.lease_policy import Begin, Loop, Next, Own
from stepwright.controllers.standing import View
from stepwright.engine.ports import ExecutionRef, Uid

DURATION = 16.0
DUE = DURATION / lease_policy.RENEWALS
ORDER = ExecutionRef(Uid("4711"), "shop", "order-7", "orders")
GOOD = Own(is_there=True, counts=True)
NEW = Own(is_there=False, counts=False)
LAPSED = Own(is_there=True, counts=False)
AHEAD = Own(is_there=True, counts=True, skew_seconds=3_600)
BEHIND = Own(is_there=True, counts=True, skew_seconds=-7)
ALONE: View = ("a",)
BOTH: View = ("a", "b")


@pytest.mark.parametrize(
    ("own", "obstacle"),
    [
        (GOOD, None),
        (Own(is_there=True, counts=True, skew_seconds=-5.0), None),
        (NEW, "it has no Lease yet"),
        (LAPSED, "its Lease has run out and could not be renewed"),
        (AHEAD, "the clock is 3600 s ahead of the API server's: nothing is done until they differ by 5 s or less"),
        (BEHIND, "the clock is 7 s behind the API server's: nothing is done until they differ by 5 s or less"),
        (
            Own(is_there=False, counts=False, skew_seconds=6),
            "the clock is 6 s ahead of the API server's: nothing is done until they differ by 5 s or less",
        ),
    ],
)  # fmt: skip
def test_an_operator_may_act_while_its_lease_counts_and_its_clock_is_right(
    own: Own, obstacle: str | None
) -> None:
    assert own.obstacle == obstacle
    assert own.valid is (obstacle is None)


@pytest.mark.parametrize(
    ("own", "loop", "since_renewal", "begins"),
    [
        pytest.param(GOOD, Loop(), DUE, Begin.RENEW, id="it is time"),
        pytest.param(GOOD, Loop(), DUE - 0.1, Begin.READ, id="not yet"),
        pytest.param(LAPSED, Loop(), 100, Begin.RENEW, id="the API server was away"),
        pytest.param(NEW, Loop(), 100, Begin.READ, id="there is nothing to renew"),
        pytest.param(GOOD, Loop(suspect=ORDER), 0, Begin.RENEW, id="a long step is noted at once"),
        pytest.param(GOOD, Loop(suspect=ORDER, noted=ORDER), 0, Begin.READ, id="and once"),
        pytest.param(GOOD, Loop(noted=ORDER), 0, Begin.RENEW, id="and struck out at once"),
        pytest.param(BEHIND, Loop(suspect=ORDER), 100, Begin.READ, id="its clock is wrong"),
        pytest.param(GOOD, Loop(hung=True), 100, Begin.REST, id="its loop hangs"),
    ],
)
def test_a_round_begins_with_a_renewal_when_it_is_time(
    own: Own, loop: Loop, since_renewal: float, begins: Begin
) -> None:
    assert lease_policy.begin(own, loop, since_renewal, DURATION) is begins


@pytest.mark.parametrize(
    ("own", "published", "members", "follows"),
    [
        pytest.param(GOOD, BOTH, BOTH, Next.KEEP, id="all is published"),
        pytest.param(GOOD, ALONE, BOTH, Next.PUBLISH, id="somebody has come"),
        pytest.param(GOOD, BOTH, ALONE, Next.PUBLISH, id="somebody is gone"),
        pytest.param(LAPSED, BOTH, BOTH, Next.KEEP, id="the next renewal makes it count again"),
        pytest.param(LAPSED, ALONE, BOTH, Next.PUBLISH, id="a newcomer is not kept waiting for that"),
        pytest.param(NEW, (), ALONE, Next.PUBLISH, id="it joins"),
        pytest.param(NEW, ALONE, ALONE, Next.PUBLISH, id="its first Lease was not answered"),
        pytest.param(AHEAD, ALONE, BOTH, Next.REST, id="its clock is wrong"),
    ],
)
def test_members_that_differ_from_those_published_are_published(
    own: Own, published: View, members: View, follows: Next
) -> None:
    assert lease_policy.after_reading(own, published, members) is follows


@pytest.mark.parametrize(
    ("own", "lapsed", "dead"),
    [
        (GOOD, True, True),
        (GOOD, False, False),
        (LAPSED, True, False),
        (NEW, True, False),
        (BEHIND, True, False),
    ],
)
def test_only_who_may_act_takes_others_for_dead(own: Own, lapsed: bool, dead: bool) -> None:
    assert lease_policy.is_dead(own, lapsed=lapsed) is dead


@pytest.mark.parametrize(
    ("own", "next_lapses_in", "seconds"),
    [
        pytest.param(GOOD, float("inf"), DUE, id="until it renews"),
        pytest.param(GOOD, 1.5, 1.5, id="until somebody may be dead"),
        pytest.param(GOOD, -3.0, lease_policy.SHORTEST_REST_SECONDS, id="but never without rest"),
        pytest.param(LAPSED, -3.0, DUE, id="who may not act takes nobody for dead"),
    ],
)
def test_the_time_until_the_next_round(own: Own, next_lapses_in: float, seconds: float) -> None:
    assert lease_policy.rest_seconds(own, DURATION, next_lapses_in) == seconds
