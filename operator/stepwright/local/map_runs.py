"""Map Runs and their child executions in SQL."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

import msgspec
from sqlalchemy import Row, Text, bindparam, literal, select, update
from sqlalchemy.dialects.sqlite import insert

from stepwright.asl.signals import UpdateMapRun
from stepwright.asl.step import Counts, MapRunStatus, Status
from stepwright.catalog.records import Execution, MapRun
from stepwright.cluster import payloads
from stepwright.engine.ports import Commit, Uid
from stepwright.local import schema
from stepwright.local.database import Database, Statement
from stepwright.local.rows import execution_of, text_of

_runs = insert(schema.map_runs)
PUT_RUN: Final = Statement(
    10,
    _runs.on_conflict_do_update(
        index_elements=["arn"],
        set_={
            name: _runs.excluded[name] for name in ("status", "stopped", "item_counts", "execution_counts")
        },
    ),
)

# A child execution runs what its parent runs.
_GIVEN: Final = ("uid", "arn", "name", "machine_arn", "machine_name", "status", "input")
_OUTCOME: Final = ("status", "output", "error", "cause", "stopped")
_child = insert(schema.executions).from_select(
    [*_GIVEN, "output", "error", "cause", "started", "stopped", "seq", "settled", "revision"],
    select(
        *(bindparam(f"child_{name}", type_=Text) for name in (*_GIVEN, "output", "error", "cause")),
        *(
            bindparam(f"child_{name}", type_=schema.executions.c[name].type)
            for name in ("started", "stopped")
        ),
        literal(0),
        literal(True),
        schema.executions.c.revision,
    ).where(schema.executions.c.uid == bindparam("parent")),
)
PUT_CHILD: Final = Statement(
    11,
    _child.on_conflict_do_update(
        index_elements=["uid"], set_={name: _child.excluded[name] for name in _OUTCOME}
    ),
)
ADD_CHILD: Final = Statement(12, insert(schema.children).on_conflict_do_nothing())
ADD_CHILD_EVENT: Final = Statement(13, insert(schema.events))


def rows_of(
    uid: Uid, commit: Commit, texts: payloads.Payloads
) -> Iterator[tuple[Statement, Mapping[str, Any]]]:
    """What a commit tells of distributed Maps. Long texts of events are put into ``texts``."""
    for run in commit.map_runs:
        yield (
            PUT_RUN,
            {
                "arn": run.arn,
                "uid": uid,
                "execution_arn": run.execution_arn,
                "machine_arn": run.state_machine_arn,
                "status": run.status,
                "started": run.started,
                "stopped": run.stopped,
                "max_concurrency": run.max_concurrency,
                "tolerated_count": run.tolerated_failure_count,
                "tolerated_percentage": run.tolerated_failure_percentage,
                "item_counts": text_of(run.items),
                "execution_counts": text_of(run.executions),
            },
        )
    for child in commit.children:
        yield (
            PUT_CHILD,
            {
                "parent": uid,
                "child_uid": child.name,
                "child_arn": child.arn,
                "child_name": child.name,
                "child_machine_arn": child.state_machine_arn,
                "child_machine_name": child.state_machine_arn.rpartition(":")[2],
                **{f"child_{name}": getattr(child, name) for name in ("input", "started", *_OUTCOME)},
            },
        )
        yield ADD_CHILD, {"uid": child.name, "map_run_arn": child.map_run_arn, "item_count": child.items}
    for written in commit.child_events:
        body = text_of(payloads.take_out(written.event, texts))
        yield ADD_CHILD_EVENT, {"uid": written.child, "id": written.event["id"], "body": body}


class SqlMapRuns:
    """Implements ``catalog.ports.MapRuns``."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def map_run(self, arn: str) -> MapRun | None:
        query = select(schema.map_runs).where(schema.map_runs.c.arn == arn)
        async with self._database.reading() as connection:
            row = (await connection.execute(query)).one_or_none()
        return None if row is None else _run_of(row)

    async def map_runs(self, execution_arn: str, before: int | None, limit: int) -> Sequence[MapRun]:
        columns = schema.map_runs.c
        query = select(schema.map_runs).where(columns.execution_arn == execution_arn)
        if before is not None:
            query = query.where(columns.position < before)
        async with self._database.reading() as connection:
            rows = await connection.execute(query.order_by(columns.position.desc()).limit(limit))
            return [_run_of(row) for row in rows]

    async def children(
        self, map_run_arn: str, status: Status | None, before: int | None, limit: int
    ) -> Sequence[Execution]:
        columns = schema.executions.c
        query = (
            select(schema.executions, schema.children.c.map_run_arn, schema.children.c.item_count)
            .join(schema.children, schema.children.c.uid == columns.uid)
            .where(schema.children.c.map_run_arn == map_run_arn)
        )
        if status is not None:
            query = query.where(columns.status == status)
        if before is not None:
            query = query.where(columns.position < before)
        async with self._database.reading() as connection:
            rows = await connection.execute(query.order_by(columns.position.desc()).limit(limit))
            return [execution_of(row, row.map_run_arn, row.item_count) for row in rows]

    async def update(self, asked: UpdateMapRun) -> Uid | None:
        """Write down how a run that is under way is to go on; the execution that carries it."""
        columns = schema.map_runs.c
        given = {
            "max_concurrency": asked.max_concurrency,
            "tolerated_count": asked.tolerated_failure_count,
            "tolerated_percentage": asked.tolerated_failure_percentage,
        }
        statement = (
            update(schema.map_runs)
            .where(columns.arn == asked.arn, columns.status == "RUNNING")
            .values({name: value for name, value in given.items() if value is not None} or {"arn": asked.arn})
            .returning(columns.uid)
        )
        return await self._database.call(lambda connection: connection.scalar(statement))

    async def asked(self) -> Sequence[tuple[Uid, UpdateMapRun]]:
        """How each run under way is to go on, by the execution that carries it."""
        query = select(schema.map_runs).where(schema.map_runs.c.status == "RUNNING")
        async with self._database.reading() as connection:
            return [
                (
                    Uid(row.uid),
                    UpdateMapRun(row.arn, row.max_concurrency, row.tolerated_count, row.tolerated_percentage),
                )
                for row in await connection.execute(query)
            ]


def _run_of(row: Row[Any]) -> MapRun:
    return MapRun(
        MapRunStatus(
            arn=row.arn,
            execution_arn=row.execution_arn,
            state_machine_arn=row.machine_arn,
            status=row.status,
            started=row.started,
            stopped=row.stopped,
            max_concurrency=row.max_concurrency,
            tolerated_failure_count=row.tolerated_count,
            tolerated_failure_percentage=row.tolerated_percentage,
            items=msgspec.json.decode(row.item_counts, type=Counts),
            executions=msgspec.json.decode(row.execution_counts, type=Counts),
        ),
        position=row.position,
    )
