"""The language as a pure function: ``start`` and ``resume`` each give one step.

A step takes in one signal, lets every branch go on as far as it can, and says what changed, what is recorded and what is
to be done. The same definition, checkpoint, signal and moment give the same step on every machine. Tokens of tasks come
from a function that is passed in, which must be pure, too.
"""

from __future__ import annotations

from typing import Any, Final

from stepwright.asl.checkpoint import open_work, shards
from stepwright.asl.checkpoint.checkpoint import Checkpoint
from stepwright.asl.checkpoint.parts import (
    BEGINNING,
    HEAD,
    ROOT,
    START,
    Branch,
    Ending,
    Fork,
    Head,
    Identity,
    Shard,
    Start,
    branch_id,
)
from stepwright.asl.failure import failures
from stepwright.asl.failure.errors import StateError
from stepwright.asl.failure.matching import Failure
from stepwright.asl.interpreter import abort, ending, failing, forks, history, leaving, redriving, transitions
from stepwright.asl.interpreter import shards as shards_of_map
from stepwright.asl.interpreter.draft import Draft, HistoryFull
from stepwright.asl.interpreter.states import (
    choice,
    distributed_map,
    fail,
    parallel,
    pass_,
    succeed,
    task,
    wait,
)
from stepwright.asl.interpreter.states import map as map_
from stepwright.asl.json_types import JsonText, Pointer
from stepwright.asl.limits import Limits
from stepwright.asl.machine import (
    Choice,
    Fail,
    Machine,
    Map,
    Parallel,
    Pass,
    State,
    Succeed,
    Task,
    Wait,
)
from stepwright.asl.meter import PER_TRANSITION
from stepwright.asl.signals import (
    Break,
    Continue,
    Millis,
    Moment,
    RedriveFrom,
    ShardBounds,
    ShardProgress,
    Signal,
    Stop,
    TaskFailed,
    TaskId,
    TaskStarted,
    TaskSubmitted,
    TaskSucceeded,
    TimerFired,
    TimerId,
    UpdateMapRun,
)
from stepwright.asl.step import SetTimer, Step
from stepwright.asl.task_token import TokenOf, unsealed
from stepwright.asl.text import payload
from stepwright.asl.text.jsontext import InvalidJson
from stepwright.asl.unusable import Unusable, known_later

_MODULES: Final[dict[type[State], Any]] = {
    Pass: pass_,
    Task: task,
    Choice: choice,
    Wait: wait,
    Succeed: succeed,
    Fail: fail,
    Parallel: parallel,
    Map: map_,
}
_BEGIN: Final = {kind: module.begin for kind, module in _MODULES.items()}
_RESUME: Final = {kind: module.resume for kind, module in _MODULES.items()}


def start(
    machine: Machine,
    identity: Identity,
    input: JsonText,
    moment: Moment,
    limits: Limits = Limits(),  # noqa: B008 - frozen
    patience: int | None = None,
    *,
    token: TokenOf = unsealed,
    unusable: Unusable = known_later,
) -> Step:
    """The first step of an execution. ``input`` is the text of any JSON value. Raises ``meter.TakesLong`` if the step costs
    more than ``patience`` (in units of ``meter``); without ``patience`` it always comes to its end."""
    draft = _begun(machine, identity, input, moment, limits, patience, token, unusable)
    draft.ready.append(ROOT)
    _set_deadline(draft)
    return _step(draft)


def start_broken(
    machine: Machine, identity: Identity, input: JsonText, moment: Moment, failure: Break
) -> Step:
    """The only step of an execution that fails when it starts, before anything in its definition is looked at."""
    draft = _begun(machine, identity, input, moment, Limits())
    _break(draft, failures.said(failure.error, failure.cause))
    return draft.finish()


def _begun(
    machine: Machine,
    identity: Identity,
    input: JsonText,
    moment: Moment,
    limits: Limits,
    patience: int | None = None,
    token: TokenOf = unsealed,
    unusable: Unusable = known_later,
) -> Draft:
    given = payload.of_text(input)
    empty = Checkpoint({START: Start(identity, given, moment.now), HEAD: Head(next_branch=ROOT + 1)})
    draft = Draft(machine, empty, moment, limits, new=True, patience=patience, token=token, unusable=unusable)
    root = Branch(
        number=ROOT,
        scope=Pointer(""),
        state=machine.root.start_at,
        input=given,
        previous=0,
        came_from=BEGINNING,
    )
    draft.checkpoint.put(branch_id(ROOT), root)
    draft.record(
        root,
        "ExecutionStarted",
        0,
        "executionStartedEventDetails",
        history.execution_started(input, identity.role_arn, identity.version_arn, identity.alias_arn),
    )
    return draft


def redrive(
    machine: Machine,
    checkpoint: Checkpoint,
    moment: Moment,
    limits: Limits = Limits(),  # noqa: B008 - frozen
    patience: int | None = None,
    *,
    at: RedriveFrom | None = None,
    token: TokenOf = unsealed,
    unusable: Unusable = known_later,
) -> Step:
    """The step with which an execution that ended without success goes on from ``Step.redrivable``. ``at``: where, if not where
    it failed; a state of the machine's root. Raises ``meter.TakesLong`` as ``start`` does."""
    draft = Draft(machine, checkpoint, moment, limits, patience=patience, token=token, unusable=unusable)
    redriving.reopen(draft, at)
    if shards.counts(checkpoint.parts) is None:  # the deadline of a shard is its Map's
        _set_deadline(draft)
    return _step(draft)


def _set_deadline(draft: Draft) -> None:
    seconds, most = draft.machine.timeout_seconds, draft.limits.execution_seconds
    if seconds is None or (most is not None and most < seconds):
        seconds = most
    if seconds is not None:
        draft.head.deadline = Millis(draft.now + seconds * 1000)
        draft.commands.append(SetTimer(open_work.EXECUTION_TIMER, draft.head.deadline))


def resume(
    machine: Machine,
    checkpoint: Checkpoint,
    signal: Signal,
    moment: Moment,
    limits: Limits = Limits(),  # noqa: B008 - frozen
    patience: int | None = None,
    instead: Break | None = None,
    *,
    token: TokenOf = unsealed,
    unusable: Unusable = known_later,
) -> Step:
    """The step that follows from a signal. A signal for something no longer open gives an empty step. Raises
    ``meter.TakesLong`` as ``start`` does.

    ``instead``: the failure with which the execution ends at its next transition, whatever that would be. Nothing is
    recorded about the signal itself. This is how AWS ends executions whose state machine has been deleted.
    """
    # A checkpoint that is kept for a redrive has ended, but has branches that have not.
    was_to_go_on = False
    head = checkpoint.head
    if head.ended is not None:
        was_to_go_on = isinstance(signal, Break | Stop) and any(checkpoint.branches())
        if not was_to_go_on:
            return Step(checkpoint)
    branch: Branch | None = None
    shard: Shard | None = None
    fork: Fork | None = None
    match signal:
        case TaskSucceeded() | TaskFailed() | ShardProgress():
            branch = _branch_of_task(checkpoint, signal.task)
            shard = None if branch is not None else shards.find(checkpoint.parts, signal.task)
        case TaskStarted() | TaskSubmitted():
            branch = _branch_of_task(checkpoint, signal.task)
        case Continue():
            if not head.ready:
                return Step(checkpoint)
        case TimerFired(timer) if timer == open_work.EXECUTION_TIMER:
            return _time_out(machine, checkpoint, moment, limits)
        case TimerFired() if head.ending is None:
            branch = _branch_of_timer(checkpoint, signal.timer)
        case UpdateMapRun() | ShardBounds() if instead is None and head.ending is None:
            fork = distributed_map.bounded_by(checkpoint.parts, signal)
        case Stop():
            return _stop(machine, checkpoint, signal, moment, limits, redrives=was_to_go_on)
        case Break():
            draft = Draft(machine, checkpoint, moment, limits)
            if was_to_go_on:
                redriving.reopen(draft)
            _break(draft, failures.said(signal.error, signal.cause))
            return draft.finish()
    of = branch or shard or fork
    if of is None and not isinstance(signal, Continue):
        return Step(checkpoint)
    if instead is not None and not isinstance(signal, TaskStarted | TaskSubmitted):
        return resume(machine, checkpoint, instead, moment, limits)
    draft = Draft(machine, checkpoint, moment, limits, patience=patience, token=token, unusable=unusable)
    return _step(draft, of, signal)


def _step(draft: Draft, of: Branch | Shard | Fork | None = None, signal: Signal | None = None) -> Step:
    try:
        if isinstance(of, Shard):
            assert signal is not None
            shards_of_map.take_in(draft, of, signal)
        elif isinstance(of, Fork):
            assert isinstance(signal, UpdateMapRun | ShardBounds)
            bounded = draft.checkpoint.fork(of.branch)
            assert bounded is not None
            distributed_map.take_bounds(draft, bounded, signal)
        elif of is not None:
            try:
                _take_in(draft, of.number, signal)
            except HistoryFull as full:
                _end_child(draft, full)
        _run(draft)
    except HistoryFull:
        _break(draft, failures.history_full(draft.limits, draft.head.history_bytes))
    return draft.finish()


def _take_in(draft: Draft, number: int, signal: Signal | None) -> None:
    """Let the branch that the signal is for go on with it."""
    branch = draft.checkpoint.branch(number)
    assert branch is not None
    state = draft.state(branch)
    if isinstance(signal, TimerFired) and open_work.is_retry(signal.timer):
        branch.timer = None
        branch.phase = "begin"
    else:
        try:
            _RESUME[type(state)](draft, branch, state, signal)
        except (StateError, InvalidJson) as error:
            _fail(draft, branch, state, error)
    if branch.phase in ("enter", "begin"):
        draft.ready.append(number)


def _run(draft: Draft) -> None:
    """Let every branch that can go on do so, one after another, until all of them wait or the step is full."""
    ready, limits, meter = draft.ready, draft.limits, draft.meter
    while ready:
        branch = draft.checkpoint.branch(ready.popleft())
        if branch is None:  # aborted meanwhile
            continue
        while True:
            if (
                draft.events_recorded >= limits.events_per_step
                or draft.size >= limits.bytes_per_step
                or meter.left <= meter.full_at
            ):
                ready.append(branch.number)  # after the others, so that a loop does not starve them
                return
            try:
                _advance(draft, branch)
            except HistoryFull as full:
                _end_child(draft, full)
                break
            if branch.phase != "enter":
                break


def _end_child(draft: Draft, full: HistoryFull) -> None:
    """End a child execution whose history is full; if the history of the one around it has no room for that, end that one
    instead, and so on. Raises HistoryFull if it comes to the execution itself."""
    while full.child is not None:
        try:
            forks.child_is_full(draft, full.child)
        except HistoryFull as another:
            full = another
        else:
            return
    raise full


def _advance(draft: Draft, branch: Branch) -> None:
    """One transition of a branch."""
    meter = draft.meter
    meter.left -= PER_TRANSITION
    if meter.left < meter.renewed_at:
        meter.begin_state()
    state = draft.machine.scopes[branch.scope].states[branch.state]
    kind = type(state)
    try:
        if branch.phase == "enter":
            transitions.enter(draft, branch, state)
            _BEGIN[kind](draft, branch, state)
        elif branch.phase == "begin":
            branch.phase = "open"
            branch.begun_at = draft.now
            _BEGIN[kind](draft, branch, state)
        elif draft.checkpoint.peek_fork(branch.number) is not None:  # otherwise it has gone on meanwhile
            _RESUME[kind](draft, branch, state, None)
    except (StateError, InvalidJson) as error:
        _fail(draft, branch, state, error)


def _fail(draft: Draft, branch: Branch, state: State, error: StateError | InvalidJson) -> None:
    """Evaluating a field of the state failed. If that happened between iterations, those still running end with it."""
    first = draft.checkpoint.freeze()
    draft.meter.begin_state()  # catching it may cost as much as a state
    failure = failures.of_error(error, state.name, branch.entered)
    failed_event = None
    if failures.is_of_expression(failure) and isinstance(state, Map | Parallel):
        failed_event = f"{type(state).__name__}StateFailed"
    fork = draft.checkpoint.fork(branch.number)
    if fork is not None:
        assert isinstance(state, Map | Parallel)
        branch.previous = fork.previous
        if fork.run is not None and fork.run.is_shard:
            shards_of_map.fail(draft, fork, failure)
            return
        if fork.run is not None and leaving.begin(draft, fork, failure):
            if first:
                draft.thaw()
            return
        if fork.run is not None:
            assert isinstance(state, Map)
            forks.map_run_failed(draft, branch, state, fork, failure)
            failed_event = "MapStateFailed"
        else:
            abort.branches(draft, fork, state, fork.previous)
            draft.checkpoint.drop_fork(fork)
    abort.cancel(draft, branch)
    if failures.is_of_expression(failure):
        failing.record_evaluation(draft, branch, state, failure)
    failing.fail(draft, branch, state, failure, failed_event)
    if first:
        draft.thaw()


def _break(draft: Draft, failure: Failure) -> None:
    """End the execution with a failure that nothing can catch. Its event follows whatever was written last."""
    abort.everything(draft, "Failed")
    failing.end_failed(draft, draft.head.last_event_id, failure)


def _stop(
    machine: Machine, checkpoint: Checkpoint, stop: Stop, moment: Moment, limits: Limits, *, redrives: bool
) -> Step:
    """``redrives``: it was to go on from an end, which is recorded before."""
    if checkpoint.head.ending is not None and not stop.at_once:
        return Step(checkpoint)
    draft = Draft(machine, checkpoint, moment, limits)
    if redrives:
        redriving.reopen(draft)
    said = failures.said(stop.error, stop.cause)
    wanted = Ending("ABORTED", said.error, said.cause)
    if stop.at_once or not leaving.before_end(draft, wanted):
        abort.everything(draft, "Aborted")
        ending.end(draft, wanted)
    return draft.finish()


def _time_out(machine: Machine, checkpoint: Checkpoint, moment: Moment, limits: Limits) -> Step:
    """The machine's TimeoutSeconds have passed."""
    if checkpoint.head.deadline is None or checkpoint.head.ending is not None:
        return Step(checkpoint)
    draft = Draft(machine, checkpoint, moment, limits)
    wanted = Ending("TIMED_OUT")
    if not leaving.before_end(draft, wanted):
        abort.everything(draft, "TimedOut")
        ending.end(draft, wanted)
    return draft.finish()


def _branch_of_task(checkpoint: Checkpoint, task: TaskId) -> Branch | None:
    for part in checkpoint.parts.values():
        if type(part) is Branch and (open_task := part.task) is not None and open_task.id == task:
            return part
    return None


def _branch_of_timer(checkpoint: Checkpoint, timer: TimerId) -> Branch | None:
    for branch in checkpoint.branches():
        if branch.timer is not None and branch.timer.id == timer:
            return branch
        if branch.task is not None and any(
            timer == other.timer for other in open_work.task_timers(branch.task)
        ):
            return branch
    return None
