"""What tasks wait for: conditions of objects, seen by watches; and objects that run something, to their ends."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from stepwright.asl.json_types import JsonText
from stepwright.asl.signals import TaskFailed, TaskId, TaskSubmitted, TaskSucceeded
from stepwright.asl.step import CancelTask
from stepwright.engine.ports import ExecutionRef, Uid
from stepwright.kube.api_errors import Forbidden, Unreachable
from stepwright.tasks.kubernetes import waiting
from tests.simulation.api_server import Request
from tests.tasks.kubernetes.played import REF, Played, playing, task

POD: dict[str, Any] = {"apiVersion": "v1", "kind": "Pod", "name": "p"}
READY = {"condition": "Ready"}
RUNNING = {"jsonPath": "{.status.phase}", "value": "Running"}


def change(played: Played, name: str = "p", plural: str = "pods", **fields: Any) -> None:
    body = played.server.edited((plural, "shop", name))
    assert body is not None
    played.server.change((plural, "shop", name), body | fields)


def condition(type: str, status: str = "True", **more: Any) -> dict[str, Any]:
    return {"conditions": [{"type": "Other", "status": "True"}, {"type": type, "status": status, **more}]}


def waits(played: Played, form: Any, ref: ExecutionRef = REF, name: str = "p", **given: Any) -> Any:
    return played.driver.start(ref, task("wait", {**POD, "name": name, "for": form, **given}), again=False)


def execution(number: int) -> ExecutionRef:
    return ExecutionRef(Uid(f"u{number}"), "shop", "e", "m", {"serviceAccountName": "clerk"})


def test_what_is_so_already_is_not_watched() -> None:
    async def main(played: Played) -> None:
        played.put("pods", "p", status=condition("Ready"))
        found = await played.output("wait", **POD, **{"for": READY})

        assert found["kind"] == "Pod"
        assert played.asked == ["GET /api/v1/namespaces/shop/pods"]
        assert played.api.requests[-1].params == {"fieldSelector": "metadata.name=p"}

    playing(main)


@pytest.mark.parametrize(
    ("form", "status"),
    [
        (READY, condition("Ready")),
        ({"condition": "ready", "status": "false"}, condition("Ready", "False")),
        (RUNNING, {"phase": "Running"}),
        ({"jsonPath": ".status.phase"}, {"phase": ""}),
        ({"jsonPath": "$.status.number", "value": "3"}, {"number": 3}),
        ({"jsonPath": "{.status.list[?(@.a==1)].b}", "value": True}, {"list": [{"a": 1, "b": True}]}),
        ({"anyOf": [READY, RUNNING]}, {"phase": "Running"}),
        ({"allOf": [READY, RUNNING]}, {"phase": "Running", **condition("Ready")}),
    ],
)
def test_what_becomes_so_is_seen_by_a_watch(form: Any, status: Any) -> None:
    async def main(played: Played) -> None:
        played.put("pods", "p", status=condition("Ready", "Unknown"))
        await waits(played, form)
        await asyncio.sleep(100_000)
        assert len(played.signals) == 1
        change(played, status=status)
        await asyncio.sleep(1)

        assert isinstance(played.signals[-1], TaskSucceeded)
        assert len(played.asked) == 2

    playing(main)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (condition("Ready", observedGeneration=0), condition("Ready", observedGeneration=1)),
        (
            {**condition("Ready"), "observedGeneration": 0},
            {**condition("Ready"), "observedGeneration": 1},
        ),
    ],
    ids=["of the condition", "of the status"],
)
def test_a_condition_of_an_older_generation_does_not_count(old: Any, new: Any) -> None:
    async def main(played: Played) -> None:
        played.put("pods", "p", status=old)
        await waits(played, READY)
        await asyncio.sleep(10)
        assert len(played.signals) == 1
        change(played, status=new)
        await asyncio.sleep(1)
        assert isinstance(played.signals[-1], TaskSucceeded)

    playing(main)


def test_what_must_not_become_fails_the_task_with_what_the_condition_says() -> None:
    async def main(played: Played) -> None:
        played.put("pods", "p")
        await waits(played, READY, failOn={"condition": "Failed"})
        await asyncio.sleep(1)
        change(played, status=condition("Failed", reason="Evicted", message="no room"))
        await asyncio.sleep(1)

        assert played.signals[-1] == TaskFailed(
            TaskId(5), "Kubernetes.WaitFailed", "Pod p: condition Failed is True: Evicted: no room"
        )

    playing(main)


def test_what_is_not_there_is_waited_for_where_that_is_said() -> None:
    async def main(played: Played) -> None:
        assert (await played.failure("wait", **POD, **{"for": READY}))[0] == "Kubernetes.NotFound"
        played.driver = played.another()
        await waits(played, {"allOf": [{"created": True}, RUNNING]})
        await asyncio.sleep(5)
        played.put("pods", "p", status={"phase": "Pending"})
        await asyncio.sleep(5)
        change(played, status={"phase": "Running"})
        await asyncio.sleep(1)
        assert isinstance(played.signals[-1], TaskSucceeded)

    playing(main)


def test_what_is_deleted_is_seen() -> None:
    async def main(played: Played) -> None:
        played.put("pods", "p")
        await waits(played, {"deleted": True})
        await asyncio.sleep(5)
        played.server.remove(("pods", "shop", "p"))
        await asyncio.sleep(1)
        assert played.signals[-1] == TaskSucceeded(TaskId(5), {}, JsonText("{}"))

    playing(main)


def test_a_watch_that_is_cut_goes_on_where_it_was() -> None:
    async def main(played: Played) -> None:
        played.put("pods", "p")
        await waits(played, RUNNING)
        await asyncio.sleep(5)
        [stream] = played.server.streams
        stream.finish(Unreachable("cut", outcome_unknown=False))
        change(played, status={"phase": "Running"})
        await asyncio.sleep(5)

        assert isinstance(played.signals[-1], TaskSucceeded)
        assert [request.method for request in played.api.requests[1:]] == ["GET", "WATCH", "WATCH"]

    playing(main)


def test_where_too_much_was_missed_all_waiters_look_again() -> None:
    async def main(played: Played) -> None:
        played.put("pods", "p")
        for number in range(3):
            await waits(played, RUNNING, execution(number))
        await asyncio.sleep(5)
        [stream] = played.server.streams
        stream.finish("closed")
        change(played, status={"phase": "Running"})
        played.server.compact()
        await asyncio.sleep(5)

        assert sum(isinstance(signal, TaskSucceeded) for signal in played.signals) == 3

    playing(main)


def test_waiters_for_one_object_share_a_watch_and_those_for_many_of_a_kind_too() -> None:
    async def main(played: Played) -> None:
        for number in range(60):
            played.put("pods", f"p{number}")
        for number in range(120):
            await waits(played, RUNNING, execution(number), f"p{number % 60}")
            await asyncio.sleep(0.1)
        assert len(played.server.streams) == waiting.SHARED_FROM + 1
        for number in range(60):
            change(played, f"p{number}", status={"phase": "Running"})
        await asyncio.sleep(5)

        assert sum(isinstance(signal, TaskSucceeded) for signal in played.signals) == 120
        assert played.server.streams == ()

    playing(main)


def test_who_may_not_watch_all_of_a_kind_watches_each() -> None:
    async def main(played: Played) -> None:
        def forbids(request: Request) -> None:
            if request.method == "WATCH" and "fieldSelector" not in request.params:
                raise Forbidden(403, "Forbidden", "not all of them")

        played.api.before = forbids
        for number in range(30):
            played.put("pods", f"p{number}")
            await waits(played, RUNNING, execution(number), f"p{number}")
            await asyncio.sleep(0.1)
        await asyncio.sleep(5)
        assert len(played.server.streams) == 30
        for number in range(30):
            change(played, f"p{number}", status={"phase": "Running"})
        await asyncio.sleep(5)
        assert sum(isinstance(signal, TaskSucceeded) for signal in played.signals) == 30

    playing(main)


def test_who_may_not_watch_fails_plainly() -> None:
    async def main(played: Played) -> None:
        def forbids(request: Request) -> None:
            if request.method == "WATCH":
                raise Forbidden(403, "Forbidden", "no watching")

        played.put("pods", "p")
        played.api.before = forbids
        assert await played.failure("wait", **POD, **{"for": READY}) == (
            "Kubernetes.Forbidden",
            "no watching",
        )

    playing(main)


def test_nothing_is_watched_for_a_task_that_was_stopped() -> None:
    async def main(played: Played) -> None:
        played.put("pods", "p")
        await waits(played, RUNNING)
        await asyncio.sleep(5)
        await played.driver.stop(REF, CancelTask(TaskId(5), task("wait", {}).resource))
        await asyncio.sleep(5)
        assert played.server.streams == ()

    playing(main)


def test_a_process_that_ends_does_not_wait_for_what_may_take_days() -> None:
    async def main(played: Played) -> None:
        played.put("pods", "p")
        await waits(played, RUNNING)
        await asyncio.sleep(5)
        async with asyncio.timeout(1):
            await played.driver.drain()
        await played.driver.close()
        assert played.server.streams == ()

    playing(main)


# --- What runs something, to its end ----------------------------------------------------------------------------------

JOB: Any = {"apiVersion": "batch/v1", "kind": "Job", "metadata": {"generateName": "train-"}, "spec": {}}


def job(played: Played) -> Any:
    [found] = played.server.all("jobs")
    return found


def sync(given: Any, verb: str = "create.sync") -> Any:
    return task(verb, given)


def test_what_is_created_is_followed_to_its_end() -> None:
    async def main(played: Played) -> None:
        await played.driver.start(REF, sync({"manifest": JOB}), again=False)
        await asyncio.sleep(5)
        [submitted] = played.submitted()
        name = job(played)["metadata"]["name"]
        assert submitted == TaskSubmitted(
            TaskId(5),
            {
                "apiVersion": "batch/v1",
                "kind": "Job",
                "namespace": "shop",
                "name": name,
                "uid": job(played)["metadata"]["uid"],
            },
            at_once=True,
        )
        change(played, name, "jobs", status=condition("Complete"))
        await asyncio.sleep(1)
        ended = played.signals[-1]
        assert isinstance(ended, TaskSucceeded)
        assert isinstance(ended.output, dict)
        assert ended.output["status"] == condition("Complete")

    playing(main)


def test_the_next_process_follows_what_was_submitted_and_makes_nothing_twice() -> None:
    async def main(played: Played) -> None:
        await played.driver.start(REF, sync({"manifest": JOB}), again=False)
        await asyncio.sleep(5)
        played.driver = played.another()
        await played.driver.start(REF, sync({"manifest": JOB}), again=True)
        await asyncio.sleep(5)
        first, second = played.submitted()
        assert first == second
        change(played, job(played)["metadata"]["name"], "jobs", status=condition("Failed", reason="Deadline"))
        await asyncio.sleep(1)
        assert [signal for signal in played.signals if isinstance(signal, TaskFailed)] == [
            TaskFailed(
                TaskId(5),
                "Kubernetes.WaitFailed",
                f"Job {job(played)['metadata']['name']}: condition Failed is True: Deadline",
            )
        ] * 2

    playing(main)


def test_what_is_deleted_meanwhile_fails_the_task() -> None:
    async def main(played: Played) -> None:
        await played.driver.start(REF, sync({"manifest": JOB}), again=False)
        await asyncio.sleep(5)
        played.server.remove(("jobs", "shop", job(played)["metadata"]["name"]))
        await asyncio.sleep(1)
        ended = played.signals[-1]
        assert isinstance(ended, TaskFailed)
        assert ended.error == "Kubernetes.NotFound"

    playing(main)


@pytest.mark.parametrize("known", [True, False])
def test_a_stop_deletes_what_was_begun_even_if_nobody_knows_what_that_is(known: bool) -> None:
    async def main(played: Played) -> None:
        await played.driver.start(REF, sync({"manifest": JOB}), again=False)
        await asyncio.sleep(5)
        [submitted] = played.submitted()
        await played.driver.close()
        resource = sync({}).resource
        stop = (
            CancelTask(TaskId(5), resource, submitted.output)
            if known
            else CancelTask(TaskId(5), resource, parameters={"manifest": JOB})
        )
        for _ in range(2):
            await played.another().stop(REF, stop)
        assert played.server.all("jobs") == []

    playing(main)


def test_a_stop_leaves_alone_what_has_taken_the_name() -> None:
    async def main(played: Played) -> None:
        await played.driver.start(REF, sync({"manifest": JOB}), again=False)
        await asyncio.sleep(5)
        [submitted] = played.submitted()
        name = job(played)["metadata"]["name"]
        await played.driver.close()
        played.server.remove(("jobs", "shop", name))
        played.put("jobs", name)
        stop = CancelTask(TaskId(5), sync({}).resource, submitted.output, parameters={"manifest": JOB})
        await played.another().stop(REF, stop)
        await played.another().stop(
            REF, CancelTask(TaskId(5), sync({}).resource, parameters={"manifest": JOB})
        )
        assert len(played.server.all("jobs")) == 1

    playing(main)


def test_what_has_no_known_end_is_not_begun_without_being_told_it() -> None:
    async def main(played: Played) -> None:
        manifest = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "a"}}
        error, cause = await played.failure("apply.sync", manifest=manifest)
        assert error == "States.Runtime"
        assert "nobody knows when a ConfigMap has ended" in (cause or "")
        assert played.server.all("configmaps") == []
        played.driver = played.another()
        given = {"manifest": manifest, "successOn": {"jsonPath": "{.data.done}"}}
        await played.driver.start(REF, sync(given, "apply.sync"), again=False)
        await asyncio.sleep(5)
        change(played, "a", "configmaps", data={"done": "yes"})
        await asyncio.sleep(1)
        assert isinstance(played.signals[-1], TaskSucceeded)

    playing(main)
