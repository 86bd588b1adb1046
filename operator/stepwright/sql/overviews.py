"""Overviews of executions in SQL. Of each status an index has those in order; so the newest of all statuses are put together without
a look at others. What is counted is in that index, but for errors."""

from __future__ import annotations

from collections.abc import Iterable
from sqlite3 import Connection
from typing import Any, Final, get_args

from stepwright.asl.step import Status
from stepwright.catalog.arns import Place
from stepwright.catalog.counting import FAILED, Counting
from stepwright.catalog.ports import FEW, OverviewQuery
from stepwright.catalog.records import ExecutionRow, Overview
from stepwright.sql.database import Database
from stepwright.sql.execution_rows import COLUMNS, LAST_CHARACTER, row_of

_WITHOUT_ERROR: Final = ("RUNNING", "SUCCEEDED")
"""Those with one of these statuses have none, so nobody looks for it beside the index."""


class SqlOverviews:
    """Implements ``catalog.ports.Overviews``."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def overview(self, query: OverviewQuery) -> Overview:
        arms = (
            f"SELECT machine_arn, status, started, stopped, {'NULL' if status in _WITHOUT_ERROR else 'error'} AS error "  # noqa: S608
            f"FROM executions WHERE status = '{status}' AND started >= :since AND started < :until "
            f"AND {_place(query.machine)}"
            for status in get_args(Status)
        )
        text = _merged(arms, "started DESC")
        asked = {
            **_asked(query.place, query.machine, query.most),
            "since": query.since,
            "until": query.until,
        }

        def count(connection: Connection) -> Overview:
            counting = Counting(query)
            cursor = connection.cursor()
            cursor.row_factory = None  # tuples, as there may be many
            for row in cursor.execute(text, asked):
                counting.add(*row)
            return counting.overview()

        return await self._database.read(count)

    async def failed_last(self, place: Place, machine: str | None) -> tuple[ExecutionRow, ...]:
        # The plus keeps the database from looking through all those of a state machine.
        arms = (
            f"SELECT {COLUMNS} FROM executions WHERE status = '{status}' AND {_place(machine, '+machine_arn')}"  # noqa: S608
            for status in FAILED
        )
        return await self._few(_merged(arms, "stopped DESC, position DESC"), place, machine)

    async def running_longest(self, place: Place, machine: str | None) -> tuple[ExecutionRow, ...]:
        arms = [f"SELECT {COLUMNS} FROM executions WHERE status = 'RUNNING' AND {_place(machine)}"]  # noqa: S608
        return await self._few(_merged(arms, "started, position"), place, machine)

    async def _few(self, text: str, place: Place, machine: str | None) -> tuple[ExecutionRow, ...]:
        return tuple(await self._database.rows(text, _asked(place, machine, FEW), row_of))


def _merged(arms: Iterable[str], order: str) -> str:
    return f"{' UNION ALL '.join(arms)} ORDER BY {order} LIMIT :limit"


def _place(machine: str | None, column: str = "machine_arn") -> str:
    """The condition for those of a place, or of one state machine there."""
    one = "" if machine is None else f"{column} = :machine AND "
    return f"{one}{column} >= :here AND {column} < :not_here"


def _asked(place: Place, machine: str | None, limit: int) -> dict[str, Any]:
    here = place.state_machines
    return {"here": here, "not_here": f"{here}{LAST_CHARACTER}", "machine": machine, "limit": limit}
