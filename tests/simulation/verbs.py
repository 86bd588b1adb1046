"""A world in which tasks call the Kubernetes API, by the real integration, through all the trouble there is.

Executions make, change, await and delete ConfigMaps of their own; ``Controller`` plays what makes something of these. Whatever dies,
is lost or is late: what a task creates is created once, what it appends is appended once, and what a ``.sync`` has begun does not stand
longer than its execution wants it.
"""

from __future__ import annotations

from collections import Counter
from random import Random
from typing import Any

from stepwright.cluster import stored
from stepwright.tasks.kubernetes import marks
from tests.simulation.access import Access
from tests.simulation.api_server import Body, Key, Kind
from tests.simulation.loop import SimulationLoop
from tests.simulation.world_of_tasks import WorldOfTasks

CONFIG_MAP = {"apiVersion": "v1", "kind": "ConfigMap"}
_LONG_SECONDS = 40.0
_RUNS = "work-"
"""With what the names of ConfigMaps begin that stand for something that runs."""

State = dict[str, Any]


class Rights(Access):
    """The account of state machines may do what tasks of this world do."""

    def allows(self, method: str, path: str, account: str | None, *, watching: bool = False) -> bool:
        if account is not None and "/configmaps" in path:
            return True
        return super().allows(method, path, account, watching=watching)


class Maker:
    """Chains of verbs about one ConfigMap, some of them in two branches at once."""

    def __init__(self, random: Random) -> None:
        self._random = random
        self._names = 0

    def machine(self) -> State:
        states = [self._create()]
        kinds = (self._append, self._append, self._sync, self._both)
        states += [self._random.choice(kinds)() for _ in range(self._random.choice((1, 2, 3, 4)))]
        if self._random.randrange(3):
            states.append(self._wait("go"))
        if self._random.randrange(2):
            states.append(self._call("delete", {**self._this()}))
        return self._chain(states)

    def _chain(self, states: list[State]) -> State:
        names = [self._name() for _ in states]
        for state, following in zip(states, [*names[1:], None], strict=True):
            state.update({"End": True} if following is None else {"Next": following})
        return {"StartAt": names[0], "States": dict(zip(names, states, strict=True))}

    def _name(self) -> str:
        self._names += 1
        return f"S{self._names}"

    def _call(self, verb: str, given: State, **fields: Any) -> State:
        return {"Type": "Task", "Resource": f"k8s:{verb}", "Parameters": given, "ResultPath": None, **fields}

    @staticmethod
    def _this() -> State:
        return {**CONFIG_MAP, "name.$": "$.made.metadata.name"}

    def _create(self) -> State:
        manifest = {**CONFIG_MAP, "metadata": {"generateName": "own-"}, "items": []}
        return self._call("create", {"manifest": manifest, "select": ["metadata.name"]}, ResultPath="$.made")

    def _append(self) -> State:
        append = [{"op": "add", "path": "/items/-", "value": 1}]
        return self._call(
            "patch", {**self._this(), "type": "json", "patch": append, "select": ["metadata.name"]}
        )

    def _wait(self, member: str) -> State:
        form = {"jsonPath": f"{{.data.{member}}}"}
        return self._call("wait", {**self._this(), "for": form, "select": ["data"]})

    def _sync(self) -> State:
        manifest = {**CONFIG_MAP, "metadata": {"generateName": _RUNS}}
        ends = {
            "successOn": {"jsonPath": "{.data.end}", "value": "well"},
            "failOn": {"jsonPath": "{.data.end}", "value": "ill"},
        }
        state = self._call("create.sync", {"manifest": manifest, **ends, "owned": True, "select": ["data"]})
        if self._random.randrange(4) == 0:
            state["TimeoutSeconds"] = self._random.choice((1, 3, 6))
        return state

    def _both(self) -> State:
        branches = [self._chain([self._random.choice((self._append, self._sync))()]) for _ in range(2)]
        return {"Type": "Parallel", "Branches": branches, "ResultPath": None}


class VerbsWorld(WorldOfTasks):
    """``created``, ``appended``: how often what a task has done has taken effect, by its mark."""

    def __init__(self, seed: int, loop: SimulationLoop) -> None:
        super().__init__(seed, loop)
        self._life = Random(f"controller {seed}")
        self._strayed: set[str] = set()
        """What was created by requests of which nobody could know any more that they were under way."""
        self.created: Counter[str] = Counter()
        self.appended: Counter[str] = Counter()
        self.server.observers.append(self._observe)

    def _make_access(self) -> Access:
        return Rights(*self.lease_namespaces)

    def _has_account(self) -> bool:
        return True

    def _make_machine(self) -> State:
        return Maker(self._random).machine()

    # --- What makes something of ConfigMaps --------------------------------------------------------------------------------

    def _observe(self, kind: Kind, key: Key, old: Body | None, new: Body) -> None:
        if key[0] != "configmaps":
            return
        annotations = new["metadata"].get("annotations") or {}
        if kind == "ADDED":
            mark = annotations.get(marks.TASK, "")
            self.created[mark] += 1
            if self.server.sender_gave_up or self.server.by not in self.living():
                self._strayed.add(new["metadata"]["uid"])
            seconds = self._life.uniform(0.1, 6) if self._life.randrange(4) else _LONG_SECONDS
            self.server.later(seconds, self._go_on, key, new["metadata"]["uid"])
        elif kind == "MODIFIED" and old is not None:
            more = len(new.get("items") or ()) - len(old.get("items") or ())
            self.appended[annotations.get(marks.TASKS, "").partition(" ")[0]] += max(more, 0)

    def _go_on(self, key: Key, uid: str) -> None:
        body = self.server.edited(key)
        if body is not None and body["metadata"]["uid"] == uid:
            if key[2].startswith(_RUNS) and uid not in self._strayed and self._is_settled(body):
                self.violation(f"{key[2]} runs on, and its execution has settled")
            ends = "well" if self._life.randrange(4) else "ill"
            body["data"] = {"go": "1", "end": ends}
            self.server.change(key, body)

    def _is_settled(self, body: Body) -> bool:
        """The execution that owns it. One that is deleted cannot be asked; what it owned goes with it."""
        owners = {owner["uid"] for owner in body["metadata"]["ownerReferences"]}
        return any(
            each["metadata"]["uid"] in owners and stored.of(each).settled
            for each in self.server.all("executions")
        )

    # --- What must hold ----------------------------------------------------------------------------------------------------

    def check(self) -> None:
        super().check()
        for what, counts in (("created", self.created), ("appended", self.appended)):
            for mark, count in counts.items():
                if count > 1:
                    self.violation(f"task {mark} has {what} {count} times")


def play(seed: int) -> VerbsWorld:
    """One seed, from beginning to end."""
    return VerbsWorld.played(seed)
