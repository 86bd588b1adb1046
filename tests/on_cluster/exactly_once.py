"""What must hold of an execution whatever its operators went through, read from the API server and its audit log."""

from __future__ import annotations

import asyncio
import re
from collections import Counter
from collections.abc import AsyncIterator, Callable, Iterable, Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from typing import Any

import msgspec

from stepwright.asl.limits import Limits
from stepwright.asl.signals import TaskId
from stepwright.cluster import executions, stored
from stepwright.cluster.revisions import Revisions
from stepwright.kube import watches
from stepwright.kube.api import Api
from stepwright.kube.api_errors import ApiError
from stepwright.kube.paths import path_of
from stepwright.tasks.job import names
from tests.simulation import history
from tests.simulation.history import Wrong
from tests.testcluster.audit import Write

Object = dict[str, Any]

V1 = "stepwright.dev/v1"


class Following:
    """The newest state of all Executions of a namespace, by one watch."""

    def __init__(self, api: Api, namespace: str) -> None:
        self._api = api
        self._path = path_of(V1, "executions", namespace)
        self._news = asyncio.Condition()
        self.newest: dict[str, Object] = {}

    async def until(self, name: str, holds: Callable[[Object], bool]) -> Object:
        """The Execution once that holds for it."""
        async with self._news:
            await self._news.wait_for(lambda: name in self.newest and holds(self.newest[name]))
            return self.newest[name]

    async def follow(self) -> None:
        while True:
            # A watch that is cut begins anew, with everything there is.
            with suppress(ApiError):
                async for event in watches.watch(self._api, self._path):
                    if event.type != "BOOKMARK":
                        body: Object = msgspec.json.decode(event.object)
                        async with self._news:
                            self.newest[body["metadata"]["name"]] = body
                            self._news.notify_all()


@asynccontextmanager
async def following(api: Api, namespace: str) -> AsyncIterator[Following]:
    """``Following`` while the block lasts."""
    made = Following(api, namespace)
    task = asyncio.create_task(made.follow())
    try:
        yield made
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


def is_settled(body: Object) -> bool:
    return stored.of(body).has_ended and stored.of(body).settled


async def unreleased_jobs(api: Api, body: Object) -> list[str]:
    """What is wrong with the Jobs of an execution that has settled: those that run, and those that would stay."""
    selector = {"labelSelector": f"{names.EXECUTION_UID}={body['metadata']['uid']}"}
    jobs = (await api.get(path_of("batch/v1", "jobs", body["metadata"]["namespace"]), selector))["items"]
    found = []
    for job in jobs:
        conditions = {c["type"] for c in job["status"].get("conditions") or () if c["status"] == "True"}
        if not conditions & {"Complete", "Failed"}:
            found.append(f"Job {job['metadata']['name']} has not ended")
        elif "ttlSecondsAfterFinished" not in job["spec"]:
            found.append(f"Job {job['metadata']['name']} has no TTL")
    return found


async def at_rest(api: Api, followed: Following, name: str) -> Object:
    """The Execution once it has settled and none of its Jobs is active or would stay for ever."""
    body = await followed.until(name, is_settled)
    while True:
        if not await unreleased_jobs(api, body):
            return body
        await asyncio.sleep(0.5)


async def events_of(api: Api, body: Object) -> list[Object]:
    """The history of an execution that has ended. Raises Wrong where an undisturbed run could not have it, where an
    event is missing or doubled, or where the status says something else."""
    metadata = body["metadata"]
    selector = {"labelSelector": f"stepwright.dev/execution-uid={metadata['uid']}"}
    listed = await api.get(path_of(V1, "executionhistories", metadata["namespace"]), selector)
    pages = {page["metadata"]["name"]: page for page in listed["items"]}
    pinned = stored.of(body).pinned
    if pinned is None:
        raise Wrong("it was never started")
    revision = await Revisions(api).get(metadata["namespace"], pinned.revision)
    loaded = executions.loaded(stored.of({**body, "status": {}}), revision, {})
    return history.check(loaded, body["status"], pages, Limits(), 0, may_end_plainly=False)


@dataclass
class Creates:
    """How often a Job of each name came to be, and how often it may have: a request that its client did not live to
    see answered lands or does not, and the audit log then says 504 all the same."""

    done: Counter[str]
    unknown: Counter[str]


def job_creates(writes: Iterable[Write]) -> Creates:
    creates = Creates(Counter(), Counter())
    for write in writes:
        if (write.verb, write.resource, write.subresource) == ("create", "jobs", ""):
            creates.done[write.name] += write.code < 300
            creates.unknown[write.name] += write.code >= 500
    return creates


def check_creates(body: Object, events: Iterable[Object], creates: Creates, *, late: str = "") -> None:
    """One create per task, none for anything else. Raises Wrong.

    A task that was aborted before it was dispatched needs none. ``late``: a Job of the name that a create still on its
    way may have made once more after its task had ended and its Job was gone; that one is stopped.
    """
    ref = stored.of(body).reference
    by_id = {event["id"]: event for event in events}
    jobs = {
        names.job_name(ref, TaskId(number)): number
        for number, event in by_id.items()
        if event["type"] == "TaskScheduled"
    }
    ended = {_task_of(event, by_id) for event in by_id.values() if event["type"] in _TASK_ENDS}
    for job, number in jobs.items():
        most, least = creates.done[job], 1 if number in ended else 0
        if most > (2 if job == late else 1) or most + creates.unknown[job] < least:
            raise Wrong(f"Job {job} of task {number} was created {most} times")
    if unknown := [name for name in creates.done if name.startswith(f"{ref.name}-") and name not in jobs]:
        raise Wrong(f"Jobs were created for tasks that nothing mentions: {unknown}")


def content(body: Object, events: Iterable[Object]) -> Counter[str]:
    """What happened, without when, in which order, and under which names: equal for two runs of one workflow.

    How far a task that was aborted had come is left out: that is a matter of time, too. So is what a failed task's
    cause says: its pod may be gone before its log is read.
    """
    by_id = {event["id"]: event for event in events}
    ended = {_task_of(event, by_id) for event in by_id.values() if event["type"] in _TASK_ENDS}
    told: Counter[str] = Counter()
    for event in by_id.values():
        if event["type"] in ("TaskStarted", "TaskSubmitted") and _task_of(event, by_id) not in ended:
            continue
        bare = {
            key: value for key, value in event.items() if key not in ("id", "previousEventId", "timestamp")
        }
        if event["type"] == "TaskFailed":
            bare["taskFailedEventDetails"] = {**event["taskFailedEventDetails"], "cause": ""}
        text = msgspec.json.encode(bare, order="sorted").decode()
        for pattern, word in _PASSING:
            text = re.sub(pattern, word, text)
        for own in ("name", "namespace"):
            text = text.replace(body["metadata"][own], own.upper())
        told[text] += 1
    return told


def difference(one: Counter[str], other: Counter[str]) -> str:
    """Line by line, empty where there is none."""
    return "\n".join([*(f"- {text}" for text in one - other), *(f"+ {text}" for text in other - one)])


_TASK_ENDS = frozenset({"TaskSucceeded", "TaskFailed", "TaskTimedOut", "TaskSubmitFailed", "TaskStartFailed"})
_PASSING = (
    (r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}", "UID"),
    (r"-\d+-[a-z2-7]{10}(-[a-z0-9]{5})?\b", "-JOB"),
    (r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z", "TIME"),
    (r"(.)\1{99,}", r"\1..."),
)


def _task_of(event: Object, by_id: Mapping[int, Object]) -> int:
    while event["type"] != "TaskScheduled":
        event = by_id[event["previousEventId"]]
    number: int = event["id"]
    return number
