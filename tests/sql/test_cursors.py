"""Lists of the store, page by page."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import TypeVar

import pytest

from stepwright.asl.signals import Millis
from stepwright.catalog.arns import Place
from stepwright.catalog.ports import Cursor, NoSuchCursor, Page
from stepwright.catalog.records import Activity, Alias, Execution, Revision, Route, StateMachine, Version
from stepwright.engine.ports import Uid
from stepwright.sql import adding, pages
from stepwright.sql.activities import SqlActivities
from stepwright.sql.database import Database
from stepwright.sql.machines import SqlMachines
from stepwright.sql.map_runs import SqlMapRuns
from stepwright.sql.rows import execution_of
from stepwright.sql.versions import SqlVersions

T = TypeVar("T")
HERE = Place("123456789012", "us-east-1")
THERE = Place("123456789012", "eu-west-1")
NAMES = ["a", "b", "c", "d/e", "ä", "日本"]


@pytest.fixture
async def database(tmp_path: Path) -> AsyncIterator[Database]:
    opened = await Database.open(tmp_path)
    yield opened
    await opened.close()


async def every(look: Callable[[Cursor | None, int], Awaitable[Page[T]]], size: int) -> list[T]:
    """All pages one after the other; each but the last is full."""
    found: list[T] = []
    after = None
    while True:
        page = await look(after, size)
        found += page.items
        if page.next is None:
            return found
        assert len(page.items) == size
        after = page.next


def machine(name: str, place: Place = HERE) -> StateMachine:
    revision = Revision(f"revision of {place.region} {name}", "{}", "role", Millis(1))
    return StateMachine(place.state_machine(name), name, "STANDARD", Millis(1), revision)


@pytest.mark.parametrize("size", [1, 2, 3, 6, 7])
async def test_things_of_a_place_are_listed_by_name_in_pages(database: Database, size: int) -> None:
    machines, activities = SqlMachines(database), SqlActivities(database)
    for place in (HERE, THERE):
        for name in reversed(NAMES):
            await machines.add(machine(name, place))
            await activities.add(Activity(place.activity(name), name, Millis(1), {}))

    found = await every(lambda after, limit: machines.machines(HERE, after, limit), size)
    others = await every(lambda after, limit: activities.activities(THERE, after, limit), size)

    assert [one.arn for one in found] == [HERE.state_machine(name) for name in sorted(NAMES)]
    assert [one.arn for one in others] == [THERE.activity(name) for name in sorted(NAMES)]


@pytest.mark.parametrize("size", [1, 2, 3, 4])
async def test_aliases_of_a_version_are_as_many_to_a_page_as_are_asked_for(
    database: Database, size: int
) -> None:
    machines = SqlMachines(database)
    versions = SqlVersions(database, machines.known)
    made = machine("m")
    await machines.add(made)
    for number in range(3):
        await versions.publish(made, f"version {number}", Millis(1))
    for number in range(8):
        routes = (Route(f"{made.arn}:{number % 2 + 1}", 50), Route(f"{made.arn}:3", 50))
        await versions.add_alias(Alias(made.arn, f"alias-{number}", routes, Millis(1), Millis(1)))

    def look(version: str | None) -> Callable[[Cursor | None, int], Awaitable[Page[Alias]]]:
        return lambda after, limit: versions.aliases(made.arn, version, after, limit)

    def names(found: list[Alias]) -> list[str]:
        return [alias.name for alias in found]

    assert names(await every(look(f"{made.arn}:2"), size)) == [f"alias-{n}" for n in (1, 3, 5, 7)]
    assert names(await every(look(f"{made.arn}:3"), size)) == [f"alias-{n}" for n in range(8)]
    assert names(await every(look(None), size)) == [f"alias-{n}" for n in range(8)]
    assert await every(look(f"{made.arn}:4"), size) == []


@pytest.mark.parametrize("size", [1, 2, 5])
async def test_executions_of_one_moment_are_neither_left_out_nor_listed_twice(
    database: Database, size: int
) -> None:
    machines = SqlMachines(database)
    made = machine("m")
    await machines.add(made)
    started = [Millis(moment) for moment in (5, 5, 7, 5, 6)]
    for number, moment in enumerate(started):
        execution = Execution(
            arn=HERE.execution("m", str(number)),
            uid=Uid(str(number)),
            name=str(number),
            machine_arn=made.arn,
            revision_id=made.revision.id,
            status="RUNNING",
            input="{}",  # type: ignore[arg-type]
            started=moment,
        )
        await adding.add(database, execution, "m")

    async def look(after: Cursor | None, limit: int) -> Page[Execution]:
        query = f"SELECT * FROM executions WHERE {pages.EXECUTIONS}"
        asked = pages.before_execution(after)
        return await pages.read(database, query, asked, limit, execution_of, pages.at_execution)

    assert [execution.name for execution in await every(look, size)] == ["2", "4", "3", "1", "0"]


async def test_versions_are_listed_the_newest_first(database: Database) -> None:
    machines = SqlMachines(database)
    versions = SqlVersions(database, machines.known)
    made = machine("m")
    await machines.add(made)
    for number in range(12):
        await versions.publish(made, f"description {number}", Millis(number))

    found = await every(lambda after, limit: versions.versions(made.arn, after, limit), 5)

    assert [version.number for version in found] == list(range(12, 0, -1))
    assert isinstance(found[0], Version)


@pytest.mark.parametrize("text", ["", "x", "-1", "1.5", "1/2/3", "/", "9" * 19, "²", "1/", " 1"])
async def test_a_cursor_that_the_store_never_gave_is_refused(database: Database, text: str) -> None:
    machines = SqlMachines(database)
    cursor = Cursor(text)

    with pytest.raises(NoSuchCursor):
        await SqlVersions(database, machines.known).versions("m", cursor, 10)
    with pytest.raises(NoSuchCursor):
        await SqlMapRuns(database, lambda *_: None).map_runs("e", cursor, 10)
    with pytest.raises(NoSuchCursor):
        pages.before_execution(cursor)
