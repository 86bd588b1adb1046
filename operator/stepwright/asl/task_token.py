"""Names of tasks, and their tokens as far as the language knows them: by a function that it is given.

What a token looks like, and whether it can be guessed, is decided by whoever takes answers (``stepwright.catalog.task_tokens``).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

from stepwright.asl.signals import Millis, TaskId

TokenOf: TypeAlias = Callable[[str, TaskId, Millis], str]
"""The token of a task: ``$$.Task.Token``. By its execution's uid, its id, and when it was scheduled. A pure function: the
same step gives the same, in whichever thread it is taken."""


def task_name(uid: str, task: TaskId) -> str:
    """``43e358d5-…-7``: what a task is called among all there are. No secret."""
    return f"{uid}-{task}"


def unsealed(uid: str, task: TaskId, scheduled: Millis) -> str:  # noqa: ARG001
    """Where nobody takes answers, a token is the task's name."""
    return task_name(uid, task)
