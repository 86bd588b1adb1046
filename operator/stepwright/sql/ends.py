"""The ends of executions in SQL, shards of distributed Maps among them: how one is asked for, and who waits for it."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

import msgspec

from stepwright.asl.signals import Millis, ShardCounts
from stepwright.engine.ports import Commit, ExecutionRef, StopRequest, Uid
from stepwright.sql.database import Database


async def ask_for(database: Database, uid: Uid, request: StopRequest) -> bool:
    """Durable when it returns; the caller then lets whoever carries the execution know. False if it does not run."""
    asked = msgspec.json.encode({"error": request.error, "cause": request.cause}).decode()
    runs = await database.execute(
        "UPDATE executions SET stop = :stop WHERE uid = :uid AND status = 'RUNNING'",
        {"uid": uid, "stop": asked},
    )
    return bool(runs)


class Ends:
    """Hears of all commits, and notifies those who wait."""

    def __init__(self) -> None:
        self._waiting: defaultdict[Uid, list[_Waiting]] = defaultdict(list)

    @contextmanager
    def of(
        self, uid: Uid, progress: Callable[[ShardCounts], None] = lambda _: None
    ) -> Iterator[asyncio.Queue[Millis]]:
        """Gives each moment at which it ends from now on. An earlier end is not reported: look for that afterwards.

        ``progress`` is called with the counts that a shard commits.
        """
        waiting = _Waiting(progress)
        self._waiting[uid].append(waiting)
        try:
            yield waiting.ends
        finally:
            others = self._waiting[uid]
            others.remove(waiting)
            if not others:
                del self._waiting[uid]

    def committed(self, ref: ExecutionRef, commit: Commit) -> None:
        for waiting in self._waiting.get(ref.uid, ()):
            if commit.shard is not None:
                waiting.progress(commit.shard)
            if commit.outcome is not None:
                waiting.ends.put_nowait(commit.now)


@dataclass(frozen=True, slots=True, eq=False)
class _Waiting:
    progress: Callable[[ShardCounts], None]
    ends: asyncio.Queue[Millis] = field(default_factory=asyncio.Queue)
