"""State machines, revisions and executions in SQL."""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from sqlite3 import Connection, Row
from typing import Any, Final

import msgspec

from stepwright.asl.step import HistoryEvent, Status
from stepwright.catalog import arns
from stepwright.catalog.arns import Place
from stepwright.catalog.ports import MachineGone
from stepwright.catalog.records import Execution, Listed, Revision, StateMachine, Version
from stepwright.engine import payloads
from stepwright.sql import schema
from stepwright.sql.database import Conflict, Database, Statement
from stepwright.sql.deletions import Deletions
from stepwright.sql.journal import read_payloads
from stepwright.sql.known import Machines
from stepwright.sql.rows import BELONGS, PAGE, child_of, execution_of, page, revision_of, text_of

MOST_REVISIONS: Final = 256
"""Kept in memory, the most recently used ones: every start of an execution asks for one, and they never change."""

ADD_EXECUTION: Final = Statement(
    0,
    "INSERT INTO executions (uid, arn, name, machine_arn, machine_name, revision, input, started, trace_header, "
    "version_arn, alias_arn, status, seq, settled, bare_tokens) SELECT :uid, :arn, :name, :machine_arn, :machine_name, :revision, "
    ":input, :started, :trace_header, :version_arn, :alias_arn, 'RUNNING', 0, FALSE, FALSE "
    "WHERE EXISTS (SELECT 1 FROM machines WHERE arn = :machine_arn AND deleting IS FALSE) ON CONFLICT DO NOTHING",
    conditional=True,
)
"""Whoever starts an execution has looked at its state machine, which may have been deleted since."""

NAME_MILLIS: Final = 90 * 24 * 60 * 60 * 1000
"""So long after its end an execution has its name for itself.
https://docs.aws.amazon.com/step-functions/latest/apireference/API_StartExecution.html"""

_MACHINES: Final = (
    "SELECT machines.arn, machines.name, machines.type, machines.created AS made, machines.tags, machines.deleting, "
    "revisions.* "
    "FROM machines JOIN revisions ON revisions.id = machines.revision "
)


class SqlCatalog:
    """Implements ``catalog.ports.Catalog``."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self.known = Machines()
        self.deletions = Deletions(database, self.known)
        self._revisions: OrderedDict[str, Revision] = OrderedDict()
        self._asks = asyncio.Lock()
        """One asks the database for a revision at a time: of a thousand starts at once, all but the first find it."""

    # --- State machines ------------------------------------------------------------------------------------------

    async def add_machine(self, machine: StateMachine, version: Version | None = None) -> StateMachine:
        def add(connection: Connection) -> StateMachine:
            known = _machine(connection, machine.arn)
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
        return await self._database.read(lambda connection: _machine(connection, arn))

    async def machines(self, place: Place, after: str, limit: int) -> Sequence[StateMachine]:
        query = (
            f"{_MACHINES} WHERE substr(machines.arn, 1, length(:here)) = :here AND machines.name > :after "
            "ORDER BY machines.name LIMIT :limit"
        )
        asked = {"here": place.state_machines, "after": after, "limit": limit}
        return await self._database.rows(query, asked, _machine_of)

    async def revise(self, arn: str, revision: Revision) -> None:
        def revise(connection: Connection) -> None:
            _add_revision(connection, revision)
            connection.execute(
                "UPDATE machines SET revision = :revision WHERE arn = :arn",
                {"arn": arn, "revision": revision.id},
            )

        await self._database.call(revise)
        self.known.machines.changed(arn)

    async def tag(self, arn: str, tags: Mapping[str, str]) -> None:
        await self._database.execute(
            "UPDATE machines SET tags = :tags WHERE arn = :arn", {"arn": arn, "tags": text_of(tags)}
        )
        self.known.machines.changed(arn)

    async def delete_machine(self, arn: str) -> None:
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

    # --- Executions ----------------------------------------------------------------------------------------------

    async def add_execution(self, execution: Execution, machine_name: str) -> bool:
        """Whether it is new: False where its ARN was taken before. Raises MachineGone."""
        row = {
            "uid": execution.uid,
            "arn": execution.arn,
            "name": execution.name,
            "machine_arn": execution.machine_arn,
            "machine_name": machine_name,
            "revision": execution.revision_id,
            "input": execution.input,
            "started": execution.started,
            "trace_header": execution.trace_header,
            "version_arn": execution.version_arn,
            "alias_arn": execution.alias_arn,
        }
        try:
            await self._database.write([(ADD_EXECUTION, row)])
        except Conflict:
            return await self._database.call(lambda connection: _add_again(connection, row))
        return True

    async def execution(self, arn: str) -> Execution | None:
        query = (
            "SELECT executions.*, children.map_run_arn, children.item_count FROM executions "
            "LEFT JOIN children ON children.uid = executions.uid WHERE executions.arn = :arn"
        )
        return await self._database.row(query, {"arn": arn}, child_of)

    async def has_machine(self, execution: Execution) -> bool:
        query = "SELECT 1 FROM machines WHERE arn = :arn AND deleting IS FALSE AND since <= :position"
        asked = {"arn": execution.machine_arn, "position": execution.position}
        return await self._database.row(query, asked, bool) is not None

    async def executions(
        self, started_as: str, status: Status | None, before: Listed | None, limit: int
    ) -> Sequence[Execution]:
        machine_arn, qualifier = arns.unqualified(started_as)
        query = (
            f"SELECT * FROM executions WHERE {BELONGS} "  # noqa: S608 - constants
            "AND (:started_as IS NULL OR version_arn = :started_as OR alias_arn = :started_as) "
            f"AND (:status IS NULL OR status = :status) AND {PAGE}"
        )
        asked = {
            "machine_arn": machine_arn,
            "started_as": None if qualifier is None else started_as,
            "status": status,
            **page(before, limit),
        }
        return await self._database.rows(query, asked, execution_of)

    async def events(
        self, execution: Execution, beyond: int | None, limit: int, *, newest_first: bool
    ) -> Sequence[HistoryEvent]:
        if newest_first:
            query = "SELECT body FROM events WHERE uid = :uid AND id < :beyond ORDER BY id DESC LIMIT :limit"
            first = schema.LAST
        else:
            query = "SELECT body FROM events WHERE uid = :uid AND id > :beyond ORDER BY id LIMIT :limit"
            first = -1
        asked = {"uid": execution.uid, "beyond": first if beyond is None else beyond, "limit": limit}

        def look(connection: Connection) -> Sequence[HistoryEvent]:
            bodies = [msgspec.json.decode(body) for (body,) in connection.execute(query, asked)]
            texts = read_payloads(connection, bodies)
            return [payloads.put_back(body, texts) for body in bodies]

        return await self._database.read(look)


def _machine(connection: Connection, arn: str) -> StateMachine | None:
    row = connection.execute(f"{_MACHINES} WHERE machines.arn = :arn", {"arn": arn}).fetchone()
    return None if row is None else _machine_of(row)


def _add_again(connection: Connection, row: Mapping[str, Any]) -> bool:
    """Add an execution that could not be: where its ARN was that of an execution of a deleted state machine, or of one
    that ended long ago, it is the new one's now. Raises MachineGone."""
    machine = _machine(connection, row["machine_arn"])
    if machine is None or machine.deleting:
        raise MachineGone
    former = (
        f"SELECT uid FROM executions WHERE arn = :arn AND (NOT ({BELONGS}) "  # noqa: S608 - a constant
        "OR (settled IS TRUE AND stopped <= :long_ago))"
    )
    found = connection.execute(former, {**row, "long_ago": row["started"] - NAME_MILLIS}).fetchone()
    if found is None:
        return False
    # Nothing of it is lost, but nobody asks for it by this name.
    other = {"uid": found["uid"], "other": f"{row['arn']}:{found['uid']}"}
    connection.execute("UPDATE executions SET arn = :other WHERE uid = :uid", other)
    connection.execute("UPDATE map_runs SET execution_arn = :other WHERE uid = :uid", other)
    connection.execute(ADD_EXECUTION.sql, row)
    return True


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
