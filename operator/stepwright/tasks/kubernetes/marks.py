"""How a task recognises what it has made, when nobody knows any more whether it was made."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Any, Final

from stepwright.asl.signals import TaskId
from stepwright.asl.task_token import task_name
from stepwright.engine.ports import ExecutionRef

TASK: Final = "stepwright.dev/task"
"""Annotation: the last task that has made or changed the object."""
TASKS: Final = "stepwright.dev/tasks"
"""Annotation: the last tasks that have changed the object by what must not be done twice, the newest first. One of them may have to
look for its mark when others have changed the object since."""

KEPT: Final = 16
"""So many marks of other tasks stay beside the newest."""

_DIGITS: Final = 32
_OF_NAME: Final = 10
_LONGEST_PREFIX: Final = 63 - _OF_NAME
"""What is named by a prefix may become a part of a host's name."""


def of_task(ref: ExecutionRef, task: TaskId) -> str:
    """The same whenever the task is started again, and no other task's. Not secret."""
    return hashlib.sha256(task_name(ref.uid, task).encode()).hexdigest()[:_DIGITS]


def bears(found: Mapping[str, Any], mark: str) -> bool:
    annotations = found["metadata"].get("annotations") or {}
    return bool(annotations.get(TASK) == mark)


def among(found: Mapping[str, Any], mark: str) -> bool:
    return mark in _tasks(found)


def before_others(found: Mapping[str, Any], mark: str) -> str:
    """The annotation ``TASKS`` with a further mark."""
    return " ".join([mark, *_tasks(found)[:KEPT]])


def _tasks(found: Mapping[str, Any]) -> list[str]:
    return str((found["metadata"].get("annotations") or {}).get(TASKS, "")).split()


def put(manifest: Mapping[str, Any], mark: str) -> None:
    """On a manifest as ``manifests.read`` gives it. Instead of ``generateName`` it gets a name that is always the same."""
    metadata = manifest["metadata"]
    metadata["annotations"][TASK] = mark
    prefix = metadata.pop("generateName", None)
    if prefix and not metadata.get("name"):
        metadata["name"] = str(prefix)[:_LONGEST_PREFIX] + mark[:_OF_NAME]


def own(manifest: Mapping[str, Any], ref: ExecutionRef) -> None:
    """The execution becomes an owner: what it has made goes when it is deleted."""
    # No blockOwnerDeletion: some clusters demand rights on the owner's finalizers to set it.
    owner = {"apiVersion": "stepwright.dev/v1", "kind": "Execution", "name": ref.name, "uid": ref.uid}
    metadata = manifest["metadata"]
    metadata["ownerReferences"] = [*(metadata.get("ownerReferences") or []), owner]
