"""Jobs are created little ahead of their pods, and each namespace has its turn."""

from __future__ import annotations

import asyncio

from stepwright.tasks.job.beginnings import LONGEST_SECONDS, Beginnings
from tests.engine.virtual_loop import run


async def create(beginnings: Beginnings, namespace: str, name: str, created: list[str]) -> None:
    await beginnings.turn(namespace)
    created.append(name)
    beginnings.created(name)


def test_the_next_job_of_another_namespace_comes_before_the_rest_of_a_burst() -> None:
    """Kubernetes makes pods in the order in which Jobs come, so it waited until all of the burst had theirs."""

    async def main() -> None:
        beginnings, created = Beginnings(4), list[str]()
        burst = [asyncio.create_task(create(beginnings, "busy", f"busy-{n}", created)) for n in range(100)]
        await asyncio.sleep(0.1)
        assert created == ["busy-0", "busy-1", "busy-2", "busy-3"]

        quiet = asyncio.create_task(create(beginnings, "quiet", "quiet-0", created))
        await asyncio.sleep(0.1)
        beginnings.begun("busy-0")
        beginnings.begun("busy-1")
        await asyncio.sleep(0.1)
        assert created[4:] == ["busy-4", "quiet-0"]

        beginnings.begun("quiet-0")
        beginnings.begun("quiet-0")  # told once more
        beginnings.begun("somebody's")
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
        beginnings.not_created()
        await create(beginnings, "b", "b-0", created)

        assert created == ["b-0"]

    run(main)
