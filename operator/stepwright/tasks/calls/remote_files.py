"""What drivers can read for whoever reads items from it: files by ranges of bytes, lists by pages."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from stepwright.asl.json_types import Json
from stepwright.asl.resource import Resource
from stepwright.asl.step import StartTask
from stepwright.engine.ports import ExecutionRef


class NotRead(Exception):  # noqa: N818 - it names a condition
    """It could not be read, listed or written, as a whole sentence. ``passes``: it may be possible later. ``error``: the one of
    a task that would have asked for the same."""

    def __init__(self, cause: str, *, passes: bool = False, error: str | None = None) -> None:
        super().__init__(cause)
        self.passes = passes
        self.error = error


@dataclass(frozen=True, slots=True)
class Part:
    """``body``: the bytes that were asked for, as far as the file has them, which has ``size`` bytes. ``tag`` is another one after
    each change. ``is_whole``: ranges are not known there, so ``body`` is all of it."""

    body: bytes
    size: int
    tag: str
    is_whole: bool = False


class RemoteFiles(Protocol):
    async def part(self, ref: ExecutionRef, parameters: Json, first: int, end: int, tag: str | None) -> Part:
        """The bytes of the file that ``parameters`` name, from ``first`` up to ``end``. ``tag``: the one that the file must have.
        Raises NotRead, Unavailable."""

    async def close(self) -> None: ...


class RemoteObjects(Protocol):
    """Objects of an API or rows of a database, as tasks get them."""

    async def answer(
        self, ref: ExecutionRef, task: StartTask, resource: Resource, parameters: Mapping[str, Any]
    ) -> Any:
        """What a task with this Resource and these parameters would be answered; of an API, of any size that it gives. ``task``: for
        which it is asked. Raises NotRead, Unavailable."""
