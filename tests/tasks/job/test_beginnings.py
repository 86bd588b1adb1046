"""Jobs are created little ahead of their pods, and each namespace has its turn."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable

from stepwright.tasks.job.beginnings import LONGEST_SECONDS, PODLESS_SECONDS, SPARE, Beginnings
from stepwright.tasks.job.pace import LEAST, MOST
from tests.engine.virtual_loop import run


class Scene:
    """Jobs that want to be created, and those that were."""

    def __init__(self) -> None:
        self.beginnings = Beginnings()
        self.created: list[str] = []
        self._tasks: list[asyncio.Task[None]] = []

    async def create(self, namespace: str, name: str) -> None:
        await self.beginnings.turn(namespace)
        self.created.append(name)
        self.beginnings.created(namespace, name)

    async def wanted(self, *names: str) -> list[asyncio.Task[None]]:
        """A Job's namespace is what stands before the dash in its name."""
        tasks = [asyncio.create_task(self.create(name.partition("-")[0], name)) for name in names]
        self._tasks += tasks
        await moment()
        return tasks

    async def have_pods(self, *names: str) -> None:
        for name in names:
            self.beginnings.pod_seen(name.partition("-")[0], name)
        await moment()

    def of(self, namespace: str) -> list[str]:
        return [name for name in self.created if name.startswith(f"{namespace}-")]

    def end(self) -> None:
        for task in self._tasks:
            task.cancel()


async def moment() -> None:
    await asyncio.sleep(0.01)


def jobs(namespace: str, count: int) -> Iterable[str]:
    return (f"{namespace}-{number}" for number in range(count))


def test_the_next_job_of_another_namespace_comes_before_the_rest_of_a_burst() -> None:
    """Kubernetes makes pods in the order in which Jobs come, so it waited until all of the burst had theirs."""

    async def main() -> None:
        scene = Scene()
        await scene.wanted(*jobs("busy", 100))
        assert scene.created == list(jobs("busy", MOST))

        await scene.wanted("quiet-0", "quiet-1")
        assert scene.created[MOST:] == ["quiet-0"], "a turn is spared for it"
        await scene.have_pods("busy-0", "busy-1")
        assert scene.created[MOST + 1 :] == [f"busy-{MOST}", "quiet-1"]

        await scene.have_pods("quiet-0", "quiet-0", "somebody-0")
        assert scene.created[MOST + 3 :] == [f"busy-{MOST + 1}"]
        scene.end()

    run(main)


def test_jobs_that_get_no_pod_hold_others_up_for_a_while_only() -> None:
    async def main() -> None:
        scene = Scene()
        tasks = await scene.wanted(*jobs("a", MOST), *jobs("b", 3))
        assert len(scene.created) == MOST + SPARE
        await asyncio.sleep(LONGEST_SECONDS + 2 * PODLESS_SECONDS)

        assert len(scene.created) == MOST + 3
        await asyncio.gather(*tasks)

    run(main)


def test_what_was_not_created_or_is_over_gives_its_turn_back() -> None:
    async def main() -> None:
        scene = Scene()
        await scene.beginnings.turn("a")
        await scene.wanted(*jobs("a", MOST + 1))
        assert len(scene.created) == MOST - 1
        scene.beginnings.not_created("a")
        await moment()
        assert len(scene.created) == MOST
        scene.beginnings.over("a-3")
        await moment()

        assert len(scene.created) == MOST + 1
        scene.end()

    run(main)


def test_a_namespace_whose_jobs_get_no_pods_holds_one_turn() -> None:
    """A quota that is used up, an account that is missing: it held all of them, for five seconds each time."""

    async def main() -> None:
        scene = Scene()
        await scene.wanted(*jobs("broken", 100))
        await asyncio.sleep(LONGEST_SECONDS)
        assert len(scene.created) == MOST + 1, "one more when their time was over"

        await scene.wanted(*jobs("sound", MOST + 1))
        assert scene.of("sound") == list(jobs("sound", MOST))
        scene.end()

    run(main)


def test_many_namespaces_whose_jobs_get_no_pods_hold_one_turn_together() -> None:
    async def main() -> None:
        scene = Scene()
        await scene.wanted("a-0", "b-0", "c-0", "d-0")
        await asyncio.sleep(LONGEST_SECONDS)
        await scene.wanted("a-1", "b-1", "c-1", "d-1", "a-2", "b-2", "c-2", "d-2")
        assert scene.created[4:] == ["a-1"]

        await asyncio.sleep(3 * PODLESS_SECONDS)
        assert scene.created[4:] == ["a-1", "b-1", "c-1", "d-1"], "each in its turn"
        scene.end()

    run(main)


def test_a_namespace_whose_job_gets_a_pod_at_last_has_its_turns_again() -> None:
    async def main() -> None:
        scene = Scene()
        await scene.wanted(*jobs("late", 40))
        await asyncio.sleep(LONGEST_SECONDS)
        assert len(scene.created) == MOST + 1

        await scene.have_pods("late-0")  # whose turn is over long since
        assert len(scene.created) == 2 * MOST
        scene.end()

    run(main)


def test_a_pod_of_another_namespace_is_none_of_the_jobs() -> None:
    async def main() -> None:
        scene = Scene()
        await scene.wanted(*jobs("busy", 20))
        scene.beginnings.pod_seen("other", "busy-0")
        await moment()

        assert len(scene.created) == MOST
        scene.end()

    run(main)


def test_what_gives_up_waiting_leaves_its_turn_to_the_next() -> None:
    async def main() -> None:
        scene = Scene()
        await scene.wanted(*jobs("a", MOST), "b-0")
        first, second, _ = await scene.wanted("c-0", "d-0", "e-0")
        first.cancel()
        await moment()
        scene.beginnings.pod_seen("a", "a-0")
        second.cancel()  # in the moment in which it is granted
        await moment()

        assert scene.created[MOST + 1 :] == ["e-0"]

    run(main)


class JobController:
    """Makes the pods of Jobs one after another, in the order in which they came."""

    def __init__(self, beginnings: Beginnings, seconds: float) -> None:
        self._beginnings, self._seconds = beginnings, seconds
        self._queue: asyncio.Queue[tuple[str, str, float]] = asyncio.Queue()
        self.waited: dict[str, list[float]] = {}
        """By namespace, how long its Jobs waited from when they were wanted."""
        self._task = asyncio.create_task(self._run())

    async def job(self, namespace: str, name: str) -> None:
        wanted = asyncio.get_running_loop().time()
        await self._beginnings.turn(namespace)
        self._beginnings.created(namespace, name)
        self._queue.put_nowait((namespace, name, wanted))

    async def _run(self) -> None:
        while True:
            namespace, name, wanted = await self._queue.get()
            await asyncio.sleep(self._seconds)
            self.waited.setdefault(namespace, []).append(asyncio.get_running_loop().time() - wanted)
            self._beginnings.pod_seen(namespace, name)
            self._queue.task_done()

    async def idle(self) -> None:
        await self._queue.join()

    def end(self) -> None:
        self._task.cancel()


def test_beside_a_burst_the_next_job_of_another_namespace_waits_for_few_where_pods_come_slowly() -> None:
    """It waited for eight Jobs, whether they took a hundredth of a second each or half a one."""

    async def main() -> None:
        kubernetes = JobController(Beginnings(), seconds=0.5)
        burst = [asyncio.create_task(kubernetes.job("busy", f"busy-{number}")) for number in range(200)]
        for number in range(20):
            await asyncio.sleep(2)
            await kubernetes.job("quiet", f"quiet-{number}")
        await asyncio.sleep(5)

        waited = kubernetes.waited["quiet"]
        assert waited[0] <= (MOST + 1) * 0.5, "nobody knew that it would come"
        assert max(waited[2:]) <= (LEAST + 2) * 0.5
        pods = sum(map(len, kubernetes.waited.values()))
        assert pods >= asyncio.get_running_loop().time() / 0.5 - 1, "and Kubernetes is busy all the time"
        for task in burst:
            task.cancel()
        kubernetes.end()

    run(main)


def test_a_namespace_alone_keeps_kubernetes_busy() -> None:
    async def main() -> None:
        for seconds in (0.005, 0.5):
            kubernetes = JobController(Beginnings(), seconds)
            began = asyncio.get_running_loop().time()
            await asyncio.gather(*(kubernetes.job("busy", f"busy-{number}") for number in range(100)))
            await kubernetes.idle()
            assert asyncio.get_running_loop().time() - began <= 101 * seconds
            kubernetes.end()

    run(main)
