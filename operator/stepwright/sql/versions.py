"""Published versions and aliases in SQL."""

from __future__ import annotations

from collections.abc import Iterable
from sqlite3 import Connection, Row
from typing import Any, Final

import msgspec

from stepwright.asl.signals import Millis
from stepwright.catalog import arns, cursors
from stepwright.catalog.ports import Cursor, NoSuchVersion, Page, VersionInUse
from stepwright.catalog.records import Alias, Route, StateMachine, Version
from stepwright.sql import pages
from stepwright.sql.database import Database
from stepwright.sql.known import Machines
from stepwright.sql.machines import add_version
from stepwright.sql.rows import revision_of, text_of

_VERSIONS: Final = (
    "SELECT versions.machine_arn, versions.number, versions.made, versions.description, revisions.* "
    "FROM versions JOIN revisions ON revisions.id = versions.revision "
)


class SqlVersions:
    """Implements ``catalog.ports.Versions``."""

    def __init__(self, database: Database, known: Machines) -> None:
        self._database = database
        self._known = known

    async def publish(self, machine: StateMachine, description: str | None, now: Millis) -> Version:
        def add(connection: Connection) -> Version:
            known = connection.execute(
                f"{_VERSIONS} WHERE versions.machine_arn = :arn AND versions.revision = :revision "
                "AND (:description IS NULL OR versions.description = :description) "
                "ORDER BY versions.number DESC LIMIT 1",
                {"arn": machine.arn, "revision": machine.revision.id, "description": description},
            ).fetchone()
            if known is not None:
                return _version_of(known)
            ((number,),) = connection.execute(
                "UPDATE machines SET newest_version = newest_version + 1 WHERE arn = :arn RETURNING newest_version",
                {"arn": machine.arn},
            ).fetchall()
            version = Version(machine.arn, number, machine.revision, now, description)
            add_version(connection, version)
            return version

        return await self._database.call(add)

    async def version(self, arn: str) -> Version | None:
        return await self._known.versions.get(arn, lambda: self._read_version(arn))

    async def _read_version(self, arn: str) -> Version | None:
        query = f"{_VERSIONS} WHERE versions.machine_arn = :machine_arn AND versions.number = :number"
        return await self._database.row(query, _version_key(arn), _version_of)

    async def versions(self, machine_arn: str, after: Cursor | None, limit: int) -> Page[Version]:
        query = (
            f"{_VERSIONS} WHERE versions.machine_arn = :machine_arn AND versions.number < :before "
            "ORDER BY versions.number DESC LIMIT :limit"
        )
        asked = {"machine_arn": machine_arn, "before": pages.number(after)}
        return await pages.read(self._database, query, asked, limit, _version_of, _at_version)

    async def delete_version(self, arn: str) -> None:
        def delete(connection: Connection) -> None:
            key = _version_key(arn)
            query = "SELECT name, routes FROM aliases WHERE machine_arn = :machine_arn ORDER BY name"
            using = [row["name"] for row in connection.execute(query, key) if _routes_to(row, arn)]
            if using:
                raise VersionInUse(using)
            connection.execute(
                "DELETE FROM versions WHERE machine_arn = :machine_arn AND number = :number", key
            )

        await self._database.call(delete)
        self._known.versions.changed(arn)

    async def add_alias(self, alias: Alias) -> Alias:
        def add(connection: Connection) -> Alias:
            known = _alias(connection, alias.arn)
            if known is not None:
                return known
            _require_versions(connection, alias)
            connection.execute(
                "INSERT INTO aliases (machine_arn, name, routes, created, updated, description) "
                "VALUES (:machine_arn, :name, :routes, :created, :updated, :description)",
                {**_alias_key(alias.arn), "created": alias.created, **_changeable(alias)},
            )
            return alias

        return await self._database.call(add)

    async def alias(self, arn: str) -> Alias | None:
        return await self._known.aliases.get(arn, lambda: self._read_alias(arn))

    async def _read_alias(self, arn: str) -> Alias | None:
        return await self._database.read(lambda connection: _alias(connection, arn))

    async def aliases(
        self, machine_arn: str, version_arn: str | None, after: Cursor | None, limit: int
    ) -> Page[Alias]:
        query = "SELECT * FROM aliases WHERE machine_arn = :machine_arn AND name > :after ORDER BY name"
        asked = {"machine_arn": machine_arn, "after": pages.name(after)}

        def look(connection: Connection) -> Page[Alias]:
            rows: Iterable[Row] = connection.execute(query, asked)
            if version_arn is not None:
                rows = (row for row in rows if _routes_to(row, version_arn))
            return pages.cut(rows, limit, _alias_of, pages.at_name)

        return await self._database.read(look)

    async def replace_alias(self, alias: Alias) -> None:
        def replace(connection: Connection) -> None:
            _require_versions(connection, alias)
            connection.execute(
                "UPDATE aliases SET routes = :routes, updated = :updated, description = :description "
                "WHERE machine_arn = :machine_arn AND name = :name",
                {**_alias_key(alias.arn), **_changeable(alias)},
            )

        await self._database.call(replace)
        self._known.aliases.changed(alias.arn)

    async def delete_alias(self, arn: str) -> None:
        await self._database.execute(
            "DELETE FROM aliases WHERE machine_arn = :machine_arn AND name = :name", _alias_key(arn)
        )
        self._known.aliases.changed(arn)


def _version_key(arn: str) -> dict[str, Any]:
    machine_arn, number = arns.unqualified(arn)
    return {"machine_arn": machine_arn, "number": int(number or 0)}


def _alias_key(arn: str) -> dict[str, Any]:
    machine_arn, name = arns.unqualified(arn)
    return {"machine_arn": machine_arn, "name": name}


def _alias(connection: Connection, arn: str) -> Alias | None:
    query = "SELECT * FROM aliases WHERE machine_arn = :machine_arn AND name = :name"
    row = connection.execute(query, _alias_key(arn)).fetchone()
    return None if row is None else _alias_of(row)


def _require_versions(connection: Connection, alias: Alias) -> None:
    """Raises NoSuchVersion."""
    query = "SELECT 1 FROM versions WHERE machine_arn = :machine_arn AND number = :number"
    for route in alias.routes:
        if connection.execute(query, _version_key(route.version_arn)).fetchone() is None:
            raise NoSuchVersion(route.version_arn)


def _routes_to(row: Row, version_arn: str) -> bool:
    return any(arn == version_arn for arn, _ in msgspec.json.decode(row["routes"]))


def _changeable(alias: Alias) -> dict[str, Any]:
    return {
        "routes": text_of([[route.version_arn, route.weight] for route in alias.routes]),
        "updated": alias.updated,
        "description": alias.description,
    }


def _version_of(row: Row) -> Version:
    return Version(row["machine_arn"], row["number"], revision_of(row), row["made"], row["description"])


def _at_version(row: Row) -> Cursor:
    return cursors.at(row["number"])


def _alias_of(row: Row) -> Alias:
    return Alias(
        machine_arn=row["machine_arn"],
        name=row["name"],
        routes=tuple(Route(arn, weight) for arn, weight in msgspec.json.decode(row["routes"])),
        created=row["created"],
        updated=row["updated"],
        description=row["description"],
    )
