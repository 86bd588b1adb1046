"""State machines, revisions and executions in SQL."""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from typing import Any, Final

import msgspec
from sqlalchemy import Row, and_, bindparam, exists, func, literal, not_, or_, select, update
from sqlalchemy.dialects.sqlite import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from stepwright.asl.step import HistoryEvent, Status
from stepwright.catalog import arns
from stepwright.catalog.arns import Place
from stepwright.catalog.ports import MachineGone
from stepwright.catalog.records import Execution, Revision, StateMachine, Version
from stepwright.cluster import payloads
from stepwright.local import schema
from stepwright.local.database import Conflict, Database, Statement
from stepwright.local.deletions import Deletions
from stepwright.local.journal import read_payloads
from stepwright.local.known import Machines
from stepwright.local.rows import belongs_to, execution_of, text_of

MOST_REVISIONS: Final = 256
"""Kept in memory, the most recently used ones: every start of an execution asks for one, and they never change."""

_GIVEN: Final = (
    "uid",
    "arn",
    "name",
    "machine_arn",
    "machine_name",
    "revision",
    "input",
    "started",
    "trace_header",
    "version_arn",
    "alias_arn",
)
_STARTS: Final = exists().where(
    schema.machines.c.arn == bindparam("machine_arn"), schema.machines.c.deleting.is_(False)
)
"""Whoever starts an execution has looked at its state machine, which may have been deleted since."""
ADD_EXECUTION: Final = Statement(
    0,
    insert(schema.executions)
    .from_select(
        [*_GIVEN, "status", "seq", "settled"],
        select(
            *(bindparam(name, type_=schema.executions.c[name].type) for name in _GIVEN),
            literal("RUNNING"),
            literal(0),
            literal(False),
        ).where(_STARTS),
    )
    .on_conflict_do_nothing(),
    conditional=True,
)

_MACHINES: Final = select(
    schema.machines.c.arn,
    schema.machines.c.name,
    schema.machines.c.type,
    schema.machines.c.created.label("made"),
    schema.machines.c.tags,
    schema.machines.c.deleting,
    schema.revisions,
).join(schema.revisions, schema.revisions.c.id == schema.machines.c.revision)


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
        async def add(connection: AsyncConnection) -> StateMachine:
            known = await _machine(connection, machine.arn)
            if known is not None:
                return known
            await _add_revision(connection, machine.revision)
            await connection.execute(
                insert(schema.machines).values(
                    arn=machine.arn,
                    name=machine.name,
                    type=machine.type,
                    created=machine.created,
                    revision=machine.revision.id,
                    tags=text_of(machine.tags),
                    newest_version=0 if version is None else version.number,
                    since=func.coalesce(select(func.max(schema.executions.c.position)).scalar_subquery(), 0)
                    + 1,
                )
            )
            if version is not None:
                await add_version(connection, version)
            return machine

        return await self._database.call(add)

    async def machine(self, arn: str) -> StateMachine | None:
        return await self.known.machines.get(arn, lambda: self._read_machine(arn))

    async def _read_machine(self, arn: str) -> StateMachine | None:
        async with self._database.reading() as connection:
            return await _machine(connection, arn)

    async def machines(self, place: Place, after: str, limit: int) -> Sequence[StateMachine]:
        columns = schema.machines.c
        here = columns.arn.startswith(place.state_machines, autoescape=True)
        query = _MACHINES.where(here, columns.name > after).order_by(columns.name).limit(limit)
        async with self._database.reading() as connection:
            return [_machine_of(row) for row in await connection.execute(query)]

    async def revise(self, arn: str, revision: Revision) -> None:
        async def revise(connection: AsyncConnection) -> None:
            await _add_revision(connection, revision)
            await connection.execute(
                update(schema.machines).where(schema.machines.c.arn == arn).values(revision=revision.id)
            )

        await self._database.call(revise)
        self.known.machines.changed(arn)

    async def tag(self, arn: str, tags: Mapping[str, str]) -> None:
        statement = update(schema.machines).where(schema.machines.c.arn == arn).values(tags=text_of(tags))
        await self._database.call(lambda connection: connection.execute(statement))
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
            query = select(schema.revisions).where(schema.revisions.c.id == id)
            async with self._database.reading() as connection:
                row = (await connection.execute(query)).one_or_none()
            if row is None:
                return None
            revision = self._revisions[id] = revision_of(row)
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
        of_child = schema.children.c.uid == schema.executions.c.uid
        query = (
            select(schema.executions, schema.children.c.map_run_arn, schema.children.c.item_count)
            .join(schema.children, of_child, isouter=True)
            .where(schema.executions.c.arn == arn)
        )
        async with self._database.reading() as connection:
            row = (await connection.execute(query)).one_or_none()
        return None if row is None else execution_of(row, row.map_run_arn, row.item_count)

    async def has_machine(self, execution: Execution) -> bool:
        columns = schema.machines.c
        query = select(columns.arn).where(
            columns.arn == execution.machine_arn,
            columns.deleting.is_(False),
            columns.since <= execution.position,
        )
        async with self._database.reading() as connection:
            return (await connection.execute(query)).first() is not None

    async def executions(
        self, started_as: str, status: Status | None, before: int | None, limit: int
    ) -> Sequence[Execution]:
        columns = schema.executions.c
        machine_arn, qualifier = arns.unqualified(started_as)
        query = select(schema.executions).where(belongs_to(machine_arn))
        if qualifier is not None:
            query = query.where(or_(columns.version_arn == started_as, columns.alias_arn == started_as))
        if status is not None:
            query = query.where(columns.status == status)
        if before is not None:
            query = query.where(columns.position < before)
        async with self._database.reading() as connection:
            rows = await connection.execute(query.order_by(columns.position.desc()).limit(limit))
            return [execution_of(row) for row in rows]

    async def events(
        self, execution: Execution, beyond: int | None, limit: int, *, newest_first: bool
    ) -> Sequence[HistoryEvent]:
        column = schema.events.c.id
        query = select(schema.events.c.body).where(schema.events.c.uid == execution.uid)
        if beyond is not None:
            query = query.where(column < beyond if newest_first else column > beyond)
        query = query.order_by(column.desc() if newest_first else column).limit(limit)
        async with self._database.reading() as connection:
            bodies = [msgspec.json.decode(body) for body in (await connection.execute(query)).scalars()]
            texts = await read_payloads(connection, bodies)
        return [payloads.put_back(body, texts) for body in bodies]


async def _machine(connection: AsyncConnection, arn: str) -> StateMachine | None:
    row = (await connection.execute(_MACHINES.where(schema.machines.c.arn == arn))).one_or_none()
    return None if row is None else _machine_of(row)


async def _add_again(connection: AsyncConnection, row: Mapping[str, Any]) -> bool:
    """Add an execution that could not be: where its ARN was that of an execution of a deleted state machine, it is the
    new one's now. Raises MachineGone."""
    executions, machine_arn = schema.executions, row["machine_arn"]
    machine = await _machine(connection, machine_arn)
    if machine is None or machine.deleting:
        raise MachineGone
    former = and_(executions.c.arn == row["arn"], not_(belongs_to(machine_arn)))
    found = (await connection.execute(select(executions.c.uid).where(former))).scalar_one_or_none()
    if found is None:
        return False
    # Nothing of it is lost, but nobody asks for it by this name.
    other = f"{row['arn']}:{found}"
    await connection.execute(update(executions).where(executions.c.uid == found).values(arn=other))
    runs = update(schema.map_runs).where(schema.map_runs.c.uid == found)
    await connection.execute(runs.values(execution_arn=other))
    await connection.execute(ADD_EXECUTION.sql, row)
    return True


async def _add_revision(connection: AsyncConnection, revision: Revision) -> None:
    await connection.execute(
        insert(schema.revisions).values(
            id=revision.id,
            definition=revision.definition,
            role_arn=revision.role_arn,
            created=revision.created,
            settings=text_of(revision.settings),
            first=revision.first,
        )
    )


async def add_version(connection: AsyncConnection, version: Version) -> None:
    await connection.execute(
        insert(schema.versions).values(
            machine_arn=version.machine_arn,
            number=version.number,
            revision=version.revision.id,
            made=version.created,
            description=version.description,
        )
    )


def _machine_of(row: Row[Any]) -> StateMachine:
    return StateMachine(
        arn=row.arn,
        name=row.name,
        type=row.type,
        created=row.made,
        revision=revision_of(row),
        tags=msgspec.json.decode(row.tags),
        deleting=row.deleting,
    )


def revision_of(row: Row[Any]) -> Revision:
    return Revision(
        id=row.id,
        definition=row.definition,
        role_arn=row.role_arn,
        created=row.created,
        settings=msgspec.json.decode(row.settings),
        first=row.first,
    )
