"""The open shards of a distributed Map: they are opened, counted together, and cancelled with what they belong to."""

from __future__ import annotations

from collections.abc import Mapping

from msgspec.structs import replace

from stepwright.asl.checkpoint import shards
from stepwright.asl.checkpoint.parts import Fork, Part, PartId, Shard, shard_id, source_id
from stepwright.asl.interpreter.draft import Draft


def open_more(draft: Draft, fork: Fork) -> None:
    """Open as many as there is room for, each with its share of the child executions that may run at once."""
    run = fork.run
    assert run is not None
    assert run.shard_items is not None
    source = draft.checkpoint.source(fork.branch)
    while fork.cursor < fork.width and len(run.shards) < draft.limits.shards:
        taken = sum(shard.limit for shard in of(draft.parts, fork))
        count, piece = min(run.shard_items, fork.width - fork.cursor), None
        if source is not None:
            count, piece = source.pieces[0]
        limit = min(fork.limit - taken, draft.limits.child_executions, count)
        if limit <= 0:
            return
        shard = Shard(
            branch=fork.branch,
            task=draft.next_own_task_id(),
            first=fork.cursor,
            count=count,
            limit=limit,
            tolerated=_tolerated(folded(draft.parts, fork)),
            opened=draft.now,
            redrives=draft.head.redrives,
            piece=piece,
            ordinal=run.ordinal,
        )
        fork.cursor += count
        run = fork.run = replace(run, shards=(*run.shards, shard.first), ordinal=run.ordinal + 1)
        if source is not None:
            source = replace(source, pieces=source.pieces[1:])
            draft.checkpoint.put(source_id(fork.branch), source)
        draft.checkpoint.put(shard_id(fork.branch, shard.first), shard)
        _start(draft, shard)


def start_again(draft: Draft, fork: Fork) -> None:
    """Start the shards again after a redrive; what had been done in them stays done."""
    for shard in of(draft.parts, fork):
        again = replace(shard, redrives=draft.head.redrives)
        draft.checkpoint.put(shard_id(fork.branch, shard.first), again)
        _start(draft, again)


def close(draft: Draft, fork: Fork, shard: Shard) -> None:
    """The shard has ended. From now on its counts are part of the Map's."""
    _fold(fork, shard)
    draft.checkpoint.drop(shard_id(fork.branch, shard.first))


def cancel_all(draft: Draft, fork: Fork) -> None:
    for shard in of(draft.parts, fork):
        draft.commands.append(shards.cancel_task(shard))
        close(draft, fork, shard)


def folded(parts: Mapping[PartId, Part], fork: Fork) -> Fork:
    """The fork as it would be if everything done in its shards had been done in the fork itself."""
    if fork.run is None or not fork.run.shards:
        return fork
    together = fork.copy()
    for shard in of(parts, fork):
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


def _start(draft: Draft, shard: Shard) -> None:
    items = draft.checkpoint.items(shard.branch)
    text = items.items.text if items is not None else shard.piece.text if shard.piece is not None else ""
    draft.pay_for_text(len(text))
    draft.commands.append(shards.start_task(draft.machine, draft.parts, shard))
