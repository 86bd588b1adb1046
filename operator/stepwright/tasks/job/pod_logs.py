"""Logs of tasks that run as Jobs: those of their pods, as long as these are there. Implements ``catalog.ports.TaskLogs``.

https://kubernetes.io/docs/reference/kubernetes-api/workload-resources/pod-v1/#get-read-log-of-the-specified-pod
"""
# ruff: noqa: N815 - the fields' names on the wire

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable, Collection, Iterator, Mapping
from contextlib import aclosing
from typing import Final

import msgspec
from msgspec import field

from stepwright.asl.signals import TaskId
from stepwright.asl.task_token import task_name
from stepwright.catalog.ports import LogLine, LogSource, NoLogs, NotAllowed
from stepwright.catalog.records import Execution
from stepwright.engine.ports import Unavailable
from stepwright.kube import lists
from stepwright.kube.api import Api, Params
from stepwright.kube.api_errors import ApiError, BadRequest, Forbidden, NotFound
from stepwright.kube.decoders import decoder
from stepwright.kube.paths import path_of
from stepwright.tasks.job import names
from stepwright.tasks.job.log_lines import LogLines

MOST_PODS: Final = 2_000
"""Of an execution, that are looked through for those of a task."""

SILENT_SECONDS: Final = 3_600.0
"""For how long a container may write nothing before its log is asked for anew."""

_PAGE_SIZE: Final = 200
_NOT_YET: Final = "is waiting to start"
"""The kubelet's words about a container that has no log yet."""


class _Running(msgspec.Struct):
    pass


class _State(msgspec.Struct):
    running: _Running | None = None
    terminated: _Running | None = None


class _ContainerStatus(msgspec.Struct):
    name: str
    state: _State = field(default_factory=_State)


class _Status(msgspec.Struct):
    initContainerStatuses: list[_ContainerStatus] = []
    containerStatuses: list[_ContainerStatus] = []


class _Metadata(msgspec.Struct):
    name: str
    creationTimestamp: str = ""
    labels: Mapping[str, str] = {}


class _Pod(msgspec.Struct):
    metadata: _Metadata
    status: _Status = field(default_factory=_Status)

    @property
    def job(self) -> str:
        return self.metadata.labels.get("batch.kubernetes.io/job-name", "")

    def sources(self) -> Iterator[LogSource]:
        """Of containers that have begun."""
        name = self.metadata.name
        for container in (*self.status.initContainerStatuses, *self.status.containerStatuses):
            runs = container.state.running is not None
            if runs or container.state.terminated is not None:
                yield LogSource(f"{name}/{container.name}", container.name, name, runs)


class PodLogs:
    """``namespace_of``: where what an ARN names is; None if it is nowhere here."""

    def __init__(self, api: Api, namespace_of: Callable[[str], str | None]) -> None:
        self._api = api
        self._namespace_of = namespace_of

    async def sources(
        self, execution: Execution, tasks: Collection[TaskId]
    ) -> Mapping[TaskId, tuple[LogSource, ...]]:
        by_name = {task_name(execution.uid, task): task for task in tasks}
        found: dict[TaskId, tuple[LogSource, ...]] = {}
        for pod in sorted(await self._pods(execution), key=lambda pod: pod.metadata.creationTimestamp):
            for name, task in by_name.items():
                if names.is_named_by(pod.job, name):
                    found[task] = (*found.get(task, ()), *pod.sources())
        found = {task: sources for task, sources in found.items() if sources}
        if not found:
            raise NoLogs(
                "There is no log. Only tasks that run as Jobs have one, while their pods are there: these go with the Job, "
                "some time after its end, or with their node. The cause of a failure has the last lines."
            )
        return found

    async def lines(
        self, execution: Execution, task: TaskId, source: str, tail: int, *, follow: bool
    ) -> AsyncGenerator[tuple[LogLine, ...], None]:
        # Only a source that the task has: nobody reads logs of another pod by naming it here.
        known = (await self.sources(execution, [task])).get(task, ())
        found = next((one for one in known if one.id == source), None)
        if found is None or found.pod is None:
            raise NoLogs("The task has no such log, or its pod is gone and the log with it.")
        path = path_of("v1", "pods", self._namespace(execution), found.pod, "log")
        params: Params = {
            "container": found.container,
            "tailLines": tail,
            "timestamps": True,
            "follow": follow,
        }
        try:
            lines = LogLines(timed=True)
            async with self._api.stream(path, params, idle_seconds=SILENT_SECONDS) as pieces:
                async for piece in pieces:
                    if found_lines := lines.of(piece):
                        yield found_lines
                if rest := lines.rest():
                    yield rest
        except ApiError as error:
            raise _refusal(error, f"read the log of pod {found.pod}") from error

    async def _pods(self, execution: Execution) -> list[_Pod]:
        path = path_of("v1", "pods", self._namespace(execution))
        query = {"labelSelector": f"{names.EXECUTION_UID}={execution.uid}"}
        pods: list[_Pod] = []
        try:
            async with aclosing(lists.pages(self._api, path, query, page_size=_PAGE_SIZE)) as pages:
                async for page, _ in pages:
                    pods += map(decoder(_Pod).decode, page)
                    if len(pods) >= MOST_PODS:
                        break
        except ApiError as error:
            raise _refusal(error, "list pods") from error
        return pods

    def _namespace(self, execution: Execution) -> str:
        namespace = self._namespace_of(execution.arn)
        if namespace is None:
            raise NoLogs("The namespace of this execution is not served any more.")
        return namespace


def _refusal(error: ApiError, what: str) -> Exception:
    if isinstance(error, NotFound):
        return NoLogs("The pod is gone, and its log with it. The cause of a failure has the last lines.")
    if isinstance(error, Forbidden):
        return NotAllowed(
            f"This server may not {what}: the chart's value server.console.logs gives it the right"
        )
    if isinstance(error, BadRequest) and _NOT_YET in error.message:
        return Unavailable("The container has not started yet; try again in a few seconds")
    return Unavailable(f"The log cannot be read now: {error.message}")
