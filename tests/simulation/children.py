"""Executions that tasks start: machines that start them, and what must hold of them, whatever goes wrong."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from random import Random
from typing import Any

import msgspec

from tests.simulation import machines
from tests.simulation.api_server import ApiServer, Body, Key, Kind

START = "arn:aws:states:::states:startExecution"
MACHINES = ("c0", "c1")
"""What tasks start: of the second tasks start the first."""

REST_WITHIN_SECONDS = 2_000.0
"""What takes long may be tried again some times, one after the other."""
_KNOWN_AFTER_SECONDS = 3.0
"""Who takes over an execution may not have heard of it yet."""
_OUTLIVES_SECONDS = 45.0
"""For so long one that nobody awaits any more may run, once there is no trouble."""
_ENDED = ("Succeeded", "Failed", "TimedOut", "Aborted")

Task = tuple[str, int, str]
"""The uid of an execution, the id of the TaskScheduled event, and when it was scheduled."""


@dataclass
class Child:
    """As its writes have shown it."""

    name: str
    task: Task
    awaited: bool
    created: float
    came_late: bool
    """The request for it landed when its sender had given up."""
    asked_to_stop: bool = False
    left_from: float | None = None
    """Since when its task does not wait for it."""
    phase: str = "Pending"
    output: str | None = None
    gone: bool = False
    has_begun: bool = False
    """It is a shard, and what it begins with was written."""

    @property
    def arn(self) -> str:
        machine, _, name = self.name.partition(".")
        return f":{machine}:{name}"

    def __str__(self) -> str:
        return f"execution {self.name} of task {self.task[1]}"


class Children:
    """``was_written`` says whether the start of a task was."""

    def __init__(
        self, server: ApiServer, complain: Callable[[str], None], was_written: Callable[[str, int], bool]
    ) -> None:
        self._server = server
        self._complain = complain
        self._was_written = was_written
        self._of: dict[str, Child] = {}
        """By their uids."""
        self._restored = False
        self.calm_from: float | None = None
        server.observers.append(self._observe)

    def recall(self) -> None:
        """etcd was set back: what happened since did not, and some of it is on its way."""
        self._restored = True
        for child in self._of.values():
            child.left_from = None
            body = self._server.get("executions", *self._key(child))
            child.gone = body is None
            if body is not None:
                child.phase = body["status"]["phase"]

    def unstopped_of(self, uid: str) -> list[Child]:
        """What is awaited by tasks of an execution, runs and should have been asked to stop. Of a namespace that is deleted
        nobody may know what the execution had begun, and it ends with it."""
        if self._server.terminating:
            return []
        old = _now() - _KNOWN_AFTER_SECONDS
        return [
            child
            for child in self._of.values()
            if child.task[0] == uid
            and child.awaited
            and not (child.asked_to_stop or child.gone or child.came_late or self._restored)
            and child.phase not in _ENDED
            and child.created < old
        ]

    def wrong_of(
        self, uid: str, task: int, scheduled: dict[str, Any], event: dict[str, Any], excuses: set[str]
    ) -> str | None:
        """What is wrong with the result of a task, if anything is."""
        asked = scheduled["taskScheduledEventDetails"]
        given = msgspec.json.decode(asked["parameters"])
        own = [child for child in self._of.values() if child.task[:2] == (uid, task)]
        if event["type"] == "TaskFailed":
            return self._wrong_failure(own, given, event["taskFailedEventDetails"], excuses)
        told = msgspec.json.decode(event["taskSucceededEventDetails"]["output"])
        if asked["resource"] == "startExecution":
            known = own if "Name" not in given else list(self._of.values())
            if any(told["ExecutionArn"].endswith(child.arn) for child in known) or "Name" in given:
                return None
            return f"it has started {told['ExecutionArn']}, which there is not"
        for child in own:
            if told["ExecutionArn"].endswith(child.arn) and child.phase == "Succeeded":
                output = told["Output"]
                text = output if asked["resource"].endswith(".sync") else msgspec.json.encode(output).decode()
                if child.output is not None and _same(text, child.output):
                    return None
        return f"it has {told}, which is not the output of what it has started: {own}"

    def _wrong_failure(
        self, own: list[Child], given: dict[str, Any], details: dict[str, Any], excuses: set[str]
    ) -> str | None:
        error = details["error"]
        if error in excuses:
            return None
        if error == "States.TaskFailed":
            told = msgspec.json.decode(details["cause"])
            phase = {"FAILED": "Failed", "TIMED_OUT": "TimedOut", "ABORTED": "Aborted"}[told["Status"]]
            if any(told["ExecutionArn"].endswith(child.arn) and child.phase == phase for child in own):
                return None
        elif (error == "StepFunctions.ExecutionAlreadyExistsException" and "Name" in given) or (
            error == "StepFunctions.StateMachineDoesNotExistException" and given["StateMachineArn"] == "none"
        ):
            return None
        return f"it failed with {details}, for which what it has started gave no reason: {own}"

    # --- What lands ---------------------------------------------------------------------------------------------

    def _observe(self, kind: Kind, key: Key, _: Body | None, new: Body) -> None:
        if key[0] != "executions":
            return
        uid = new["metadata"]["uid"]
        if kind == "ADDED" and new["spec"].get("parent") is not None:
            self._began(uid, new)
        child = self._of.get(uid)
        if child is not None:
            self._changed(kind, child, new)
        for other in self._of.values():
            if other.task[0] == uid and other.awaited:
                self._parent_changed(kind, other, new)

    def _began(self, uid: str, body: Body) -> None:
        parent, name = body["spec"]["parent"], body["metadata"]["name"]
        task = parent["uid"], parent["task"], parent["scheduledTime"]
        late = self._server.sender_gave_up
        if not self._was_written(*task[:2]):
            self._complain(f"execution {name} was started before its task was written")
        earlier = [child for child in self._of.values() if child.task == task]
        if earlier and "mapShard" not in body["spec"] and not (self._restored or self._server.terminating):
            self._complain(f"execution {name} was started again, after {earlier}")
        child = Child(name, task, parent["awaited"], _now(), late)
        self._of[uid] = child
        there = next(
            (each for each in self._server.all("executions") if each["metadata"]["uid"] == task[0]), None
        )
        if there is None or not _has_open(there, child):
            child.left_from = _now()

    def _changed(self, kind: Kind, child: Child, new: Body) -> None:
        child.gone = kind == "DELETED"
        status = new.get("status") or {}
        if "mapShard" in new["spec"] and status.get("seq") == 1 and status["phase"] == "Running":
            self._shard_begins(child)
        child.asked_to_stop = "stop" in new["spec"] or (child.asked_to_stop and "redrive" not in new["spec"])
        if status.get("phase") in _ENDED and child.phase not in _ENDED:
            child.phase = status["phase"]
            child.output = self._output(status)
            if child.awaited:
                self._check_life(child)
        elif status.get("phase") is not None:
            child.phase = status["phase"]

    def _shard_begins(self, child: Child) -> None:
        """One that is only created again does nothing, and ends with its parent."""
        earlier = [
            each
            for each in self._of.values()
            if each is not child and each.task == child.task and each.has_begun
        ]
        if earlier and not (self._restored or self._server.terminating):
            self._complain(f"{child} began again, after {earlier}")
        child.has_begun = True

    def _check_life(self, child: Child) -> None:
        if child.left_from is None or self.calm_from is None or self._restored:
            return
        if child.phase != "Aborted" and _now() - max(child.left_from, self.calm_from) > _OUTLIVES_SECONDS:
            self._complain(f"{child} has outlived its task, which did not wait from {child.left_from} on")

    def _parent_changed(self, kind: Kind, child: Child, parent: Body) -> None:
        if kind != "DELETED" and _has_open(parent, child):
            child.left_from = None
        elif child.left_from is None:
            child.left_from = _now()

    def _output(self, status: dict[str, Any]) -> str | None:
        if "outputRef" not in status:
            output: str | None = status.get("output")
            return output
        for body in self._server.all("executionhistories"):
            if body["metadata"]["name"] == status["outputRef"]["name"]:
                payload: str = body["payload"]
                return payload
        return None

    def _key(self, child: Child) -> tuple[str, str]:
        return "default", child.name


def _now() -> float:
    return asyncio.get_running_loop().time()


def _has_open(parent: Body, child: Child) -> bool:
    """Nothing is open of one that has ended, whatever is kept of it for a redrive."""
    if (parent.get("status") or {}).get("phase") in _ENDED:
        return False
    stored = (parent.get("status") or {}).get("checkpoint") or {}
    parts = [msgspec.json.decode(text) for text in stored.values()]
    tasks = {part["task"]["id"] for part in parts if "task" in part}
    return child.task[1] in tasks | {part["shard"] for part in parts if "shard" in part}


def _same(one: str, other: str) -> bool:
    return bool(msgspec.json.decode(one) == msgspec.json.decode(other))


def instead_of_jobs(machine: machines.State, random: Random, started: Sequence[str]) -> machines.State:
    """The machine, in which tasks start executions that were Jobs."""
    for state in machine["States"].values():
        match state["Type"]:
            case "Task" if random.randrange(3):
                state["Resource"] = START + random.choice(("", ".sync", ".sync:2", ".sync:2"))
                state["Parameters"] = _parameters(random, started)
            case "Parallel":
                for branch in state["Branches"]:
                    instead_of_jobs(branch, random, started)
            case "Map":
                instead_of_jobs(state["ItemProcessor"], random, started)
    return machine


def machines_to_start(random: Random) -> Iterator[tuple[str, machines.State]]:
    """Some of what they do takes so long that they have to be stopped where nobody waits for them any more."""
    yield "c0", _perhaps_long(machines.Maker(random, 1).machine(), random)
    yield "c1", _perhaps_long(instead_of_jobs(machines.Maker(random, 2).machine(), random, ("c0",)), random)


def _perhaps_long(machine: machines.State, random: Random) -> machines.State:
    if random.randrange(3):
        return machine
    wait = {"Type": "Wait", "Seconds": 150, "Next": machine["StartAt"]}
    return {**machine, "StartAt": "Long", "States": {"Long": wait, **machine["States"]}}


def _parameters(random: Random, started: Sequence[str]) -> dict[str, Any]:
    given: dict[str, Any] = {
        "StateMachineArn": random.choice((*started, "none") if random.randrange(12) == 0 else started),
        "Input": {"a": [1], "b": 1, "t": "z" * random.choice((1, 50, 400))},
    }
    match random.randrange(6):
        case 0:
            given["Name.$"] = "$$.Execution.Name"
        case 1:
            given["Name"] = random.choice(("same", "Other_One"))
    return given
