"""The parts of an execution of which something leaves its results: as they were when something failed, with nothing open.

A redrive finds them so. What is only for the leaving is beside them, and goes with it: results behind the ones there were, and a
source that goes on while the other is kept.
"""

from __future__ import annotations

from collections.abc import Collection

from msgspec.structs import replace

from stepwright.asl.checkpoint import versions
from stepwright.asl.checkpoint.parts import (
    Branch,
    Ending,
    Fork,
    Leaving,
    Results,
    Source,
    kept_source_id,
    results_id,
    source_id,
)
from stepwright.asl.failure.errors import ITEM_READER_FAILED
from stepwright.asl.failure.matching import Failure
from stepwright.asl.interpreter import open_shards
from stepwright.asl.interpreter.draft import Draft
from stepwright.asl.machine import Wait


def within(draft: Draft, number: int) -> None:
    """Nothing of the Map and of what is in it is open or goes on."""
    found = {number}
    for branch in draft.checkpoint.open_branches():  # parents before what is in them
        if branch.number in found or branch.parent in found:
            found.add(branch.number)
            branch.task = branch.timer = None
    others = [ready for ready in draft.ready if ready not in found]
    draft.ready.clear()
    draft.ready.extend(others)


def everything_but(draft: Draft, others: Collection[int]) -> None:
    """Nothing is open but in these branches. A Wait keeps its time for a redrive."""
    for branch in draft.checkpoint.open_branches():
        if branch.number not in others:
            branch.task = None
            branch.timer = branch.timer if _waits(draft, branch) else None


def hold(draft: Draft, number: int, failure: Failure, failed: tuple[int, int] | None = None) -> None:
    """From now on the Map Run is leaving what it has. Its counts are those before the failure: ``Leaving`` has what they lack.
    ``failed``: how many child executions had failed, of how many items, with the failure."""
    fork = draft.checkpoint.fork(number)
    assert fork is not None
    assert fork.run is not None
    children, items = failed or (fork.run.failed, fork.failed)
    fork.run = replace(
        fork.run,
        # What could not be read is not read again.
        reading=fork.run.reading and failure.error != ITEM_READER_FAILED,
        leaving=Leaving(
            failure.error,
            failure.cause,
            fork.chunks,
            children - fork.run.failed,
            items - fork.failed,
            fork.width,
            fork.cursor,
            fork.run.reading,
            failure.location,
        ),
    )
    source = draft.checkpoint.source(fork.branch)
    if source is not None:
        draft.checkpoint.put(kept_source_id(fork.branch), replace(source, is_kept=True))
    draft.checkpoint.put(results_id(fork.branch, fork.chunks), Results(fork.branch, fork.chunks))
    fork.chunks += 1
    draft.head.needs(versions.LEAVES_RESULTS)


def take_back(draft: Draft, fork: Fork) -> None:
    """For a redrive: the Map Run is to go on after all."""
    run = fork.run
    if run is None or run.leaving is None:
        return
    before = run.leaving
    for chunk in range(before.chunks, fork.chunks):
        draft.checkpoint.drop(results_id(fork.branch, chunk))
    open_shards.take_back(draft, fork)
    fork.chunks, fork.width, fork.cursor = before.chunks, before.width, before.cursor
    fork.run = replace(fork.run or run, leaving=None, reading=before.reading)
    source = draft.parts.get(kept_source_id(fork.branch))
    if isinstance(source, Source):
        draft.checkpoint.drop(kept_source_id(fork.branch))
        draft.checkpoint.put(source_id(fork.branch), replace(source, is_kept=False))


def end_later(draft: Draft, wanted: Ending) -> None:
    draft.head.ending = wanted
    draft.head.needs(versions.LEAVES_RESULTS)


def _waits(draft: Draft, branch: Branch) -> bool:
    return branch.child is None and branch.phase == "open" and isinstance(draft.state(branch), Wait)
