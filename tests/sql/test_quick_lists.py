"""No list of executions, and nothing that is asked about one of them, looks through all that there is."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable
from pathlib import Path
from sqlite3 import Connection
from typing import Any, TypeAlias

import pytest

from stepwright.asl.json_types import JsonText, Pointer
from stepwright.asl.signals import Millis
from stepwright.catalog.arns import Place
from stepwright.catalog.ports import Cursor, ExecutionQuery, OverviewQuery, VisitQuery
from stepwright.catalog.records import Execution
from stepwright.engine.ports import Uid
from stepwright.sql.database import Database
from stepwright.sql.execution_rows import SqlExecutionRows
from stepwright.sql.overviews import SqlOverviews
from stepwright.sql.visits import SqlVisits

PLACE = Place("123456789012", "us-east-1")
ONE, TWO = PLACE.state_machine("one"), PLACE.state_machine("two")
EXECUTION = Execution("arn", Uid("uid"), "e", ONE, "r", "RUNNING", JsonText("{}"), Millis(0))
NEXT = Cursor("9/9")

Ask: TypeAlias = Callable[[SqlExecutionRows, SqlVisits, SqlOverviews], Awaitable[Any]]


def find(**query: Any) -> Ask:
    return lambda rows, *_: rows.find(ExecutionQuery(PLACE, **query), NEXT, 50)


def overview(machine: str | None = None) -> Ask:
    query = OverviewQuery(PLACE, Millis(1), Millis(60_000), 60, machine)
    return lambda _, __, overviews: overviews.overview(query)


def count(**query: Any) -> Ask:
    return lambda rows, *_: rows.count(ExecutionQuery(PLACE, **query))


ASKED: dict[str, Ask] = {
    "all": find(),
    "of machines": find(machines=(ONE, TWO)),
    "of machines, by status": find(machines=(ONE, TWO), statuses=("FAILED",)),
    "by status": find(statuses=("FAILED", "RUNNING")),
    "by time": find(since=Millis(1), until=Millis(9)),
    "by error": find(error="Busy", statuses=("FAILED",)),
    "by name": find(name="order-", machines=(ONE,)),
    "counted": count(),
    "counted of machines": count(machines=(ONE, TWO), since=Millis(1)),
    "overview": overview(),
    "overview of a machine": overview(ONE),
    "failed last": lambda _, __, overviews: overviews.failed_last(PLACE, None),
    "failed last of a machine": lambda _, __, overviews: overviews.failed_last(PLACE, ONE),
    "running longest": lambda _, __, overviews: overviews.running_longest(PLACE, None),
    "running longest of a machine": lambda _, __, overviews: overviews.running_longest(PLACE, ONE),
    "visits": lambda _, visits, __: visits.visits(EXECUTION, VisitQuery(pointer=Pointer("/a")), None, 50),
    "tallies": lambda _, visits, __: visits.tallies(EXECUTION),
    "iterations": lambda _, visits, __: visits.iterations(EXECUTION, 2, None, None, 50),
    "iterations counted": lambda _, visits, __: visits.iteration_counts(EXECUTION, 2),
}

MAY_SORT = ("by name", "counted", "counted of machines", "tallies", "iterations", "iterations counted")
"""Those that sort few, and those that group."""


class Explaining(Database):
    """What its reads would look through."""

    plans: list[str]

    async def read(self, look: Callable[[Connection], Any]) -> Any:
        statements: list[str] = []

        def explained(connection: Connection) -> Any:
            connection.set_trace_callback(statements.append)
            try:
                found = look(connection)
            finally:
                connection.set_trace_callback(None)
            for statement in statements:
                if statement.lstrip().startswith("SELECT"):
                    plan = connection.execute(f"EXPLAIN QUERY PLAN {statement}")
                    self.plans += [row["detail"] for row in plan]
            return found

        self.plans = []
        return await super().read(explained)


@pytest.mark.parametrize("asked", ASKED)
async def test_a_page_costs_what_is_on_it(asked: str, tmp_path: Path) -> None:
    database = await Explaining.open(tmp_path)
    assert isinstance(database, Explaining)
    try:
        await ASKED[asked](SqlExecutionRows(database), SqlVisits(database), SqlOverviews(database))
    finally:
        await database.close()

    assert database.plans
    tables = [
        plan for plan in database.plans if re.match(r"(SCAN|SEARCH) (executions|visits|tallies|tries)", plan)
    ]
    assert tables
    # What is counted over all state machines and errors is read from an index alone.
    scans = [plan for plan in tables if plan.startswith("SCAN") and "COVERING INDEX" not in plan]
    assert scans == [], database.plans
    if asked == "counted":
        assert all("COVERING INDEX" in plan for plan in tables), database.plans
    if asked not in MAY_SORT:
        assert not [plan for plan in database.plans if "TEMP B-TREE" in plan], database.plans
