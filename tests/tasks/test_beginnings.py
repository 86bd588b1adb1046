"""Jobs are created little ahead of their pods, and each namespace has its turn."""

from __future__ import annotations

import asyncio

from stepwright.tasks.job.beginnings import LONGEST_SECONDS, PODLESS_SECONDS, Beginnings
from tests.engine.virtual_loop import run


async def create(beginnings: Beginnings, namespace: str, name: str, created: list[str]) -> None:
    await beginnings.turn(namespace)
    created.append(name)
    beginnings.created(namespace, name)


def test_the_next_job_of_another_namespace_comes_before_the_rest_of_a_burst() -> None:
    """Kubernetes makes pods in the order in which Jobs come, so it waited until all of the burst had theirs."""

    async def main() -> None:
        beginnings, created = Beginnings(4), list[str]()
        burst = [asyncio.create_task(create(beginnings, "busy", f"busy-{n}", created)) for n in range(100)]
        await asyncio.sleep(0.1)
        assert created == ["busy-0", "busy-1", "busy-2", "busy-3"]

        quiet = asyncio.create_task(create(beginnings, "quiet", "quiet-0", created))
        await asyncio.sleep(0.1)
        beginnings.pod_seen("busy", "busy-0")
        beginnings.pod_seen("busy", "busy-1")
        await asyncio.sleep(0.1)
        assert created[4:] == ["busy-4", "quiet-0"]

        beginnings.pod_seen("quiet", "quiet-0")
        beginnings.pod_seen("quiet", "quiet-0")  # told once more
        beginnings.pod_seen("somebody", "somebody's")
        await asyncio.sleep(0.1)
        assert created[6:] == ["busy-5"]
        for task in (*burst, quiet):
            task.cancel()

    run(main)


def test_jobs_that_get_no_pod_hold_others_up_for_a_while_only() -> None:
    async def main() -> None:
        beginnings, created = Beginnings(2), list[str]()
        tasks = [asyncio.create_task(create(beginnings, "a", f"a-{n}", created)) for n in range(6)]
        await asyncio.sleep(LONGEST_SECONDS * 2 + 1)

        assert len(created) == 6
        await asyncio.gather(*tasks)

    run(main)


def test_what_was_not_created_gives_its_turn_back() -> None:
    async def main() -> None:
        beginnings, created = Beginnings(1), list[str]()
        await beginnings.turn("a")
        beginnings.not_created("a")
        await create(beginnings, "b", "b-0", created)

        assert created == ["b-0"]

    run(main)


def test_a_namespace_whose_jobs_get_no_pods_holds_one_turn_of_eight() -> None:
    """A quota that is used up, an account that is missing: it held all of them, for five seconds each time."""

    async def main() -> None:
        beginnings, created = Beginnings(8), list[str]()
        broken = [
            asyncio.create_task(create(beginnings, "broken", f"broken-{n}", created)) for n in range(100)
        ]
        await asyncio.sleep(LONGEST_SECONDS + 0.1)
        assert len(created) == 9, "eight, and one when their time was over"

        for number in range(7):
            await asyncio.wait_for(create(beginnings, "sound", f"sound-{number}", created), 0.1)
        for task in broken:
            task.cancel()

    run(main)


def test_many_namespaces_whose_jobs_get_no_pods_hold_one_turn_together() -> None:
    async def main() -> None:
        beginnings, created = Beginnings(4), list[str]()
        for broken in ("a", "b", "c", "d"):
            await create(beginnings, broken, f"{broken}-0", created)
        await asyncio.sleep(LONGEST_SECONDS + 0.1)
        more = [
            asyncio.create_task(create(beginnings, name, f"{name}-1", created))
            for _ in "12"
            for name in "abcd"
        ]
        await asyncio.sleep(0.1)
        assert created[4:] == ["a-1"]

        await asyncio.sleep(3 * PODLESS_SECONDS)
        assert created[4:] == ["a-1", "b-1", "c-1", "d-1"], "each in its turn"
        for task in more:
            task.cancel()

    run(main)


def test_a_namespace_whose_job_gets_a_pod_at_last_has_its_turns_again() -> None:
    async def main() -> None:
        beginnings, created = Beginnings(4), list[str]()
        tasks = [asyncio.create_task(create(beginnings, "late", f"late-{n}", created)) for n in range(20)]
        await asyncio.sleep(LONGEST_SECONDS + 0.1)
        assert len(created) == 5

        beginnings.pod_seen("late", "late-0")  # whose turn is over long since
        await asyncio.sleep(0.1)
        assert len(created) == 8
        for task in tasks:
            task.cancel()

    run(main)


def test_one_namespace_leaves_a_turn_to_others() -> None:
    async def main() -> None:
        beginnings, created = Beginnings(4, of_one_namespace=3), list[str]()
        burst = [asyncio.create_task(create(beginnings, "busy", f"busy-{n}", created)) for n in range(10)]
        await asyncio.sleep(0.1)
        assert len(created) == 3

        await asyncio.wait_for(create(beginnings, "quiet", "quiet-0", created), 0.1)
        for task in burst:
            task.cancel()

    run(main)


def test_what_gives_up_waiting_leaves_its_turn_to_the_next() -> None:
    async def main() -> None:
        beginnings, created = Beginnings(1), list[str]()
        await create(beginnings, "a", "a-0", created)
        first, second, third = (
            asyncio.create_task(create(beginnings, namespace, f"{namespace}-1", created))
            for namespace in "abc"
        )
        await asyncio.sleep(0.1)
        first.cancel()
        await asyncio.sleep(0.1)
        beginnings.pod_seen("a", "a-0")
        second.cancel()  # in the moment in which it is granted
        await asyncio.sleep(0.1)

        assert created == ["a-0", "c-1"]
        await third

    run(main)
