"""What the shards of a distributed Map report to it, and how a shard ends, which to the engine is an execution.

A shard ends by itself when all of its items are done, or when more of them have failed than its Map would tolerate even if
nothing else failed. Its output holds its counts, its results and what its history takes in the store; nobody reads the
history of a shard.
"""

from __future__ import annotations

from typing import Final

from msgspec.structs import replace

from stepwright.asl.checkpoint import shards
from stepwright.asl.checkpoint.parts import Ending, Fork, Shard, shard_id
from stepwright.asl.failure import errors, failures
from stepwright.asl.failure.matching import Failure
from stepwright.asl.interpreter import abort, ending, forks, leaving, open_shards, transitions
from stepwright.asl.interpreter.draft import Draft
from stepwright.asl.json_types import JsonText
from stepwright.asl.signals import ShardProgress, Signal, TaskFailed, TaskSucceeded
from stepwright.asl.step import Outcome
from stepwright.asl.text.payload import Payload, of_text

_STOPPED: Final = Failure(errors.RUNTIME, "A shard of the Map was taken away or stopped (ABORTED).")


def take_in(draft: Draft, shard: Shard, signal: Signal) -> None:
    """Go on with what a shard reports."""
    fork = draft.checkpoint.fork(shard.branch)
    assert fork is not None
    assert fork.run is not None
    if fork.run.leaving is not None:
        _take_in_late(draft, fork, shard, signal)
        return
    failed_before = open_shards.folded(draft.parts, fork).failed
    match signal:
        case ShardProgress():
            draft.checkpoint.put(shard_id(shard.branch, shard.first), replace(shard, counts=signal.counts))
            _go_on(draft, fork, failed_before)
        case TaskSucceeded():
            end = shards.end_of(signal.output)
            if end.error is not None:
                failure = Failure(end.error, end.cause, location=end.location)
                _fail_run(draft, fork, failure, (shard, end))
                return
            _ended(draft, fork, shard, end)
            _go_on(draft, fork, failed_before)
        case TaskFailed():
            _fail_run(draft, fork, failures.said(signal.error, signal.cause), (shard, None))


def _take_in_late(draft: Draft, fork: Fork, shard: Shard, signal: Signal) -> None:
    """The Map Run does not succeed: the shard is to leave what it has."""
    match signal:
        case ShardProgress():
            draft.checkpoint.put(shard_id(shard.branch, shard.first), replace(shard, counts=signal.counts))
            return
        case TaskSucceeded():
            leaving.shard_ended(draft, fork.branch, shard, shards.end_of(signal.output))
        case TaskFailed():
            leaving.shard_ended(draft, fork.branch, shard, None)
    draft.ready.appendleft(fork.branch)


def succeed(draft: Draft, fork: Fork, files: Payload | None = None) -> None:
    """All items of a shard are done. ``files``: where it has left their results."""
    result = forks.results(draft, fork) if files is None else files
    if len(result.text) > draft.limits.read_bytes:  # no state may give so much: the Map would fail in the end
        root = draft.checkpoint.peek(fork.branch)
        assert root is not None
        error = failures.too_large(root.state)
        fail(draft, fork, Failure(error.error, error.cause))
        return
    transitions.end_execution(draft, Outcome("SUCCEEDED", output=_end(draft, fork, result.text)))


def fail(draft: Draft, fork: Fork, failure: Failure, files: Payload | None = None) -> None:
    """The shard cannot go on, and its Map cannot go on without it. What is running in the shard is aborted, and left in
    ``files`` first, if they are to be left anywhere."""
    draft.checkpoint.freeze()
    if leaving.begin(draft, fork, failure):
        return
    end = _end(draft, fork, None if files is None else files.text, failure)
    abort.quietly(draft, fork)
    transitions.end_execution(draft, Outcome("FAILED", end, failure.error, failure.cause))


def end(draft: Draft, fork: Fork, wanted: Ending, files: Payload | None) -> None:
    """The shard was stopped, and has left what it had."""
    draft.checkpoint.freeze(ends=True)
    said = _end(draft, fork, None if files is None else files.text, _STOPPED)
    ending.end(draft, wanted, said)


def _end(draft: Draft, fork: Fork, results: JsonText | None, failure: Failure | None = None) -> JsonText:
    fork = open_shards.folded(draft.parts, fork)
    run = fork.run
    assert run is not None
    counts, size = shards.counts_of(fork, run), draft.head.history_bytes
    if failure is None:
        return shards.encode_end(shards.End(counts, size, results))
    return shards.encode_end(
        shards.End(counts, size, results, failure.error, failure.cause, failure.location)
    )


def _ended(draft: Draft, fork: Fork, shard: Shard, end: shards.End) -> None:
    assert end.results is not None
    open_shards.close(draft, fork, replace(shard, counts=end.counts))
    assert fork.run is not None
    size = fork.run.result_bytes + len(end.results)
    fork.run = replace(fork.run, result_bytes=size)
    if size <= draft.limits.read_bytes:
        forks.keep_results(draft, fork, shard.first, of_text(end.results))
        return
    draft.checkpoint.drop_results(fork)  # no state may give so much, so the Map fails in the end
    fork.chunks = 0


def _go_on(draft: Draft, fork: Fork, failed_before: int) -> None:
    """Go on, unless more items have failed in all shards together than the Map tolerates. What had failed before a redrive
    counts as a result."""
    together = open_shards.folded(draft.parts, fork)
    if together.failed <= failed_before or forks.tolerates(together):
        draft.ready.appendleft(fork.branch)
    else:
        _fail_run(draft, fork, failures.THRESHOLD_EXCEEDED)


def exceed(draft: Draft, fork: Fork) -> None:
    """More items have failed than the Map tolerates."""
    _fail_run(draft, fork, failures.THRESHOLD_EXCEEDED)


def _fail_run(
    draft: Draft, fork: Fork, failure: Failure, ended: tuple[Shard, shards.End | None] | None = None
) -> None:
    first = draft.checkpoint.freeze()
    forks.fail_run(draft, fork, failure, ended)
    if first:
        draft.thaw()
