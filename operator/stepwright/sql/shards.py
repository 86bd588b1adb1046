"""Shards of distributed Maps in SQL: rows among the executions, with parts and a journal as they have, which no list shows.

The driver that runs shards is made before the engine that carries them, and this before both: whoever carries executions
asks here which shards to carry (``asked``) and says what is written of them (``ends``).
"""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from sqlite3 import Row
from typing import Any, Final

from stepwright.asl.checkpoint.checkpoint import EncodedPart, PartId
from stepwright.asl.checkpoint.shards import bounds_of
from stepwright.asl.signals import Millis, ShardBounds, ShardCounts
from stepwright.catalog.ports import ShardEnd, ShardTask
from stepwright.engine import payloads
from stepwright.engine.ports import Clock, ExecutionRef, Gone, StopRequest, Uid, Unavailable
from stepwright.sql.database import NAMESPACE, Conflict, Database, Statement
from stepwright.sql.ends import Ends, ask_for
from stepwright.sql.journal import KEEP_PAYLOAD, PUT_PART
from stepwright.sql.redrives import RUNNING_AGAIN
from stepwright.sql.rows import part_text

ADD_SHARD: Final = Statement(
    0,
    "INSERT INTO executions (uid, arn, name, machine_arn, machine_name, revision, input, started, status, seq, settled, "
    "redrives) SELECT :uid, :arn, name, :machine_arn, machine_name, revision, 'null', started, 'RUNNING', 1, FALSE, "
    ":redrives FROM executions WHERE uid = :parent AND status = 'RUNNING' ON CONFLICT DO NOTHING",
    conditional=True,
)
"""It runs what its parent runs, in the same account and region. Neither its ARN nor that of its state machine is one that
anybody could ask for."""

_FORGET: Final = tuple(
    Statement(13, f"DELETE FROM {table} WHERE uid = :of")  # noqa: S608 - constants
    for table in ("executions", "parts", "events")
)
"""With whatever else is written then, most often the next shard, which need not wait for it."""

_REOPEN: Final = (
    f"UPDATE executions SET {RUNNING_AGAIN}, redrives = :redrives "  # noqa: S608 - a constant
    "WHERE uid = :uid AND settled IS TRUE AND redrivable IS TRUE AND redrives < :redrives"
)


@dataclass(frozen=True, slots=True)
class Asked:
    """A shard that is to be carried, or that is to stop."""

    ref: ExecutionRef
    stops: bool = False


class SqlShards:
    """Implements ``catalog.ports.Shards``."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock
        self._asked: asyncio.Queue[Asked] = asyncio.Queue()
        self._bounds: dict[Uid, ShardBounds] = {}
        """What those that had begun before go on with."""
        self.ends = Ends()

    async def begin(
        self,
        shard: ShardTask,
        scheduled: Millis,  # noqa: ARG002
        parts: Mapping[PartId, EncodedPart],
        redrives: int,
    ) -> None:
        parent, uid = shard.parent, shard.uid
        texts: payloads.Payloads = {}
        rows: list[tuple[Statement, Mapping[str, Any]]] = [
            (
                ADD_SHARD,
                {
                    "uid": uid,
                    "arn": f"{parent.arn.partition(':execution:')[0]}:shard:{uid}",
                    "machine_arn": f"shards-of:{parent.uid}",
                    "parent": parent.uid,
                    "redrives": redrives,
                },
            )
        ]
        rows += [
            (PUT_PART, {"uid": uid, "part": part, "body": part_text(encoded, texts)})
            for part, encoded in parts.items()
        ]
        rows += [(KEEP_PAYLOAD, {"digest": digest, "text": text}) for digest, text in texts.items()]
        try:
            await self._database.write(rows)
        except Conflict:
            found = await self._row(uid)
            if found is None:
                raise Gone(f"execution {parent} does not run") from None
            if found["status"] not in ("RUNNING", "SUCCEEDED") and found["redrives"] < redrives:
                await self._redrive(uid, redrives)
            self._bounds[uid] = bounds_of(parts)
        self._asked.put_nowait(Asked(_ref(parent, uid)))

    async def _redrive(self, uid: Uid, redrives: int) -> None:
        asked = {"uid": uid, "redrives": redrives, "now": self._clock.now(), "commit": uuid.uuid4().hex}
        if not await self._database.execute(_REOPEN, asked):
            raise Unavailable(f"shard {uid} is being stopped")

    async def until_ended(self, shard: ShardTask, progress: Callable[[ShardCounts], None]) -> ShardEnd:
        uid = shard.uid
        with self.ends.of(uid, progress) as ends:
            while (found := await self._row(uid)) is not None and found["status"] == "RUNNING":
                await ends.get()
        if found is None:
            return ShardEnd("ABORTED")
        return ShardEnd(found["status"], found["output"], found["error"], found["cause"])

    async def stop(self, shard: ShardTask) -> None:
        uid = shard.uid
        self._bounds.pop(uid, None)
        if await ask_for(self._database, uid, StopRequest()):
            self._asked.put_nowait(Asked(ExecutionRef(uid, NAMESPACE, "", ""), stops=True))

    async def forget(self, shard: ShardTask) -> None:
        uid = shard.uid
        self._bounds.pop(uid, None)
        await self._database.write([(statement, {"of": uid}) for statement in _FORGET])

    # --- For whoever carries them ----------------------------------------------------------------------------------

    async def asked(self) -> Asked:
        """Wait for what is to be done next."""
        return await self._asked.get()

    def bounds(self, uid: Uid) -> ShardBounds | None:
        """The newest ones, if it is to hear of any."""
        return self._bounds.get(uid)

    async def _row(self, uid: Uid) -> Row | None:
        query = "SELECT status, output, error, cause, redrives FROM executions WHERE uid = :uid"
        return await self._database.row(query, {"uid": uid}, lambda row: row)


def _ref(parent: ExecutionRef, uid: Uid) -> ExecutionRef:
    return ExecutionRef(uid, NAMESPACE, parent.name, parent.state_machine)
