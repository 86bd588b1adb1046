"""Lets executions run in this process: one engine for what is kept, one for Express, the same task drivers for both."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from sqlite3 import Connection
from typing import Any, Final

import msgspec
import structlog
from msgspec import structs

from stepwright.asl.checkpoint import checkpoint as checkpoints
from stepwright.asl.checkpoint.checkpoint import Identity
from stepwright.asl.json_types import JsonText
from stepwright.asl.limits import EXPRESS, STANDARD, Limits
from stepwright.asl.machine import Machine
from stepwright.asl.signals import Millis, Signal, TaskFailed, TaskId, TaskSucceeded, UpdateMapRun
from stepwright.asl.step import Outcome
from stepwright.asl.text import jsontext
from stepwright.catalog import arns
from stepwright.catalog.ports import NoSuchTask, TaskOver, TestCases
from stepwright.catalog.records import Execution
from stepwright.engine.alone import Held
from stepwright.engine.beside import Beside
from stepwright.engine.engine import Engine
from stepwright.engine.forgetting import ExpressJournal
from stepwright.engine.ports import Clock, Commit, ExecutionRef, Loaded, StopRequest, TaskDriver, Uid
from stepwright.sql.catalog import SqlCatalog
from stepwright.sql.database import Database
from stepwright.sql.journal import SqlJournal, read_parts
from stepwright.sql.map_runs import SqlMapRuns
from stepwright.sql.redrives import SqlRedrives

_EXECUTIONS: Final = "executions"
"""All of them together have one turn at the thread beside each client's requests, and turns among themselves."""

log = structlog.get_logger(__name__)


class LocalRunner:
    """Implements ``catalog.ports.Runner``."""

    def __init__(
        self,
        database: Database,
        catalog: SqlCatalog,
        clock: Clock,
        drivers: Sequence[TaskDriver],
        test_cases: TestCases,
        limits: Limits = STANDARD,
        express_limits: Limits = EXPRESS,
        beside: Beside | None = None,
    ) -> None:
        """``drivers`` report to ``report``; they are all there before ``run``. ``beside``: where everything is done that
        takes long, which has turns by state machine."""
        beside = beside or Beside()
        self._test_cases = test_cases
        self._database = database
        self._catalog = catalog
        self._clock = clock
        self._journal = SqlJournal(database, beside)
        self._express_journal = ExpressJournal()
        self._map_runs = SqlMapRuns(database)
        self._redrives = SqlRedrives(database)
        self._engine = Engine(
            self._journal,
            drivers,
            Held(),
            clock=clock,
            observer=self,
            limits=limits,
            aside=partial(beside.call, whose=_EXECUTIONS),
            whose=_state_machine,
            finished=self._note_finished,
            instead=catalog.deletions.failure,
        )
        self._express = Engine(
            self._express_journal,
            drivers,
            Held(),
            clock=clock,
            limits=express_limits,
            aside=partial(beside.call, whose=_EXECUTIONS),
            whose=_state_machine,
            finished=lambda ref: self._test_cases.forget(ref.uid),
        )
        self._ends: defaultdict[Uid, list[asyncio.Future[Millis]]] = defaultdict(list)
        self._let_go: defaultdict[Uid, asyncio.Event] = defaultdict(asyncio.Event)
        """Set when the engine is done with an execution; of those that somebody waits for."""

    async def run(self) -> None:
        """Take up what was running when the last process ended, and carry everything until cancelled."""
        await self._catalog.deletions.recall()
        for loaded in await self._journal.unsettled():
            self._engine.adopt(loaded)
        for uid, signal in [*await self._map_runs.asked(), *await self._answers()]:
            self._engine.report(uid, signal)
        async with asyncio.TaskGroup() as group:
            group.create_task(self._engine.run())
            group.create_task(self._express.run())

    def report(self, uid: Uid, signal: Signal) -> None:
        """Each engine knows its own executions."""
        self._engine.report(uid, signal)
        self._express.report(uid, signal)

    # --- Starting and stopping -----------------------------------------------------------------------------------

    async def start(self, execution: Execution) -> Execution:
        # Once it is stored it has to run, whoever has lost interest meanwhile.
        return await asyncio.shield(self._start(execution))

    async def _start(self, execution: Execution) -> Execution:
        loaded = await self._loaded(execution, kept=True)
        try:
            if await self._catalog.add_execution(execution, loaded.ref.state_machine):
                self._engine.adopt(loaded)
                return execution
        finally:
            if not self._engine.carries(execution.uid):
                self._test_cases.forget(execution.uid)
        stored = await self._catalog.execution(execution.arn)
        assert stored is not None
        return stored

    async def start_express(self, execution: Execution) -> None:
        loaded = await self._loaded(execution)
        if self._at_once(loaded) is None:
            self._begin_express(loaded)

    async def run_express(self, execution: Execution) -> Execution:
        loaded = await self._loaded(execution, synchronous=True)
        outcome, stopped = self._at_once(loaded) or await self._carried(loaded)
        return structs.replace(
            execution,
            status=outcome.status,
            stopped=Millis(stopped),
            output=outcome.output,
            error=outcome.error,
            cause=outcome.cause,
        )

    def _at_once(self, loaded: Loaded) -> tuple[Outcome, Millis] | None:
        ended = self._express.at_once(loaded)
        if ended is not None:
            self._test_cases.forget(loaded.ref.uid)
        return ended

    async def run_machine(self, machine: Machine, identity: Identity, input: JsonText) -> Outcome:
        ref = ExecutionRef(Uid(identity.uid), "local", identity.name, identity.state_machine_name)
        outcome, _ = await self._carried(Loaded(ref, identity, machine, input, seq=0, parts={}))
        return outcome

    async def _carried(self, loaded: Loaded) -> tuple[Outcome, int]:
        try:
            return await self._begin_express(loaded)
        except asyncio.CancelledError:
            self._express.stop_execution(loaded.ref.uid, StopRequest())  # nobody waits for it any more
            raise

    def _begin_express(self, loaded: Loaded) -> asyncio.Future[tuple[Outcome, int]]:
        ended = self._express_journal.add(loaded)
        self._express.adopt(loaded)
        return ended

    async def stop(self, execution: Execution, request: StopRequest) -> Millis:
        with self._end_of(execution.uid) as ended:
            if await self.ask_to_stop(execution.uid, request):
                return await ended
        over = await self._catalog.execution(execution.arn)
        assert over is not None
        assert over.stopped is not None
        return over.stopped

    async def ask_to_stop(self, uid: Uid, request: StopRequest) -> bool:
        """Durable when it returns. False where it does not run."""
        asked = msgspec.json.encode({"error": request.error, "cause": request.cause}).decode()
        runs = await self._database.execute(
            "UPDATE executions SET stop = :stop WHERE uid = :uid AND status = 'RUNNING'",
            {"uid": uid, "stop": asked},
        )
        if runs:
            self._engine.stop_execution(uid, request)
        return bool(runs)

    async def until_ended(self, arn: str) -> None:
        """Return once a Standard execution is over, or is not there."""
        found = await self._catalog.execution(arn)
        if found is None:
            return
        with self._end_of(found.uid) as ended:
            found = await self._catalog.execution(arn)
            if found is not None and found.status == "RUNNING":
                await ended

    @contextmanager
    def _end_of(self, uid: Uid) -> Iterator[asyncio.Future[Millis]]:
        """When an execution ends; that it had ended before is not heard of."""
        ended: asyncio.Future[Millis] = asyncio.get_running_loop().create_future()
        self._ends[uid].append(ended)
        try:
            yield ended
        finally:
            waiting = self._ends[uid]
            waiting.remove(ended)
            if not waiting:
                del self._ends[uid]

    async def redrive(self, execution: Execution, token: str | None) -> Millis:
        # Once it is stored it has to run, whoever has lost interest meanwhile.
        return await asyncio.shield(self._redrive(execution, token))

    async def _redrive(self, execution: Execution, token: str | None) -> Millis:
        uid, now = execution.uid, self._clock.now()
        if token is not None and (known := await self._redrives.known(uid, token, now)) is not None:
            return known
        if execution.status != "RUNNING":
            await self._until_let_go(uid)
        redriven = await self._redrives.begin(uid, token, now)
        ref = ExecutionRef(uid, "local", execution.name, arns.machine_name(execution.machine_arn))
        self._engine.adopt(await self._journal.load(ref))
        return redriven

    async def _until_let_go(self, uid: Uid) -> None:
        """An execution that has ended may be carried still: what it leaves behind is being stopped."""
        while self._engine.carries(uid):
            await self._let_go[uid].wait()

    def _note_finished(self, ref: ExecutionRef) -> None:
        self._test_cases.forget(ref.uid)
        if (waited_for := self._let_go.pop(ref.uid, None)) is not None:
            waited_for.set()

    async def update_map_run(self, asked: UpdateMapRun) -> bool:
        uid = await self._map_runs.update(asked)
        if uid is not None:
            self._engine.tell(uid, asked)
        return uid is not None

    async def _loaded(self, execution: Execution, *, kept: bool = False, synchronous: bool = False) -> Loaded:
        """A new execution, as the engine takes it. Raises Refused, NoTestCase."""
        revision = await self._catalog.revision(execution.revision_id)
        assert revision is not None
        machine = await self._journal.machine(revision.id, revision.definition)
        machine_name = arns.machine_name(execution.machine_arn)
        loaded = Loaded(
            ref=ExecutionRef(execution.uid, "local", execution.name, machine_name),
            identity=Identity(
                uid=execution.uid,
                execution_id=execution.arn,
                name=execution.name,
                role_arn=revision.role_arn,
                state_machine_id=execution.machine_arn,
                state_machine_name=machine_name,
                version_arn=execution.version_arn,
                alias_arn=execution.alias_arn,
                # A task's token is all that it is for.
                token_key=self._database.tokens.of_execution(execution.uid) if machine.resources else None,
                synchronous=synchronous,
            ),
            machine=machine,
            input=execution.input,
            seq=0,
            parts={},
        )
        if execution.test_case is not None:
            await self._test_cases.begin(loaded.ref, loaded.machine, execution.test_case, kept=kept)
        return loaded

    # --- Observer ------------------------------------------------------------------------------------------------

    def committed(self, ref: ExecutionRef, commit: Commit) -> None:
        if commit.outcome is not None:
            self._catalog.deletions.ended(ref.uid)
            for ended in self._ends.get(ref.uid, ()):
                if not ended.done():
                    ended.set_result(commit.now)

    def stalled(self, ref: ExecutionRef, reason: str) -> None:
        log.error(
            "execution cannot go on", execution=ref.name, state_machine=ref.state_machine, reason=reason
        )

    def broke(self, ref: ExecutionRef) -> None:
        """The engine has logged it."""

    # --- Answers from outside ------------------------------------------------------------------------------------

    async def succeed(self, token: str, output: JsonText) -> None:
        uid, task = await self._read(token)
        signal = TaskSucceeded(task, jsontext.parse(output), output)
        await self._answer(uid, task, signal, {"output": output})

    async def fail(self, token: str, error: str | None, cause: str | None) -> None:
        uid, task = await self._read(token)
        await self._answer(uid, task, TaskFailed(task, error, cause), {"error": error, "cause": cause})

    async def heartbeat(self, token: str) -> None:
        uid, task = await self._read(token)
        await self._require_open(uid, task)
        self._engine.heartbeat(uid, task)

    async def _read(self, token: str) -> tuple[Uid, TaskId]:
        """The task that a token names. Raises NoSuchTask."""
        uid, task, sealed = self._database.tokens.read(token)
        if not sealed:
            query = "SELECT 1 FROM executions WHERE uid = :uid AND bare_tokens IS TRUE"
            asked = {"uid": uid}
            if await self._database.row(query, asked, bool) is None:
                raise NoSuchTask
        return uid, task

    async def _answer(self, uid: Uid, task: TaskId, signal: Signal, said: dict[str, Any]) -> None:
        """The first answer wins, and is written down before anybody acts on it."""
        await self._require_open(uid, task)
        answer = {"uid": uid, "task": task, "output": None, "error": None, "cause": None, **said}
        # The execution may have ended meanwhile, and its answers are gone then.
        if not await self._database.execute(
            "INSERT INTO answers (uid, task, output, error, cause) SELECT uid, :task, :output, :error, :cause "
            "FROM executions WHERE uid = :uid AND status = 'RUNNING' ON CONFLICT DO NOTHING",
            answer,
        ):
            raise await self._over(uid, task)
        self._engine.report(uid, signal)

    async def _require_open(self, uid: Uid, task: TaskId) -> None:
        """Raises TaskOver, NoSuchTask. The engine knows of nearly all; to read a checkpoint takes as long as it is large,
        and this is asked at every answer and every heartbeat."""
        known = self._engine.has_open(uid, task)
        if known is None:
            await self._database.read(lambda connection: _require_stored(connection, uid, task))
        elif not known:
            raise await self._over(uid, task)

    async def _over(self, uid: Uid, task: TaskId) -> TaskOver:
        return await self._database.read(lambda connection: _over(connection, uid, task))

    async def _answers(self) -> list[tuple[Uid, Signal]]:
        """What was said before the last process ended; what is answered already does nothing."""
        query = "SELECT uid, task, output, error, cause FROM answers"
        rows = await self._database.rows(query, {}, tuple)
        return [
            (
                uid,
                TaskFailed(task, error, cause)
                if output is None
                else TaskSucceeded(task, jsontext.parse(output), output),
            )
            for uid, task, output, error, cause in rows
        ]


def _state_machine(ref: ExecutionRef) -> str:
    return ref.state_machine


def _require_stored(connection: Connection, uid: Uid, task: TaskId) -> None:
    if connection.execute("SELECT 1 FROM executions WHERE uid = :uid", {"uid": uid}).fetchone() is None:
        raise NoSuchTask
    parts = read_parts(connection, uid)
    # What is kept of an ended one is for a redrive, which begins its tasks anew.
    checkpoint = checkpoints.decode(parts) if parts else None
    if checkpoint is None or checkpoint.ended or checkpoints.open_task(checkpoint, task) is None:
        raise _over(connection, uid, task)


def _over(connection: Connection, uid: Uid, task: TaskId) -> TaskOver:
    """With what the history says of a task: it is called by the id of the event that scheduled it."""
    query = "SELECT body FROM events WHERE uid = :uid AND id = :task"
    found = connection.execute(query, {"uid": uid, "task": task}).fetchone()
    scheduled = {} if found is None else msgspec.json.decode(found["body"])
    return TaskOver(scheduled.get("activityScheduledEventDetails", {}).get("resource"))
