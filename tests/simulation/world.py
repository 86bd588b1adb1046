"""A world made from a seed: a cluster, some operators, some executions, and the trouble they are in.

Trouble ends after a while. Then everything must come to rest within bounded time, and be as ``checks`` says.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from random import Random
from typing import Any

import msgspec

from stepwright.asl import definition
from stepwright.asl.limits import Limits
from stepwright.asl.text import jsontext
from stepwright.cluster import record, stored, transitions
from stepwright.cluster import revisions as stored_revisions
from stepwright.cluster.resources import API_VERSION
from stepwright.cluster.revisions import Revision
from stepwright.controllers.known_machines import Known
from stepwright.engine import batch, kept_apart
from stepwright.engine.ports import ExecutionRef
from stepwright.kube import api_errors
from stepwright.tasks.job import names, releases, template
from stepwright.tasks.job.settings import DEFAULT_TTL_SECONDS
from tests.simulation import machines
from tests.simulation.access import Access
from tests.simulation.api_server import OUTSIDE, ApiServer, Body, Key, Refusal, Request, Stream
from tests.simulation.client import Fate, Strike
from tests.simulation.jobs import CALM, Jobs, is_finished
from tests.simulation.loop import SimulationLoop
from tests.simulation.operator import LEASE_NAMESPACE, Operator, Setting
from tests.simulation.rarities import LARGE_OBJECT_BYTES
from tests.simulation.remote import Remote
from tests.simulation.watchman import Watchman

NAMESPACE = "default"
RESTS_WITHIN_SECONDS = 400.0
JOB_STAYS_SECONDS = 20
"""No request here is under way for longer."""
KEPT_REVISIONS = 1
FORESEEN = (
    "membership waits",
    "another installation serves the same namespace",
    "write given up, ending the execution",
    "execution cannot go on",
    "execution is too large for a status",
)
"""Errors in the log that tell of the world and not of a defect."""
ACCOUNT = "runner"

_ERROR = msgspec.json.encode(
    {"status": "Failure", "message": "etcdserver: leader changed", "reason": "InternalError"}
)
_BUSY = msgspec.json.encode(
    {"status": "Failure", "message": "too many requests", "reason": "TooManyRequests"}
)


@dataclass
class Climate:
    """How much trouble there is in a seed."""

    trouble_seconds: float
    faults: float
    """Of how many requests something goes wrong with one."""
    kills: int
    stops: int
    strikes: float
    """How likely a write is the moment of a strike, as long as there are any left."""
    operators: int
    joins: int
    """How many more operators come later."""
    leaves: int
    """How many are told to end, and come back as others."""
    jumps: int
    lag: tuple[float, ...]
    streams: tuple[float, float]
    page_bytes: int
    inline_bytes: int
    annotated_bytes: int
    transitions: int
    largest_bytes: int
    limits: Limits
    batch_events: int
    executions: int
    namespace_ends: bool

    @property
    def is_tight(self) -> bool:
        """Whether what the engine has to write may be too large for an object."""
        return self.largest_bytes < 100_000

    @classmethod
    def of(cls, random: Random) -> Climate:
        pick = random.choice
        # With a low limit all else must be small, so that what ends an execution plainly has room.
        tight = random.randrange(10) == 0
        return cls(
            trouble_seconds=pick((8, 15, 25)),
            faults=pick((0, 0, 0.03, 0.1, 0.25)),
            kills=pick((0, 1, 1, 2, 3)),
            stops=pick((0, 0, 1, 2)),
            strikes=pick((0.04, 0.1, 0.2)),
            operators=pick((1, 2, 2, 3)),
            joins=pick((0, 0, 1)),
            leaves=pick((0, 0, 1, 2)),
            jumps=pick((0, 0, 1, 3)),
            lag=pick(((0.0, 0.02), (0.01, 0.05, 0.3), (0.01, 1.0, 2.0))),
            streams=pick(((200, 400), (2, 20), (1, 60))),
            page_bytes=400 if tight else pick((400, 2_000, 48_000)),
            inline_bytes=pick((60, 200, 8_192)),
            annotated_bytes=pick((20, 32_768)),
            transitions=2 if tight else pick((2, 5, 50)),
            largest_bytes=10_000 if tight else 1_500_000,
            limits=Limits(events_per_step=pick((2, 5, 1_000)), payload_bytes=pick((1_500, 262_144))),
            batch_events=pick((1, 6, 2_000)),
            executions=pick((1, 1, 1, 2)),
            namespace_ends=random.randrange(60) == 0,
        )


@dataclass
class Result:
    seed: int
    violations: list[str] = field(default_factory=list)
    trace: list[tuple[Any, ...]] = field(default_factory=list)
    seconds: float = 0.0
    """Of virtual time."""
    requests: int = 0
    kills: int = 0
    stops: int = 0
    ends: int = 0
    outcomes: list[str] = field(default_factory=list)
    events: int = 0
    """Of all histories together."""
    rare: Counter[str] = field(default_factory=Counter)
    """What happened that happens in few seeds."""
    twice: int = 0
    """Jobs created again because the first was deleted before its uid was known."""
    late: int = 0
    """Jobs created again by a request that landed when its sender had long given up; each was stopped."""


class World:
    lease_namespaces: tuple[str, ...] = (LEASE_NAMESPACE,)
    """Of each installation."""

    def __init__(self, seed: int, loop: SimulationLoop) -> None:
        self.result = Result(seed)
        self._loop = loop
        self._random = Random(f"world {seed}")
        self.climate = climate = self._make_climate()
        self.access = Access(*self.lease_namespaces)
        self.server = ApiServer(Random(f"server {seed}"), self.access)
        self.server.largest_bytes = climate.largest_bytes
        self.jobs = Jobs(self.server, Random(f"jobs {seed}"), self.trace)
        self.watchman = Watchman(self.server, self.jobs, self.violation, Random(f"foreign {seed}"))
        self.watchman.may_act = self._may_act
        self.jobs.complain = self.violation
        self.remote = Remote(
            self.server, Random(f"remote {seed}"), self.trace, self.violation, self.watchman.was_written
        )
        self.watchman.remote = self.remote
        self._network = Random(f"network {seed}")
        self._calm = False
        self._over = False
        self._kills, self._stops = climate.kills, climate.stops
        self._actions = 0
        self.under_way = 0
        self.operators: dict[int, Operator] = {}
        self.ended: list[Operator] = []
        self._lives = 0
        self.setting = self._make_machines()

    def _make_climate(self) -> Climate:
        return Climate.of(self._random)

    # --- What is there at the beginning ------------------------------------------------------------------------------

    def _make_machines(self) -> Setting:
        random, known, revisions = self._random, {}, {}
        for number in range(self.climate.executions):
            name = f"m{number}"
            text = jsontext.dump(self._make_machine())
            settings: dict[str, Any] = {
                "taskDefaults": {"ttlSecondsAfterFinished": 4, "pendingGraceSeconds": 12}
            }
            if random.randrange(4) == 0:
                settings["serviceAccountName"] = ACCOUNT
            made, _ = definition.compile_definition(text)
            machine = self.server.create(
                "statemachines",
                NAMESPACE,
                {"apiVersion": API_VERSION, "kind": "StateMachine", "metadata": {"name": name}},
            )
            data = {"definition": str(text), "settings": settings}
            manifest = stored_revisions.manifest(machine, data, 1)
            revision = manifest["metadata"]["name"]
            self.server.create("controllerrevisions", NAMESPACE, manifest)
            revisions[revision] = Revision(revision, made, settings)
            known[NAMESPACE, name] = Known(machine["metadata"]["uid"], 1, revision, "", deleting=False)
        return Setting(known, revisions, self.climate.limits, random.getrandbits(32))

    def _make_machine(self) -> machines.State:
        return machines.make(self._random)

    def _create_executions(self) -> None:
        random = self._random
        for number in range(self.climate.executions):
            spec: dict[str, Any] = {"stateMachineRef": {"name": f"m{number}"}}
            given = machines.make_input(random)
            if random.randrange(2):
                spec["input"] = given
            else:
                spec["inputJson"] = msgspec.json.encode(given).decode()
            if random.randrange(8) == 0:
                spec["ttlSecondsAfterFinished"] = random.choice((0, 3, 10))
            if random.randrange(40) == 0:
                spec["stop"] = {"cause": "before it began"}
            self._later(random.uniform(0, 3), self._create_execution, f"e{number}", spec)
            if random.randrange(5) == 0:
                self._later(random.uniform(0.5, 12), self._stop_execution, f"e{number}")
            if random.randrange(8) == 0:
                self._later(
                    random.uniform(0.5, 12), self._delete_execution, f"e{number}", random.randrange(2) == 0
                )

    def _create_execution(
        self, name: str, spec: dict[str, Any], metadata: Mapping[str, Any] | None = None
    ) -> None:
        self.trace("user", "create", name)
        body = {
            "apiVersion": API_VERSION,
            "kind": "Execution",
            "metadata": {"name": name, **(metadata or {})},
            "spec": spec,
            "status": {"phase": "Pending", "seq": 0},
        }
        try:
            self.watchman.born(self.server.create("executions", NAMESPACE, body))
        except Refusal:
            self.trace("user", "create refused", name)

    def _stop_execution(self, name: str) -> None:
        body = self.server.edited(("executions", NAMESPACE, name))
        if body is not None:
            self.trace("user", "stop", name)
            body["spec"]["stop"] = {"error": "Stopped", "cause": "by hand"}
            self.server.change(("executions", NAMESPACE, name), body)

    def _delete_execution(self, name: str, again: bool) -> None:
        body = self.server.get("executions", NAMESPACE, name)
        if body is not None:
            self.trace("user", "delete", name)
            self.server.remove(("executions", NAMESPACE, name))
            if again:
                self._later(self._random.uniform(0, 2), self._create_execution, name, body["spec"])

    def _end_namespace(self) -> None:
        self.trace("user", "delete namespace")
        self.server.terminating.add(NAMESPACE)
        for plural in ("pods", "jobs", "secrets", "executionhistories", "executions", "controllerrevisions"):
            self._later(self._random.uniform(0, 4), self._empty, plural)

    def _empty(self, plural: str) -> None:
        for body in self.server.all(plural):
            key = (plural, body["metadata"]["namespace"], body["metadata"]["name"])
            if self.server.get(*key) is not None:
                self.server.delete(key)

    def _later(self, seconds: float, call: Callable[..., None], *arguments: Any) -> None:
        """Something that is still to come before all can be at rest."""
        self._actions += 1

        def do() -> None:
            self._actions -= 1
            call(*arguments)

        self.server.later(seconds, do)

    # --- Operators ---------------------------------------------------------------------------------------------------

    def _start_operator(self, slot: int) -> None:
        if self._over:
            return
        self._lives += 1
        name = f"{'abcd'[slot]}{self._lives}"
        self.trace(name, "starts")
        operator = self.operators[slot] = self._make_operator(slot, name)
        operator.begin()

    def _wrote_last(self, ref: ExecutionRef) -> str:
        return self.watchman.wrote_last.get(ref.uid, "")

    def _hears(self) -> dict[str, Any]:
        """What operators of any version are given, to tell the world and to ask it."""
        return {
            "sends": self.watchman.sends,
            "ended": self._operator_ended,
            "struck": self._strike,
            "complain": self.violation,
            "wrote_last": self._wrote_last,
        }

    def _make_operator(self, slot: int, name: str) -> Operator:
        return Operator(
            name,
            self.server,
            self.remote,
            self,
            self.setting,
            Random(f"operator {self.result.seed} {self._lives}"),
            self.trace,
            **self._hears(),
            offset_ms=self._wall_clock_off(),
            lease_namespace=self._lease_namespace(slot),
        )

    def _lease_namespace(self, slot: int) -> str:
        return self.lease_namespaces[slot % len(self.lease_namespaces)]

    def _wall_clock_off(self) -> int:
        """Of a machine on which an operator starts, in milliseconds: less than that for which it would not act."""
        return self._random.choice((0, 0, -3_500, 700, 3_500))

    def _may_act(self, name: str, uid: str) -> bool:
        return any(
            operator.process.name == name and operator.may_act(uid) for operator in self.operators.values()
        )

    def _leave(self) -> None:
        operators = [operator for _, operator in sorted(self.operators.items()) if operator.process.alive]
        if operators:
            self._strike(self._network.choice(operators), "ended")

    def _operator_ended(self, operator: Operator, error: BaseException | None) -> None:
        """It has lost its lease, or was killed."""
        if operator not in self.operators.values():
            return
        self.trace(operator.process.name, "ends")
        if error is not None and operator.process.alive:
            self.violation(f"operator {operator.process.name} ended with {error!r}")
        self._replace(operator)

    def living(self) -> list[str]:
        """The names of the processes that are there."""
        return [operator.process.name for operator in self.operators.values() if operator.process.alive]

    def _replace(self, operator: Operator) -> None:
        slot = next(slot for slot, other in self.operators.items() if other is operator)
        del self.operators[slot]
        self.ended.append(operator)
        self._later(self._random.uniform(0.3, 3), self._start_operator, slot)

    def _strike(self, operator: Operator, how: Strike) -> None:
        if self._over or operator not in self.operators.values():
            return
        self.trace(operator.process.name, how)
        if how == "stopped":
            self.result.stops += 1
            if not operator.process.stopped:
                operator.process.stop(self._network.choice((1, 5, 9, 14)))
        elif how == "paused":
            self.result.stops += 1
            if not operator.process.stopped:
                self._pause(operator, self._network.choice((1, 5, 9, 14, 40)))
        elif how == "ended":
            self.result.ends += 1
            operator.end()
        else:
            self.result.kills += 1
            self._replace(operator)
            operator.process.kill()

    @staticmethod
    def _pause(operator: Operator, seconds: float) -> None:
        """All of the machine stands still. Its wall clock is put right as it goes on, its other clocks are not."""

        def notice() -> None:
            operator.clock.stood_still_seconds += seconds

        operator.process.stop(seconds)
        asyncio.get_running_loop().call_later(seconds - 1e-3, notice, context=OUTSIDE)

    def _jump(self) -> None:
        for _, operator in sorted(self.operators.items()):
            operator.clock.offset_ms += self._random.choice((-3_600_000, -2_000, -300, 500, 4_000, 3_600_000))
            self.trace(operator.process.name, "clock", operator.clock.offset_ms)

    def _put_clocks_right(self) -> None:
        """As NTP does, sooner or later."""
        for _, operator in sorted(self.operators.items()):
            operator.clock.offset_ms = 0

    # --- The network -------------------------------------------------------------------------------------------------

    def of(self, request: Request) -> Fate:
        self.result.requests += 1
        random = self._network
        there, back = random.choice((0.005, 0.01, 0.03)), random.choice((0.005, 0.01, 0.03))
        if self._calm:
            return Fate(there, back)
        strikes = self._struck(request)
        if random.random() >= self.climate.faults:
            return Fate(there, back, strikes=strikes)
        kind = random.randrange(10)
        gives_up = random.choice((0.1, 0.5, 3.0))
        match kind:
            case 0 | 1:
                return Fate(there, back, "request", gives_up, strikes=strikes)
            case 2 | 3 | 4:
                return Fate(there, back, "answer", gives_up, strikes=strikes)
            case 5:
                # It lands when the client has long given up.
                return Fate(
                    gives_up + random.choice((0.05, 1.0, 4.0, 12.0)),
                    back,
                    "answer",
                    gives_up,
                    strikes=strikes,
                )
            case 6:
                return Fate(random.choice((0.5, 2.0)), random.choice((0.5, 2.0)), strikes=strikes)
            case 7:
                return Fate(there, back, answer=(429, random.choice(("1", "3", "")), _BUSY), lands=False)
            case 8:
                return Fate(there, back, answer=(500, "", _ERROR), lands=False, strikes=strikes)
            case _:
                return Fate(there, back, answer=(500, "", _ERROR), lands=True, strikes=strikes)

    def _struck(self, request: Request) -> Any:
        random = self._network
        if not request.writes or not (self._kills or self._stops) or "/leases" in request.path:
            return None
        if random.random() >= self.climate.strikes:
            return None
        killed = self._kills > 0 and (self._stops == 0 or random.randrange(2) == 0)
        if killed:
            self._kills -= 1
            if random.randrange(5) == 0:
                return random.choice(("sent", "landed", "answered")), "ended"
            return random.choice(("before", "sent", "landed", "answered")), "killed"
        self._stops -= 1
        how: Strike = "paused" if random.randrange(2) else "stopped"
        return random.choice(("sent", "landed", "answered")), how

    def of_stream(self) -> tuple[float, Callable[[], float]]:
        random = self._network
        if self._calm:
            return 1_000.0, lambda: 0.01
        seconds = random.uniform(*self.climate.streams)
        return seconds, lambda: 0.01 if self._calm else random.choice(self.climate.lag)

    def cut(self, stream: Stream) -> None:
        self.cut_with(stream, api_errors)

    def cut_with(self, stream: Stream, errors: Any) -> None:
        """``errors``: the module whose exceptions the process knows that watches."""
        if self._network.randrange(4) == 0:
            self.server.compact()
        how = self._network.randrange(4)
        if how == 0:
            stream.finish(errors.Expired(410, "Expired", "too old resource version"))
        elif how == 1:
            stream.finish(errors.Unreachable("the watch was cut", outcome_unknown=False))
        else:
            stream.finish("closed")

    # --- From beginning to end ---------------------------------------------------------------------------------------

    async def run(self) -> None:
        climate, random = self.climate, self._random
        self._begin_trouble()
        calm_from: float | None = None
        while not self._at_rest():
            await asyncio.sleep(1)
            now = self._loop.time()
            if random.randrange(8) == 0:
                self.server.bookmark()
            if calm_from is None and now >= climate.trouble_seconds:
                calm_from = now
                self._calm = True
                self.jobs.habits = CALM
                self.watchman.calm = True
                self.remote.calm_down()
                self._put_clocks_right()
                self.trace("world", "calm")
            elif calm_from is not None:
                self._let_jobs_go()
            if calm_from is not None and now - calm_from > RESTS_WITHIN_SECONDS:
                self.violation(
                    f"not at rest {RESTS_WITHIN_SECONDS:.0f} s after the trouble: {list(self._unrest())}"
                )
                break
        self.trace("world", "at rest" if not self.result.violations else "over")
        await self._end_operators()
        for right in sorted(self.access.missing):
            self.violation(f"the shipped rules do not give {right}")
        self.result.seconds = self._loop.time()

    def _begin_trouble(self) -> None:
        climate, random = self.climate, self._random
        for slot in range(climate.operators):
            self._later(random.uniform(0, 2), self._start_operator, slot)
        if climate.joins:
            self._later(random.uniform(2, climate.trouble_seconds), self._start_operator, climate.operators)
        for _ in range(climate.leaves):
            self._later(random.uniform(1, climate.trouble_seconds), self._leave)
        self._create_executions()
        for _ in range(climate.jumps):
            self._later(random.uniform(1, climate.trouble_seconds), self._jump)
        if climate.namespace_ends:
            self._later(random.uniform(1, 10), self._end_namespace)

    def _at_rest(self) -> bool:
        return self._is_done() and not self._kept_jobs()

    def _is_done(self) -> bool:
        """Whether nothing is left to come but the end of Jobs that have been let go."""
        return not self._actions and not self.under_way and next(self._unrest(), None) is None

    def _let_jobs_go(self) -> None:
        """A Job is kept for what may still be under way for it. Where nothing is any more, and nothing is to be done, its
        time passes at once: half of all Leases' renewals would be for the sake of that."""
        if self._is_done():
            for key in self._kept_jobs():
                self.trace("cluster", "lets go", key[2])
                self.server.remove(key)

    def _kept_jobs(self) -> list[Key]:
        """Those that have finished and been let go, and stand until their time is over."""
        return [
            ("jobs", job["metadata"]["namespace"], job["metadata"]["name"])
            for job in self._own_jobs()
            if _is_let_go(job) and job["spec"]["ttlSecondsAfterFinished"] != DEFAULT_TTL_SECONDS
        ]

    def _own_jobs(self) -> Iterator[Body]:
        for job in self.server.all("jobs"):
            if (job["metadata"].get("labels") or {}).get(names.EXECUTION_UID):
                yield job

    def _unrest(self) -> Iterator[str]:
        """What is not at rest yet."""
        for body in self.server.all("executions"):
            name = body["metadata"]["name"]
            if self._has_no_room(name):
                continue
            if not (stored.of(body).has_ended and stored.of(body).settled):
                yield f"execution {name} is {stored.of(body).phase}, settled: {stored.of(body).settled}"
            elif not stored.of(body).is_acknowledged:
                yield f"execution {name} is not acknowledged"
            if body["spec"].get("ttlSecondsAfterFinished") is not None:
                yield f"execution {name} is to be deleted"
        for job in self._own_jobs():
            # One that came when its execution had settled is let go with Stepwright's own time, an hour: nobody waits.
            if not _is_let_go(job):
                yield f"Job {job['metadata']['name']} is there"
        yield from self.remote.left()
        members = 0
        for operator in self.operators.values():
            if operator.has_begun and operator.membership.valid and not operator.process.stopped:
                members += 1
                left = operator.left_over()
                if left:
                    yield f"operator {operator.process.name} has {left}"
        if members < len(self.operators) or not members:
            yield f"{members} of {len(self.operators)} operators are at work"

    def _has_no_room(self, _name: str) -> bool:
        """Whether nothing can be written of an Execution, so that it is left as it is."""
        return False

    def check(self) -> None:
        """What is left in the end."""
        may_end_plainly = self.climate.largest_bytes <= LARGE_OBJECT_BYTES
        self.watchman.final(self.setting, may_end_plainly=may_end_plainly)

    async def _end_operators(self) -> None:
        """As by SIGTERM; then nothing of any process may be left."""
        self._over = self._calm = True
        last = list(self.operators.values())
        for operator in last:
            operator.end()
        await asyncio.sleep(1)
        for operator in (*self.ended, *last):
            self.watchman.process_ended(operator)

    # --- What happened ------------------------------------------------------------------------------------------------

    def trace(self, *what: Any) -> None:
        self.result.trace.append((round(self._loop.time(), 3), *what))

    def log(self, process: str, level: str, event: dict[str, Any]) -> None:
        name = event.pop("event")
        self.trace(process, level, name, event)
        if "exception" in event or (level == "error" and name not in FORESEEN):
            self.violation(f"{process} logged: {name} {event}")

    def violation(self, sentence: str) -> None:
        self.trace("VIOLATION", sentence)
        self.result.violations.append(sentence)


def _is_let_go(job: Body) -> bool:
    return is_finished(job) and job["spec"].get("ttlSecondsAfterFinished") is not None


@contextmanager
def constants(climate: Climate) -> Iterator[None]:
    """Sizes that make small executions do what large ones do: roll pages, store payloads, drop transitions."""
    changed: list[tuple[Any, str, int]] = [
        (record, "LARGEST_PAGE_BYTES", climate.page_bytes),
        (transitions, "MOST_TRANSITIONS", climate.transitions),
        (kept_apart, "LONG_BYTES", climate.inline_bytes),
        (template, "LARGEST_ANNOTATED_INPUT_BYTES", climate.annotated_bytes),
        (releases, "STAYS_SECONDS", JOB_STAYS_SECONDS),
        (batch, "LARGEST_EVENTS_COUNT", climate.batch_events),
        (stored_revisions, "KEPT", KEPT_REVISIONS),
    ]
    before = [(module, name, getattr(module, name)) for module, name, _ in changed]
    for module, name, value in changed:
        setattr(module, name, value)
    try:
        yield
    finally:
        for module, name, value in before:
            setattr(module, name, value)
