"""Writes what a version stores, by running that version's own code on its own simulated cluster:

    git worktree add /elsewhere COMMIT
    cd /elsewhere && PYTHONPATH=.:operator python CHECKOUT/tests/golden/write.py CHECKOUT/tests/golden/VERSION

Of an execution with all kinds of open work (``tests/data/every_kind.py``), once to its good end and once stopped in the
middle, each state of the cluster is kept that a write of its status left behind. Objects are written once each, by the
name and version under which states refer to them.
"""

# ruff: noqa: ASYNC110 - time is virtual
from __future__ import annotations

import asyncio
import itertools
import json
import sys
from pathlib import Path
from random import Random
from typing import Any

from stepwright.asl import definition
from stepwright.asl.limits import Limits
from stepwright.asl.text import jsontext
from stepwright.cluster import revisions
from stepwright.cluster.resources import API_VERSION
from stepwright.cluster.revisions import Revision
from stepwright.controllers.known_machines import Known
from tests.data import every_kind
from tests.on_cluster.place import Place
from tests.simulation import climate, logs, world
from tests.simulation import loop as loops
from tests.simulation.operator import Setting
from tests.simulation.preparing import prepared

NAMESPACE = "default"
EXECUTION = "order-7"
STOPPED_AFTER_SECONDS = 40.0
SEED = 7
KINDS = (
    "statemachines",
    "controllerrevisions",
    "executions",
    "executionhistories",
    "secrets",
    "jobs",
    "pods",
)


def _task(command: str) -> dict[str, Any]:
    return {"image": "x", "command": [command]}


PLACE = Place("golden", {}, _task("succeeds"), _task("fails"), _task("never ends"))
SETTINGS = {"taskDefaults": {"ttlSecondsAfterFinished": 600}}
LIMITS = Limits()


def spec(*, stopped: bool) -> dict[str, Any]:
    given = {**every_kind.given(hold=stopped), "text": "x" * 300}
    return {"stateMachineRef": {"name": every_kind.MACHINE}, "input": given}


def small(climate: Any) -> None:
    """Sizes so small that pages roll, texts are stored apart and inputs are Secrets."""
    climate.page_bytes, climate.inline_bytes, climate.annotated_bytes = 2_500, 200, 1_000
    climate.transitions, climate.batch_events = 50, 2_000
    climate.limits, climate.largest_bytes = LIMITS, 1_500_000


def script(server: Any, jobs: Any, first_pod: int = 10_000) -> None:
    """Pods are called as Kubernetes calls them, and do what their command says, after the time that the simulation
    draws."""
    run_pod, numbers = jobs._run_pod, itertools.count(first_pod)

    def make_pod(job: Any, *_: Any) -> Any:
        metadata, template = job["metadata"], job["spec"]["template"]
        labels = {
            **template["metadata"]["labels"],
            "batch.kubernetes.io/controller-uid": metadata["uid"],
        }
        owner = {"kind": "Job", "name": metadata["name"], "uid": metadata["uid"], "controller": True}
        name = f"{metadata['name']}-{next(numbers)}"
        pod = {
            "metadata": {"name": name, "labels": labels, "ownerReferences": [owner]},
            "spec": template["spec"],
            "status": {"phase": "Pending"},
        }
        server.create("pods", metadata["namespace"], pod)
        return ("pods", metadata["namespace"], name)

    async def scripted(key: Any, uid: str, pod: Any, _fate: str, notes: Any) -> bool:
        command = server.get(*key)["spec"]["template"]["spec"]["containers"][0]["command"][0]
        while command == "never ends":
            job = server.get(*key)
            if job is None or job["metadata"]["uid"] != uid:
                return False
            await asyncio.sleep(1)
        return bool(await run_pod(key, uid, pod, "fails" if command == "fails" else "output", notes))

    jobs._run_pod, jobs._make_pod = scripted, make_pod


class Writer(world.World):
    """A calm cluster on which one execution runs, and what each of its writes left behind."""

    def __init__(self, seed: int, loop: loops.SimulationLoop, *, stopped: bool) -> None:
        super().__init__(seed, loop)
        self._stopped_in_the_middle = stopped
        self.network.calm = self.watchman.calm = True
        script(self.server, self.jobs)
        self.objects: dict[str, Any] = {}
        self.states: list[dict[str, Any]] = []
        self.server.observers.append(self._observe)

    def _make_machines(self) -> Setting:
        small(self.climate)
        self.server.largest_bytes = self.climate.largest_bytes
        text = jsontext.dump(every_kind.workflow(PLACE))
        made, _ = definition.compile_definition(text)
        metadata = {"name": every_kind.MACHINE}
        machine = self.server.create(
            "statemachines",
            NAMESPACE,
            {"apiVersion": API_VERSION, "kind": "StateMachine", "metadata": metadata},
        )
        manifest = revisions.manifest(machine, {"definition": str(text), "settings": SETTINGS}, 1)
        name = manifest["metadata"]["name"]
        self.server.create("controllerrevisions", NAMESPACE, manifest)
        known = Known(machine["metadata"]["uid"], 1, name, "", deleting=False)
        return Setting(
            {(NAMESPACE, every_kind.MACHINE): known}, {name: Revision(name, made, SETTINGS)}, LIMITS, SEED
        )

    def _observe(self, kind: str, key: Any, old: Any, new: Any) -> None:
        if key[0] != "executions" or (old is not None and old.get("status") == new.get("status")):
            return
        if kind not in ("ADDED", "MODIFIED"):
            return
        state = []
        for plural in KINDS:
            for body in self.server.all(plural):
                metadata = body["metadata"]
                name = f"{plural}/{metadata['name']}@{metadata['resourceVersion']}"
                self.objects[name] = body
                state.append(name)
        self.states.append({"at": round(self._loop.time(), 3), "objects": state})

    async def run(self) -> None:
        self._later(0, self._start_operator, 0)
        self._later(1, self._create_execution, EXECUTION, spec(stopped=self._stopped_in_the_middle))
        if self._stopped_in_the_middle:
            self._later(STOPPED_AFTER_SECONDS, self._stop_execution, EXECUTION)
        while not self._is_over():
            await asyncio.sleep(1)
        await self._end_operators()

    def _is_over(self) -> bool:
        body = self.server.get("executions", NAMESPACE, EXECUTION)
        return body is not None and bool(body["status"].get("settled")) and self._loop.time() > 10


def written(*, stopped: bool) -> dict[str, Any]:
    """The states of one execution."""
    found: list[Writer] = []

    async def main(loop: loops.SimulationLoop) -> None:
        writer = Writer(SEED, loop, stopped=stopped)
        found.append(writer)
        with climate.constants(writer.climate), logs.into(writer.log):
            await writer.run()

    with prepared():
        loops.run(Random(f"golden {stopped}"), main)
    if found[0].result.violations:
        raise SystemExit("\n".join(found[0].result.violations))
    return {"objects": found[0].objects, "states": found[0].states}


def main(folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for name, stopped in (("ended", False), ("stopped", True)):
        text = json.dumps(written(stopped=stopped), indent=0, ensure_ascii=False, sort_keys=True)
        (folder / f"{name}.json").write_text(text + "\n")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
