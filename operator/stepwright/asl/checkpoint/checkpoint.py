"""Everything that is needed to go on with an execution: small, plain, versioned.

A checkpoint is a set of *parts* (``stepwright.asl.checkpoint.parts``). Each is encoded separately, because a journal writes
only the parts that a step changed. The part ``start`` holds identity and input, ``head`` the counters of the whole
execution. Every live branch (the root, branches of Parallel, live iterations of Map) is a part. Finished results of a Map
are parts in chunks, so that a long Map neither rewrites its results nor keeps a branch for each item.

An encoded part is a JSON object whose payloads (inputs, outputs, results) are JSON *texts*: the store may round numbers and
sort keys in values, but never in texts, and it may keep a long text elsewhere.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping

from msgspec import Struct

from stepwright.asl.checkpoint import codec, map_tasks, open_work, shards
from stepwright.asl.checkpoint.codec import NewerVersion, check_version, encode_stop
from stepwright.asl.checkpoint.parts import (
    HEAD,
    STOPS,
    Branch,
    Checkpoint,
    EncodedPart,
    Fork,
    Head,
    Identity,
    OpenTask,
    Part,
    PartId,
    payloads,
)
from stepwright.asl.machine import Machine, Map, Task
from stepwright.asl.resource import MAP_SHARD, Resource
from stepwright.asl.signals import Millis, ShardCounts, TaskId, TimerId
from stepwright.asl.step import CancelTask, SetTimer, StartTask

__all__ = [
    "Checkpoint",
    "EncodedPart",
    "Identity",
    "NewerVersion",
    "Part",
    "PartId",
    "Waits",
    "check_version",
    "current_states",
    "decode",
    "encode",
    "encode_stop",
    "has_open",
    "has_open_encoded",
    "heartbeats",
    "kept_stops",
    "open_task",
    "open_tasks",
    "open_timers",
    "resource_of",
    "resources",
    "rest",
    "shard_counts",
    "waiting_until",
    "waits_of",
]


def encode(part: Part) -> EncodedPart:
    """A JSON object without floats and without numbers of 2^53 and above, which decodes however its keys are sorted."""
    return codec.encode(part)


def decode(parts: Mapping[PartId, EncodedPart]) -> Checkpoint:
    """The exact inverse of ``encode``. Stops that were kept beside the checkpoint are left out. Raises NewerVersion for a
    part of a kind or version that this engine does not know."""
    return Checkpoint(
        {name: codec.decode(part) for name, part in parts.items() if not name.startswith(STOPS)}
    )


def kept_stops(parts: Mapping[PartId, EncodedPart]) -> list[CancelTask]:
    """Every task that still has to be stopped, oldest first. Raises NewerVersion."""
    stops = [codec.decode_stop(part) for name, part in parts.items() if name.startswith(STOPS)]
    return sorted(stops, key=lambda stop: stop.task)


def resource_of(state: Task | Map, task: OpenTask) -> Resource:
    """What serves the open task of a state."""
    return open_work.resource_of(state, task)


def cancel_task(resource: Resource, task: OpenTask) -> CancelTask:
    """The stop of an open task with this Resource."""
    return open_work.cancel_task(resource, task)


def current_states(checkpoint: Checkpoint) -> list[str]:
    """Where the execution is, for people: the paths of the live branches that have no branches themselves, sorted."""
    still = _in_what_is_left(checkpoint)
    return sorted(
        branch.prefix + branch.state
        for branch in checkpoint.branches()
        if branch.number not in still
        and ((fork := checkpoint.fork(branch.number)) is None or not set(fork.live) - still)
    )


def _in_what_is_left(checkpoint: Checkpoint) -> set[int]:
    """Branches that are kept only for a redrive, in Map Runs that leave what they have."""
    forks = (part for part in checkpoint.parts.values() if type(part) is Fork)
    left = [fork.live for fork in forks if fork.run is not None and fork.run.leaving is not None]
    found = {number for live in left for number in live}
    for branch in sorted(checkpoint.branches(), key=lambda branch: branch.number) if found else ():
        if branch.parent in found:
            found.add(branch.number)
    return found


def open_tasks(machine: Machine, checkpoint: Checkpoint) -> list[StartTask]:
    """Every task that must be running, oldest first, including shards, readers and writers of distributed Maps."""
    parts = checkpoint.parts
    tasks = []
    for branch in checkpoint.branches():
        if branch.task is not None:
            state = machine.scopes[branch.scope].states[branch.state]
            if isinstance(state, Map):
                tasks.append(map_tasks.start_task(state, parts, branch))
            else:
                assert isinstance(state, Task)
                tasks.append(open_work.start_task(state, branch))
    tasks += [shards.start_task(machine, parts, shard) for shard in shards.open_shards(parts)]
    return sorted(tasks, key=lambda task: task.task)


def rest(checkpoint: Checkpoint, parts: Iterable[PartId]) -> None:
    """Nothing will happen for a while: of what these parts hold, keep only the texts."""
    for each in parts:
        part = checkpoint.parts.get(each)
        if part is None or isinstance(part, Head | Fork):
            continue
        for payload in payloads(part):
            payload.rest()
        if isinstance(part, Branch):
            part.seen = None


def open_task(checkpoint: Checkpoint, task: TaskId) -> OpenTask | None:
    """The task, if it is open."""
    for part in checkpoint.parts.values():
        if type(part) is Branch and (found := part.task) is not None and found.id == task:
            return found
    return None


def has_open(checkpoint: Checkpoint, task: TaskId, scheduled: Millis | None = None) -> bool:
    """Whether an answer of the task counts. ``scheduled``: when the task that is meant was scheduled, if that is known."""
    # What is kept of an ended execution is for a redrive, which begins its tasks anew.
    if checkpoint.ended:
        return False
    if (shard := shards.of_task(checkpoint.parts, task)) is not None:
        return scheduled in (None, shard.opened)
    found = open_task(checkpoint, task)
    return found is not None and scheduled in (None, found.scheduled)


def has_open_encoded(
    parts: Mapping[PartId, EncodedPart], task: TaskId, scheduled: Millis | None = None
) -> bool:
    """``has_open`` for a checkpoint that was not decoded."""
    if parts.get(HEAD, {}).get("ended") is not None:
        return False
    tasks = [(found["id"], found["scheduled"]) for part in parts.values() if (found := part.get("task"))]
    tasks += [(part["shard"], part["opened"]) for part in parts.values() if part.get("kind") == "shard"]
    return any(found == task and scheduled in (None, since) for found, since in tasks)


def keeps_shard(parts: Mapping[PartId, EncodedPart], task: TaskId, scheduled: Millis) -> bool:
    """Whether the shard that this task has begun is needed to go on from a checkpoint that was not decoded, also from one that is
    kept of an execution that has ended."""
    return any(
        part.get("kind") == "shard" and (part["shard"], part["opened"]) == (task, scheduled)
        for part in parts.values()
    )


def resources(machine: Machine, checkpoint: Checkpoint) -> dict[TaskId, Resource]:
    """What runs each open task. The parameters of the tasks are not looked at."""
    found = {}
    for branch in checkpoint.branches():
        if branch.task is not None:
            state = machine.scopes[branch.scope].states[branch.state]
            assert isinstance(state, Task | Map)
            found[branch.task.id] = open_work.resource_of(state, branch.task)
    for shard in shards.open_shards(checkpoint.parts):
        found[shard.open_task] = MAP_SHARD
    return found


def shard_counts(checkpoint: Checkpoint) -> ShardCounts | None:
    """How far the shard has come; None unless this is the checkpoint of a shard that goes on."""
    return shards.counts(checkpoint.parts)


def heartbeats(checkpoint: Checkpoint) -> dict[TimerId, int]:
    """The timers of open tasks that have to show that they are alive, and after how many seconds of silence each fires."""
    return {
        open_work.heartbeat_timer(branch.task.id): branch.task.heartbeat_seconds
        for branch in checkpoint.branches()
        if branch.task is not None and branch.task.heartbeat_seconds is not None
    }


def waiting_until(checkpoint: Checkpoint) -> Millis | None:
    """When the earliest timer falls due, if nothing but timers is open: until then nothing can happen except a stop.
    None if anything else is open."""
    if checkpoint.ended or checkpoint.unfinished_step:
        return None
    if any(branch.task is not None for branch in checkpoint.branches()):
        return None
    if any(shards.open_shards(checkpoint.parts)):
        return None
    return min((timer.due for timer in _timers(checkpoint)), default=None)


class Waits(Struct, frozen=True):
    """What an execution waits for. ``tasks``: those that are open, and when each was scheduled; ``due``: when the earliest timer
    falls due, None without any."""

    tasks: Mapping[TaskId, Millis]
    due: Millis | None


def waits_of(checkpoint: Checkpoint, is_elsewhere: Callable[[TaskId], bool]) -> Waits | None:
    """None if anything is open but timers and tasks that are ``is_elsewhere`` and need give no sign of life."""
    if checkpoint.ended or checkpoint.unfinished_step or checkpoint.head.ending is not None:
        return None
    tasks: dict[TaskId, Millis] = {}
    for branch in checkpoint.branches():
        if (task := branch.task) is not None:
            if task.heartbeat_seconds is not None or not is_elsewhere(task.id):
                return None
            tasks[task.id] = task.scheduled
    if any(shards.open_shards(checkpoint.parts)):
        return None
    return Waits(tasks, min((timer.due for timer in _timers(checkpoint)), default=None))


def open_timers(checkpoint: Checkpoint) -> list[SetTimer]:
    """Every timer that must be set, the earliest first; timers for the same moment in the order in which they were set."""
    return sorted(_timers(checkpoint), key=lambda timer: (timer.due, open_work.number(timer.timer)))


def _timers(checkpoint: Checkpoint) -> Iterator[SetTimer]:
    if checkpoint.head.ending is not None:
        return
    deadline = checkpoint.head.deadline
    if deadline is not None and not checkpoint.ended:
        yield SetTimer(open_work.EXECUTION_TIMER, deadline)
    for branch in checkpoint.branches():
        yield from open_work.timers(branch)
