"""Published versions and aliases in SQL."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

import msgspec
from sqlalchemy import Row, and_, delete, select, update
from sqlalchemy.dialects.sqlite import insert
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlalchemy.sql.elements import ColumnElement

from stepwright.asl.signals import Millis
from stepwright.catalog import arns
from stepwright.catalog.records import Alias, Route, StateMachine, Version
from stepwright.local import schema
from stepwright.local.catalog import add_version, revision_of
from stepwright.local.database import Database
from stepwright.local.known import Machines

_VERSIONS: Final = select(
    schema.versions.c.machine_arn,
    schema.versions.c.number,
    schema.versions.c.made,
    schema.versions.c.description,
    schema.revisions,
).join(schema.revisions, schema.revisions.c.id == schema.versions.c.revision)


class SqlVersions:
    """Implements ``catalog.ports.Versions``."""

    def __init__(self, database: Database, known: Machines) -> None:
        self._database = database
        self._known = known

    async def publish(self, machine: StateMachine, description: str | None, now: Millis) -> Version:
        async def add(connection: AsyncConnection) -> Version:
            of_revision = and_(
                schema.versions.c.machine_arn == machine.arn,
                schema.versions.c.revision == machine.revision.id,
            )
            newest = _VERSIONS.where(of_revision).order_by(schema.versions.c.number.desc())
            if description is not None:
                newest = newest.where(schema.versions.c.description == description)
            known = (await connection.execute(newest)).first()
            if known is not None:
                return _version_of(known)
            next_number = (
                update(schema.machines)
                .where(schema.machines.c.arn == machine.arn)
                .values(newest_version=schema.machines.c.newest_version + 1)
                .returning(schema.machines.c.newest_version)
            )
            number = (await connection.execute(next_number)).scalar_one()
            version = Version(machine.arn, number, machine.revision, now, description)
            await add_version(connection, version)
            return version

        return await self._database.call(add)

    async def version(self, arn: str) -> Version | None:
        return await self._known.versions.get(arn, lambda: self._read_version(arn))

    async def _read_version(self, arn: str) -> Version | None:
        async with self._database.reading() as connection:
            row = (await connection.execute(_VERSIONS.where(_is_version(arn)))).one_or_none()
        return None if row is None else _version_of(row)

    async def versions(self, machine_arn: str, before: int | None, limit: int) -> Sequence[Version]:
        query = _VERSIONS.where(schema.versions.c.machine_arn == machine_arn)
        if before is not None:
            query = query.where(schema.versions.c.number < before)
        async with self._database.reading() as connection:
            rows = await connection.execute(query.order_by(schema.versions.c.number.desc()).limit(limit))
            return [_version_of(row) for row in rows]

    async def delete_version(self, arn: str) -> None:
        statement = delete(schema.versions).where(_is_version(arn))
        await self._database.call(lambda connection: connection.execute(statement))
        self._known.versions.changed(arn)

    async def add_alias(self, alias: Alias) -> Alias:
        async def add(connection: AsyncConnection) -> Alias:
            known = await _alias(connection, alias.arn)
            if known is not None:
                return known
            row = {"machine_arn": alias.machine_arn, "name": alias.name, "created": alias.created}
            await connection.execute(insert(schema.aliases).values(**row, **_changeable(alias)))
            return alias

        return await self._database.call(add)

    async def alias(self, arn: str) -> Alias | None:
        return await self._known.aliases.get(arn, lambda: self._read_alias(arn))

    async def _read_alias(self, arn: str) -> Alias | None:
        async with self._database.reading() as connection:
            return await _alias(connection, arn)

    async def aliases(self, machine_arn: str, after: str, limit: int) -> Sequence[Alias]:
        columns = schema.aliases.c
        query = select(schema.aliases).where(columns.machine_arn == machine_arn, columns.name > after)
        async with self._database.reading() as connection:
            rows = await connection.execute(query.order_by(columns.name).limit(limit))
            return [_alias_of(row) for row in rows]

    async def replace_alias(self, alias: Alias) -> None:
        statement = update(schema.aliases).where(_is_alias(alias.arn)).values(**_changeable(alias))
        await self._database.call(lambda connection: connection.execute(statement))
        self._known.aliases.changed(alias.arn)

    async def delete_alias(self, arn: str) -> None:
        statement = delete(schema.aliases).where(_is_alias(arn))
        await self._database.call(lambda connection: connection.execute(statement))
        self._known.aliases.changed(arn)


def _is_version(arn: str) -> ColumnElement[bool]:
    machine_arn, number = arns.unqualified(arn)
    return and_(schema.versions.c.machine_arn == machine_arn, schema.versions.c.number == int(number or 0))


def _is_alias(arn: str) -> ColumnElement[bool]:
    machine_arn, name = arns.unqualified(arn)
    return and_(schema.aliases.c.machine_arn == machine_arn, schema.aliases.c.name == name)


async def _alias(connection: AsyncConnection, arn: str) -> Alias | None:
    row = (await connection.execute(select(schema.aliases).where(_is_alias(arn)))).one_or_none()
    return None if row is None else _alias_of(row)


def _changeable(alias: Alias) -> dict[str, Any]:
    routes = [[route.version_arn, route.weight] for route in alias.routes]
    return {
        "routes": msgspec.json.encode(routes).decode(),
        "updated": alias.updated,
        "description": alias.description,
    }


def _version_of(row: Row[Any]) -> Version:
    return Version(row.machine_arn, row.number, revision_of(row), row.made, row.description)


def _alias_of(row: Row[Any]) -> Alias:
    return Alias(
        machine_arn=row.machine_arn,
        name=row.name,
        routes=tuple(Route(arn, weight) for arn, weight in msgspec.json.decode(row.routes)),
        created=row.created,
        updated=row.updated,
        description=row.description,
    )
