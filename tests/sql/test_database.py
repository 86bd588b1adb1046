"""Writes share transactions, and none of them costs another."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from stepwright.sql.database import Conflict, Database, Rows, Statement

ADD = Statement(0, "INSERT INTO payloads (digest, text) VALUES (:digest, :text)")
CHANGE = Statement(1, "UPDATE payloads SET text = :text WHERE digest = :digest", conditional=True)


@pytest.fixture
async def database(tmp_path: Path) -> AsyncIterator[Database]:
    database = await Database.open(tmp_path)
    yield database
    await database.close()


def added(digest: str, text: str = "x") -> Rows:
    return [(ADD, {"digest": digest, "text": text})]


async def texts(database: Database) -> dict[str, str]:
    found = await database.read(lambda connection: connection.execute("SELECT * FROM payloads").fetchall())
    return {digest: text for digest, text in found}  # noqa: C416 - rows are not pairs to a type checker


async def test_what_cannot_be_stored_fails_alone_and_the_next_is_written(database: Database) -> None:
    """A text that is not Unicode ended the one place that writes, and everything waited for ever."""
    async with asyncio.timeout(60):
        outcomes = await asyncio.gather(
            database.write(added("a")),
            database.write(added("b", "\ud800")),
            database.write(added("c")),
            return_exceptions=True,
        )
        await database.write(added("d"))

    assert [type(outcome).__name__ for outcome in outcomes] == ["NoneType", "UnicodeEncodeError", "NoneType"]
    assert sorted(await texts(database)) == ["a", "c", "d"]


async def test_where_a_condition_does_not_hold_nothing_of_that_write_is_kept(database: Database) -> None:
    outcomes = await asyncio.gather(
        database.write(added("a")),
        database.write([*added("b"), (CHANGE, {"digest": "missing", "text": "y"})]),
        return_exceptions=True,
    )

    assert [type(outcome) for outcome in outcomes] == [type(None), Conflict]
    assert await texts(database) == {"a": "x"}


async def test_a_call_that_fails_leaves_nothing_behind(database: Database) -> None:
    def fails(connection: object) -> None:
        connection.execute(ADD.sql, {"digest": "a", "text": "x"})  # type: ignore[attr-defined]
        raise ValueError("no")

    with pytest.raises(ValueError, match="no"):
        await database.call(fails)

    assert await texts(database) == {}


async def test_what_was_asked_for_is_written_before_the_end(tmp_path: Path) -> None:
    database = await Database.open(tmp_path)
    writes = [asyncio.ensure_future(database.write(added(str(number)))) for number in range(600)]
    await asyncio.sleep(0)
    await database.close()
    await asyncio.gather(*writes)

    again = await Database.open(tmp_path)
    try:
        assert len(await texts(again)) == 600
    finally:
        await again.close()
