"""A cluster as an earlier version has left it, and this version's operator on it."""

# ruff: noqa: ASYNC110 - time is virtual
from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path
from random import Random
from typing import Any

import msgspec

from stepwright.asl import definition
from stepwright.cluster.revisions import Revision
from stepwright.controllers.known_machines import Known
from tests.golden import write
from tests.simulation import climate, history, logs, world
from tests.simulation import loop as loops
from tests.simulation.api_server import Change, Stored
from tests.simulation.operator import Setting
from tests.simulation.preparing import prepared

HERE = Path(__file__).parent
VERSIONS = sorted(found.name for found in HERE.iterdir() if (found / "ended.json").exists())

Body = dict[str, Any]


class Golden(msgspec.Struct):
    """What a version has written of one execution."""

    version: str
    name: str
    objects: dict[str, Body]
    states: list[Body]

    def bodies(self, state: int) -> Iterator[tuple[str, Body]]:
        """Of each kind in the order in which they were made, with the kind."""
        for name in self.states[state]["objects"]:
            yield name.partition("/")[0], self.objects[name]

    def all(self, plural: str) -> list[Body]:
        return [body for name, body in self.objects.items() if name.startswith(f"{plural}/")]

    def execution(self, state: int) -> Body:
        return next(body for plural, body in self.bodies(state) if plural == "executions")

    def events(self, state: int) -> list[Body]:
        pages = {
            body["metadata"]["name"]: body
            for plural, body in self.bodies(state)
            if plural == "executionhistories"
        }
        return history.read(self.execution(state)["status"], pages)


def read(version: str, name: str) -> Golden:
    found = msgspec.json.decode((HERE / version / f"{name}.json").read_bytes())
    return Golden(version, name, found["objects"], found["states"])


class Continued(world.World):
    """Begins at one of its states, calm, with one operator."""

    def __init__(self, seed: int, loop: loops.SimulationLoop, golden: Golden, state: int) -> None:
        self._golden, self._state = golden, state
        super().__init__(seed, loop)
        self.network.calm = self.watchman.calm = True
        self.watchman.counted = False
        write.script(self.server, self.jobs, first_pod=20_000)

    def _make_machines(self) -> Setting:
        write.small(self.climate)
        [machine], [revision] = self._golden.all("statemachines"), self._golden.all("controllerrevisions")
        name, data = revision["metadata"]["name"], revision["data"]
        made, _ = definition.compile_definition(data["definition"])
        key = (write.NAMESPACE, machine["metadata"]["name"])
        known = Known(machine["metadata"]["uid"], 1, name, "", deleting=False)
        return Setting({key: known}, {name: Revision(name, made, data["settings"])}, write.LIMITS, write.SEED)

    def _restore(self) -> None:
        """Put all there that was there, as it was."""
        server = self.server
        server._uids = 10_000
        bodies = list(self._golden.bodies(self._state))
        server.version = max(int(body["metadata"]["resourceVersion"]) for _, body in bodies)
        for plural, body in bodies:
            metadata = body["metadata"]
            name = (metadata["namespace"], metadata["name"])
            server._owners[metadata["uid"]] = (plural, *name)
            server.objects.setdefault(plural, {})[name] = Stored(body, msgspec.json.encode(body))
        execution = self._golden.execution(0)
        self.watchman.born(execution)
        uid = execution["metadata"]["uid"]
        texts = [msgspec.json.encode(event).decode() for event in self._golden.events(self._state)]
        self.watchman._new_events("execution", uid, self.watchman._watched[uid], [], texts)
        for plural, body in bodies:
            if plural == "jobs":
                metadata = body["metadata"]
                key = (plural, metadata["namespace"], metadata["name"])
                change = Change(server.version, "ADDED", key, body, msgspec.json.encode(body))
                server._tell(change, None)
                self._note(body, [pod for other, pod in bodies if other == "pods"])

    def _note(self, job: Body, pods: list[Body]) -> None:
        """What its pods have come to already."""
        notes = self.jobs.notes[job["metadata"]["uid"]]
        if job["spec"]["template"]["spec"]["containers"][0]["command"] == ["fails"]:
            notes.errors.add("Job.Failed")
        for pod in pods:
            for status in pod["status"].get("containerStatuses") or ():
                ended = status["state"].get("terminated")
                own = pod["metadata"]["ownerReferences"][0]["uid"] == notes.uid
                if own and ended is not None and ended["exitCode"] == 0:
                    notes.succeeded = True
                    notes.results.append(msgspec.json.decode(ended["message"]))

    async def run(self) -> None:
        at = self._golden.states[self._state]["at"]
        await asyncio.sleep(at)
        self._restore()
        self._later(0.5, self._start_operator, 0)
        stopped = self._golden.name == "stopped"
        if stopped and "stop" not in self._golden.execution(self._state)["spec"]:
            left = max(1.0, write.STOPPED_AFTER_SECONDS - at)
            self._later(left, self._stop_execution, write.EXECUTION)
        while not self._is_over() and self._loop.time() < at + 300:
            await asyncio.sleep(1)
        await asyncio.sleep(10)
        await self._end_operators()

    def _is_over(self) -> bool:
        body = self.server.get("executions", write.NAMESPACE, write.EXECUTION)
        return body is not None and bool(body["status"].get("settled")) and not self._actions


def carry_on(golden: Golden, state: int) -> Continued:
    """Run it from there to its end."""
    found: list[Continued] = []

    async def main(loop: loops.SimulationLoop) -> None:
        continued = Continued(write.SEED, loop, golden, state)
        found.append(continued)
        with climate.constants(continued.climate), logs.into(continued.log):
            await continued.run()
            continued.watchman.final(continued.setting, may_end_plainly=False)

    with prepared():
        loops.run(Random(f"golden {golden.name} {state}"), main)
    return found[0]
