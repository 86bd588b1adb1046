"""What Parallel and Map have in common: they have branches, collect their results, and may end by a failure.

A *fork* is a Parallel or Map state while its branches run. A branch that ends reports to its fork here; the fork is then put
on the ready list and goes on in ``states.parallel`` or ``states.map``.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Final

from stepwright.asl.checkpoint import map_tasks, versions
from stepwright.asl.checkpoint.parts import (
    ITEMS_CHARACTERS,
    Branch,
    CameFrom,
    Fork,
    Items,
    Results,
    Shard,
    branch_id,
    fork_id,
    items_id,
    results_id,
)
from stepwright.asl.checkpoint.shards import End
from stepwright.asl.failure import failures
from stepwright.asl.failure.matching import Failure
from stepwright.asl.interpreter import abort, failing, history, leaving, map_runs, shards
from stepwright.asl.interpreter.draft import Draft
from stepwright.asl.json_types import JsonText, Pointer
from stepwright.asl.machine import Map, Parallel
from stepwright.asl.text.payload import Payload, of_text

_FORKING: Final = (Map, Parallel)  # a union would be made anew each time

# What an output takes in the text of its chunk in addition to its own text and its index: [3,"…"] and a comma.
_ENTRY_CHARACTERS: Final = 6


def open_fork(draft: Draft, fork: Fork, items: Payload | None = None) -> None:
    draft.checkpoint.put(fork_id(fork.branch), fork)
    if items is not None:
        put_items(draft, fork, items)


def put_items(draft: Draft, fork: Fork, items: Payload) -> None:
    if len(items.text) > ITEMS_CHARACTERS:
        draft.head.needs(versions.WITH_LONG_ITEMS)
    draft.pay_for_text(len(items.text))  # here, so that a value without text is a failure of the state
    draft.checkpoint.put(items_id(fork.branch), Items(fork.branch, items))


def add_branch(
    draft: Draft,
    parent: Branch,
    fork: Fork,
    *,
    index: int,
    scope: Pointer,
    input: Payload,
    previous: int,
) -> Branch:
    """Start the branch or iteration with this index; ``previous`` is the event that its first event follows."""
    draft.meter.left -= len(input.text) >> 8  # as draft.pay_for_text, without a call
    number = draft.checkpoint.new_branch_number()
    branch = Branch(
        number=number,
        scope=scope,
        state=draft.machine.scopes[scope].start_at,
        input=input,
        previous=previous,
        prefix=f"{parent.prefix}{parent.state}[{index}]/",
        parent=parent.number,
        index=index,
        child=parent.child,
        came_from=CameFrom(parent.visit, _edge_into(scope)),
    )
    draft.checkpoint.put(branch_id(number), branch)
    fork.live += (number,)
    draft.ready.append(number)
    return branch


@lru_cache(maxsize=256)
def _edge_into(scope: Pointer) -> str:
    """From the state that the scope is in: ``ItemProcessor/StartAt``, ``Branches/1/StartAt``."""
    *_, before, last = scope.split("/")
    return f"{before}/{last}/StartAt" if last.isdecimal() else f"{last}/StartAt"


def branch_succeeded(draft: Draft, branch: Branch) -> None:
    """A branch has left its last state."""
    fork, parent, state = _of(draft, branch)
    if fork.run is not None:
        _child_succeeded(draft, fork, branch)
        return
    _close_branch(draft, fork, branch)
    if isinstance(state, Map):
        fork.previous = draft.record(
            branch,
            "MapIterationSucceeded",
            branch.previous,
            "mapIterationSucceededEventDetails",
            history.iteration(state.name, branch.index),
        )
        fork.freed += (branch.previous,)
    else:
        fork.previous = branch.previous
    _keep(draft, fork, branch.index, branch.input)
    draft.ready.appendleft(parent.number)


def branch_failed(draft: Draft, branch: Branch, failure: Failure) -> None:
    """A state of the branch has failed and nothing in the branch caught it."""
    fork, parent, state = _of(draft, branch)
    if fork.run is not None:
        _child_failed(draft, fork, branch, failure)
        return
    if isinstance(state, Map):
        event = draft.record(
            branch,
            "MapIterationFailed",
            branch.previous,
            "mapIterationFailedEventDetails",
            history.iteration(state.name, branch.index),
        )
        fork.failed += 1
        if tolerates(fork):
            _close_branch(draft, fork, branch)
            fork.previous = event
            fork.freed += (branch.previous,)
            _keep(draft, fork, branch.index, Payload({"Error": failure.error, "Cause": failure.cause}))
            draft.ready.appendleft(parent.number)
            return
        if fork.tolerated_count is not None or fork.tolerated_percentage is not None:
            failure = failures.THRESHOLD_EXCEEDED
    parent.previous = branch.previous
    abort.failed_branch(draft, branch, branch.previous)
    _close_branch(draft, fork, branch)
    abort.branches(draft, fork, state, parent.previous)
    draft.checkpoint.drop_fork(fork)
    failing.fail(draft, parent, state, failure, failed_event=f"{type(state).__name__}StateFailed")
    if parent.phase == "enter":
        draft.ready.appendleft(parent.number)


def _child_succeeded(draft: Draft, fork: Fork, branch: Branch) -> None:
    items = draft.checkpoint.child(branch.number).items
    map_runs.child_succeeded(draft, fork, branch)
    output = branch.input
    if map_runs.keeps_descriptions(draft, fork):
        output = map_runs.description(draft, fork, branch)
    _close_branch(draft, fork, branch)
    _keep(draft, fork, branch.index, output, items)
    draft.ready.appendleft(fork.branch)


def child_is_full(draft: Draft, number: int) -> None:
    """The history of a child execution has no room left, so the child fails and nothing in it can catch that. If the Map
    does not tolerate the failure, it fails, too. ``number`` is that of the child's root. Raises HistoryFull for an
    execution around it."""
    root = draft.checkpoint.branch(number)
    assert root is not None
    draft.checkpoint.freeze()
    abort.within(draft, root)
    fork, _, _ = _of(draft, root)
    _child_failed(draft, fork, root, failures.too_many_events(draft.limits))
    draft.thaw()


def _child_failed(draft: Draft, fork: Fork, branch: Branch, failure: Failure) -> None:
    items = draft.checkpoint.child(branch.number).items
    map_runs.child_failed(draft, fork, branch, failure)
    output = map_runs.description(draft, fork, branch, "FAILED", failure)
    _close_branch(draft, fork, branch)
    _keep(draft, fork, branch.index, output, items)
    if tolerates(fork):
        draft.ready.appendleft(fork.branch)
        return
    fail_run(draft, fork, failures.THRESHOLD_EXCEEDED)


def fail_run(
    draft: Draft, fork: Fork, failure: Failure, ended: tuple[Shard, End | None] | None = None
) -> None:
    """A Map Run has failed, and its state fails with it. A shard ends, and its Map learns about the failure. ``ended``: the shard
    that has, and what it has left."""
    if fork.run is not None and fork.run.is_shard:
        shards.fail(draft, fork, failure)
        return
    if leaving.begin(draft, fork, failure, ended):
        return
    parent = draft.checkpoint.branch(fork.branch)
    assert parent is not None
    state = draft.state(parent)
    assert isinstance(state, Map)
    map_run_failed(draft, parent, state, fork, failure)
    if failures.is_of_expression(failure):  # of the Map, in a shard
        failing.record_evaluation(draft, parent, state, failure)
    failing.fail(draft, parent, state, failure, failed_event="MapStateFailed")
    if parent.phase == "enter":
        draft.ready.appendleft(parent.number)


def map_run_failed(draft: Draft, parent: Branch, state: Map, fork: Fork, failure: Failure) -> None:
    """A distributed Map ends its run because of a failure; what happens to the state is decided after that."""
    abort.cancel(draft, parent)  # it may be reading further items
    details = history.failure(failure.error, failure.cause)
    parent.previous = draft.record(parent, "MapRunFailed", fork.previous, "mapRunFailedEventDetails", details)
    map_runs.tell(draft, fork, "FAILED")
    abort.branches(draft, fork, state, parent.previous)
    draft.checkpoint.drop_fork(fork)


def results(draft: Draft, fork: Fork) -> Payload:
    """The outputs of all branches, ordered by index. Their texts are joined as they are."""
    texts = [output.text for output in map_tasks.outputs_of(draft.parts, fork)]
    if fork.run is not None and fork.run.shard_items is not None:
        texts = [JsonText(text[1:-1]) for text in texts]  # each is a list, from a shard
    text = JsonText("[" + ",".join(texts) + "]")
    draft.pay_for_text(len(text))
    return of_text(text)


def _of(draft: Draft, branch: Branch) -> tuple[Fork, Branch, Map | Parallel]:
    assert branch.parent is not None
    fork, parent = draft.checkpoint.fork(branch.parent), draft.checkpoint.branch(branch.parent)
    assert fork is not None
    assert parent is not None
    state = draft.state(parent)
    assert isinstance(state, _FORKING)
    return fork, parent, state


def _close_branch(draft: Draft, fork: Fork, branch: Branch) -> None:
    branch.phase = "done"
    draft.checkpoint.drop_branch(branch)
    at = fork.live.index(branch.number)
    fork.live = fork.live[:at] + fork.live[at + 1 :]


def _keep(draft: Draft, fork: Fork, index: int, output: Payload, items: int = 1) -> None:
    fork.finished += items
    keep_results(draft, fork, index, output)


def keep_results(draft: Draft, fork: Fork, index: int, output: Payload) -> None:
    """Keep the result of an iteration, or the list of a shard's results under the index of the shard's first item."""
    chunk = draft.checkpoint.results(fork.branch, fork.chunks - 1)
    if chunk is None or chunk.closed:
        chunk = Results(fork.branch, fork.chunks)
        fork.chunks += 1
    size = chunk.size + len(output.text) + len(str(index)) + _ENTRY_CHARACTERS
    chunk = Results(fork.branch, chunk.chunk, (*chunk.outputs, (index, output)), size)
    draft.checkpoint.put(results_id(fork.branch, chunk.chunk), chunk)


def tolerates(fork: Fork) -> bool:
    """Whether a Map may go on although so many iterations failed. Source: states-language.net/spec.html#map-state"""
    count, percentage = fork.tolerated_count, fork.tolerated_percentage
    if count is None and percentage is None:
        return False
    within_count = count is None or fork.failed <= count
    # Of how many items it is the percentage is known when all items are.
    is_open = fork.run is not None and fork.run.reading
    within_percentage = percentage is None or is_open or fork.failed * 100 <= percentage * fork.width
    return within_count and within_percentage
