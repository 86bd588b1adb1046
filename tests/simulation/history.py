"""Whether a stored history is one that an undisturbed run could have.

Defined so: there are signals, one after the other, for which the language core, started once and never interrupted,
gives exactly these events (ids, order, links, times, payloads), this outcome, this checkpoint and these visits. The
signals are read from the history itself: an event that nothing within a step causes names its signal. So no event is
doubled, lost, out of order, or follows from a result that was taken twice.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import msgspec

from stepwright.asl import interpreter
from stepwright.asl.checkpoint import checkpoint as checkpoints
from stepwright.asl.checkpoint import visits as of_checkpoint
from stepwright.asl.checkpoint.checkpoint import PartId
from stepwright.asl.json_types import JsonText
from stepwright.asl.limits import Limits
from stepwright.asl.machine import Machine
from stepwright.asl.signals import (
    Break,
    Continue,
    Millis,
    Moment,
    RedriveFrom,
    Signal,
    Stop,
    TaskFailed,
    TaskId,
    TaskStarted,
    TaskSubmitted,
    TaskSucceeded,
    TimerFired,
)
from stepwright.asl.step import Outcome, Step, Visit
from stepwright.asl.text import jsontext
from stepwright.catalog import visited
from stepwright.cluster import redrives, told_visits, transitions
from stepwright.cluster.record import PHASES
from stepwright.cluster.told_visits import ToldVisits
from stepwright.engine import payloads
from stepwright.engine.ports import Loaded
from stepwright.kube import timestamps

Event = dict[str, Any]

_OF_VISITS = ("cameFrom", "tries", "begunAt")
"""What a branch has for visits; a version that knows none leaves it out."""


class Wrong(AssertionError):  # noqa: N818 - it names a condition
    """The history, or what is derived from it, is not what it must be."""


def read(status: Mapping[str, Any], objects: Mapping[str, Mapping[str, Any]]) -> list[Event]:
    """All events, payloads in place, as a reader puts them together. ``objects``: ExecutionHistory by name."""
    pages = [list(status.get("history") or ())]
    previous = (status.get("historyPage") or {}).get("previous")
    while previous is not None:
        if previous not in objects:
            raise Wrong(f"page {previous} is missing")
        pages.insert(0, objects[previous]["events"])
        previous = objects[previous].get("previous")
    events = [msgspec.json.decode(text) for page in pages for text in page]
    texts = {body["sha256"]: body["payload"] for body in objects.values() if body["content"] == "Payload"}
    return [payloads.put_back(event, texts) for event in events]


def visits(
    status: Mapping[str, Any], objects: Mapping[str, Mapping[str, Any]], machine: Machine
) -> dict[int, Visit]:
    """All that are stored, as a reader puts them together. Raises Wrong if a page is missing."""
    newest = ToldVisits.of(status)
    pages, page = [newest.text], newest.previous
    while page is not None:
        if page not in objects:
            raise Wrong(f"page {page} is missing")
        pages.append(objects[page]["visits"])
        page = objects[page].get("previous")
    found: dict[int, Visit] = {}
    for text in reversed(pages):
        visited.add(found, told_visits.read(text))
    has_ended = status["phase"] in PHASES.values()
    open_parts = {} if has_ended else status["checkpoint"]
    parts = {PartId(part): msgspec.json.decode(text) for part, text in open_parts.items()}
    told_visits.complete(found, of_checkpoint.under_way(machine, parts))
    return found


def whole(status: Mapping[str, Any], objects: Mapping[str, Mapping[str, Any]]) -> list[Event]:
    """Raises Wrong if an event is missing, or is there twice."""
    events = read(status, objects)
    ids = [event["id"] for event in events]
    if ids != list(range(1, len(ids) + 1)):
        raise Wrong(f"the ids are {ids}")
    return events


def check(
    loaded: Loaded,
    status: Mapping[str, Any],
    objects: Mapping[str, Mapping[str, Any]],
    limits: Limits,
    step_seed: int,
    *,
    may_end_plainly: bool,
    counted: bool = True,
) -> list[Event]:
    """Raises Wrong. ``may_end_plainly``: the store may have refused what the engine had to write, so that the last
    event may be the one that is written where an execution cannot go on. ``counted``: no where it was begun by a
    version that did not count the bytes of its history, nor told of visits: then some may be missing. The events."""
    events = whole(status, objects)
    replay = _Replay(loaded, limits, step_seed, events, [request.get("from") for request in _made(status)])
    replay.run(may_end_plainly=may_end_plainly)
    if not replay.ended_plainly:
        _compare(replay, status, objects, counted=counted)
        told = {number: visit for number, visit in replay.visits.items() if visit.child is None}
        found = visits(status, objects, loaded.machine)
        if found != told and (counted or not all(_is_told(visit, told) for visit in found.values())):
            raise Wrong(f"the visits are {found}, not {told}")
    return events


def _is_told(visit: Visit, told: Mapping[int, Visit]) -> bool:
    """Whether nothing is said of a visit that is not so, whatever is left out."""
    true, said = told.get(visit.id), (visit.path, visit.outcome, visit.ended)
    return true is not None and said == (true.path, true.outcome, true.ended)


class _Replay:
    def __init__(
        self,
        loaded: Loaded,
        limits: Limits,
        step_seed: int,
        events: list[Event],
        places: Sequence[str | None],
    ) -> None:
        """``places``: where each redrive has gone on, if not where it had failed."""
        self._loaded = loaded
        self._places = places
        self._limits = limits
        self._seed = step_seed
        self.events = self._events = events
        self._at = 0
        self._taken: list[Step] = []
        self.visits: dict[int, Visit] = {}
        self.outcome: Outcome | None = None
        self.redrivable: checkpoints.Checkpoint | None = None
        self.ended_plainly = False
        self.checkpoint = checkpoints.Checkpoint()

    def run(self, *, may_end_plainly: bool) -> None:
        loaded = self._loaded
        step = interpreter.start(loaded.machine, loaded.identity, loaded.input, self._moment(), self._limits)
        if not self._fits(step):
            raise Wrong(f"it begins otherwise than {step.events}")
        self._take(step)
        # Of two signals that give the same events at first, only one may give what follows: the other is tried then.
        tried: list[tuple[checkpoints.Checkpoint, Iterator[Step]]] = []
        steps = self._steps()
        furthest = self._at
        while self._at < len(self._events):
            next_step = next(steps, None)
            if next_step is not None:
                tried.append((self.checkpoint, steps))
                self._take(next_step)
                furthest = max(furthest, self._at)
                steps = self._steps()
            elif may_end_plainly and self._is_plain_end():
                self.ended_plainly = True
                break
            elif tried:
                self.checkpoint, steps = tried.pop()
                self._at -= len(self._taken.pop().events)
            else:
                raise Wrong(f"no signal gives what follows event {furthest}: {self._events[furthest]}")
        self.outcome, self.redrivable = self._taken[-1].outcome, self._taken[-1].redrivable
        for taken in self._taken:
            visited.add(self.visits, taken.visits)

    def _steps(self) -> Iterator[Step]:
        """Those that give the next events."""
        checkpoint, moment = self.checkpoint, self._moment()
        if self._taken[-1].outcome is not None:
            yield from self._redrives(moment)
            return
        # A signal may come between the parts of a step that was cut.
        signals = (*self._signals(self._at), *([Continue()] if checkpoint.unfinished_step else ()))
        for signal in signals:
            step = interpreter.resume(self._loaded.machine, checkpoint, signal, moment, self._limits)
            # The rest of a step that was cut may be without events: a branch that ends.
            if (step.events or isinstance(signal, Continue)) and self._fits(step):
                yield step

    def _redrives(self, moment: Moment) -> Iterator[Step]:
        """Those with which it goes on from its end, which may be its end again."""
        kept, machine, limits = self._taken[-1].redrivable, self._loaded.machine, self._limits
        if kept is None:
            return
        ends = self._signals(self._at + 1) if self._at + 1 < len(self._events) else ()
        number = sum(event["type"] == "ExecutionRedriven" for event in self._events[: self._at])
        place = self._places[number] if number < len(self._places) else None
        at = None if place is None else RedriveFrom(place, self._input_of(self._at + 1))
        steps = [interpreter.redrive(machine, kept, moment, limits, at=at)]
        steps += [
            interpreter.resume(machine, kept, signal, moment, limits)
            for signal in ends
            if isinstance(signal, Break | Stop)
        ]
        yield from filter(self._fits, steps)

    def _input_of(self, at: int) -> JsonText | None:
        """Of the state that this event enters."""
        details = self._events[at].get("stateEnteredEventDetails") if at < len(self._events) else None
        return None if details is None else JsonText(details["input"])

    def _is_plain_end(self) -> bool:
        event = self._events[self._at]
        return (
            self._at == len(self._events) - 1
            and event["type"] == "ExecutionFailed"
            and event["previousEventId"] == event["id"] - 1
            and event["executionFailedEventDetails"]["error"] == "States.Runtime"
        )

    def _moment(self) -> Moment:
        return Moment(Millis(timestamps.millis(self._events[self._at]["timestamp"])), self._seed)

    def _fits(self, step: Step) -> bool:
        return self._events[self._at : self._at + len(step.events)] == step.events

    def _take(self, step: Step) -> None:
        self._at += len(step.events)
        self.checkpoint = step.checkpoint
        self._taken.append(step)

    def _signals(self, at: int) -> Iterator[Signal]:
        """What may have led to this event."""
        event = self._events[at]
        kind = event["type"]
        details: dict[str, Any] = next(
            (value for name, value in event.items() if name.endswith("EventDetails")), {}
        )
        match kind:
            case "TaskStarted":
                yield TaskStarted(self._task(event))
            case "TaskSubmitted":
                yield TaskSubmitted(self._task(event), jsontext.parse(details["output"]))
            case "TaskSucceeded":
                yield TaskSucceeded(self._task(event), jsontext.parse(details["output"]))
            case "TaskFailed":
                yield TaskFailed(self._task(event), details.get("error"), details.get("cause"))
            case "ExecutionAborted":
                yield Stop(details.get("error"), details.get("cause"))
            case "ExecutionFailed" if details.get("cause", "").startswith(
                "The state of the execution could not"
            ):
                yield Break(details["error"], details["cause"])
            case _:
                for timer in checkpoints.open_timers(self.checkpoint):
                    yield TimerFired(timer.timer)

    def _task(self, event: Event) -> TaskId:
        while event["type"] != "TaskScheduled":
            if event["previousEventId"] == 0:
                raise Wrong(f"event {event['id']} belongs to no task")
            event = self._events[event["previousEventId"] - 1]
        return TaskId(event["id"])


def _made(status: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """The redrives that were not refused."""
    return [request for request in status.get("redrives", ()) if "refused" not in request]


def _is_kept(status: Mapping[str, Any], replay: _Replay, *, counted: bool) -> bool:
    """Whether what a redrive goes on from is. Of one that an earlier version has ended nothing is."""
    kept, why_not = status.get("redrivable"), status.get("notRedrivable")
    if kept is None and not counted:
        return False
    could_be = replay.outcome is not None and replay.redrivable is not None
    if bool(kept) != could_be and why_not != redrives.TOO_LARGE:
        raise Wrong(f"redrivable is {kept} ({why_not}), not {could_be}")
    count = sum(event["type"] == "ExecutionRedriven" for event in replay.events)
    made = [request["requestId"] for request in _made(status)]
    if not len(made) == len(set(made)) == status.get("redriveCount", 0) == count:
        raise Wrong(f"it went on {count} times, for {made}, and says {status.get('redriveCount')}")
    return bool(kept)


def _compare(
    replay: _Replay, status: Mapping[str, Any], objects: Mapping[str, Mapping[str, Any]], *, counted: bool
) -> None:
    outcome = replay.outcome
    phase = "Running" if outcome is None else PHASES[outcome.status]
    if status["phase"] != phase:
        raise Wrong(f"the phase is {status['phase']}, not {phase}")
    if outcome is not None:
        output = status.get("output")
        if "outputRef" in status:
            output = objects[status["outputRef"]["name"]]["payload"]
        told = (output, status.get("error"), status.get("cause"))
        if told != (outcome.output, outcome.error, outcome.cause):
            raise Wrong(f"the status says {told}, not {outcome}")
    texts = {body["sha256"]: body["payload"] for body in objects.values() if body["content"] == "Payload"}
    stored = {
        part: payloads.put_back(msgspec.json.decode(text), texts)
        for part, text in status["checkpoint"].items()
    }
    is_kept = _is_kept(status, replay, counted=counted)
    last = replay.redrivable if is_kept and replay.redrivable is not None else replay.checkpoint
    made = {part: checkpoints.encode(value) for part, value in last.parts.items()}
    expected = msgspec.json.decode(msgspec.json.encode(made))
    bytes_stored, bytes_of_events = (parts["head"].pop("historyBytes", 0) for parts in (stored, expected))
    # What writes have kept apart hangs on what was written together (``engine.kept_apart``).
    most = bytes_of_events + sum(len(text.encode()) for text in texts.values())
    if counted and not bytes_of_events <= bytes_stored <= most:
        raise Wrong(f"{bytes_stored} bytes are counted, not {bytes_of_events} to {most}")
    if not counted:  # an earlier version, which knows no visits, has written some of it
        for part in (*stored.values(), *expected.values()):
            for field in _OF_VISITS:
                part.pop(field, None)
    if stored != expected:
        raise Wrong(f"the checkpoint is {stored}, not {expected}")
    entries = status.get("transitions") or []
    visits, newest = [entry["id"] for entry in entries], sorted(replay.visits)[-transitions.MOST_ENDED :]
    if visits != sorted(set(visits)) or visits[-len(newest) :] != newest:
        raise Wrong(f"the transitions are those of {visits}, while the newest are {newest}")
    for entry in entries:
        visit = replay.visits[entry["id"]]
        shown = (entry["state"], entry["attempts"], entry.get("outcome"), entry.get("error"))
        if shown != (visit.state, visit.attempts, visit.outcome, visit.error):
            raise Wrong(f"transition {entry} is not {visit}")
