"""Aliases route to existing versions, even if somebody deletes one at the same moment."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from stepwright.asl.signals import Millis
from stepwright.catalog.arns import Place
from stepwright.catalog.ports import NoSuchVersion, VersionInUse
from stepwright.catalog.records import Alias, Revision, Route, StateMachine
from stepwright.sql.database import Database
from stepwright.sql.machines import SqlMachines
from stepwright.sql.versions import SqlVersions

ARN = Place("123456789012", "us-east-1").state_machine("m")
FIRST, SECOND = f"{ARN}:1", f"{ARN}:2"


@pytest.fixture
async def versions(tmp_path: Path) -> AsyncIterator[SqlVersions]:
    """Two of one state machine, and an alias that routes to the second."""
    database = await Database.open(tmp_path)
    machines = SqlMachines(database)
    machine = StateMachine(ARN, "m", "STANDARD", Millis(1), Revision("r", "{}", "role", Millis(1)))
    await machines.add(machine)
    versions = SqlVersions(database, machines.known)
    for description in ("first", "second"):
        await versions.publish(machine, description, Millis(1))
    await versions.add_alias(alias("stays", SECOND))
    yield versions
    await database.close()


def alias(name: str, version_arn: str) -> Alias:
    return Alias(ARN, name, (Route(version_arn, 100),), Millis(1), Millis(1))


async def test_a_version_that_was_deleted_first_gets_no_alias(versions: SqlVersions) -> None:
    """The alias was made, and pointed at nothing."""
    deleted, added, moved = await asyncio.gather(
        versions.delete_version(FIRST),
        versions.add_alias(alias("live", FIRST)),
        versions.replace_alias(alias("stays", FIRST)),
        return_exceptions=True,
    )

    assert deleted is None
    assert isinstance(added, NoSuchVersion)
    assert isinstance(moved, NoSuchVersion)
    assert moved.arn == FIRST
    assert await versions.alias(f"{ARN}:live") is None
    assert await versions.alias(f"{ARN}:stays") == alias("stays", SECOND)


async def test_a_version_that_has_got_aliases_first_stays(versions: SqlVersions) -> None:
    _, _, deleted = await asyncio.gather(
        versions.add_alias(alias("live", FIRST)),
        versions.replace_alias(alias("stays", FIRST)),
        versions.delete_version(FIRST),
        return_exceptions=True,
    )

    assert isinstance(deleted, VersionInUse)
    assert deleted.aliases == ["live", "stays"]
    assert await versions.version(FIRST) is not None


async def test_what_nobody_routes_to_goes_and_may_be_gone_already(versions: SqlVersions) -> None:
    await versions.delete_version(FIRST)
    await versions.delete_version(FIRST)

    assert await versions.version(FIRST) is None
    assert await versions.version(SECOND) is not None
