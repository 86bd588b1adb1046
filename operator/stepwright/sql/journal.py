"""The journal in SQL: checkpoint parts, the event log, and payloads by hash."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from sqlite3 import Connection, Row
from typing import Any, Final, NamedTuple

import msgspec

from stepwright.asl.checkpoint import checkpoint as checkpoints
from stepwright.asl.checkpoint.checkpoint import EncodedPart, Identity, PartId
from stepwright.asl.checkpoint.parts import STOPS
from stepwright.asl.json_types import JsonText
from stepwright.asl.machine import Machine
from stepwright.asl.signals import Millis, RedriveFrom
from stepwright.asl.step import Status
from stepwright.engine import payloads
from stepwright.engine.beside import Beside
from stepwright.engine.compiled import CompiledMachines
from stepwright.engine.ports import Commit, ExecutionRef, Fenced, Gone, Loaded, StopRequest, Uid
from stepwright.sql import map_runs, told_visits
from stepwright.sql.database import NAMESPACE, Conflict, Database, Rows, Statement
from stepwright.sql.rows import part_text, read_payloads, text_of

MOST_PATHS: Final = 3
"""Of the states in which an execution is, so many are shown in lists."""

ADVANCE: Final = Statement(
    1,
    "UPDATE executions SET seq = :next, commit_id = :commit, waiting_until = :until, paths = :paths "
    "WHERE uid = :of AND seq = :expected",
    conditional=True,
)
END: Final = Statement(
    2,
    "UPDATE executions SET seq = :next, commit_id = :commit, waiting_until = NULL, paths = NULL, status = :as_status, "
    "output = :with_output, error = :with_error, cause = :with_cause, stopped = :at, settled = :is_settled, "
    "redrivable = :can_go_on WHERE uid = :of AND seq = :expected",
    conditional=True,
)
SETTLE: Final = Statement(
    3,
    "UPDATE executions SET seq = :next, commit_id = :commit, settled = TRUE WHERE uid = :of AND seq = :expected",
    conditional=True,
)
DROP_ALL_PARTS: Final = Statement(4, "DELETE FROM parts WHERE uid = :of")
DROP_CHECKPOINT: Final = Statement(4, f"DELETE FROM parts WHERE uid = :of AND part NOT LIKE '{STOPS}%'")  # noqa: S608 - a constant
DROP_STOPS: Final = Statement(4, f"DELETE FROM parts WHERE uid = :of AND part LIKE '{STOPS}%'")  # noqa: S608 - a constant
DROP_PART: Final = Statement(5, "DELETE FROM parts WHERE uid = :of AND part = :name")
DROP_ANSWERS: Final = Statement(6, "DELETE FROM answers WHERE uid = :of")
DROP_TAKINGS: Final = Statement(6, "DELETE FROM takings WHERE uid = :of")
PUT_PART: Final = Statement(
    7,
    "INSERT INTO parts (uid, part, body) VALUES (:uid, :part, :body) "
    "ON CONFLICT (uid, part) DO UPDATE SET body = excluded.body",
)
KEEP_PAYLOAD: Final = Statement(
    8, "INSERT INTO payloads (digest, text) VALUES (:digest, :text) ON CONFLICT DO NOTHING"
)
ADD_EVENT: Final = Statement(9, "INSERT INTO events (uid, id, body) VALUES (:uid, :id, :body)")
ADD_TELLING_EVENT: Final = Statement(
    9, "INSERT INTO events (uid, id, body, visits) VALUES (:uid, :id, :body, :visits)"
)


class _Stored(NamedTuple):
    """What the database has about an execution and the revision that it runs."""

    row: Row
    parts: Mapping[PartId, Any]
    definition: str
    role_arn: str


class SqlJournal:
    """Implements ``engine.ports.Journal``."""

    keeps_children = True

    def __init__(self, database: Database, beside: Beside, *, keeps_visits: bool = True) -> None:
        """``beside``: where long definitions are compiled. ``keeps_visits``: whether visits of states can be asked for later."""
        self._database = database
        self._keeps_visits = keeps_visits
        self._machines = CompiledMachines(beside)

    async def load(self, ref: ExecutionRef, at_least: int | None = None) -> Loaded:  # noqa: ARG002
        query = "SELECT * FROM executions WHERE uid = :uid"
        found = await self._database.read(
            lambda connection: _stored(connection, connection.execute(query, {"uid": ref.uid}).fetchall())
        )
        if not found:
            raise Gone(f"execution {ref} is not in the database")
        return await self._loaded(found[0])

    async def unsettled(self) -> list[Loaded]:
        """Everything that has to continue, the oldest first."""
        query = "SELECT * FROM executions WHERE settled IS 0 ORDER BY position"
        found = await self._database.read(
            lambda connection: _stored(connection, connection.execute(query).fetchall())
        )
        return [await self._loaded(stored) for stored in found]

    async def machine(self, revision: str, text: str) -> Machine:
        """The compiled definition of a revision. Raises Refused."""
        return await self._machines.get(revision, text)

    async def _loaded(self, stored: _Stored) -> Loaded:
        row = stored.row
        machine = await self._machines.get(row["revision"], stored.definition)
        return loaded_of(row, machine, stored.role_arn, stored.parts)

    async def is_gone(self, ref: ExecutionRef) -> bool:
        query = "SELECT 1 FROM executions WHERE uid = :uid"
        return await self._database.row(query, {"uid": ref.uid}, lambda _: True) is None

    async def append(self, ref: ExecutionRef, commit: Commit) -> None:
        rows = list(rows_of(ref.uid, commit, keeps_visits=self._keeps_visits))
        await self._write(ref, rows, commit.commit_id)

    async def explain(self, ref: ExecutionRef, reason: str, now: Millis) -> None:
        """Nothing here denies a write."""

    async def settle(self, ref: ExecutionRef, expected_seq: int, commit_id: str) -> None:
        guard = {"of": ref.uid, "expected": expected_seq, "next": expected_seq + 1, "commit": commit_id}
        await self._write(ref, [(SETTLE, guard), (DROP_STOPS, {"of": ref.uid})], commit_id)

    def forget(self, ref: ExecutionRef) -> None:
        pass

    async def _write(self, ref: ExecutionRef, rows: Rows, commit_id: str) -> None:
        try:
            await self._database.write(rows)
        except Conflict:
            query = "SELECT seq, commit_id FROM executions WHERE uid = :uid"
            stored = await self._database.read(
                lambda connection: connection.execute(query, {"uid": ref.uid}).fetchone()
            )
            if stored is None:
                raise Gone(f"execution {ref} is not in the database") from None
            if (
                stored["commit_id"] != commit_id
            ):  # else an earlier attempt has landed, though it seemed to fail
                raise Fenced(f"execution {ref} is at {stored['seq']}") from None


def loaded_of(row: Row, machine: Machine, role_arn: str, parts: Mapping[PartId, Any]) -> Loaded:
    stop, at = row["stop"], row["redrive_from"]
    identity = Identity(
        uid=row["uid"],
        execution_id=row["arn"],
        name=row["name"],
        role_arn=role_arn,
        state_machine_id=row["machine_arn"],
        state_machine_name=row["machine_name"],
        version_arn=row["version_arn"],
        alias_arn=row["alias_arn"],
    )
    return Loaded(
        ref=ExecutionRef.of(identity, NAMESPACE),
        identity=identity,
        machine=machine,
        input=JsonText(row["input"]),
        seq=row["seq"],
        parts=parts,
        ended=row["status"] != "RUNNING",
        settled=bool(row["settled"]),
        stop=None if stop is None else StopRequest(**msgspec.json.decode(stop)),
        redriven=row["redriven"],
        redrive_from=None if at is None else msgspec.json.decode(at, type=RedriveFrom),
    )


def _stored(connection: Connection, rows: Iterable[Row]) -> list[_Stored]:
    """A definition is in memory once, however many executions run it."""
    revisions: dict[str, Row] = {}
    found = []
    for row in rows:
        id = row["revision"]
        if id not in revisions:
            query = "SELECT definition, role_arn FROM revisions WHERE id = :id"
            revisions[id] = connection.execute(query, {"id": id}).fetchone()
        found.append(_Stored(row, read_parts(connection, row["uid"]), *revisions[id]))
    return found


def read_parts(connection: Connection, uid: Uid) -> dict[PartId, Any]:
    """The parts of an execution's checkpoint."""
    query = "SELECT part, body FROM parts WHERE uid = :uid"
    encoded = {part: msgspec.json.decode(body) for part, body in connection.execute(query, {"uid": uid})}
    texts = read_payloads(connection, encoded.values())
    return {PartId(part): payloads.put_back(value, texts) for part, value in encoded.items()}


def rows_of(
    uid: Uid, commit: Commit, *, keeps_visits: bool = True
) -> Iterable[tuple[Statement, Mapping[str, Any]]]:
    """What a commit writes."""
    guard = {
        "of": uid,
        "expected": commit.expected_seq,
        "next": commit.expected_seq + 1,
        "commit": commit.commit_id,
    }
    outcome = commit.outcome
    texts: payloads.Payloads = {}
    parts: Mapping[PartId, EncodedPart | None]
    if outcome is None:
        paths = text_of(commit.current_states[:MOST_PATHS])
        yield ADVANCE, {**guard, "until": commit.waiting_until, "paths": paths}
        if commit.whole:
            yield DROP_ALL_PARTS, {"of": uid}
        parts = commit.parts
    else:
        status: Status = outcome.status
        yield (
            END,
            {
                **guard,
                "as_status": status,
                "with_output": outcome.output,
                "with_error": outcome.error,
                "with_cause": outcome.cause,
                "at": commit.now,
                "is_settled": commit.settled,
                "can_go_on": commit.redrivable is not None,
            },
        )
        # An ended execution takes no more steps.
        yield DROP_CHECKPOINT, {"of": uid}
        yield DROP_ANSWERS, {"of": uid}
        yield DROP_TAKINGS, {"of": uid}
        parts = {part: encoded for part, encoded in commit.parts.items() if part.startswith(STOPS)}
        if commit.redrivable is not None:
            kept = commit.redrivable.parts
            parts |= {part: checkpoints.encode(kept[part]) for part in kept}
    for part, encoded in parts.items():
        if encoded is None:
            yield DROP_PART, {"of": uid, "name": part}
        else:
            yield PUT_PART, {"uid": uid, "part": part, "body": part_text(encoded, texts)}
    told = told_visits.told_by(commit) if keeps_visits else None
    for event in commit.events:
        row = {"uid": uid, "id": event["id"], "body": payloads.short_text(event, texts)}
        if told is not None and event is commit.events[-1]:
            yield ADD_TELLING_EVENT, row | {"visits": told}
        else:
            yield ADD_EVENT, row
    if told is not None and not commit.events:
        yield told_visits.TELL, {"uid": uid, "visits": told}
    if commit.map_runs or commit.children or commit.child_histories:
        yield from map_runs.rows_of(uid, commit, texts)
    for digest, text in texts.items():
        yield KEEP_PAYLOAD, {"digest": digest, "text": text}
