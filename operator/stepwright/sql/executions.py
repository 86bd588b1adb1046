"""Standard executions in SQL, and the engine that runs them in this process."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Sequence
from contextlib import suppress
from functools import partial
from sqlite3 import Connection, Row

import msgspec
import structlog

from stepwright.asl.limits import STANDARD, Limits
from stepwright.asl.signals import Millis, RedriveFrom, Signal, TaskId
from stepwright.asl.step import HistoryEvent, Status
from stepwright.asl.unusable import Unusable, known_later
from stepwright.catalog import arns, cursors, redrives
from stepwright.catalog.ports import Cursor, NotRedrivable, Page, TestCases
from stepwright.catalog.records import Execution
from stepwright.engine import payloads
from stepwright.engine.alone import Held
from stepwright.engine.engine import Engine
from stepwright.engine.insisting import insist
from stepwright.engine.ports import (
    Clock,
    Commit,
    ExecutionRef,
    Gone,
    Reported,
    StopRequest,
    TaskDriver,
    Uid,
)
from stepwright.engine.reports import Reports
from stepwright.engine.steps import Aside, Whose
from stepwright.sql import adding, answers, children, map_runs, pages
from stepwright.sql.database import NAMESPACE, Database
from stepwright.sql.ends import Ends, ask_for
from stepwright.sql.journal import SqlJournal
from stepwright.sql.machines import SqlMachines
from stepwright.sql.redrives import SqlRedrives
from stepwright.sql.rows import BELONGS, execution_of, read_payloads
from stepwright.sql.shards import Asked, SqlShards
from stepwright.sql.starting import Starting
from stepwright.sql.watching import CommitWatchers

log = structlog.get_logger(__name__)


class SqlExecutions:
    """Implements ``catalog.ports.Executions``, ``engine.observer.Observer`` and ``sql.answers.Carried``."""

    def __init__(
        self,
        database: Database,
        journal: SqlJournal,
        machines: SqlMachines,
        starting: Starting,
        test_cases: TestCases,
        clock: Clock,
        drivers: Sequence[TaskDriver],
        limits: Limits = STANDARD,
        aside: Aside | None = None,
        whose: Whose | None = None,
        reports: Reports | None = None,
        unusable: Unusable = known_later,
        shards: SqlShards | None = None,
    ) -> None:
        """``aside``, ``whose``, ``reports`` and ``unusable``: see ``Engine``. ``shards`` of distributed Maps are carried, too."""
        self._database = database
        self._journal = journal
        self._deletions = machines.deletions
        self._starting = starting
        self._shards = shards
        self._test_cases = test_cases
        self._clock = clock
        self._redrives = SqlRedrives(database)
        self._engine = Engine(
            journal,
            drivers,
            Held(),
            clock=clock,
            observer=self,
            limits=limits,
            aside=aside,
            whose=whose,
            finished=self._note_finished,
            instead=machines.deletions.failure,
            token=database.tokens.make,
            reports=reports,
            unusable=unusable,
        )
        self._ends = Ends() if shards is None else shards.ends
        self.watchers = CommitWatchers()
        self._let_go: defaultdict[Uid, asyncio.Event] = defaultdict(asyncio.Event)
        """Set when the engine is done with an execution; only for those that somebody waits for."""
        self._taken_up = asyncio.Event()
        self._begun: set[Uid] = set()
        """Those that this process has begun before all others were taken up."""

    async def run(self) -> None:
        """Take up what was running when the last process ended, and run everything until cancelled."""
        await self._deletions.recall()
        for loaded in await self._journal.unsettled():
            # What was read of one that this process has begun may be old: it may have ended since.
            if loaded.ref.uid not in self._begun:
                self._engine.adopt(loaded)
        self._taken_up.set()
        self._begun.clear()
        for uid, signal in [*await map_runs.asked(self._database), *await answers.given(self._database)]:
            self._engine.report(uid, signal)
        async with asyncio.TaskGroup() as group:
            group.create_task(self._engine.run(), name="engine")
            while self._shards is not None:
                group.create_task(self._carry(await self._shards.asked()))

    async def _carry(self, asked: Asked) -> None:
        """A shard, from where it is stored to be."""
        uid = asked.ref.uid
        if asked.stops:
            self._engine.stop_execution(uid, StopRequest())
            return
        while self._engine.is_ending(uid):  # and was redriven since
            await self._let_go[uid].wait()
        if not self._engine.carries(uid):
            with suppress(Gone):  # it was forgotten meanwhile
                load = partial(self._journal.load, asked.ref)
                self._engine.adopt(await insist(asked.ref, self._clock, load))
        if self._shards is not None and (bounds := self._shards.bounds(uid)) is not None:
            self._engine.tell(uid, bounds)

    async def all_written(self) -> None:
        """Return once what was reported is written, as far as it does not wait for anything else."""
        await self._engine.all_written()

    def report(self, uid: Uid, reported: Reported) -> None:
        self._engine.report(uid, reported)

    def tell(self, uid: Uid, signal: Signal) -> None:
        self._engine.tell(uid, signal)

    def has_open(self, uid: Uid, task: TaskId, scheduled: Millis | None) -> bool | None:
        return self._engine.has_open(uid, task, scheduled)

    async def taken_up(self) -> None:
        await self._taken_up.wait()

    # --- What there is -------------------------------------------------------------------------------------------

    async def execution(self, arn: str) -> Execution | None:
        if arns.unlabelled(arn)[1] is not None:
            return await children.find(self._database, arn)
        return await self._database.row(
            "SELECT * FROM executions WHERE arn = :arn", {"arn": arn}, execution_of
        )

    async def has_machine(self, execution: Execution) -> bool:
        query = (
            "SELECT 1 FROM executions JOIN machines ON machines.arn = executions.machine_arn "
            "WHERE executions.uid = :uid AND machines.deleting IS FALSE AND machines.since <= executions.position"
        )
        return await self._database.row(query, {"uid": execution.uid}, bool) is not None

    async def executions(
        self, started_as: str, status: Status | None, after: Cursor | None, limit: int
    ) -> Page[Execution]:
        machine_arn, qualifier = arns.unqualified(started_as)
        query = (
            f"SELECT * FROM executions WHERE {BELONGS} "  # noqa: S608 - constants
            "AND (:started_as IS NULL OR version_arn = :started_as OR alias_arn = :started_as) "
            f"AND (:status IS NULL OR status = :status) AND {pages.EXECUTIONS}"
        )
        asked = {
            "machine_arn": machine_arn,
            "started_as": None if qualifier is None else started_as,
            "status": status,
            **pages.before_execution(after),
        }
        return await pages.read(self._database, query, asked, limit, execution_of, pages.at_execution)

    async def events(
        self,
        execution: Execution,
        after: Cursor | None,
        limit: int,
        *,
        newest_first: bool,
        first: int | None = None,
    ) -> Page[HistoryEvent]:
        beyond = pages.beyond_event(after, first, newest_first=newest_first)
        if execution.map_run_arn is not None:
            return await children.events(
                self._database, execution.uid, beyond, limit, newest_first=newest_first
            )
        order = "id < :beyond ORDER BY id DESC" if newest_first else "id > :beyond ORDER BY id"
        query = f"SELECT id, body FROM events WHERE uid = :uid AND {order} LIMIT :limit"  # noqa: S608 - constants
        asked = {"uid": execution.uid, "beyond": beyond, "limit": limit + 1}

        def look(connection: Connection) -> Page[HistoryEvent]:
            page = pages.cut(connection.execute(query, asked), limit, _body_of, _at_event)
            texts = read_payloads(connection, page.items)
            return page._replace(items=[payloads.put_back(body, texts) for body in page.items])

        return await self._database.read(look)

    # --- Starting and stopping -----------------------------------------------------------------------------------

    async def start(self, execution: Execution) -> Execution:
        # Once it is stored it has to run, even if the caller has lost interest.
        return await asyncio.shield(self._start(execution))

    async def _start(self, execution: Execution) -> Execution:
        loaded = await self._starting.loaded(execution, kept=True)
        try:
            if await adding.add(self._database, execution, loaded.ref.state_machine):
                if not self._taken_up.is_set():
                    self._begun.add(execution.uid)
                self._engine.adopt(loaded)
                return execution
        finally:
            if not self._engine.carries(execution.uid):
                self._test_cases.forget(execution.uid)
        stored = await self.execution(execution.arn)
        assert stored is not None
        return stored

    async def stop(self, execution: Execution, request: StopRequest) -> Millis:
        with self._ends.of(execution.uid) as ends:
            if await self.ask_to_stop(execution.uid, request):
                return await ends.get()
        over = await self.execution(execution.arn)
        assert over is not None
        assert over.stopped is not None
        return over.stopped

    async def ask_to_stop(self, uid: Uid, request: StopRequest) -> bool:
        """Durable when it returns. False if it does not run."""
        runs = await ask_for(self._database, uid, request)
        if runs:
            # What was running when the last process ended may have been read before that was stored.
            await self.taken_up()
            self._engine.stop_execution(uid, request)
        return runs

    async def until_ended(self, arn: str) -> None:
        """Return once a Standard execution is over, or is not there."""
        found = await self.execution(arn)
        if found is None:
            return
        with self._ends.of(found.uid) as ends:
            found = await self.execution(arn)
            if found is not None and found.status == "RUNNING":
                await ends.get()

    async def redrive(self, execution: Execution, token: str | None, at: RedriveFrom | None = None) -> Millis:
        # Once it is stored it has to run, even if the caller has lost interest.
        return await asyncio.shield(self._redrive(execution, token, at))

    async def _redrive(self, execution: Execution, token: str | None, at: RedriveFrom | None) -> Millis:
        await self.taken_up()  # what the last process has ended may have to be settled first
        uid, now = execution.uid, self._clock.now()
        if token is not None and (known := await self._redrives.known(uid, token, now)) is not None:
            return known
        if execution.status != "RUNNING":
            await self._until_let_go(uid)
        ref = ExecutionRef(uid, NAMESPACE, execution.name, arns.machine_name(execution.machine_arn))
        if at is not None:
            runs = await self._journal.load(ref)
            if (why_not := redrives.no_such_state(at, runs.machine)) is not None:
                raise NotRedrivable(why_not)
        redriven = await self._redrives.begin(uid, token, now, at)
        self._engine.adopt(await self._journal.load(ref))
        return redriven

    async def _until_let_go(self, uid: Uid) -> None:
        """An ended execution may still be in the engine, which stops what it leaves behind."""
        while self._engine.carries(uid):
            await self._let_go[uid].wait()

    def _note_finished(self, ref: ExecutionRef) -> None:
        self._test_cases.forget(ref.uid)
        if (waited_for := self._let_go.pop(ref.uid, None)) is not None:
            waited_for.set()

    # --- Observer ------------------------------------------------------------------------------------------------

    def committed(self, ref: ExecutionRef, commit: Commit) -> None:
        if commit.outcome is not None:
            self._deletions.ended(ref.uid)
        self._ends.committed(ref, commit)
        self.watchers.committed(ref, commit)

    def stalled(self, ref: ExecutionRef, reason: str) -> None:
        log.error(
            "execution cannot go on", execution=ref.name, state_machine=ref.state_machine, reason=reason
        )

    def broke(self, ref: ExecutionRef) -> None:
        """The engine has logged it."""


def _body_of(row: Row) -> HistoryEvent:
    body: HistoryEvent = msgspec.json.decode(row["body"])
    return body


def _at_event(row: Row) -> Cursor:
    return cursors.at(row["id"])
