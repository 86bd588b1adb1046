"""A journal and a driver in memory, with the promises of the real ones and faults on demand."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any

import msgspec

from stepwright.asl import definition
from stepwright.asl.checkpoint.checkpoint import Identity
from stepwright.asl.json_types import Json, JsonText
from stepwright.asl.limits import Limits
from stepwright.asl.resource import Resource
from stepwright.asl.signals import Millis, Signal, TaskFailed, TaskId, TaskSubmitted, TaskSucceeded
from stepwright.asl.step import CancelTask, HistoryEvent, Outcome, StartTask
from stepwright.asl.text import jsontext
from stepwright.engine.engine import Engine
from stepwright.engine.observer import Unobserved
from stepwright.engine.ports import (
    Commit,
    ExecutionRef,
    Fenced,
    Gone,
    Loaded,
    Report,
    StopRequest,
    Uid,
    Unavailable,
)
from stepwright.engine.stepping import Stepping
from stepwright.engine.steps import at_once
from tests.engine.virtual_loop import VirtualClock


def loaded(machine: Any, input: Json = None, *, name: str = "run-1", uid: str = "uid-1") -> Loaded:
    """A new execution of a definition given as a Python value."""
    compiled, _ = definition.compile_definition(jsontext.dump(machine))
    return Loaded(
        ref=ExecutionRef(Uid(uid), "default", name, "machine"),
        identity=Identity(
            uid=uid,
            execution_id=f"arn:aws:states:kubernetes:default:execution:machine:{name}",
            name=name,
            role_arn="arn:aws:iam::default:role/stepwright",
            state_machine_id="arn:aws:states:kubernetes:default:stateMachine:machine",
            state_machine_name="machine",
        ),
        machine=compiled,
        input=jsontext.dump({} if input is None else input),
        seq=0,
        parts={},
    )


@dataclass
class Stored:
    loaded: Loaded
    commits: list[Commit] = field(default_factory=list)
    events: list[HistoryEvent] = field(default_factory=list)
    outcome: Outcome | None = None


class MemoryJournal:
    """``before`` and ``after`` are called around each write and may raise: a write that never landed, or one that did
    and was not answered."""

    keeps_children = True

    def __init__(self, latency_seconds: float = 0.005) -> None:
        self.stored: dict[Uid, Stored] = {}
        self.explained: list[str] = []
        self.fenced: list[str] = []
        """Commits that came to what another commit had written."""
        self.latency_seconds = latency_seconds
        self.before: Callable[[Commit], None] = lambda _: None
        self.after: Callable[[Commit], None] = lambda _: None

    def add(self, execution: Loaded) -> Loaded:
        self.stored[execution.ref.uid] = Stored(execution)
        return execution

    def delete(self, uid: Uid) -> None:
        del self.stored[uid]

    async def load(self, ref: ExecutionRef, at_least: int | None = None) -> Loaded:  # noqa: ARG002
        await asyncio.sleep(self.latency_seconds)
        return self._find(ref).loaded

    async def is_gone(self, ref: ExecutionRef) -> bool:
        await asyncio.sleep(self.latency_seconds)
        return ref.uid not in self.stored

    async def append(self, ref: ExecutionRef, commit: Commit) -> None:
        await asyncio.sleep(self.latency_seconds)
        self.before(commit)
        stored = self._find(ref)
        if not any(landed.commit_id == commit.commit_id for landed in stored.commits):
            if stored.loaded.seq != commit.expected_seq:
                self.fenced.append(commit.commit_id)
                raise Fenced(f"at {stored.loaded.seq}, not at {commit.expected_seq}")
            parts = dict(stored.loaded.parts)
            for part, encoded in commit.parts.items():
                if encoded is None:
                    parts.pop(part, None)
                else:
                    # Through JSON with sorted keys, as the API server keeps it.
                    parts[part] = msgspec.json.decode(msgspec.json.encode(encoded, order="sorted"))
            stored.commits.append(commit)
            stored.events += commit.events
            stored.outcome = commit.outcome
            stored.loaded = replace(
                stored.loaded,
                seq=stored.loaded.seq + 1,
                parts=parts,
                ended=commit.outcome is not None,
                settled=commit.settled,
            )
        self.after(commit)

    async def explain(self, ref: ExecutionRef, reason: str, now: Millis) -> None:  # noqa: ARG002
        self.explained.append(reason)

    async def settle(self, ref: ExecutionRef, expected_seq: int, commit_id: str) -> None:  # noqa: ARG002
        await asyncio.sleep(self.latency_seconds)
        stored = self._find(ref)
        if stored.loaded.seq != expected_seq:
            raise Fenced(f"at {stored.loaded.seq}, not at {expected_seq}")
        stored.loaded = replace(stored.loaded, seq=expected_seq + 1, settled=True)

    def forget(self, ref: ExecutionRef) -> None:
        pass

    def _find(self, ref: ExecutionRef) -> Stored:
        if ref.uid not in self.stored:
            raise Gone(f"{ref} is deleted")
        return self.stored[ref.uid]


@dataclass
class Running:
    task: StartTask
    ends: asyncio.TimerHandle | None
    result: Signal | None = None


Answer = Callable[[StartTask], tuple[float, Any]]
"""What a task does: seconds it takes, and its output, or a pair of error and cause."""


class MemoryDriver:
    """Tasks that take virtual time. Remembers every start that had an effect, so that a second one would show."""

    def __init__(self, answer: Answer = lambda task: (1.0, task.input)) -> None:
        self.answer = answer
        self.report: Report = lambda _uid, _reported: None
        self.running: dict[tuple[Uid, TaskId], Running] = {}
        self.starts: list[tuple[TaskId, bool]] = []
        """All calls of ``start``, and what they said of earlier ones."""
        self.created: list[tuple[Uid, TaskId]] = []
        self.stopped: list[TaskId] = []
        self.released: list[TaskId] = []
        self.forgotten: list[Uid] = []
        self.unavailable = 0

    def serves(self, resource: Resource) -> bool:
        return resource.text == "k8s:job"

    async def start(self, ref: ExecutionRef, task: StartTask, *, again: bool) -> None:
        self.starts.append((task.task, again))
        await asyncio.sleep(0.002)
        if self.unavailable:
            self.unavailable -= 1
            raise Unavailable("the driver is away")
        key = (ref.uid, task.task)
        found = self.running.get(key)
        if found is None:
            self.created.append(key)
            seconds, result = self.answer(task)
            found = self.running[key] = Running(task, None)
            found.ends = asyncio.get_running_loop().call_later(seconds, self._end, key, result)
        elif found.result is not None:
            self.report(ref.uid, found.result)
        self.report(ref.uid, TaskSubmitted(task.task, {"jobName": f"job-{task.task}"}))

    def _end(self, key: tuple[Uid, TaskId], result: Any) -> None:
        signal: Signal = (
            TaskFailed(key[1], *result) if isinstance(result, tuple) else TaskSucceeded(key[1], result)
        )
        self.running[key].result = signal
        self.report(key[0], signal)

    async def stop(self, ref: ExecutionRef, task: CancelTask) -> None:
        await self._stop((ref.uid, task.task))

    async def _stop(self, key: tuple[Uid, TaskId]) -> None:
        await asyncio.sleep(0.002)
        found = self.running.pop(key, None)
        if found is not None:
            self.stopped.append(key[1])
            if found.ends is not None:
                found.ends.cancel()

    def keeps_stops(self, resource: Resource) -> bool:  # noqa: ARG002
        return False

    async def release(self, ref: ExecutionRef, task: TaskId) -> None:
        await asyncio.sleep(0.002)
        if self.running.pop((ref.uid, task), None) is not None:
            self.released.append(task)

    async def sweep(self, ref: ExecutionRef, wanted: frozenset[TaskId]) -> None:
        for uid, task in list(self.running):
            if uid == ref.uid and task not in wanted:
                await self._stop((uid, task))

    def holds(self, uid: Uid) -> bool:
        return any(held == uid for held, _ in self.running)

    def let_go(self, uid: Uid) -> None:
        self.forgotten.append(uid)

    def runs_on(self, ref: ExecutionRef, task: TaskId) -> bool:  # noqa: ARG002
        return False

    def shown_as(self, ref: ExecutionRef, task: TaskId) -> str | None:  # noqa: ARG002
        return f"job-{task}"


class RemoteDriver(MemoryDriver):
    """Nobody but the checkpoint knows which of its tasks run: they are found by what was submitted."""

    def __init__(self, answer: Answer = lambda task: (1.0, task.input)) -> None:
        super().__init__(answer)
        self.cancelled: list[CancelTask] = []
        """All calls of ``stop``."""
        self.stops_fail = False

    async def stop(self, ref: ExecutionRef, task: CancelTask) -> None:
        self.cancelled.append(task)
        await asyncio.sleep(0.002)
        if self.stops_fail:
            raise Unavailable("the driver is away")
        await super().stop(ref, task)

    async def sweep(self, ref: ExecutionRef, wanted: frozenset[TaskId]) -> None:
        pass

    def holds(self, uid: Uid) -> bool:  # noqa: ARG002
        return False

    def keeps_stops(self, resource: Resource) -> bool:  # noqa: ARG002
        return True


class AlwaysHeld:
    def __init__(self) -> None:
        self.yes = True

    def held(self, uid: Uid) -> bool:  # noqa: ARG002
        return self.yes


class Told(Unobserved):
    """What an engine has said of its troubles."""

    def __init__(self) -> None:
        self.broke_at: list[Uid] = []
        self.stalls: list[str] = []

    def broke(self, ref: ExecutionRef) -> None:
        self.broke_at.append(ref.uid)

    def stalled(self, ref: ExecutionRef, reason: str) -> None:  # noqa: ARG002
        self.stalls.append(reason)


class World:
    """An engine with its surroundings. A crash leaves journal and tasks, as a killed process does."""

    def __init__(
        self,
        answer: Answer | None = None,
        limits: Limits | None = None,
        driver: type[MemoryDriver] = MemoryDriver,
    ) -> None:
        self.journal = MemoryJournal()
        self.limits = limits
        self.driver = driver() if answer is None else driver(answer)
        self.lease = AlwaysHeld()
        self.observer = Told()
        self.stepping = Stepping()
        self._commits = 0
        self._finished = asyncio.Event()
        self.begin()

    def begin(self) -> None:
        """Start an engine, the first one or one after a crash."""
        self.engine = Engine(
            self.journal,
            [self.driver],
            self.lease,
            clock=VirtualClock(),
            seed=lambda: 7,
            commit_id=self._commit_id,
            limits=self.limits,
            observer=self.observer,
            finished=lambda _ref: self._finished.set(),
            stepping=self.stepping,
            aside=at_once,
        )
        self.driver.report = self.engine.report
        self._task = asyncio.create_task(self.engine.run())

    def _commit_id(self) -> str:
        self._commits += 1
        return f"commit-{self._commits}"

    async def crash(self) -> None:
        """The process dies: nothing more is written or dispatched; what was, stays."""
        self.driver.report = lambda _uid, _reported: None
        self._task.cancel()
        await asyncio.gather(self._task, return_exceptions=True)

    def adopt_all(self) -> None:
        for stored in self.journal.stored.values():
            settled = stored.loaded.ended and stored.loaded.settled
            if not settled or self.driver.holds(stored.loaded.ref.uid):
                self.engine.adopt(stored.loaded)

    async def idle(self) -> None:
        """Wait until the engine carries nothing."""
        while self.engine.live:
            self._finished.clear()
            await self._finished.wait()

    async def complete(self, execution: Loaded) -> Stored:
        """Run an execution to its end."""
        self.engine.adopt(self.journal.add(execution))
        await self.idle()
        return self.journal.stored[execution.ref.uid]


def stop(world: World, uid: str = "uid-1") -> None:
    world.engine.stop_execution(Uid(uid), StopRequest("Stopped", "by hand"))


def types(stored: Stored) -> list[str]:
    return [event["type"] for event in stored.events]


def output(stored: Stored) -> JsonText | None:
    return None if stored.outcome is None else stored.outcome.output
