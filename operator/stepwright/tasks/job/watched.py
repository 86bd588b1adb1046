"""What is kept of a task while its Job is watched."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from typing import Any

from stepwright.asl.signals import Millis, TaskFailed, TaskId, TaskSucceeded
from stepwright.engine.ports import ExecutionRef
from stepwright.tasks.job import facts, verdict
from stepwright.tasks.job.manifest import Manifest


@dataclass(slots=True, eq=False)
class Watched:
    """A task that was started here. ``job`` None: it was refused, so there is none. Nothing of its input
    is kept, which decoded may take twenty times its length: what is made from it is made before."""

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
    completions: int | None = None
    """Of the Job as it was made, defaults filled in. While it runs, anybody who may change it may change these of an
    Indexed one."""
    parallelism: int | None = None
    """Of the Job as it was made; a queue such as Kueue may admit fewer."""
    from_its_creation: bool = False
    """The Job was created here: no pod of it came and went before."""
    job: facts.Job | None = None
    input_due: Manifest | None = None
    """What the Job's input is to be made from, until it is."""
    gone_pods: dict[str, facts.Pod] = field(default_factory=dict)
    without_log: set[str] = field(default_factory=set)
    """Names of pods that ended well and went with their output: what the Job makes of that counts."""
    problem: tuple[verdict.Problem, Millis] | None = None
    unheard: bool = False
    """When its trouble had lasted long enough, nothing was to be heard of it. Who could make an end of that may have heard
    as little, so it begins anew."""
    result: TaskSucceeded | TaskFailed | None = None
    busy: asyncio.Task[None] | None = None
    """What is under way that the result needs; the task is not judged again until it is done."""
    closed: bool = False
    """It is being stopped: whatever is being read for it, nothing more is reported."""
    gone: bool = False
    """The Job was deleted."""
    unwanted: bool = False
    """It has failed before its Job came to an end: the Job is to be deleted, not kept for its log."""

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
