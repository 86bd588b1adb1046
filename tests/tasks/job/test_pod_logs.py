"""Logs of Jobs' pods: those of the task alone, line by line, and why there are none."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from aiohttp import web

from stepwright.asl.json_types import JsonText
from stepwright.asl.signals import Millis, TaskId
from stepwright.catalog.ports import LogLine, NoLogs, NotAllowed
from stepwright.catalog.records import Execution
from stepwright.engine.ports import ExecutionRef, Uid, Unavailable
from stepwright.kube.api import Api
from stepwright.tasks.job import names
from stepwright.tasks.job.pod_logs import PodLogs
from tests.kube.server import Answer, problem, says, serving

UID = Uid("43e358d5-0f2c-4d43-9a70-3c8a3f2b0c11")
ARN = "arn:aws:states:kubernetes:shop:execution:order:order-7"
ORDER = Execution(ARN, UID, "order-7", "", "", "RUNNING", JsonText("{}"), Millis(0))
TASK, OTHER = TaskId(7), TaskId(8)


def pod(name: str, task: TaskId, created: int = 0, **containers: str) -> dict[str, Any]:
    """``containers``: how each stands."""
    job = names.job_name(ExecutionRef(UID, "shop", "order-7", "order"), task)
    states = [{"name": each, "state": {state: {}}} for each, state in containers.items()]
    return {
        "metadata": {
            "name": name,
            "creationTimestamp": f"2026-01-01T00:00:0{created}Z",
            "labels": {"batch.kubernetes.io/job-name": job},
        },
        "status": {"containerStatuses": states},
    }


def listed(*pods: dict[str, Any]) -> Answer:
    return says(200, {"metadata": {}, "items": list(pods)})


def written(text: str, piece: int) -> Answer:
    """In pieces of so many bytes."""

    async def answer(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse()
        await response.prepare(request)
        data = text.encode()
        for start in range(0, len(data), piece):
            await response.write(data[start : start + piece])
        return response

    return answer


def logs(api: Api) -> PodLogs:
    return PodLogs(api, lambda arn: arn.split(":")[4])


async def read(api: Api, source: str, tail: int = 9, *, follow: bool = False) -> list[LogLine]:
    return [line async for some in logs(api).lines(ORDER, TASK, source, tail, follow=follow) for line in some]


async def test_sources_are_the_begun_containers_of_the_tasks_pods_the_newest_pod_last(tmp_path: Path) -> None:
    pods = listed(
        pod("second", TASK, 2, main="running", helper="waiting"),
        pod("first", TASK, 1, main="terminated"),
        pod("theirs", OTHER, main="running"),
    )
    async with serving(tmp_path, pods) as (server, api):
        found = await logs(api).sources(ORDER, [TASK, TaskId(9)])

    assert {task: [(one.id, one.runs) for one in sources] for task, sources in found.items()} == {
        TASK: [("first/main", False), ("second/main", True)]
    }
    assert server.requests[0].path == "/api/v1/namespaces/shop/pods"
    assert server.requests[0].query["labelSelector"] == f"stepwright.dev/execution-uid={UID}"


@pytest.mark.parametrize("piece", [7, 10**9])
async def test_lines_come_with_their_times_however_they_are_cut(tmp_path: Path, piece: int) -> None:
    text = (
        "2026-01-01T00:00:01.123456789Z begun\n2026-01-01T00:00:02Z \n2026-01-01T00:00:03Z "
        + "é" * 20_000
        + "\nno time\n2026-01-01T00:00:04Z the end"
    )

    async with serving(tmp_path, listed(pod("p", TASK, main="running")), written(text, piece)) as (
        server,
        api,
    ):
        lines = await read(api, "p/main", 4, follow=True)

    assert [(line.moment, line.text[:9]) for line in lines] == [
        (1_767_225_601_123, "begun"),
        (1_767_225_602_000, ""),
        (1_767_225_603_000, "é" * 9),
        (None, "no time"),
        (1_767_225_604_000, "the end"),
    ]
    assert lines[2].text == "é" * 8_192 + "…"
    asked = server.requests[1]
    assert asked.path == "/api/v1/namespaces/shop/pods/p/log"
    assert dict(asked.query) == {
        "container": "main",
        "tailLines": "4",
        "timestamps": "true",
        "follow": "true",
    }


@pytest.mark.parametrize(
    ("answer", "refusal", "words"),
    [
        (problem(404, "NotFound"), NoLogs, "The pod is gone, and its log with it"),
        (problem(403, "Forbidden"), NotAllowed, "value server.console.logs gives it the right"),
        (
            problem(400, "BadRequest", 'container "main" in pod "p" is waiting to start: ContainerCreating'),
            Unavailable,
            "has not started yet",
        ),
        (problem(500, "InternalError"), Unavailable, "cannot be read now"),
    ],
)
async def test_why_a_log_cannot_be_read_is_said_plainly(
    tmp_path: Path, answer: Answer, refusal: type[Exception], words: str
) -> None:
    async with serving(tmp_path, listed(pod("p", TASK, main="running")), answer) as (_, api):
        with pytest.raises(refusal, match=words):
            await read(api, "p/main")


async def test_nobody_reads_the_log_of_another_pod_by_naming_it(tmp_path: Path) -> None:
    pods = listed(pod("p", TASK, main="running"), pod("theirs", OTHER, main="running"))
    for source in ("theirs/main", "p/helper", "", "p", "../p/main"):
        async with serving(tmp_path, pods) as (server, api):
            with pytest.raises(NoLogs, match="has no such log"):
                await read(api, source)
            assert len(server.requests) == 1


async def test_a_server_without_the_right_says_who_gives_it(tmp_path: Path) -> None:
    async with serving(tmp_path, problem(403, "Forbidden")) as (_, api):
        with pytest.raises(NotAllowed, match="This server may not list pods"):
            await logs(api).sources(ORDER, [TASK])
    async with serving(tmp_path, listed()) as (_, api):
        with pytest.raises(NoLogs, match="while their pods are there"):
            await logs(api).sources(ORDER, [TASK])
