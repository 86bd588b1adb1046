"""Shards of a distributed Map: ranges of its items that the engine carries as executions of their own.

A Map with more items than one checkpoint should carry (``Limits.shard_items``) keeps only counts, results and which shards
are open. A shard has a checkpoint of its own. Its root is in the Map state from the beginning, with a fork over the items of
its range, and everything below that is as in any other distributed Map. So everything that carries executions carries
shards, and neither the Map nor a shard grows with the items that are still to come.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from msgspec import Struct, convert, to_builtins
from msgspec.structs import replace

from stepwright.asl.checkpoint import codec, open_work, versions
from stepwright.asl.checkpoint.parts import (
    HEAD,
    ITEMS_CHARACTERS,
    OWN_TASKS,
    ROOT,
    START,
    Branch,
    EncodedPart,
    Fork,
    Head,
    Items,
    MapRun,
    OpenTask,
    Part,
    PartId,
    Shard,
    Source,
    Start,
    branch_id,
    fork_id,
    items_id,
    part_id,
    source_id,
)
from stepwright.asl.json_types import Json, JsonText, Pointer
from stepwright.asl.machine import Machine, Map, Parallel, Task, Wait
from stepwright.asl.resource import ITEM_READER, MAP_SHARD
from stepwright.asl.signals import Millis, ShardBounds, ShardCounts, TaskId
from stepwright.asl.step import CancelTask, StartTask
from stepwright.asl.task_token import begun_uid
from stepwright.asl.text import jsontext
from stepwright.asl.text.payload import Payload

Parts = Mapping[PartId, Part]


class Beginning(Struct, frozen=True):
    """The parameters of the task that runs a shard: the encoded checkpoint that the shard begins with, whose identity holds
    its uid, and how often it must have been redriven by then."""

    parts: dict[PartId, EncodedPart]
    redrives: int
    ends: TaskId | None = None
    """The task by which it was begun, if it is to end now and to leave what it has."""


class End(Struct, frozen=True, omit_defaults=True):
    """What a shard ends with."""

    counts: ShardCounts
    history_bytes: int
    """How much the histories in the shard take in the store."""
    results: JsonText | None
    """The results of all its items as one JSON array, if it has come to its end; the files in which they are, if they are left
    elsewhere."""
    error: str | None = None
    cause: str | None = None
    location: str | None = None
    """With which its Map fails, if it has left ``results`` all the same."""


class Range(Struct, frozen=True):
    """Which items a shard has."""

    map_run: str
    first: int
    count: int


def range_of(parts: Mapping[PartId, EncodedPart]) -> Range:
    """``parts``: those that it begins with."""
    fork = codec.decode(parts[fork_id(ROOT)])
    assert isinstance(fork, Fork)
    assert fork.run is not None
    return Range(fork.run.arn, fork.first, fork.width)


def bounds_of(parts: Mapping[PartId, EncodedPart]) -> ShardBounds:
    """``parts``: as above. Those that it has from now on, if it has begun before."""
    fork = codec.decode(parts[fork_id(ROOT)])
    assert isinstance(fork, Fork)
    return ShardBounds(fork.limit, fork.tolerated_count or 0)


def beginning(parameters: Json) -> Beginning:
    return convert(parameters, Beginning)


def encode_end(end: End) -> JsonText:
    return jsontext.dump(to_builtins(end))


def end_of(output: Json) -> End:
    return convert(output, End)


def open_shards(parts: Parts) -> Iterator[Shard]:
    return (part for part in parts.values() if type(part) is Shard and not part.has_left)


def find(parts: Parts, task: TaskId) -> Shard | None:
    return next((shard for shard in open_shards(parts) if shard.open_task == task), None)


def of_task(parts: Parts, task: TaskId) -> Shard | None:
    """The shard that the task has begun and that its Map still needs."""
    return next((part for part in parts.values() if type(part) is Shard and part.task == task), None)


def start_task(machine: Machine, parts: Parts, shard: Shard) -> StartTask:
    """The command that makes the engine run the shard. Its ``parameters`` are a ``Beginning``."""
    branch = parts[branch_id(shard.branch)]
    assert isinstance(branch, Branch)
    state = machine.scopes[branch.scope].states[branch.state]
    assert isinstance(state, Map)
    begun: Json = {**_beginning(parts, branch, shard)}
    parameters: dict[str, Json] = {"parts": begun, "redrives": shard.redrives}
    if shard.ends_by is not None:
        parameters["ends"] = shard.task
    return open_work.start_own(state, branch, shard.open_task, MAP_SHARD, parameters, shard.opened)


def cancel_task(shard: Shard) -> CancelTask:
    return CancelTask(shard.open_task, MAP_SHARD)


def counts(parts: Parts) -> ShardCounts | None:
    """How far the shard has come; None unless this is the checkpoint of a shard that goes on."""
    fork = parts.get(fork_id(ROOT))
    if type(fork) is not Fork or fork.run is None or not fork.run.is_shard:
        return None
    return counts_of(fork, fork.run)


def counts_of(fork: Fork, run: MapRun) -> ShardCounts:
    return ShardCounts(
        started=fork.cursor,
        finished=fork.finished,
        failed=fork.failed,
        children=run.children,
        children_ended=run.ended,
        children_failed=run.failed,
    )


def is_repeatable(machine: Machine, parts: Parts) -> bool:
    """Whether this is a shard of which nobody can tell how often it was done, until its end is recorded: its child executions
    only compute, and reading its items and writing its results is harmless to repeat."""
    root, fork = parts.get(branch_id(ROOT)), parts.get(fork_id(ROOT))
    if type(root) is not Branch or type(fork) is not Fork or fork.run is None or not fork.run.is_shard:
        return False
    state = machine.scopes[root.scope].states[root.state]
    return isinstance(state, Map) and computes(machine, state.item_processor)


def computes(machine: Machine, scope: Pointer) -> bool:
    """Whether an execution of these states neither calls anything nor waits."""
    for state in machine.scopes[scope].states.values():
        match state:
            case Task() | Wait():
                return False
            case Parallel() | Map() if state.retry:  # which may wait for long
                return False
            case Map():
                if state.mode == "DISTRIBUTED" or not computes(machine, state.item_processor):
                    return False
            case Parallel():
                if not all(computes(machine, branch) for branch in state.branches):
                    return False
            case _:
                pass
    return True


def _beginning(parts: Parts, branch: Branch, shard: Shard) -> dict[str, EncodedPart]:
    start, head, fork = (parts[name] for name in (START, HEAD, fork_id(branch.number)))
    assert isinstance(start, Start)
    assert isinstance(head, Head)
    assert isinstance(fork, Fork)
    assert fork.run is not None
    items, task = _items(parts, branch.number, shard)
    uid = begun_uid(start.identity.uid, shard.task)
    identity = replace(start.identity, uid=uid)
    redriven = None if head.redriven is None else Millis(head.redriven)
    begun: tuple[Part, ...] = (
        Start(identity, start.input, start.started),
        Head(
            next_branch=ROOT + 1,
            ready=() if items is None else (ROOT,),
            version=versions.IN_PIECES
            if items is None or len(items.text) <= ITEMS_CHARACTERS
            else versions.WITH_LONG_ITEMS,
            own_tasks=0 if task is None else 1,
            redrives=head.redrives,
            redriven=redriven,
        ),
        Branch(
            number=ROOT,
            scope=branch.scope,
            state=branch.state,
            input=branch.input,
            previous=0,
            prefix=branch.prefix,
            phase="open",
            entered=branch.entered,
            entered_at=branch.entered_at,
            retries=branch.retries,
            variables=_in_sight(parts, branch),
            visit=branch.visit,
            task=task,
        ),
        Fork(
            branch=ROOT,
            width=shard.count,
            limit=shard.limit,
            previous=0,
            tolerated_count=shard.tolerated,
            run=MapRun(
                arn=fork.run.arn,
                started=fork.run.started,
                max_concurrency=shard.limit,
                batch_items=fork.run.batch_items,
                batch_bytes=fork.run.batch_bytes,
                is_shard=True,
                ordinal=shard.ordinal,
                redrives=fork.run.redrives,
            ),
            first=shard.first,
        ),
    )
    return {
        part_id(part): codec.encode(part)
        for part in (begun if items is None else (*begun, Items(ROOT, items)))
    }


def _items(parts: Parts, number: int, shard: Shard) -> tuple[Payload | None, OpenTask | None]:
    """Its items, or the task that reads them."""
    if shard.piece is None:
        all_of_them = parts[items_id(number)]
        assert isinstance(all_of_them, Items)
        values = all_of_them.items.value
        assert isinstance(values, list)
        return Payload(values[shard.first : shard.first + shard.count]), None
    piece = shard.piece.value
    assert isinstance(piece, dict)
    if "items" in piece:
        return Payload(piece["items"]), None
    source = parts[source_id(number)]
    assert isinstance(source, Source)
    assert isinstance(source.wanted.value, dict)
    parameters = Payload({**source.wanted.value, "Piece": piece})
    return None, OpenTask(TaskId(OWN_TASKS + 1), shard.opened, parameters, resource=ITEM_READER.text)


def _in_sight(parts: Parts, branch: Branch) -> dict[str, Payload]:
    """All variables that fields of the Map state may refer to."""
    outer = None if branch.parent is None else parts[branch_id(branch.parent)]
    around = _in_sight(parts, outer) if isinstance(outer, Branch) else {}
    return around | dict(branch.variables)
