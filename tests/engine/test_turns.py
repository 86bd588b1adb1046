"""Turns at something scarce: a namespace with many calls waits, one with a single call does not."""

from __future__ import annotations

import asyncio
from collections import Counter
from dataclasses import dataclass, field

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stepwright.engine.turns import Turns
from tests.engine.virtual_loop import run


@dataclass
class Queue:
    """Everybody who asks for a turn, in order; each keeps it until told to give it back."""

    turns: Turns
    asked: list[tuple[str, asyncio.Task[None], asyncio.Event]] = field(default_factory=list)
    served: list[tuple[str, int]] = field(default_factory=list)
    """Namespace and number of whoever got a turn, in this order."""

    async def ask(self, namespace: str) -> int:
        number, done = len(self.asked), asyncio.Event()

        async def wait_and_keep() -> None:
            async with self.turns.of(namespace):
                self.served.append((namespace, number))
                await done.wait()

        self.asked.append((namespace, asyncio.create_task(wait_and_keep()), done))
        await settled()
        return number

    def holders(self) -> list[int]:
        return [number for _, number in self.served if not self.asked[number][1].done()]

    def waiting(self) -> list[tuple[str, int]]:
        served = {number for _, number in self.served}
        return [
            (namespace, number)
            for number, (namespace, task, _) in enumerate(self.asked)
            if number not in served and not task.done()
        ]

    async def give_back(self, number: int) -> None:
        self.asked[number][2].set()
        await settled()

    async def cancel(self, number: int) -> None:
        self.asked[number][1].cancel()
        await settled()


async def settled() -> None:
    for _ in range(5):
        await asyncio.sleep(0)


def test_one_call_does_not_wait_behind_ten_thousand_of_another_namespace() -> None:
    async def main() -> None:
        turns = Turns(4)
        order: list[str] = []

        async def call(namespace: str) -> None:
            async with turns.of(namespace):
                order.append(namespace)
                await asyncio.sleep(1)

        burst = [asyncio.create_task(call("busy")) for _ in range(10_000)]
        await asyncio.sleep(0)
        quiet = asyncio.create_task(call("quiet"))
        await quiet

        assert order.index("quiet") <= 5
        for task in burst:
            task.cancel()
        await asyncio.gather(*burst, return_exceptions=True)
        assert (turns.taken, turns.waiting) == (0, 0)

    run(main)


def test_three_namespaces_are_served_in_a_ring() -> None:
    async def main() -> None:
        queue = Queue(Turns(1))
        first = await queue.ask("a")
        for namespace in "aaabbc":
            await queue.ask(namespace)

        await queue.give_back(first)
        while holders := queue.holders():
            await queue.give_back(holders[0])

        assert [namespace for namespace, _ in queue.served] == ["a", "a", "b", "c", "a", "b", "a"]

    run(main)


def test_a_turn_granted_to_somebody_who_is_cancelled_goes_to_the_next() -> None:
    async def main() -> None:
        queue = Queue(Turns(1))
        first = await queue.ask("a")
        second = await queue.ask("a")
        third = await queue.ask("b")

        queue.asked[first][2].set()
        await asyncio.sleep(0)  # its turn is given to the second, who has not run yet
        await queue.cancel(second)

        assert queue.holders() == [third]

    run(main)


def test_no_turns_at_all_are_refused() -> None:
    with pytest.raises(ValueError, match="at_once must be 1 or more, not 0"):
        Turns(0)


@given(
    at_once=st.integers(1, 3),
    acts=st.lists(
        st.tuples(st.sampled_from(["ask", "ask", "give back", "cancel"]), st.integers(0, 10**6)), max_size=60
    ),
)
def test_no_turn_is_wasted_nobody_starves_and_order_is_kept(
    at_once: int, acts: list[tuple[str, int]]
) -> None:
    async def main() -> None:
        queue = Queue(Turns(at_once))
        overtaken: Counter[tuple[int, str]] = Counter()
        """How many turns another namespace got while somebody stood first in its own."""

        for act, choice in acts:
            before = queue.waiting()
            seen = len(queue.served)
            if act == "ask":
                await queue.ask("abc"[choice % 3])
            elif act == "give back" and (holders := queue.holders()):
                await queue.give_back(holders[choice % len(holders)])
            elif act == "cancel" and (waiting := queue.waiting()):
                await queue.cancel(waiting[choice % len(waiting)][1])

            holders, waiting = queue.holders(), queue.waiting()
            assert (queue.turns.taken, queue.turns.waiting) == (len(holders), len(waiting))
            assert len(holders) == at_once or not waiting, "a turn is free and somebody waits"
            heads = dict(reversed(before))
            for namespace, _ in queue.served[seen:]:
                for other, head in heads.items():
                    if other != namespace and (other, head) in waiting:
                        overtaken[head, namespace] += 1
            assert all(count <= 1 for count in overtaken.values()), "somebody was passed over"

        for namespace in "abc":
            numbers = [number for served, number in queue.served if served == namespace]
            assert numbers == sorted(numbers), "the order within a namespace changed"
        for _, task, _ in queue.asked:
            task.cancel()
        await asyncio.gather(*(task for _, task, _ in queue.asked), return_exceptions=True)
        assert (queue.turns.taken, queue.turns.waiting) == (0, 0)

    run(main)
