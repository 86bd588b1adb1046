"""Map Runs in SQL."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from sqlite3 import Row
from typing import Any, Final

import msgspec

from stepwright.asl.signals import Signal, UpdateMapRun
from stepwright.asl.step import Counts, MapRunStatus, Status
from stepwright.catalog import cursors
from stepwright.catalog.ports import Cursor, Page
from stepwright.catalog.records import Execution
from stepwright.engine import payloads
from stepwright.engine.ports import Commit, Uid
from stepwright.sql import children, pages
from stepwright.sql.database import Database, Statement
from stepwright.sql.rows import text_of

_COUNTS: Final = msgspec.json.Decoder(Counts)
"""Made here, once: if two threads decode into a type for the first time at once, msgspec crashes the
process."""

PUT_RUN: Final = Statement(
    10,
    "INSERT INTO map_runs (arn, uid, execution_arn, machine_arn, status, started, stopped, max_concurrency, "
    "tolerated_count, tolerated_percentage, item_counts, execution_counts, redrives, redriven) VALUES (:arn, :uid, :execution_arn, "
    ":machine_arn, :status, :started, :stopped, :max_concurrency, :tolerated_count, :tolerated_percentage, "
    ":item_counts, :execution_counts, :redrives, :redriven) ON CONFLICT (arn) DO UPDATE SET status = excluded.status, "
    "stopped = excluded.stopped, item_counts = excluded.item_counts, execution_counts = excluded.execution_counts, "
    "redrives = excluded.redrives, redriven = excluded.redriven",
)


def rows_of(
    uid: Uid, commit: Commit, texts: payloads.Payloads
) -> Iterator[tuple[Statement, Mapping[str, Any]]]:
    """What a commit says about distributed Maps. Long texts of events are put into ``texts``."""
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
                "redrives": run.redrives,
                "redriven": run.redriven,
            },
        )
    yield from children.rows_of(uid, commit, texts)


class SqlMapRuns:
    """Implements ``catalog.ports.MapRuns``."""

    def __init__(self, database: Database, tell: Callable[[Uid, Signal], None]) -> None:
        """``tell``: see ``Engine``."""
        self._database = database
        self._tell = tell

    async def map_run(self, arn: str) -> MapRunStatus | None:
        query = "SELECT * FROM map_runs WHERE arn = :arn"
        return await self._database.row(query, {"arn": arn}, _run_of)

    async def map_runs(self, execution_arn: str, after: Cursor | None, limit: int) -> Page[MapRunStatus]:
        query = (
            "SELECT * FROM map_runs WHERE execution_arn = :execution_arn AND position < :before "
            "ORDER BY position DESC LIMIT :limit"
        )
        asked = {"execution_arn": execution_arn, "before": pages.number(after)}
        return await pages.read(self._database, query, asked, limit, _run_of, _at_run)

    async def children(
        self,
        map_run_arn: str,
        status: Status | None,
        after: Cursor | None,
        limit: int,
        *,
        redriven: bool | None = None,
    ) -> Page[Execution]:
        return await children.listed(self._database, map_run_arn, status, after, limit, redriven=redriven)

    async def update(self, asked: UpdateMapRun) -> bool:
        statement = (
            "UPDATE map_runs SET max_concurrency = coalesce(:max_concurrency, max_concurrency), "
            "tolerated_count = coalesce(:tolerated_count, tolerated_count), "
            "tolerated_percentage = coalesce(:tolerated_percentage, tolerated_percentage) "
            "WHERE arn = :arn AND status = 'RUNNING' RETURNING uid"
        )
        given = {
            "arn": asked.arn,
            "max_concurrency": asked.max_concurrency,
            "tolerated_count": asked.tolerated_failure_count,
            "tolerated_percentage": asked.tolerated_failure_percentage,
        }
        changed = await self._database.call(
            lambda connection: connection.execute(statement, given).fetchall()
        )
        for row in changed:
            self._tell(Uid(row["uid"]), asked)
        return bool(changed)


async def asked(database: Database) -> Sequence[tuple[Uid, UpdateMapRun]]:
    """The bounds requested for each run under way, by its execution."""
    query = (
        "SELECT uid, arn, max_concurrency, tolerated_count, tolerated_percentage FROM map_runs "
        "WHERE status = 'RUNNING'"
    )
    return await database.rows(query, {}, lambda row: (Uid(row[0]), UpdateMapRun(*row[1:])))


def _run_of(row: Row) -> MapRunStatus:
    return MapRunStatus(
        arn=row["arn"],
        execution_arn=row["execution_arn"],
        state_machine_arn=row["machine_arn"],
        status=row["status"],
        started=row["started"],
        stopped=row["stopped"],
        max_concurrency=row["max_concurrency"],
        tolerated_failure_count=row["tolerated_count"],
        tolerated_failure_percentage=row["tolerated_percentage"],
        items=_COUNTS.decode(row["item_counts"]),
        executions=_COUNTS.decode(row["execution_counts"]),
        redrives=row["redrives"],
        redriven=row["redriven"],
    )


def _at_run(row: Row) -> Cursor:
    return cursors.at(row["position"])
