"""Names of tasks, and their tokens, which the language gets from a function.

What a token looks like, and whether it can be guessed, is decided where answers are accepted
(``stepwright.catalog.task_tokens``).
"""

from __future__ import annotations

import uuid
from collections.abc import Callable
from typing import TypeAlias

from stepwright.asl.signals import Millis, TaskId

TokenOf: TypeAlias = Callable[[str, TaskId, Millis], str]
"""The token of a task: ``$$.Task.Token``. By its execution's uid, its id, and when it was scheduled. A pure
function: the same step gives the same token, in any thread."""


def task_name(uid: str, task: TaskId) -> str:
    """``43e358d5-…-7``: a name for a task that is unique among all tasks. Not secret."""
    return f"{uid}-{task}"


def begun_uid(uid: str, task: TaskId) -> str:
    """The uid of the execution that this task begins: settled before there is one, so that there is never another."""
    return str(uuid.uuid5(uuid.NAMESPACE_OID, task_name(uid, task)))


def unsealed(uid: str, task: TaskId, scheduled: Millis) -> str:  # noqa: ARG001
    """If nobody accepts answers, a token is the task's name."""
    return task_name(uid, task)
