"""The journal in SQL: checkpoint parts, the event log, and payloads by hash."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterable, Mapping
from typing import Any, Final

import msgspec
from sqlalchemy import Row, and_, bindparam, delete, select, update
from sqlalchemy.dialects.sqlite import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from stepwright.asl import checkpoint as checkpoints
from stepwright.asl import definition
from stepwright.asl.checkpoint import Identity, PartId
from stepwright.asl.diagnostics import InvalidDefinition
from stepwright.asl.json_types import JsonText
from stepwright.asl.machine import Machine
from stepwright.asl.signals import Millis
from stepwright.asl.step import Status
from stepwright.cluster import payloads
from stepwright.engine.ports import Commit, ExecutionRef, Fenced, Gone, Loaded, Refused, StopRequest, Uid
from stepwright.local import map_runs, schema
from stepwright.local.database import Conflict, Database, Rows, Statement
from stepwright.local.rows import text_of

# Compiled machines kept in memory: the most recently used ones.
MOST_COMPILED: Final = 1_000

_OWN: Final = and_(
    schema.executions.c.uid == bindparam("of"), schema.executions.c.seq == bindparam("expected")
)

ADVANCE: Final = Statement(
    1,
    update(schema.executions)
    .where(_OWN)
    .values(
        seq=bindparam("next"),
        commit_id=bindparam("commit"),
        waiting_until=bindparam("until"),
    ),
    conditional=True,
)
END: Final = Statement(
    2,
    update(schema.executions)
    .where(_OWN)
    .values(
        seq=bindparam("next"),
        commit_id=bindparam("commit"),
        waiting_until=None,
        status=bindparam("as_status"),
        output=bindparam("with_output"),
        error=bindparam("with_error"),
        cause=bindparam("with_cause"),
        stopped=bindparam("at"),
        settled=bindparam("is_settled"),
        redrivable=bindparam("can_go_on"),
    ),
    conditional=True,
)
SETTLE: Final = Statement(
    3,
    update(schema.executions)
    .where(_OWN)
    .values(seq=bindparam("next"), commit_id=bindparam("commit"), settled=True),
    conditional=True,
)
DROP_ALL_PARTS: Final = Statement(4, delete(schema.parts).where(schema.parts.c.uid == bindparam("of")))
DROP_PART: Final = Statement(
    5,
    delete(schema.parts).where(
        schema.parts.c.uid == bindparam("of"), schema.parts.c.part == bindparam("name")
    ),
)
DROP_ANSWERS: Final = Statement(6, delete(schema.answers).where(schema.answers.c.uid == bindparam("of")))
DROP_TAKINGS: Final = Statement(6, delete(schema.takings).where(schema.takings.c.uid == bindparam("of")))
_put = insert(schema.parts)
PUT_PART: Final = Statement(
    7, _put.on_conflict_do_update(index_elements=["uid", "part"], set_={"body": _put.excluded.body})
)
KEEP_PAYLOAD: Final = Statement(8, insert(schema.payloads).on_conflict_do_nothing())
ADD_EVENT: Final = Statement(9, insert(schema.events))


class SqlJournal:
    """Implements ``engine.ports.Journal``."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._machines: OrderedDict[str, Machine] = OrderedDict()

    async def load(self, ref: ExecutionRef, at_least: int | None = None) -> Loaded:  # noqa: ARG002
        async with self._database.reading() as connection:
            query = select(schema.executions).where(schema.executions.c.uid == ref.uid)
            row = (await connection.execute(query)).one_or_none()
            if row is None:
                raise Gone(f"execution {ref} is not in the database")
            return await self.read(connection, row)

    async def unsettled(self) -> list[Loaded]:
        """Everything that is to be carried on, the oldest first."""
        async with self._database.reading() as connection:
            query = (
                select(schema.executions)
                .where(schema.executions.c.settled.is_(False))
                .order_by(schema.executions.c.position)
            )
            return [await self.read(connection, row) for row in (await connection.execute(query)).all()]

    async def machine(self, connection: AsyncConnection, revision: str) -> Machine:
        """The compiled definition of a revision. Raises Refused."""
        known = self._machines.get(revision)
        if known is not None:
            self._machines.move_to_end(revision)
            return known
        query = select(schema.revisions.c.definition).where(schema.revisions.c.id == revision)
        text = (await connection.execute(query)).scalar_one()
        return self.keep(revision, text)

    def keep(self, revision: str, text: str) -> Machine:
        """Compile the definition of a revision, or take what was compiled before. Raises Refused."""
        if revision not in self._machines:
            try:
                self._machines[revision], _ = definition.compile_definition(text)
            except InvalidDefinition as error:
                raise Refused(
                    f"the definition is not valid in this version of Stepwright: {error}"
                ) from error
            if len(self._machines) > MOST_COMPILED:
                self._machines.popitem(last=False)
        return self._machines[revision]

    async def read(self, connection: AsyncConnection, row: Row[Any]) -> Loaded:
        query = select(schema.parts.c.part, schema.parts.c.body).where(schema.parts.c.uid == row.uid)
        encoded = {part: msgspec.json.decode(body) for part, body in await connection.execute(query)}
        texts = await read_payloads(connection, encoded.values())
        role = select(schema.revisions.c.role_arn).where(schema.revisions.c.id == row.revision)
        return loaded_of(
            row,
            await self.machine(connection, row.revision),
            (await connection.execute(role)).scalar_one(),
            {PartId(part): payloads.put_back(value, texts) for part, value in encoded.items()},
        )

    async def append(self, ref: ExecutionRef, commit: Commit) -> None:
        rows = list(_rows_of(ref.uid, commit))
        await self._write(ref, rows, commit.commit_id)

    async def explain(self, ref: ExecutionRef, reason: str, now: Millis) -> None:
        """Nothing here denies a write."""

    async def settle(self, ref: ExecutionRef, expected_seq: int, commit_id: str) -> None:
        guard = {"of": ref.uid, "expected": expected_seq, "next": expected_seq + 1, "commit": commit_id}
        await self._write(ref, [(SETTLE, guard)], commit_id)

    def forget(self, ref: ExecutionRef) -> None:
        pass

    async def _write(self, ref: ExecutionRef, rows: Rows, commit_id: str) -> None:
        try:
            await self._database.write(rows)
        except Conflict:
            async with self._database.reading() as connection:
                query = select(schema.executions.c.seq, schema.executions.c.commit_id).where(
                    schema.executions.c.uid == ref.uid
                )
                stored = (await connection.execute(query)).one_or_none()
            if stored is None:
                raise Gone(f"execution {ref} is not in the database") from None
            if stored.commit_id != commit_id:  # else an earlier attempt has landed, though it seemed to fail
                raise Fenced(f"execution {ref} is at {stored.seq}") from None


def loaded_of(row: Row[Any], machine: Machine, role_arn: str, parts: Mapping[PartId, Any]) -> Loaded:
    stop = None if row.stop is None else StopRequest(**msgspec.json.decode(row.stop))
    return Loaded(
        ref=ExecutionRef(Uid(row.uid), "local", row.name, row.machine_name),
        identity=Identity(
            uid=row.uid,
            execution_id=row.arn,
            name=row.name,
            role_arn=role_arn,
            state_machine_id=row.machine_arn,
            state_machine_name=row.machine_name,
            version_arn=row.version_arn,
            alias_arn=row.alias_arn,
        ),
        machine=machine,
        input=JsonText(row.input),
        seq=row.seq,
        parts=parts,
        ended=row.status != "RUNNING",
        settled=row.settled,
        stop=stop,
        redriven=row.redriven,
    )


async def read_payloads(connection: AsyncConnection, values: Iterable[Any]) -> dict[str, str]:
    """The texts that stored values refer to, by hash."""
    digests = set().union(*map(payloads.references, values))
    texts: dict[str, str] = {}
    for digest in digests:
        query = select(schema.payloads.c.text).where(schema.payloads.c.digest == digest)
        texts[digest] = (await connection.execute(query)).scalar_one()
    return texts


def _rows_of(uid: Uid, commit: Commit) -> Iterable[tuple[Statement, Mapping[str, Any]]]:
    guard = {
        "of": uid,
        "expected": commit.expected_seq,
        "next": commit.expected_seq + 1,
        "commit": commit.commit_id,
    }
    outcome = commit.outcome
    texts: payloads.Payloads = {}
    if outcome is None:
        yield ADVANCE, {**guard, "until": commit.waiting_until}
        if commit.whole:
            yield DROP_ALL_PARTS, {"of": uid}
        for part, encoded in commit.parts.items():
            if encoded is None:
                yield DROP_PART, {"of": uid, "name": part}
            else:
                yield PUT_PART, {"uid": uid, "part": part, "body": text_of(payloads.take_out(encoded, texts))}
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
        # An ended execution takes no step any more.
        yield DROP_ALL_PARTS, {"of": uid}
        yield DROP_ANSWERS, {"of": uid}
        yield DROP_TAKINGS, {"of": uid}
        if commit.redrivable is not None:
            for part, kept in commit.redrivable.parts.items():
                body = text_of(payloads.take_out(checkpoints.encode(kept), texts))
                yield PUT_PART, {"uid": uid, "part": part, "body": body}
    for event in commit.events:
        body = text_of(payloads.take_out(event, texts))
        yield ADD_EVENT, {"uid": uid, "id": event["id"], "body": body}
    if commit.map_runs:
        yield from map_runs.rows_of(uid, commit, texts)
    for digest, text in texts.items():
        yield KEEP_PAYLOAD, {"digest": digest, "text": text}
