"""The open shards of a distributed Map: they are opened, counted together, and cancelled with what they belong to."""

from __future__ import annotations

from collections.abc import Mapping

from msgspec.structs import replace

from stepwright.asl.checkpoint import shards
from stepwright.asl.checkpoint.parts import Fork, Part, PartId, Shard, shard_id, source_id
from stepwright.asl.interpreter.draft import Draft
from stepwright.asl.machine import Map
from stepwright.asl.signals import ShardCounts, TaskId
from stepwright.asl.text.payload import Payload


def open_more(draft: Draft, fork: Fork) -> None:
    """Open as many as there is room for, each with its share of the child executions that may run at once."""
    assert fork.run is not None
    if any(shard.limit == 0 for shard in of(draft.parts, fork)):
        share_out(draft, fork)
    while fork.cursor < fork.width and len(fork.run.shards) < _most(draft, fork):
        taken = sum(shard.limit for shard in of(draft.parts, fork))
        limit = min(fork.limit - taken, draft.limits.child_executions, _next_stretch(draft, fork)[0])
        if limit <= 0:
            return
        _open(draft, fork, draft.next_own_task_id(), limit, _tolerated(folded(draft.parts, fork)))


def _most(draft: Draft, fork: Fork) -> int:
    """How many may be open at once."""
    computing = draft.limits.computing_shards
    root = draft.checkpoint.peek(fork.branch)
    if computing is None or root is None:
        return draft.limits.shards
    state = draft.state(root)
    assert isinstance(state, Map)
    return computing if shards.computes(draft.machine, state.item_processor) else draft.limits.shards


def share_out(draft: Draft, fork: Fork) -> None:
    """Let open shards run as many child executions at once, and have as many failures, as the bounds of their Map now are. What
    is too much for one goes to the next, the oldest first; one that gets nothing goes on when another has ended."""
    room, tolerated = fork.limit, _tolerated(folded(draft.parts, fork))
    for shard in of(draft.parts, fork):
        limit = min(room, draft.limits.child_executions, shard.count)
        room -= limit
        bounded = replace(shard, limit=limit, tolerated=tolerated + shard.counts.failed)
        if bounded != shard:
            _put_and_start(draft, bounded, runs=True)


def list_rest(draft: Draft, fork: Fork) -> None:
    """While the Map Run leaves what it has: open shards that only list the items which no shard has."""
    under_way = sum(not shard.has_left for shard in of(draft.parts, fork))
    for _ in range(draft.limits.shards - under_way):
        if fork.cursor >= fork.width:
            return
        task = draft.next_own_task_id()
        _open(draft, fork, task, limit=0, tolerated=0, ends_by=task)


def _open(
    draft: Draft, fork: Fork, task: TaskId, limit: int, tolerated: int, ends_by: TaskId | None = None
) -> None:
    run, source = fork.run, draft.checkpoint.source(fork.branch)
    assert run is not None
    count, piece = _next_stretch(draft, fork)
    shard = Shard(
        branch=fork.branch,
        task=task,
        first=fork.cursor,
        count=count,
        limit=limit,
        tolerated=tolerated,
        opened=draft.now,
        redrives=draft.head.redrives,
        piece=piece,
        ordinal=run.ordinal,
        ends_by=ends_by,
    )
    fork.cursor += count
    fork.run = replace(run, shards=(*run.shards, shard.first), ordinal=run.ordinal + 1)
    if source is not None:
        draft.checkpoint.put(source_id(fork.branch), replace(source, pieces=source.pieces[1:]))
    _put_and_start(draft, shard)


def _next_stretch(draft: Draft, fork: Fork) -> tuple[int, Payload | None]:
    """How many items the next shard has, and what it reads them by."""
    source = draft.checkpoint.source(fork.branch)
    if source is not None:
        return source.pieces[0]
    assert fork.run is not None
    assert fork.run.shard_items is not None
    return min(fork.run.shard_items, fork.width - fork.cursor), None


def start_again(draft: Draft, fork: Fork) -> None:
    """Start the shards again after a redrive; what had been done in them stays done."""
    for shard in of(draft.parts, fork):
        _put_and_start(draft, replace(shard, redrives=draft.head.redrives))


def close(draft: Draft, fork: Fork, shard: Shard) -> None:
    """The shard has ended. From now on its counts are part of the Map's."""
    _fold(fork, shard)
    draft.checkpoint.drop(shard_id(fork.branch, shard.first))


def cancel_all(draft: Draft, fork: Fork) -> None:
    for shard in of(draft.parts, fork):
        if not shard.has_left:
            draft.commands.append(shards.cancel_task(shard))
        close(draft, fork, shard)


def end_all(draft: Draft, fork: Fork) -> None:
    """Have each end, and leave what it has."""
    for shard in of(draft.parts, fork):
        if not shard.has_left:
            _put_and_start(draft, replace(shard, ends_by=draft.next_own_task_id()))


def left(draft: Draft, fork: Fork, shard: Shard, counts: ShardCounts) -> None:
    """The shard has ended, and left what it had. A redrive goes on in it, unless it has only listed its items."""
    run = fork.run
    assert run is not None
    if not shard.runs_none:
        draft.checkpoint.put(shard_id(fork.branch, shard.first), replace(shard, counts=counts, has_left=True))
        return
    fork.run = replace(run, shards=tuple(first for first in run.shards if first != shard.first))
    draft.checkpoint.drop(shard_id(fork.branch, shard.first))


def take_back(draft: Draft, fork: Fork) -> None:
    """For a redrive: as if none had been told to end."""
    for shard in of(draft.parts, fork):
        if shard.runs_none:
            left(draft, fork, shard, shard.counts)
        else:
            again = replace(shard, ends_by=None, has_left=False)
            draft.checkpoint.put(shard_id(fork.branch, shard.first), again)


def folded(parts: Mapping[PartId, Part], fork: Fork) -> Fork:
    """The fork as it would be if everything done in its shards had been done in the fork itself."""
    run = fork.run
    if run is None or not (run.shards or run.leaving):
        return fork
    together = fork.copy()
    if run.leaving is not None:
        children, items = run.leaving.children, run.leaving.items
        together.finished += items
        together.failed += items
        together.cursor = run.leaving.cursor
        together.run = replace(run, ended=run.ended + children, failed=run.failed + children)
    for shard in of(parts, fork):
        if not shard.runs_none:
            _fold(together, shard)
    return together


def of(parts: Mapping[PartId, Part], fork: Fork) -> list[Shard]:
    """The open shards of this fork, the oldest first."""
    found = []
    for first in () if fork.run is None else fork.run.shards:
        shard = parts[shard_id(fork.branch, first)]
        assert isinstance(shard, Shard)
        found.append(shard)
    return found


def _fold(fork: Fork, shard: Shard) -> None:
    """Add the shard's counts to the fork. What the shard has not begun, the Map has not begun either."""
    run, counts = fork.run, shard.counts
    assert run is not None
    fork.cursor -= shard.count - counts.started
    fork.finished += counts.finished
    fork.failed += counts.failed
    fork.run = replace(
        run,
        children=run.children + counts.children,
        ended=run.ended + counts.children_ended,
        failed=run.failed + counts.children_failed,
        shards=tuple(first for first in run.shards if first != shard.first),
    )


def _tolerated(fork: Fork) -> int:
    """How many more items may fail. Failures elsewhere may use up some of them meanwhile."""
    count, percentage = fork.tolerated_count, fork.tolerated_percentage
    if count is None and percentage is None:
        return 0
    by_count = fork.width if count is None else count
    assert fork.run is not None
    # Of how many items it is the percentage is known when all items are.
    if percentage is None or fork.run.reading:
        return max(0, by_count - fork.failed)
    by_percentage = int(percentage * fork.width // 100)
    return max(0, min(by_count, by_percentage) - fork.failed)


def _put_and_start(draft: Draft, shard: Shard, *, runs: bool = False) -> None:
    """``runs``: it was started before, and hears of its new bounds."""
    draft.checkpoint.put(shard_id(shard.branch, shard.first), shard)
    items = draft.checkpoint.items(shard.branch)
    text = items.items.text if items is not None else shard.piece.text if shard.piece is not None else ""
    draft.pay_for_text(len(text))
    draft.commands.append(replace(shards.start_task(draft.machine, draft.parts, shard), runs=runs))
