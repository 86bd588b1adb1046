"""A world in which workers take tasks, by the code that they run in a cluster, through all the trouble there is.

Operators and workers die, stand still, and their requests are lost or late. Whatever happens: of an answer that was accepted the
history tells, or of what ended the task before; no task is handed out twice, and none stays open that nobody wants.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from random import Random
from typing import Any

import msgspec

from stepwright.catalog.callers import Caller
from stepwright.catalog.ports import FunctionName, FunctionWork
from stepwright.cluster import stored
from stepwright.functions.handlers import Context, Outcome
from stepwright.functions.worker import Worker
from stepwright.tasks.external import remains
from tests.engine.virtual_loop import BEGIN
from tests.simulation.access import Access
from tests.simulation.api_server import Body, Key, Kind, Request
from tests.simulation.client import SimulatedApi, Strike
from tests.simulation.loop import Process, SimulationLoop
from tests.simulation.operator import WithoutTemplates
from tests.simulation.world import NAMESPACE
from tests.simulation.world_of_tasks import WorldOfTasks

TASKS_OF_WORKERS = "tasks of workers"
ACCOUNT = f"{NAMESPACE}:worker"
FUNCTION = FunctionWork("f", 12, 3, "TaskTemplate f")
_MOVES = {
    ("Scheduled", "Taken"),
    ("Scheduled", "Closed"),
    ("Taken", "Taken"),
    ("Taken", "Answered"),
    ("Taken", "Closed"),
}
_ENDS = {"TaskSucceeded", "TaskFailed", "TaskTimedOut"}

State = dict[str, Any]


class Workers(WithoutTemplates):
    """Every function is done by workers."""

    def known(self, name: FunctionName, namespace: str) -> FunctionWork:  # noqa: ARG002
        return FUNCTION

    async def find(self, name: FunctionName, namespace: str, caller: Caller) -> FunctionWork:  # noqa: ARG002
        return FUNCTION


class Rights(Access):
    """Workers may do what their Role says (docs/functions.md)."""

    def allows(self, method: str, path: str, account: str | None, *, watching: bool = False) -> bool:
        if account == ACCOUNT:
            return method == "GET" or (method == "PATCH" and path.endswith("/status"))
        return super().allows(method, path, account, watching=watching)


class Maker:
    """Chains of tasks, some of them in two branches at once, with time limits of their own, retried or caught."""

    def __init__(self, random: Random) -> None:
        self._random = random
        self._names = 0

    def machine(self) -> State:
        kinds = (self._task, self._task, self._both, self._wait)
        return self._chain([self._random.choice(kinds)() for _ in range(self._random.choice((1, 2, 3)))])

    def _chain(self, states: list[State]) -> State:
        names = [self._name() for _ in states]
        for state, following in zip(states, [*names[1:], None], strict=True):
            state.update({"End": True} if following is None else {"Next": following})
        return {"StartAt": names[0], "States": dict(zip(names, states, strict=True))}

    def _name(self) -> str:
        self._names += 1
        return f"S{self._names}"

    def _task(self) -> State:
        state: State = {"Type": "Task", "Resource": "k8s:task/f", "Parameters": {}, "ResultPath": None}
        if self._random.randrange(2):
            state["TimeoutSeconds"] = self._random.choice((1, 3, 8))
            if state["TimeoutSeconds"] > 2 and self._random.randrange(2):
                state["HeartbeatSeconds"] = 2
        if self._random.randrange(2):
            retry = {
                "ErrorEquals": ["States.ALL"],
                "MaxAttempts": self._random.choice((1, 2)),
                "IntervalSeconds": 1,
            }
            state["Retry"] = [retry]
        return state

    def _wait(self) -> State:
        return {"Type": "Wait", "Seconds": 2}

    def _both(self) -> State:
        branches = [self._chain([self._task()]) for _ in range(2)]
        return {"Type": "Parallel", "Branches": branches, "ResultPath": None}


class WorkerProcess:
    """One pod with a worker. Implements ``client.Host``."""

    def __init__(self, world: WorkersWorld, name: str) -> None:
        self._world = world
        self._random = Random(f"{name} {world.result.seed}")
        self.process = Process(name)
        self.stopped = asyncio.Event()
        loop = asyncio.get_running_loop()
        self._worker = Worker(
            SimulatedApi(world.server, self, world.network, world.trace, ACCOUNT),
            NAMESPACE,
            FUNCTION.template,
            self._call,
            name=name,
            at_once=self._random.choice((1, 2)),
            random=self._random,
            now=lambda: datetime.fromtimestamp(BEGIN / 1000 + loop.time(), UTC),
        )

    def begin(self) -> None:
        self.process.start(self._worker.run(self.stopped), self.process.name)

    def strike(self, how: Strike) -> None:
        if self.process.alive:
            self._world.worker_struck(self, how)

    def sends(self, request: Request) -> None:
        """They may send whatever their rights let them."""

    async def _call(self, _event: Any, context: Context) -> Outcome:
        self._world.calls[context.aws_request_id] += 1
        await asyncio.sleep(self._random.choice((0.0, 0.3, 1.0, 2.5, 5.0, 20.0)))
        number = self._world.calls.total()
        if self._random.randrange(4):
            return Outcome(msgspec.json.encode({"n": number}))
        return Outcome(msgspec.json.encode({"errorType": "Wrong", "errorMessage": str(number)}), failed=True)


class WorkersWorld(WorldOfTasks):
    """``accepted``: the answers, by the names of their objects; ``recorded``: what histories say, likewise."""

    functions = Workers

    def __init__(self, seed: int, loop: SimulationLoop) -> None:
        super().__init__(seed, loop)
        self.result.rare[TASKS_OF_WORKERS] += 1
        self._life = Random(f"workers {seed}")
        self._workers: list[WorkerProcess] = []
        self._hired = 0
        self.calls: Counter[str] = Counter()
        self.handed_out: Counter[str] = Counter()
        self.accepted: dict[str, Mapping[str, Any]] = {}
        self.recorded: dict[str, tuple[str, Mapping[str, Any]]] = {}
        self.closed: Counter[str] = Counter()
        self._strayed: set[str] = set()
        """Created by requests of which nobody could know any more that they were under way."""
        self._previous: dict[str, dict[int, tuple[str, int]]] = {}
        self.server.observers.append(self._observe)

    @contextmanager
    def sizes(self) -> Iterator[None]:
        """What is over does not stay as long as in a cluster."""
        before = remains.KEPT_SECONDS, remains.STRAYED_SECONDS
        remains.KEPT_SECONDS, remains.STRAYED_SECONDS = 40.0, 20.0
        try:
            with super().sizes():
                yield
        finally:
            remains.KEPT_SECONDS, remains.STRAYED_SECONDS = before

    def _make_access(self) -> Access:
        return Rights(*self.lease_namespaces)

    def _make_machine(self) -> State:
        return Maker(self._random).machine()

    # --- Workers ---------------------------------------------------------------------------------------------------------

    def _begin_trouble(self) -> None:
        super()._begin_trouble()
        for _ in range(self._life.choice((1, 2, 3))):
            self._later(self._life.uniform(0, 4), self._hire)

    def _hire(self) -> None:
        if not self._over:
            self._hired += 1
            worker = WorkerProcess(self, f"w{self._hired}")
            self.trace(worker.process.name, "starts")
            self._workers.append(worker)
            worker.begin()

    def worker_struck(self, worker: WorkerProcess, how: Strike) -> None:
        if self._over or worker not in self._workers:  # a request of one that has ended was still under way
            return
        self.trace(worker.process.name, how)
        if how in ("stopped", "paused"):
            worker.process.stop(self._life.choice((1, 4, 15)))
            return
        self._workers.remove(worker)
        self._later(self._life.uniform(0.3, 3), self._hire)
        if how == "ended":
            worker.stopped.set()
        else:
            worker.process.kill()

    async def _end_operators(self) -> None:
        self._over = True
        for worker in self._workers:
            worker.process.kill()
        await super()._end_operators()

    # --- What happens to their tasks -------------------------------------------------------------------------------------

    def _observe(self, kind: Kind, key: Key, old: Body | None, new: Body) -> None:
        if key[0] == "externaltasks" and kind == "ADDED":
            if self.server.sender_gave_up or self.server.by not in self.living():
                self._strayed.add(key[2])
        elif key[0] == "externaltasks" and kind == "MODIFIED" and old is not None:
            self._moved(key[2], old["status"], new["status"])
        elif key[0] == "executions" and kind == "MODIFIED" and old is not None:
            self._told(new["metadata"]["uid"], old["status"].get("history"), new["status"].get("history"))
            if new["status"].get("settled") and not old["status"].get("settled"):
                self._settled(new["metadata"]["uid"])

    def _moved(self, name: str, old: Mapping[str, Any], new: Mapping[str, Any]) -> None:
        """Also what the CRD's rules would refuse, which this API server does not know."""
        move = old["state"], new["state"]
        if move not in _MOVES or (old.get("taken") not in (None, new.get("taken"))):
            self.violation(f"task {name} went from {old} to {new}")
        if move == ("Scheduled", "Taken"):
            self.handed_out[name] += 1
            if self.handed_out[name] > 1:
                self.violation(f"task {name} was handed out twice")
        elif move[1] == "Answered":
            self.accepted[name] = new["answer"]
            if name in self.recorded:
                self.violation(f"task {name} was answered, and is over: {self.recorded[name]}")
        elif move[1] == "Closed":
            self.closed[new["reason"]] += 1

    def _settled(self, uid: str) -> None:
        for body in self.server.all("externaltasks"):
            name, state = body["metadata"]["name"], body["status"]["state"]
            if name.startswith(f"{uid}-") and state in ("Scheduled", "Taken") and name not in self._strayed:
                self.violation(f"task {name} is {state}, and its execution has settled")

    def _told(self, uid: str, old: list[str] | None, new: list[str] | None) -> None:
        known = self._previous.setdefault(uid, {})
        old, new = old or [], new or []
        for text in new[len(old) :] if new[: len(old)] == old else new:
            event = msgspec.json.decode(text)
            known[event["id"]] = event["type"], event["previousEventId"]
            if event["type"] in _ENDS:
                task = event["previousEventId"]
                while known[task][0] != "TaskScheduled":
                    task = known[task][1]
                details = next(value for name, value in event.items() if name.endswith("EventDetails"))
                self.recorded[f"{uid}-{task}"] = event["type"], details

    # --- What must hold ----------------------------------------------------------------------------------------------------

    def _unrest(self) -> Iterator[str]:
        yield from super()._unrest()
        for body in self.server.all("externaltasks"):
            yield f"task {body['metadata']['name']} is there, {body['status']['state']}"

    def check(self) -> None:
        super().check()
        for name, answer in self.accepted.items():
            told = self.recorded.get(name)
            if told is not None and not _is_told(answer, *told):
                self.violation(f"task {name} was answered {answer}, and the history says {told}")
            elif told is None and self._must_be_told(name.rpartition("-")[0]):
                self.violation(f"task {name} was answered {answer}, and the history says nothing of it")

    def _must_be_told(self, uid: str) -> bool:
        """Not if the execution was stopped or deleted, or another branch has failed."""
        for body in self.server.all("executions"):
            if body["metadata"]["uid"] == uid:
                known = {kind for kind, _ in self._previous[uid].values()}
                return stored.of(body).phase == "Succeeded" and "ParallelStateStarted" not in known
        return False


def _is_told(answer: Mapping[str, Any], kind: str, details: Mapping[str, Any]) -> bool:
    if "error" in answer:
        return kind == "TaskFailed" and (details["error"], details["cause"]) == (
            answer["error"],
            answer["cause"],
        )
    return kind == "TaskSucceeded" and details["output"] == answer["output"]
