"""What ItemReaders read from a database: the rows of a statement, each once, whatever happens between two pages."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest

from stepwright.asl.definition import check
from stepwright.tasks import table
from stepwright.tasks.calls.as_tasks import AsTasks
from stepwright.tasks.calls.deferred import DeferredFiles
from stepwright.tasks.calls.integration import CallFailed
from stepwright.tasks.map_data import database_rows
from stepwright.tasks.map_data.integration import MapData
from tests.processes.postgres import Postgres
from tests.tasks.http.calling import REF
from tests.tasks.map_data.test_map_files import NoServices, Reader
from tests.tasks.map_data.test_map_objects import no_urls
from tests.tasks.sql.asking import database, integration

ROWS = """
DROP TABLE IF EXISTS items;
CREATE TABLE items (id int PRIMARY KEY, name text, at timestamptz NOT NULL);
INSERT INTO items SELECT n, 'item ' || n, '2026-11-30T00:00:00Z'::timestamptz + n * interval '1 microsecond'
    FROM generate_series(1, 40) AS n;
"""


@asynccontextmanager
async def reading(
    postgres: Postgres, statement: str, *parameters: Any, **config: Any
) -> AsyncIterator[Reader]:
    await postgres.run(ROWS)
    sql = integration(database(postgres))

    async def ask(call: Any) -> Any:
        return (await sql.begin(call)).value

    data = MapData(NoServices(), DeferredFiles(no_urls), rows=AsTasks(ask))
    asked = {"Connection": "shop", "Statement": statement, "Parameters": list(parameters)}
    try:
        yield Reader(data, {"Resource": "sql:query", "Parameters": asked, "ReaderConfig": config}, REF)
    finally:
        await data.close()
        await sql.close()


@pytest.fixture(autouse=True)
def _short_pages(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(database_rows, "_PAGE", 3)


@pytest.mark.parametrize(
    "statement",
    [
        "SELECT id, name FROM items",
        "SELECT id, name FROM items ORDER BY name DESC;",
        "SELECT id, name FROM items -- all of them",
        "SELECT at, id, name FROM items",
        'SELECT id::numeric AS "the ""id""", id, name FROM items',
        "WITH few AS (SELECT * FROM items) SELECT 'k' || lpad(id::text, 3, '0') AS k, id, name FROM few",
    ],
)
async def test_rows_are_items_in_the_order_of_the_first_column(postgres: Postgres, statement: str) -> None:
    async with reading(postgres, statement) as reader:
        items = await reader.items()

        assert [(item["id"], item["name"]) for item in items] == [(n, f"item {n}") for n in range(1, 41)]
        assert await reader.windows() == items


async def test_values_are_bound_and_max_items_ends_the_reading(postgres: Postgres) -> None:
    async with reading(postgres, "SELECT id FROM items WHERE id > $1", 30, MaxItems=4) as reader:
        expected = [{"id": n} for n in range(31, 35)]
        assert await reader.items() == expected
        assert await reader.windows() == expected


async def test_a_statement_that_returns_nothing_gives_no_items(postgres: Postgres) -> None:
    async with reading(postgres, "SELECT id FROM items WHERE id < 0") as reader:
        assert await reader.items() == []
        assert await reader.answer(Window={"Pieces": 2, "Items": 5}) == {"items": []}


async def test_no_row_that_stays_is_lost_or_read_twice_whatever_is_written_meanwhile(
    postgres: Postgres,
) -> None:
    async with reading(postgres, "SELECT id FROM items") as reader:
        found = await reader.answer(Window={"Pieces": 2, "Items": 5})
        seen = [item["id"] for piece in found["pieces"] for item in piece["piece"]["items"]]
        last = seen[-1]
        await postgres.run(
            f"DELETE FROM items WHERE id IN (1, {last}); INSERT INTO items VALUES (0, 'x', now())"
        )
        while found["after"] is not None:
            window = {"Pieces": 2, "Items": 5, "After": found["after"]}
            found = await reader.answer(Window=window)
            seen += [item["id"] for piece in found["pieces"] for item in piece["piece"]["items"]]

        assert seen == list(range(1, 41))


@pytest.mark.parametrize(
    ("statement", "cause"),
    [
        (
            "SELECT id / 2 AS half FROM items",
            "The first column of the statement, 'half', is 1 in two rows: it has to tell the items apart.",
        ),
        (
            "SELECT nullif(id, 7) AS n FROM items",
            "The first column of the statement, 'n', is null in a row: it has to tell the items apart.",
        ),
        ("SELECT nothing FROM items", "Sql.42703: "),
        ("DELETE FROM items RETURNING id", "Sql.42601: "),
    ],
)
async def test_what_cannot_be_read_fails_the_map_with_the_reason(
    postgres: Postgres, statement: str, cause: str
) -> None:
    async with reading(postgres, statement) as reader:
        with pytest.raises(CallFailed) as failed:
            await reader.windows()
    assert failed.value.error == "States.ItemReaderFailed"
    assert cause in failed.value.cause


async def test_rows_that_are_too_large_together_are_read_in_smaller_pages(
    postgres: Postgres, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(database_rows, "_PAGE", 1_000)
    async with reading(postgres, "SELECT id, repeat('x', 300000) AS x FROM items WHERE id <= 12") as reader:
        assert [item["id"] for item in await reader.windows()] == list(range(1, 13))


def test_a_definition_is_checked_as_that_of_a_task() -> None:
    def problems(**parameters: Any) -> list[str]:
        reader: Any = {"Resource": "sql:query", "Parameters": parameters}
        processor = {
            "ProcessorConfig": {"Mode": "DISTRIBUTED", "ExecutionType": "STANDARD"},
            "StartAt": "P",
            "States": {"P": {"Type": "Pass", "End": True}},
        }
        each: Any = {"Type": "Map", "ItemReader": reader, "ItemProcessor": processor, "End": True}
        definition: Any = {"StartAt": "Each", "States": {"Each": each}}
        return [found.message for found in check(definition, task_check=table.check_for({}))]

    assert problems(Connection="shop", Statement="SELECT 1 AS n") == []
    assert problems(Connection="shop", Statement="SELECT 1 AS n", MaxRows=5) == [
        "An ItemReader reads as many rows as there are; MaxItems of its ReaderConfig limits them"
    ]
    assert any("Statement" in problem for problem in problems(Connection="shop"))
