"""State machines and their revisions in SQL."""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Mapping
from sqlite3 import Connection, Row
from typing import Final

import msgspec

from stepwright.catalog.arns import Place
from stepwright.catalog.ports import Cursor, Page
from stepwright.catalog.records import Revision, StateMachine, Version
from stepwright.sql import pages
from stepwright.sql.database import Database
from stepwright.sql.deletions import Deletions
from stepwright.sql.known import Machines
from stepwright.sql.rows import revision_of, text_of

MOST_REVISIONS: Final = 256
"""Kept in memory, the most recently used ones: every start of an execution asks for one, and they never change."""

_MACHINES: Final = (
    "SELECT machines.arn, machines.name, machines.type, machines.created AS made, machines.tags, machines.deleting, "
    "revisions.* "
    "FROM machines JOIN revisions ON revisions.id = machines.revision "
)


class SqlMachines:
    """Implements ``catalog.ports.Machines``."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self.known = Machines()
        self.deletions = Deletions(database, self.known)
        self._revisions: OrderedDict[str, Revision] = OrderedDict()
        self._asks = asyncio.Lock()
        """Only one at a time asks the database for a revision: of a thousand starts at once, all but the
        first find it in memory."""

    async def add(self, machine: StateMachine, version: Version | None = None) -> StateMachine:
        def add(connection: Connection) -> StateMachine:
            known = stored(connection, machine.arn)
            if known is not None:
                return known
            _add_revision(connection, machine.revision)
            connection.execute(
                "INSERT INTO machines (arn, name, type, created, revision, tags, newest_version, since) VALUES "
                "(:arn, :name, :type, :created, :revision, :tags, :newest_version, "
                "coalesce((SELECT max(position) FROM executions), 0) + 1)",
                {
                    "arn": machine.arn,
                    "name": machine.name,
                    "type": machine.type,
                    "created": machine.created,
                    "revision": machine.revision.id,
                    "tags": text_of(machine.tags),
                    "newest_version": 0 if version is None else version.number,
                },
            )
            if version is not None:
                add_version(connection, version)
            return machine

        return await self._database.call(add)

    async def machine(self, arn: str) -> StateMachine | None:
        return await self.known.machines.get(arn, lambda: self._read_machine(arn))

    async def _read_machine(self, arn: str) -> StateMachine | None:
        return await self._database.read(lambda connection: stored(connection, arn))

    async def machines(self, place: Place, after: Cursor | None, limit: int) -> Page[StateMachine]:
        query = (
            f"{_MACHINES} WHERE substr(machines.arn, 1, length(:here)) = :here AND machines.name > :after "
            "ORDER BY machines.name LIMIT :limit"
        )
        asked = {"here": place.state_machines, "after": pages.name(after)}
        return await pages.read(self._database, query, asked, limit, _machine_of, pages.at_name)

    async def revise(self, arn: str, revision: Revision) -> Revision:
        def revise(connection: Connection) -> None:
            _add_revision(connection, revision)
            connection.execute(
                "UPDATE machines SET revision = :revision WHERE arn = :arn",
                {"arn": arn, "revision": revision.id},
            )

        await self._database.call(revise)
        self.known.machines.changed(arn)
        return revision

    async def tag(self, arn: str, tags: Mapping[str, str]) -> None:
        await self._database.execute(
            "UPDATE machines SET tags = :tags WHERE arn = :arn", {"arn": arn, "tags": text_of(tags)}
        )
        self.known.machines.changed(arn)

    async def delete(self, arn: str) -> None:
        await self.deletions.begin(arn)

    async def revision(self, id: str) -> Revision | None:
        return self._known_revision(id) or await self._read_revision(id)

    def _known_revision(self, id: str) -> Revision | None:
        known = self._revisions.get(id)
        if known is not None:
            self._revisions.move_to_end(id)
        return known

    async def _read_revision(self, id: str) -> Revision | None:
        async with self._asks:
            if (known := self._known_revision(id)) is not None:
                return known
            query = "SELECT * FROM revisions WHERE id = :id"
            revision = await self._database.row(query, {"id": id}, revision_of)
            if revision is None:
                return None
            self._revisions[id] = revision
            if len(self._revisions) > MOST_REVISIONS:
                self._revisions.popitem(last=False)
            return revision


def stored(connection: Connection, arn: str) -> StateMachine | None:
    row = connection.execute(f"{_MACHINES} WHERE machines.arn = :arn", {"arn": arn}).fetchone()
    return None if row is None else _machine_of(row)


def _add_revision(connection: Connection, revision: Revision) -> None:
    connection.execute(
        "INSERT INTO revisions (id, definition, role_arn, created, settings, first) "
        "VALUES (:id, :definition, :role_arn, :created, :settings, :first)",
        {
            "id": revision.id,
            "definition": revision.definition,
            "role_arn": revision.role_arn,
            "created": revision.created,
            "settings": text_of(revision.settings),
            "first": revision.first,
        },
    )


def add_version(connection: Connection, version: Version) -> None:
    connection.execute(
        "INSERT INTO versions (machine_arn, number, revision, made, description) "
        "VALUES (:machine_arn, :number, :revision, :made, :description)",
        {
            "machine_arn": version.machine_arn,
            "number": version.number,
            "revision": version.revision.id,
            "made": version.created,
            "description": version.description,
        },
    )


def _machine_of(row: Row) -> StateMachine:
    return StateMachine(
        arn=row["arn"],
        name=row["name"],
        type=row["type"],
        created=row["made"],
        revision=revision_of(row),
        tags=msgspec.json.decode(row["tags"]),
        deleting=bool(row["deleting"]),
    )
