"""The tasks whose Jobs are watched, and what is known about each."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from stepwright.asl.signals import Millis, TaskFailed, TaskId, TaskSucceeded
from stepwright.engine.ports import ExecutionRef, Uid
from stepwright.tasks.job import facts
from stepwright.tasks.job.described import NO_LOGS, LogOptions
from stepwright.tasks.job.manifest import Manifest
from stepwright.tasks.job.problems import Problem


@dataclass(slots=True, eq=False)
class Watched:
    """A task that was started here. ``job`` None: it was refused, so there is none. Its input, which may take
    twenty times its length once decoded, is not kept: everything that needs it is made first."""

    ref: ExecutionRef
    task: TaskId
    state: str
    name: str
    task_name: str
    grace_ms: float
    ttl_seconds: int
    output: str
    since: Millis
    log_in_cause: bool = True
    logs: LogOptions = NO_LOGS
    pods: bool = False
    """Whether the result describes the Job's pods."""
    completions: int | None = None
    """The completions of the Job as it was made, defaults filled in. Those of an Indexed Job may be changed
    while it runs."""
    parallelism: int | None = None
    """The parallelism of the Job as it was made; a queue such as Kueue may admit less."""
    from_its_creation: bool = False
    """The Job was created here: no pod of it came and went before."""
    job: facts.Job | None = None
    input_due: Manifest | None = None
    """The source of the Job's input, until the input is made."""
    gone_pods: dict[str, facts.Pod] = field(default_factory=dict)
    without_log: set[str] = field(default_factory=set)
    """Names of pods that succeeded and disappeared with their output: the Job's verdict counts."""
    problem: tuple[Problem, Millis] | None = None
    unheard: bool = False
    """When its trouble had lasted long enough, there was no news of it. Whoever could have ended it may have
    had no news either, so it starts again."""
    result: TaskSucceeded | TaskFailed | None = None
    busy: asyncio.Task[None] | None = None
    """What is under way that the result needs; the task is not judged again until it is done."""
    closed: bool = False
    """It is being stopped: nothing more is reported, whatever is still being read for it."""
    gone: bool = False
    """The Job was deleted."""
    unwanted: bool = False
    """It has failed before its Job came to an end: the Job must be deleted, not kept for its log."""

    @property
    def open_job(self) -> facts.Job | None:
        """The Job by which it is to be judged; None if it has a result, or something is being read for
        one."""
        is_open = self.result is None and self.busy is None and not self.closed
        return self.job if is_open else None

    def with_gone(self, present: Sequence[facts.Pod]) -> list[facts.Pod]:
        """These pods, and known ones that are gone, except those whose output is known to be lost."""
        if not self.gone_pods and not self.without_log:
            return list(present)
        pods = {**self.gone_pods, **{pod.metadata.name: pod for pod in present}}
        return [pod for name, pod in pods.items() if name not in self.without_log]

    @property
    def who(self) -> dict[str, Any]:
        """For the log."""
        return {
            "execution": f"{self.ref.namespace}/{self.ref.name}",
            "state": self.state,
            "event_id": self.task,
        }


class WatchedTasks:
    """All that were started here and not released yet."""

    def __init__(self) -> None:
        self._tasks: dict[tuple[Uid, TaskId], Watched] = {}
        self._by_job_uid: dict[str, Watched] = {}

    def __len__(self) -> int:
        return len(self._tasks)

    def __iter__(self) -> Iterator[Watched]:
        """Those of this moment."""
        return iter(list(self._tasks.values()))

    def __contains__(self, watched: Watched) -> bool:
        """Whether it is this one that is watched, not another of the same task."""
        return self._tasks.get((watched.ref.uid, watched.task)) is watched

    def get(self, uid: Uid, task: TaskId) -> Watched | None:
        return self._tasks.get((uid, task))

    def of(self, uid: Uid) -> list[Watched]:
        """Those of one execution."""
        return [watched for watched in self._tasks.values() if watched.ref.uid == uid]

    def of_job(self, job_uid: str) -> Watched | None:
        return self._by_job_uid.get(job_uid)

    def add(self, watched: Watched) -> None:
        self._tasks[watched.ref.uid, watched.task] = watched
        if watched.job is not None:
            self._by_job_uid[watched.job.metadata.uid] = watched

    def remove(self, uid: Uid, task: TaskId) -> Watched | None:
        """The one that was watched."""
        watched = self._tasks.pop((uid, task), None)
        if watched is not None and watched.job is not None:
            self._by_job_uid.pop(watched.job.metadata.uid, None)
        return watched
