"""A service outside of the cluster, in which tasks have something run: nobody can list there what runs for an execution.

``Remote`` is the service and what must hold of it, ``RemoteCalls`` the way there from one process: an integration of the real
driver of calls. Requests are lost and late as those to the API server are. What runs ends by itself only while a task waits
for it; what nobody wants any more runs until it is stopped.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from random import Random
from typing import Any

import msgspec

from stepwright.asl.json_types import Json
from stepwright.asl.resource import Resource
from stepwright.asl.signals import TaskId
from stepwright.asl.step import CancelTask
from stepwright.engine.ports import Clock, ExecutionRef, Unavailable
from stepwright.kube.api_errors import ApiError, TooManyRequests
from stepwright.tasks.calls.integration import Again, Answered, AnswerLost, Call, CallFailed
from tests.simulation.api_server import OUTSIDE, ApiServer, Request
from tests.simulation.client import Exchange, Faults, Host, Trace

SERVICE = "remote"
FOUND = f"arn:aws:states:::{SERVICE}:found.sync"
"""What was begun can be looked for."""
KNOWN = f"arn:aws:states:::{SERVICE}:known.sync"
"""Beginning it twice is beginning it once."""

_LOOKS_EVERY_SECONDS = 0.7
_KNOWN_AFTER_SECONDS = 3.0
"""Who takes over an execution may not have looked at it yet."""

Token = tuple[str, int]
"""The uid of an execution, and the id of the TaskScheduled event."""


@dataclass
class Work:
    """Something that runs there."""

    number: int
    token: Token
    began: float
    strayed: bool
    """Nobody can know of it but by chance: its request was so long on its way that its task had been stopped by then, or
    something else begun for it."""
    output: Json = None
    error: str | None = None
    ended: bool = False
    stopped: bool = False

    @property
    def runs(self) -> bool:
        return not (self.ended or self.stopped)


class Remote:
    """``was_written`` says whether the start of a task was."""

    is_away = False
    ends = 0
    sender_gave_up = False

    def __init__(
        self,
        server: ApiServer,
        random: Random,
        trace: Trace,
        complain: Callable[[str], None],
        was_written: Callable[[str, int], bool],
    ) -> None:
        self._server = server
        self._random = random
        self._trace = trace
        self._complain = complain
        self._was_written = was_written
        self._works: list[Work] = []
        self._no_more: set[Token] = set()
        """What was stopped."""
        self._asked: dict[Token, str] = {}
        """Which state's work was asked for by each token."""
        self._looked: set[tuple[str, Token]] = set()
        """Which process has looked for what, and found nothing."""
        self.calm = False
        self.restored = False
        """The store was set back: what ran for what is lost is known to nobody."""

    def of(self, token: Token) -> list[Work]:
        return [work for work in self._works if work.token == token]

    def left(self) -> Iterable[str]:
        """What runs, and should not for long."""
        uids = {body["metadata"]["uid"] for body in self._server.all("executions")}
        for work in self._works:
            # Nothing is left of a deleted execution that could show it.
            if work.runs and not work.strayed and not self.restored and work.token[0] in uids:
                yield f"remote work {work.number} of task {work.token[1]} runs"

    def running_of(self, uid: str) -> list[Work]:
        """What was to be stopped before the execution settles."""
        old = asyncio.get_running_loop().time() - _KNOWN_AFTER_SECONDS
        return [
            work
            for work in self._works
            if work.token[0] == uid
            and work.runs
            and not work.strayed
            and work.began < old
            and not self.restored
        ]

    def calm_down(self) -> None:
        """All ends by itself soon, as far as it is wanted."""
        self.calm = True
        for work in self._works:
            self._end_later(work)

    def handle(self, request: Request) -> bytes:
        assert request.body is not None
        asked = msgspec.json.decode(request.body)
        token = asked["uid"], asked["task"]
        answer: Json = None
        match request.path.rpartition("/")[2]:
            case "begin":
                answer = self._begin(request.by, token, asked["state"], known=asked["known"])
            case "find":
                answer = self._find(request.by, token)
            case "look":
                work = self._works[asked["work"]]
                answer = {
                    "runs": work.runs,
                    "stopped": work.stopped,
                    "output": work.output,
                    "error": work.error,
                }
            case "stop":
                self._stop(request.by, token)
        return msgspec.json.encode(answer)

    def _begin(self, by: str, token: Token, state: str, *, known: bool) -> int:
        first = self._asked.setdefault(token, state)
        if first != state and not self.restored:
            self._complain(f"{by} begins remote work of {state} by the token {token[1]} of {first}")
        there = self.of(token)
        if known and there:
            return there[0].number
        looked = (by, token) in self._looked
        if there and not (looked or self.sender_gave_up or self.restored):
            self._complain(f"{by} begins remote work of task {token[1]} again, and has not looked for it")
        if not self._was_written(*token):
            self._complain(f"{by} begins remote work of task {token[1]} before that was written")
        strayed = bool(there) or token in self._no_more
        now = asyncio.get_running_loop().time()
        work = Work(len(self._works), token, now, strayed)
        if self._random.randrange(4):
            work.output = {"work": work.number}
        else:
            work.error = "Remote.Failed"
        self._works.append(work)
        if self.calm or self._random.randrange(4):
            self._end_later(work)
        return work.number

    def _find(self, by: str, token: Token) -> int | None:
        there = self.of(token)
        if not there:
            self._looked.add((by, token))
            return None
        return there[0].number

    def _stop(self, by: str, token: Token) -> None:
        if self._is_wanted(token) and not self.restored:
            self._complain(f"{by} stops remote work of task {token[1]}, which is wanted")
        self._no_more.add(token)
        for work in self.of(token):
            work.stopped = work.stopped or not work.ended
            self._trace("remote", "stopped", work.number)

    def _end_later(self, work: Work) -> None:
        seconds = self._random.choice((0.2, 1, 3, 6))
        asyncio.get_running_loop().call_later(seconds, self._end, work, context=OUTSIDE)

    def _end(self, work: Work) -> None:
        if not work.runs:
            return
        if self._is_wanted(work.token):
            work.ended = True
            self._trace("remote", "ended", work.number)
        else:
            self._end_later(work)  # a restore may have it wanted again

    def _is_wanted(self, token: Token) -> bool:
        uid, task = token
        for body in self._server.all("executions"):
            if body["metadata"]["uid"] == uid:
                status = body.get("status") or {}
                if status.get("phase") not in ("Pending", "Running"):
                    return False  # what is kept of it is for a redrive
                stored = status.get("checkpoint") or {}
                parts = map(msgspec.json.decode, stored.values())
                return any((part.get("task") or {}).get("id") == task for part in parts)
        return False


class RemoteCalls:
    """Implements ``tasks.calls.integration.Integration``."""

    def __init__(self, remote: Remote, host: Host, faults: Faults, trace: Trace, clock: Clock) -> None:
        self._remote = remote
        self._host = host
        self._faults = faults
        self._trace = trace
        self._clock = clock

    async def close(self) -> None:
        """There is nothing to close."""

    def serves(self, resource: Resource) -> bool:
        return resource.service == SERVICE

    def host(self, call: Call) -> str:  # noqa: ARG002
        return SERVICE

    def again(self, call: Call) -> Again:
        return Again.HARMLESS if call.task.resource.text == KNOWN else Again.FIND

    def lost(self, call: Call) -> CallFailed:  # noqa: ARG002
        return CallFailed("Remote.Lost", "Nobody knows.")

    async def begin(self, call: Call) -> Answered:
        known = self.again(call) is Again.HARMLESS
        task = call.task
        work = await self._ask("POST", "begin", call.ref.uid, task.task, state=task.path, known=known)
        return Answered({"work": work})

    async def find(self, call: Call) -> Answered | None:
        work = await self._ask("GET", "find", call.ref.uid, call.task.task)
        return None if work is None else Answered({"work": work})

    async def follow(self, call: Call, begun: Any) -> Answered:
        while True:
            seen = await self._ask("GET", "look", call.ref.uid, call.task.task, work=begun["work"])
            if seen["stopped"]:
                raise CallFailed("Remote.Stopped", "Somebody has stopped it.")
            if not seen["runs"]:
                break
            await self._clock.sleep(_LOOKS_EVERY_SECONDS)
        if seen["error"] is not None:
            raise CallFailed(seen["error"], "It went wrong.")
        return Answered(seen["output"])

    async def stop(self, ref: ExecutionRef, task: CancelTask) -> None:
        await self._ask("POST", "stop", ref.uid, task.task)

    async def release(self, ref: ExecutionRef, task: TaskId) -> None:
        """Nothing is kept there for the sake of a task."""

    async def _ask(self, method: str, what: str, uid: str, task: int, **more: Any) -> Any:
        """Raises Unavailable, and AnswerLost where it may have begun something."""
        process = self._host.process
        if not process.alive:
            raise asyncio.CancelledError
        body = msgspec.json.encode({"uid": uid, "task": task, **more})
        request = Request(method, f"/{SERVICE}/{what}", {}, body, "application/json", process.name)
        self._host.sends(request)
        try:
            answer = await Exchange(self._remote, self._host, request, self._faults, self._trace).answer
        except ApiError as error:
            if what == "begin" and not isinstance(error, TooManyRequests):
                raise AnswerLost(str(error)) from error
            raise Unavailable(str(error)) from error
        return msgspec.json.decode(answer)


def instead_of_jobs(machine: dict[str, Any], random: Random) -> dict[str, Any]:
    """The machine, in which the service does what some Jobs did."""
    for state in machine["States"].values():
        match state["Type"]:
            case "Task" if random.randrange(3):
                state["Resource"] = random.choice((FOUND, KNOWN))
                state["Parameters"] = {}
            case "Parallel":
                for branch in state["Branches"]:
                    instead_of_jobs(branch, random)
            case "Map":
                instead_of_jobs(state["ItemProcessor"], random)
    return machine
