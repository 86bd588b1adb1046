"""A world made from a seed: a cluster, some operators, some executions, people, and the trouble they are all in.

Trouble ends after a while. Then everything must come to rest (``rest``) within bounded time, and be as ``watchman`` says.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager
from random import Random
from typing import Any

import msgspec

from stepwright.asl import definition
from stepwright.asl.text import jsontext
from stepwright.cluster import revisions as stored_revisions
from stepwright.cluster.functions import ClusterFunctions
from stepwright.cluster.resources import API_VERSION
from stepwright.cluster.revisions import Revision
from stepwright.controllers.known_machines import Known
from stepwright.engine.ports import ExecutionRef
from tests.simulation import logs, machines, rest
from tests.simulation.access import Access
from tests.simulation.api_server import OUTSIDE, ApiServer, Refusal
from tests.simulation.children import Children
from tests.simulation.client import Strike
from tests.simulation.climate import Climate, constants
from tests.simulation.jobs import CALM, Jobs
from tests.simulation.loop import SimulationLoop
from tests.simulation.network import Network
from tests.simulation.operator import LEASE_NAMESPACE, Operator, Setting, WithoutTemplates
from tests.simulation.rarities import LARGE_OBJECT_BYTES
from tests.simulation.remote import Remote
from tests.simulation.result import Result, is_defect
from tests.simulation.watchman import Watchman

NAMESPACE = "default"
ACCOUNT = "runner"


class World:
    rests_within_seconds = rest.WITHIN_SECONDS
    lease_namespaces: tuple[str, ...] = (LEASE_NAMESPACE,)
    """Of each installation."""
    redrives = True
    """Whether people have executions go on that have ended without success."""
    functions: type[ClusterFunctions] = WithoutTemplates
    """What stands for functions."""

    def __init__(self, seed: int, loop: SimulationLoop) -> None:
        self.result = Result(seed)
        self._loop = loop
        self._random = Random(f"world {seed}")
        self.climate = climate = self._make_climate()
        self.access = self._make_access()
        self.server = ApiServer(Random(f"server {seed}"), self.access)
        self.server.largest_bytes = climate.largest_bytes
        self.jobs = Jobs(self.server, Random(f"jobs {seed}"), self.trace)
        self.watchman = Watchman(self.server, self.jobs, self.violation, Random(f"foreign {seed}"))
        self.watchman.may_act = self._may_act
        self.children = Children(self.server, self.violation, self.watchman.was_written)
        self.watchman.children = self.children
        self.jobs.complain = self.violation
        self.remote = Remote(
            self.server, Random(f"remote {seed}"), self.trace, self.violation, self.watchman.was_written
        )
        self.watchman.remote = self.remote
        self._chance = Random(f"network {seed}")
        self._bounding = Random(f"bounds {seed}")
        self._redriving = Random(f"redrives {seed}")
        self._redriving_from = Random(f"redrives from states {seed}")
        self.network = self._make_network()
        self._over = False
        self._actions = 0
        self.operators: dict[int, Operator] = {}
        self.ended: list[Operator] = []
        self._lives = 0
        self.setting = self._make_machines()

    def _make_climate(self) -> Climate:
        return Climate.of(self._random)

    def sizes(self) -> AbstractContextManager[None]:
        """The constants of the code while it runs."""
        return constants(self.climate)

    def _make_access(self) -> Access:
        return Access(*self.lease_namespaces)

    def _make_network(self) -> Network:
        return Network(self.climate, self.server, self._chance)

    # --- What is there at the beginning ------------------------------------------------------------------------------

    def _make_machines(self) -> Setting:
        random, known, revisions = self._random, {}, {}
        for name, made in self._machines_to_make():
            settings: dict[str, Any] = {
                "taskDefaults": {"ttlSecondsAfterFinished": 4, "pendingGraceSeconds": 12}
            }
            if self._has_account():
                settings["serviceAccountName"] = ACCOUNT
            revision, uid = self._store_machine(name, made, settings)
            revisions[revision.name] = revision
            known[NAMESPACE, name] = Known(uid, 1, revision.name, "", deleting=False)
        return Setting(known, revisions, self.climate.limits, random.getrandbits(32))

    def _machines_to_make(self) -> Iterator[tuple[str, machines.State]]:
        """By their names; one for each execution that people create."""
        for number in range(self.climate.executions):
            yield f"m{number}", self._make_machine()

    def _store_machine(
        self, name: str, machine: Mapping[str, Any], settings: Mapping[str, Any]
    ) -> tuple[Revision, str]:
        """A StateMachine that is ready: its revision and its uid."""
        text = jsontext.dump(msgspec.to_builtins(machine))
        made, _ = definition.compile_definition(text)
        stored_machine = self.server.create(
            "statemachines",
            NAMESPACE,
            {"apiVersion": API_VERSION, "kind": "StateMachine", "metadata": {"name": name}},
        )
        data = {"definition": str(text), "settings": dict(settings)}
        manifest = stored_revisions.manifest(stored_machine, data, 1)
        self.server.create("controllerrevisions", NAMESPACE, manifest)
        return Revision(manifest["metadata"]["name"], made, settings), stored_machine["metadata"]["uid"]

    def _has_account(self) -> bool:
        """Whether a state machine names one."""
        return self._random.randrange(4) == 0

    def _make_machine(self) -> machines.State:
        return machines.make(self._random)

    def _make_input(self) -> Any:
        return machines.make_input(self._random)

    def _create_executions(self) -> None:
        random = self._random
        for number in range(self.climate.executions):
            spec: dict[str, Any] = {"stateMachineRef": {"name": f"m{number}"}}
            given = self._make_input()
            if random.randrange(2):
                spec["input"] = given
            else:
                spec["inputJson"] = msgspec.json.encode(given).decode()
            if random.randrange(8) == 0:
                spec["ttlSecondsAfterFinished"] = random.choice((0, 3, 10))
            if random.randrange(40) == 0:
                spec["stop"] = {"cause": "before it began"}
            self._later(random.uniform(0, 3), self._create_execution, f"e{number}", spec)
            for _ in range(self._bounding.choice((0, 2, 4))):
                self._later(self._bounding.uniform(0.5, 12), self._bound_maps, f"e{number}")
            for again in range(self._redriving.choice((0, 0, 1, 3)) if self.redrives else 0):
                self._later(self._redriving.uniform(1, 25), self._redrive_execution, f"e{number}", again)
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

    def _redrive_execution(self, name: str, again: int) -> None:
        """By ``kubectl patch``, mostly when it has ended, now and then twice for one request."""
        key = ("executions", NAMESPACE, name)
        body = self.server.edited(key)
        if body is None or (body["status"]["phase"] == "Running" and self._redriving.randrange(4)):
            return
        request = f"r{self._redriving.choice((again, max(0, again - 1)))}"
        self.trace("user", "redrive", name, request)
        self.result.rare["redrives asked for"] += 1
        if body["status"]["phase"] != "Running":
            body["spec"].pop("stop", None)
        body["spec"]["redrive"] = {"requestId": request} | self._place(body)
        self.server.change(key, body)

    def _place(self, body: Mapping[str, Any]) -> dict[str, str]:
        """Where it is to go on: where it failed, or at any of its states, now and then at one that is not there."""
        random = self._redriving_from
        if random.randrange(2):
            return {}
        started = body["status"].get("stateMachine") or {}
        runs = self.setting.revisions.get(started.get("revision", ""))
        states = [] if runs is None else sorted(runs.machine.root.states)
        place = {"from": random.choice([*states, *states, *states, "Nowhere"])}
        self.result.rare["redrives from a state"] += 1
        given = (None, '{"list": [1, 2], "n": 2}', "[", "null")
        text = random.choices(given, (4, 4, 1, 1))[0]
        return place if text is None else place | {"inputJson": text}

    def _bound_maps(self, name: str) -> None:
        """Somebody gives other bounds to its Map Runs that are under way, by ``kubectl patch``."""
        key, random = ("executions", NAMESPACE, name), self._bounding
        body = self.server.edited(key)
        runs = () if body is None else body.get("status", {}).get("mapRuns") or ()
        asked = [
            {"mapRunArn": run["mapRunArn"], "maxConcurrency": random.choice((0, 1, 3))}
            | ({"toleratedFailurePercentage": random.choice((0, 50, 100))} if random.randrange(2) else {})
            for run in runs
            if run["phase"] == "Running"
        ]
        if body is not None and asked:
            self.trace("user", "bounds", name, *asked)
            self.result.rare["Maps given other bounds"] += 1
            body["spec"]["mapRuns"] = asked
            self.server.change(key, body)

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
        """What operators of any version are given, to report to the world and to ask it."""
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
            self.network,
            self.setting,
            Random(f"operator {self.result.seed} {self._lives}"),
            self.trace,
            **self._hears(),
            offset_ms=self._wall_clock_off(),
            lease_namespace=self._lease_namespace(slot),
            functions=self.functions,
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
            self._strike(self._chance.choice(operators), "ended")

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
                operator.process.stop(self._chance.choice((1, 5, 9, 14)))
        elif how == "paused":
            self.result.stops += 1
            if not operator.process.stopped:
                self._pause(operator, self._chance.choice((1, 5, 9, 14, 40)))
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
                self.network.calm = True
                self.jobs.habits = CALM
                self.watchman.calm = True
                self.remote.calm_down()
                self.children.calm_from = now
                self._put_clocks_right()
                self.trace("world", "calm")
            elif calm_from is not None:
                self._let_jobs_go()
            if calm_from is not None and now - calm_from > self.rests_within_seconds:
                self.violation(
                    f"not at rest {self.rests_within_seconds:.0f} s after the trouble: {list(self._unrest())}"
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
        return self._is_done() and not rest.kept_jobs(self.server)

    def _is_done(self) -> bool:
        """Whether nothing is left to come but the end of Jobs that have been let go."""
        return not self._actions and not self.network.under_way and next(self._unrest(), None) is None

    def _let_jobs_go(self) -> None:
        """A Job is kept for what may still be under way for it. Where nothing is any more, and nothing is to be done, its
        time passes at once: half of all Leases' renewals would be for the sake of that."""
        if self._is_done():
            for key in rest.kept_jobs(self.server):
                self.trace("cluster", "lets go", key[2])
                self.server.remove(key)

    def _unrest(self) -> Iterator[str]:
        """What is not at rest yet."""
        yield from rest.of_executions(self.server, self._has_no_room)
        yield from rest.of_jobs(self.server)
        yield from self.remote.left()
        yield from rest.of_operators(self.operators.values())

    def _has_no_room(self, _name: str) -> bool:
        """Whether nothing can be written of an Execution, so that it is left as it is."""
        return False

    def check(self) -> None:
        """What is left in the end."""
        may_end_plainly = self.climate.largest_bytes <= LARGE_OBJECT_BYTES
        self.watchman.final(self.setting, may_end_plainly=may_end_plainly)

    async def _end_operators(self) -> None:
        """As by SIGTERM; then nothing of any process may be left."""
        self._over = self.network.calm = True
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
        if is_defect(level, name, event):
            self.violation(f"{process} logged: {name} {event}")

    def violation(self, sentence: str) -> None:
        self.trace("VIOLATION", sentence)
        self.result.violations.append(sentence)


async def lived(world: World, loop: SimulationLoop) -> None:
    """From its beginning to its end; whatever was wrong is among its violations."""
    with world.sizes(), logs.into(world.log):
        await world.run()
        world.check()
    for task in loop.tasks:
        if task.done() and not task.cancelled() and task.exception() is not None:
            world.violation(f"the cluster broke: {task.get_name()}: {task.exception()!r}")
    for error in loop.errors:
        world.violation(f"in the loop: {error}")
