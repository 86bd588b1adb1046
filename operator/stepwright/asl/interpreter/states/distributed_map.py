"""Map in mode DISTRIBUTED: each iteration is a child execution, of one item or of a batch of them.

As in an inline Map, items that have not begun wait at a cursor, and results are kept in chunks. So what is kept live grows
only with the child executions that run. The history reports only the run: MapRunStarted, and how it ended.

If the Map has an ItemReader, its run begins without items and waits for them; with a ResultWriter it waits at its end until
the results are written (``states.map_tasks``).

Source: https://docs.aws.amazon.com/step-functions/latest/dg/state-map-distributed.html
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from msgspec.structs import replace

from stepwright.asl.checkpoint import open_work, versions
from stepwright.asl.checkpoint.parts import BEGINNING, ROOT, Branch, Fork, MapRun, Part, PartId, fork_id
from stepwright.asl.failure import failures
from stepwright.asl.interpreter import dataflow, forks, leaving, map_runs, open_shards, shards
from stepwright.asl.interpreter.draft import Draft
from stepwright.asl.interpreter.states import map_fields, map_tasks
from stepwright.asl.interpreter.transitions import leave_with_result
from stepwright.asl.json_types import Json
from stepwright.asl.machine import Map, Writer
from stepwright.asl.resource import RESULT_WRITER
from stepwright.asl.signals import MapBounds, ShardBounds, Signal, TaskFailed, TaskSucceeded, UpdateMapRun
from stepwright.asl.text.payload import Payload

_BEGUN_AT_ONCE: Final = 40
"""So many child executions are begun before one of them goes on: those that end by themselves are then never many."""


def check(state: Map) -> None:
    """Raises States.Runtime if the Map cannot be run here."""
    if state.unserved is not None:
        raise failures.runtime(
            f"{state.unserved} of a Map needs the mode DISTRIBUTED in its ItemProcessor's ProcessorConfig."
        )


def begin(
    draft: Draft,
    branch: Branch,
    state: Map,
    items: Payload | None,
    max_concurrency: int,
    tolerated: tuple[int | None, float | None],
) -> None:
    """Without ``items`` they are read first."""
    effective = dataflow.effective_input(draft, branch, state)
    bounds = (
        (None, None)
        if state.batcher is None
        else map_fields.bounds(draft, branch, state, state.batcher, effective)
    )
    wanted = None if items is not None else map_tasks.to_read(draft, branch, state, effective)
    run = map_runs.new(draft, state, max_concurrency, bounds)
    draft.head.needs(versions.WITH_CHILDREN)
    branch.previous = draft.record(
        branch, "MapRunStarted", branch.previous, "mapRunStartedEventDetails", {"mapRunArn": run.arn}
    )
    fork = Fork(
        branch=branch.number,
        width=0,
        limit=0,
        previous=branch.previous,
        tolerated_count=tolerated[0],
        tolerated_percentage=tolerated[1],
        run=run,
    )
    forks.open_fork(draft, fork)
    draft.visit(branch, state)
    if items is not None:
        _take_items(draft, branch, state, fork, items)
        return
    assert wanted is not None
    map_runs.tell(draft, fork)
    map_tasks.read(draft, branch, state, wanted, map_tasks.window_of(draft, branch, run))


def resume(draft: Draft, branch: Branch, state: Map, fork: Fork, signal: Signal | None) -> None:
    """Child executions or shards have ended, or the Map's reader or writer has."""
    if fork.run is not None and fork.run.leaving is not None:
        leaving.go_on(draft, branch, state, fork, signal)
        return
    match signal:
        case None:
            go_on(draft, branch, state, fork)
        case TaskFailed():
            raise map_tasks.failed(branch, signal.error, signal.cause)
        case TaskSucceeded():
            task = branch.task
            assert task is not None
            branch.task = None
            if open_work.resource_of(state, task) == RESULT_WRITER:
                _written(draft, branch, state, fork, signal.output)
            elif isinstance(signal.output, dict) and "pieces" in signal.output:
                _take_pieces(draft, branch, state, fork, map_tasks.without_window(task), signal.output)
            else:
                _take_items(draft, branch, state, fork, map_tasks.items_of(draft, signal.output))
        case _:
            pass  # that it was begun decides nothing, and no event records it


def _take_items(draft: Draft, branch: Branch, state: Map, fork: Fork, items: Payload) -> None:
    """The items are there: begin with them."""
    assert isinstance(items.value, list)
    assert fork.run is not None
    if fork.run.is_shard:
        if len(items.value) != fork.width:
            raise map_tasks.changed(fork.width, len(items.value))
        forks.put_items(draft, fork, items)
        if draft.head.ending is None:
            go_on(draft, branch, state, fork)
        else:
            leaving.before_end(draft, draft.head.ending)
        return
    fork.width = len(items.value)
    shard_items = _shard_items(draft, branch, fork.width, fork.run.batch_items)
    if shard_items is not None:
        fork.run = replace(fork.run, shard_items=shard_items)
        draft.head.needs(versions.IN_PIECES)
    fork.limit = _limit(draft, fork.run)
    forks.put_items(draft, fork, items)
    go_on(draft, branch, state, fork)


def _take_pieces(draft: Draft, branch: Branch, state: Map, fork: Fork, wanted: Payload, output: Json) -> None:
    """Some items are known, and how to read each piece of them: shards do that."""
    assert fork.run is not None
    window = map_tasks.window_of(draft, branch, fork.run)
    assert window is not None
    map_tasks.take_pieces(draft, fork, wanted, output)
    source = draft.checkpoint.source(branch.number)
    assert source is not None
    fork.run = replace(fork.run, shard_items=window.items, reading=source.after is not None)
    fork.limit = _limit(draft, fork.run)
    draft.head.needs(versions.IN_PIECES)
    if not fork.run.reading and _fails_too_often(draft, fork):
        shards.exceed(draft, fork)  # of which share of all items that is was not known before
        return
    go_on(draft, branch, state, fork)


def _fails_too_often(draft: Draft, fork: Fork) -> bool:
    """Whether more has failed than the Map tolerates. What had failed before a redrive counts as a result."""
    together = open_shards.folded(draft.parts, fork)
    assert fork.run is not None
    return fork.run.redrives == 0 and together.failed > 0 and not forks.tolerates(together)


def _written(draft: Draft, branch: Branch, state: Map, fork: Fork, output: Json) -> None:
    assert fork.run is not None
    if fork.run.is_shard:
        shards.succeed(draft, fork, Payload(output))
    else:
        _end(draft, branch, state, fork, map_tasks.written(fork, output))


def bounded_by(parts: Mapping[PartId, Part], bounds: MapBounds) -> Fork | None:
    """The Map Run, or the shard, that is to go on with these bounds, unless it has ended, or has them already: whoever carries an
    execution may ask for them again."""
    if isinstance(bounds, ShardBounds):
        root = parts.get(fork_id(ROOT))
        found = root if isinstance(root, Fork) and root.run is not None and root.run.is_shard else None
    else:
        forks = (part for part in parts.values() if type(part) is Fork)
        found = next((fork for fork in forks if fork.run is not None and fork.run.arn == bounds.arn), None)
    return None if found is None or _has(found, bounds) else found


def _has(fork: Fork, bounds: MapBounds) -> bool:
    assert fork.run is not None
    if isinstance(bounds, ShardBounds):
        return (fork.limit, fork.tolerated_count) == (bounds.limit, bounds.tolerated)
    pairs = (
        (bounds.max_concurrency, fork.run.max_concurrency),
        (bounds.tolerated_failure_count, fork.tolerated_count),
        (bounds.tolerated_failure_percentage, fork.tolerated_percentage),
    )
    return all(asked is None or asked == known for asked, known in pairs)


def take_bounds(draft: Draft, fork: Fork, bounds: MapBounds) -> None:
    """Go on with other bounds, which hold at once. What runs beyond them goes on to its end."""
    assert fork.run is not None
    if fork.run.leaving is not None:
        return  # nothing begins any more
    if isinstance(bounds, ShardBounds):
        fork.limit = min(bounds.limit, draft.limits.child_executions)
        fork.tolerated_count = bounds.tolerated
    else:
        _update(draft, fork, bounds)
        if _fails_too_often(draft, fork):
            shards.exceed(draft, fork)
            return
        open_shards.share_out(draft, fork)
    draft.ready.append(fork.branch)


def _update(draft: Draft, fork: Fork, update: UpdateMapRun) -> None:
    """A bound that is None stays as it is."""
    assert fork.run is not None
    if update.max_concurrency is not None:
        fork.run = replace(fork.run, max_concurrency=update.max_concurrency)
        fork.limit = _limit(draft, fork.run)
    if update.tolerated_failure_count is not None:
        fork.tolerated_count = update.tolerated_failure_count
    if update.tolerated_failure_percentage is not None:
        fork.tolerated_percentage = update.tolerated_failure_percentage


def go_on(draft: Draft, branch: Branch, state: Map, fork: Fork) -> None:
    run = fork.run
    assert run is not None
    if run.shard_items is not None:
        open_shards.open_more(draft, fork)
        map_tasks.read_on(draft, branch, state, fork)
    elif fork.cursor < fork.width and len(fork.live) < fork.limit:
        effective = dataflow.effective_input(draft, branch, state)
        while fork.cursor < fork.width and len(fork.live) < fork.limit:
            if draft.is_spent() or len(draft.ready) >= _BEGUN_AT_ONCE:
                if branch.number not in draft.ready:
                    draft.ready.append(branch.number)  # the others begin when these have gone on
                break
            draft.meter.begin_state()
            _start_child(draft, branch, state, fork, effective)
    if branch.task is not None or run.reading or fork.finished < fork.width:
        map_runs.tell(draft, fork)
        return  # it reads, or writes, or waits for child executions
    writer = state.writer
    if run.is_shard and (writer is None or writer.resource is None):
        shards.succeed(draft, fork)
        return
    if writer is not None and writer.resource is not None:
        map_runs.tell(draft, fork)
        map_tasks.start_writing(draft, branch, state, map_tasks.to_write(draft, branch, state, fork, writer))
        return
    if run.result_bytes > draft.limits.read_bytes:
        raise failures.too_large(state.name)
    _end(draft, branch, state, fork, _shaped(draft, fork, writer))


def _end(draft: Draft, branch: Branch, state: Map, fork: Fork, result: Payload) -> None:
    succeeded = draft.record(branch, "MapRunSucceeded", fork.previous)
    map_runs.tell(draft, fork, "SUCCEEDED")
    draft.checkpoint.drop_fork(fork)
    draft.record(branch, "MapStateSucceeded", succeeded)
    # The exit follows MapRunStarted, as AWS has recorded it since late 2024.
    branch.previous = fork.previous
    leave_with_result(draft, branch, state, result)


def _shaped(draft: Draft, fork: Fork, writer: Writer | None) -> Payload:
    """The results as they are the state's own: FLATTEN puts what lists hold in their place."""
    found = forks.results(draft, fork)
    if writer is None or writer.transformation != "FLATTEN":
        return found
    flat: list[Json] = []
    assert isinstance(found.value, list)
    for result in found.value:
        flat += result if isinstance(result, list) else [result]
    return Payload(flat)


def _limit(draft: Draft, run: MapRun) -> int:
    most = draft.limits.child_executions
    if run.shard_items is not None:
        most *= draft.limits.shards
    return min(run.max_concurrency or most, most)


def _shard_items(draft: Draft, branch: Branch, width: int, batch_items: int | None) -> int | None:
    """How many items each shard has; None if the Map does not run in shards. No batch crosses the end of a shard, so each
    shard has whole batches. A Map within a child execution stays in that one's checkpoint, and so does a Map whose fields
    may refer to the item of a Map around it."""
    most = draft.limits.shard_items
    return None if most is None or width <= most else map_tasks.stretch(draft, branch, batch_items)


def _start_child(draft: Draft, branch: Branch, state: Map, fork: Fork, effective: Payload) -> None:
    at, index = fork.cursor, fork.first + fork.cursor
    items = draft.checkpoint.items(branch.number)
    assert items is not None
    values = items.items.value
    assert isinstance(values, list)
    assert fork.run is not None
    given, count = map_fields.child_input(draft, branch, state, effective, values, at, fork.run, fork.first)
    child = forks.add_branch(
        draft, branch, fork, index=index, scope=state.item_processor, input=given, previous=0
    )
    child.came_from = BEGINNING
    fork.cursor = at + count
    map_runs.begin_child(draft, fork, child, count)
