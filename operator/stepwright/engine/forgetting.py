"""The journal of Express executions: it forgets. It keeps only what an execution needs while it runs."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, replace

from stepwright.asl.signals import Millis
from stepwright.asl.step import Outcome
from stepwright.engine.ports import Commit, ExecutionRef, Fenced, Gone, Loaded, Uid


@dataclass(slots=True)
class _Running:
    loaded: Loaded
    ended: asyncio.Future[tuple[Outcome, int]]


class ExpressJournal:
    """Implements ``engine.ports.Journal`` in memory."""

    keeps_children = False

    def __init__(self) -> None:
        self._running: dict[Uid, _Running] = {}

    def add(self, loaded: Loaded) -> asyncio.Future[tuple[Outcome, int]]:
        """Its outcome, and the moment (milliseconds) of its end."""
        ended = asyncio.get_running_loop().create_future()
        self._running[loaded.ref.uid] = _Running(loaded, ended)
        return ended

    async def load(self, ref: ExecutionRef, at_least: int | None = None) -> Loaded:  # noqa: ARG002
        return self._find(ref).loaded

    async def is_gone(self, ref: ExecutionRef) -> bool:
        return ref.uid not in self._running

    async def append(self, ref: ExecutionRef, commit: Commit) -> None:
        running = self._find(ref)
        loaded = running.loaded
        if loaded.seq != commit.expected_seq:
            raise Fenced(f"execution {ref} is at {loaded.seq}")
        parts = {} if commit.whole else dict(loaded.parts)
        for part, encoded in commit.parts.items():
            if encoded is None:
                parts.pop(part, None)
            else:
                parts[part] = encoded
        running.loaded = replace(
            loaded,
            seq=loaded.seq + 1,
            parts=parts,
            ended=commit.outcome is not None,
            settled=commit.settled,
        )
        if commit.outcome is not None:
            if not running.ended.done():  # nobody may be waiting any more
                running.ended.set_result((commit.outcome, commit.now))
            if commit.settled:
                del self._running[ref.uid]

    async def explain(self, ref: ExecutionRef, reason: str, now: Millis) -> None:
        """Nothing here denies a write."""

    async def settle(self, ref: ExecutionRef, expected_seq: int, commit_id: str) -> None:  # noqa: ARG002
        self._running.pop(ref.uid, None)

    def forget(self, ref: ExecutionRef) -> None:
        """Nothing: a parked one is read again when it is due."""

    def _find(self, ref: ExecutionRef) -> _Running:
        running = self._running.get(ref.uid)
        if running is None:
            raise Gone(f"execution {ref} has ended")
        return running
