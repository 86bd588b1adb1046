"""What is known about a task while its Job is watched."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from typing import Any

from stepwright.asl.signals import Millis, TaskFailed, TaskId, TaskSucceeded
from stepwright.engine.ports import ExecutionRef
from stepwright.tasks.job import facts, verdict
from stepwright.tasks.job.described import NO_LOGS, LogOptions
from stepwright.tasks.job.manifest import Manifest


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
    problem: tuple[verdict.Problem, Millis] | None = None
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

    @property
    def who(self) -> dict[str, Any]:
        """For the log."""
        return {
            "execution": f"{self.ref.namespace}/{self.ref.name}",
            "state": self.state,
            "event_id": self.task,
        }
