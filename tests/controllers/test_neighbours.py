"""Two installations that serve one namespace: which of them begins executions there, and for how long."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

from stepwright.cluster.installation import Installation
from stepwright.controllers import execution_watch
from stepwright.controllers.execution_watch import Seen
from stepwright.controllers.neighbours import AT_WORK_SECONDS, Neighbours
from tests.engine.virtual_loop import VirtualClock, run

FIRST, SECOND, THIRD = "a-first", "b-second", "c-third"


def seen(operator: str | None, seq: int, *, namespace: str = "shop", uid: str = "1", settled: bool = False) -> Seen:  # fmt: skip
    """An execution that an installation of this name has begun."""
    return execution_watch.of(
        {
            "metadata": {"name": f"order-{uid}", "namespace": namespace, "uid": uid, "resourceVersion": "9"},
            "spec": {"stateMachineRef": {"name": "orders"}},
            "status": {"phase": "Running", "seq": seq, "operator": operator, "settled": settled},
        }
    )


class Meeting:
    def __init__(self, mine: str = SECOND, adopts: frozenset[str] = frozenset()) -> None:
        self.changes = 0
        self.neighbours = Neighbours(Installation(mine, adopts), VirtualClock(), self._changed)

    def _changed(self) -> None:
        self.changes += 1

    def works(self, name: str, *, namespace: str = "shop", uid: str = "1") -> None:
        """It is seen to write."""
        for seq in (1, 2):
            self.neighbours.observe(seen(name, seq, namespace=namespace, uid=uid))


def met(script: Callable[[], Awaitable[None]]) -> None:
    run(script)


def test_of_two_at_work_the_one_whose_name_sorts_first_goes_on() -> None:
    async def script() -> None:
        yields, goes_on = Meeting(SECOND), Meeting(FIRST)
        yields.works(FIRST)
        goes_on.works(SECOND)

        assert not yields.neighbours.may_begin("shop")
        assert yields.neighbours.may_begin("elsewhere")
        assert goes_on.neighbours.may_begin("shop")
        assert (yields.changes, goes_on.changes) == (1, 0)

    met(script)


def test_what_another_one_has_begun_and_does_not_carry_on_keeps_nobody_from_beginning() -> None:
    async def script() -> None:
        meeting = Meeting()
        for _ in range(2):  # seen again, and the same
            meeting.neighbours.observe(seen(FIRST, 3))

        assert meeting.neighbours.may_begin("shop")
        assert meeting.neighbours.carried == 1
        assert meeting.neighbours.obstacle is None

    met(script)


def test_who_has_been_silent_for_ten_minutes_is_gone() -> None:
    async def script() -> None:
        meeting = Meeting()
        looking = asyncio.create_task(meeting.neighbours.run())
        meeting.works(FIRST)
        await asyncio.sleep(AT_WORK_SECONDS)
        assert not meeting.neighbours.may_begin("shop")
        await asyncio.sleep(61)
        assert meeting.neighbours.may_begin("shop")
        assert meeting.changes == 2

        meeting.neighbours.observe(seen(FIRST, 3))  # it writes again
        assert not meeting.neighbours.may_begin("shop")
        looking.cancel()

    met(script)


def test_people_are_told_where_nothing_begins_and_because_of_whom() -> None:
    async def script() -> None:
        meeting = Meeting(THIRD)
        for number in range(7):
            meeting.works(FIRST, namespace=f"n{number}", uid=str(number))
        meeting.works(SECOND, namespace="n0", uid="9")

        said = meeting.neighbours.obstacle
        assert said is not None
        assert said.startswith(
            f"installation {FIRST}, {SECOND} serves namespace n0, n1, n2, n3, n4, too: this one, {THIRD}, begins nothing"
        )

    met(script)


def test_whose_executions_are_counted_until_they_have_settled_or_are_gone() -> None:
    async def script() -> None:
        neighbours = Meeting().neighbours
        for uid in ("1", "2", "3"):
            neighbours.observe(seen(FIRST, 1, uid=uid))
        assert neighbours.carried == 3
        neighbours.observe(seen(FIRST, 2, uid="1", settled=True))
        neighbours.forget(seen(FIRST, 1, uid="2"))
        neighbours.forget(seen("nobody", 1, uid="3"))
        assert neighbours.carried == 1

    met(script)


def test_an_installation_that_is_gone_is_no_neighbour_where_its_executions_are_taken_over() -> None:
    async def script() -> None:
        neighbours = Meeting(SECOND, frozenset({FIRST})).neighbours

        assert not neighbours.has(seen(FIRST, 1))
        assert not neighbours.has(seen(SECOND, 1))
        assert not neighbours.has(seen(None, 0))
        assert neighbours.has(seen(THIRD, 1))

    met(script)
