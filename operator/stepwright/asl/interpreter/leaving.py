"""A Map Run with a ResultWriter that does not succeed leaves what became of each child execution, and what the others were to
begin with.

What runs in it is aborted first, then all of that is written, and only then the Map Run fails, or its execution ends: whoever
catches the failure finds the files. Meanwhile its child executions stay in the checkpoint as they were when something failed,
with nothing open, since a redrive goes on with them. If the run is in shards, each of them is told to end and leaves its own;
items that no shard has are listed by shards that run none, so nobody ever holds all of them.
"""

from __future__ import annotations

from msgspec.structs import replace

from stepwright.asl.checkpoint import open_work
from stepwright.asl.checkpoint.parts import (
    ROOT,
    Branch,
    Ending,
    Fork,
    Shard,
)
from stepwright.asl.checkpoint.shards import End
from stepwright.asl.failure.errors import RESULT_WRITER_FAILED, StateError
from stepwright.asl.failure.failures import WholeSentence
from stepwright.asl.failure.matching import Failure
from stepwright.asl.interpreter import (
    abort,
    ending,
    forks,
    left_results,
    map_runs,
    open_shards,
    shards,
    stilling,
)
from stepwright.asl.interpreter.draft import Draft
from stepwright.asl.interpreter.left_results import Entry
from stepwright.asl.interpreter.states import map_tasks
from stepwright.asl.json_types import Json
from stepwright.asl.machine import Map
from stepwright.asl.resource import ITEM_READER
from stepwright.asl.signals import Signal, TaskFailed, TaskSucceeded
from stepwright.asl.text.jsontext import InvalidJson
from stepwright.asl.text.payload import Payload, of_text

_NOT_WRITTEN = "What it had done could not be written"
_NOT_READ = "Its other items could not be read"


def begin(draft: Draft, fork: Fork, failure: Failure, ended: tuple[Shard, End | None] | None = None) -> bool:
    """Instead of failing at once, have the Map Run leave what it has. False if there is nothing, or nowhere to leave it. The
    parts as they were before the failure must be kept (``WorkingCopy.freeze``). ``ended``: the shard that has failed, and what
    it has left."""
    if failure.error == RESULT_WRITER_FAILED or not _may_leave(draft, fork):
        return False
    found = left_results.of_ended(draft, fork) + left_results.of_running(draft, fork)
    _, branch, _ = _of(draft, fork.branch)
    assert fork.run is not None
    failed = fork.run.failed, fork.failed
    abort.cancel(draft, branch)
    abort.quietly(draft, fork)
    draft.revert()
    stilling.within(draft, fork.branch)
    stilling.hold(draft, fork.branch, failure, failed)
    if ended is not None:
        shard_ended(draft, fork.branch, *ended)
    _leave(draft, fork.branch, found)
    return True


def before_end(draft: Draft, wanted: Ending) -> bool:
    """Instead of ending the execution at once, have its Map Runs leave what they have. False if none has anything."""
    found = [part for part in draft.parts.values() if isinstance(part, Fork) and part.run is not None]
    if is_to_read(draft):
        stilling.end_later(draft, wanted)  # until then nobody knows what there is to leave
        return True
    under_way = [fork.branch for fork in found if fork.run is not None and fork.run.leaving is not None]
    new = [fork for fork in found if _is_outermost(draft, fork) and _may_leave(draft, fork)]
    if not new and not under_way:
        return False
    draft.checkpoint.freeze()
    running = [left_results.of_running(draft, fork) for fork in new]
    abort.everything(draft, "TimedOut" if wanted.status == "TIMED_OUT" else "Aborted", under_way)
    draft.revert()
    stilling.end_later(draft, wanted)
    draft.ready.clear()
    stilling.everything_but(draft, under_way)
    for fork in new:
        stilling.hold(draft, fork.branch, Failure(None, None))
    for fork, entries in zip(new, running, strict=True):
        _leave(draft, fork.branch, entries)
    return True


def is_to_read(draft: Draft) -> bool:
    """Whether this is a shard that does not have its items yet, and is to leave something."""
    root, fork = draft.checkpoint.peek(ROOT), draft.checkpoint.peek_fork(ROOT)
    if root is None or root.task is None or fork is None or fork.run is None or not fork.run.is_shard:
        return False
    return root.task.resource == ITEM_READER.text and _may_leave(draft, fork)


def go_on(draft: Draft, branch: Branch, state: Map, fork: Fork, signal: Signal | None) -> None:
    """Shards have left what they had, or the reader or the writer has ended. Raises what the Map Run fails with, once all of it
    is written."""
    if signal is None:
        _go_on(draft, branch, state, fork)
    elif isinstance(signal, TaskSucceeded | TaskFailed):
        task, branch.task = branch.task, None
        assert task is not None
        if open_work.resource_of(state, task) == ITEM_READER:
            _read(draft, fork, signal)
            _go_on(draft, branch, state, fork)
        else:
            _written(draft, fork, signal)


def shard_ended(draft: Draft, number: int, shard: Shard, end: End | None) -> None:
    """``end``: None if it could not leave anything."""
    fork, _, _ = _of(draft, number)
    open_shards.left(draft, fork, shard, shard.counts if end is None else end.counts)
    if end is None:
        _note(fork, _NOT_WRITTEN, "a part of it has failed")
    elif end.results is not None:
        forks.keep_results(draft, fork, shard.first, of_text(end.results))


def _of(draft: Draft, number: int) -> tuple[Fork, Branch, Map]:
    fork, branch = draft.checkpoint.fork(number), draft.checkpoint.branch(number)
    assert fork is not None
    assert branch is not None
    state = draft.state(branch)
    assert isinstance(state, Map)
    return fork, branch, state


def _may_leave(draft: Draft, fork: Fork) -> bool:
    """Whether it has anything to leave, and is not leaving it already."""
    _, branch, state = _of(draft, fork.branch)
    if fork.run is None or fork.run.leaving is not None or fork.width == 0:
        return False
    if state.writer is None or state.writer.resource is None:
        return False
    try:
        map_tasks.to_write(draft, branch, state, fork, state.writer)
    except (StateError, InvalidJson):
        return False  # nobody knows where
    return True


def _is_outermost(draft: Draft, fork: Fork) -> bool:
    branch = draft.checkpoint.peek(fork.branch)
    return branch is not None and branch.child is None


def _leave(draft: Draft, number: int, found: list[Entry]) -> None:
    fork, branch, state = _of(draft, number)
    assert fork.run is not None
    if fork.run.shard_items is None:
        for index, described in found + left_results.of_waiting(draft, branch, state, fork):
            forks.keep_results(draft, fork, index, described)
    else:
        open_shards.end_all(draft, fork)
    _go_on(draft, branch, state, fork)


def _go_on(draft: Draft, branch: Branch, state: Map, fork: Fork) -> None:
    map_runs.tell(draft, fork)
    assert fork.run is not None
    if fork.run.shard_items is not None:
        open_shards.list_rest(draft, fork)
        map_tasks.read_on(draft, branch, state, fork)
        if fork.run.reading or any(not shard.has_left for shard in open_shards.of(draft.parts, fork)):
            return
    if branch.task is None:
        assert state.writer is not None
        wanted = map_tasks.to_write(draft, branch, state, fork, state.writer)
        map_tasks.start_writing(draft, branch, state, wanted)


def _read(draft: Draft, fork: Fork, signal: TaskSucceeded | TaskFailed) -> None:
    """Further items are known, or cannot be."""
    source = draft.checkpoint.source(fork.branch)
    assert source is not None
    assert fork.run is not None
    try:
        if isinstance(signal, TaskFailed):
            raise StateError(signal.error, signal.cause)
        map_tasks.take_pieces(draft, fork, source.wanted, signal.output)
    except StateError as error:
        _note(fork, _NOT_READ, error.cause or error.error)
        fork.run = replace(fork.run, reading=False)
        return
    source = draft.checkpoint.source(fork.branch)
    fork.run = replace(fork.run, reading=source is not None and source.after is not None)


def _written(draft: Draft, fork: Fork, signal: TaskSucceeded | TaskFailed) -> None:
    if isinstance(signal, TaskFailed):
        _note(fork, _NOT_WRITTEN, signal.cause or signal.error)
    files: Json = signal.output if isinstance(signal, TaskSucceeded) else None
    assert fork.run is not None
    leaving = fork.run.leaving
    assert leaving is not None
    if draft.head.ending is not None:
        if fork.run.is_shard:
            shards.end(draft, fork, draft.head.ending, None if files is None else Payload(files))
        elif not _is_any_open(draft):
            _end(draft, draft.head.ending)
    elif fork.run.is_shard:
        failure = Failure(leaving.error, leaving.cause, location=leaving.location)
        shards.fail(draft, fork, failure, None if files is None else Payload(files))
    else:
        raise WholeSentence(leaving.error, leaving.cause, leaving.location)


def _is_any_open(draft: Draft) -> bool:
    """Whether another Map Run is still leaving what it has."""
    return any(
        (isinstance(part, Branch) and part.task is not None)
        or (isinstance(part, Shard) and not part.has_left)
        for part in draft.parts.values()
    )


def _end(draft: Draft, wanted: Ending) -> None:
    draft.checkpoint.freeze(ends=True)
    for part in list(draft.parts.values()):
        if isinstance(part, Fork) and part.run is not None and part.run.leaving is not None:
            map_runs.tell(draft, part, "ABORTED")
            _, branch, state = _of(draft, part.branch)
            draft.visit(branch, state, "TimedOut" if wanted.status == "TIMED_OUT" else "Aborted")
    ending.end(draft, wanted)


def _note(fork: Fork, what: str, why: str | None) -> None:
    """Add to the cause what the files lack, once."""
    assert fork.run is not None
    leaving = fork.run.leaving
    assert leaving is not None
    if what not in (leaving.cause or ""):
        cause = f"{leaving.cause or ''} {what}: {why}".strip()
        fork.run = replace(fork.run, leaving=replace(leaving, cause=cause))
