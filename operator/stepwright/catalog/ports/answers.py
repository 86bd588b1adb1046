"""Workers' answers to tasks, by the tasks' tokens."""

from __future__ import annotations

from typing import Protocol

from stepwright.asl.json_types import JsonText


class Answers(Protocol):
    """The first answer to a task counts, as long as its execution waits for it."""

    async def succeed(self, token: str, output: JsonText) -> None:
        """The result of a task, by its token; durable when it returns. Raises NoSuchTask, TaskOver."""

    async def fail(self, token: str, error: str | None, cause: str | None) -> None:
        """Raises NoSuchTask, TaskOver."""

    async def heartbeat(self, token: str) -> None:
        """Raises NoSuchTask, TaskOver."""
