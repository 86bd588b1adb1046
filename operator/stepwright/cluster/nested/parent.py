"""What a child says about its parent."""

from __future__ import annotations

from typing import Any, Final

import msgspec

from stepwright.asl.signals import Millis, TaskId
from stepwright.catalog.ports import CallingTask
from stepwright.engine.ports import ExecutionRef, Uid
from stepwright.kube import timestamps

PARENT_UID: Final = "stepwright.dev/parent-uid"
"""Label of children: the uid of the execution that has started them."""
PARENT_TASK: Final = "stepwright.dev/parent-task"
"""And the id of the TaskScheduled event in its history."""

DEEPEST: Final = 20
"""How many executions may have started one another, one the next. A state machine may start itself: this ends it."""


class Parent(msgspec.Struct, frozen=True, gc=False, rename="camel"):
    """``spec.parent``. ``depth``: 1 for a child of an execution that nobody's task has started. ``awaited``: whether the task
    waits for its end, and it is stopped with the task."""

    namespace: str
    name: str
    uid: str
    task: int
    scheduled_time: str
    depth: int = 1
    awaited: bool = False

    @classmethod
    def of(cls, by: CallingTask, depth: int) -> Parent:
        assert by.scheduled is not None
        ref, scheduled = by.ref, timestamps.rfc3339(by.scheduled)
        return cls(ref.namespace, ref.name, ref.uid, by.task, scheduled, depth, by.waits)

    @property
    def reference(self) -> ExecutionRef:
        return ExecutionRef(Uid(self.uid), self.namespace, self.name, "")

    @property
    def task_id(self) -> TaskId:
        return TaskId(self.task)

    @property
    def scheduled(self) -> Millis:
        return timestamps.millis(self.scheduled_time)

    def is_of(self, by: CallingTask) -> bool:
        """Whether it is that task. After a restore of etcd another one may have the same id: then it was scheduled at
        another moment."""
        is_it = (self.uid, self.task) == (by.ref.uid, by.task)
        return is_it and by.scheduled in (None, self.scheduled)

    def as_spec(self) -> dict[str, Any]:
        fields: dict[str, Any] = msgspec.to_builtins(self)
        return fields

    def labels(self) -> dict[str, str]:
        return {PARENT_UID: self.uid, PARENT_TASK: str(self.task)}


def selector(by: CallingTask) -> str:
    """A label selector for what a task has started."""
    return f"{PARENT_UID}={by.ref.uid},{PARENT_TASK}={by.task}"
