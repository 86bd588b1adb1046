"""The result of an execution, for assertions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Literal

from stepwright.asl.json_types import Json
from stepwright.asl.signals import Millis
from stepwright.asl.text import jsontext, timestamps
from stepwright.testing.play import Play

Status = Literal["RUNNING", "SUCCEEDED", "FAILED", "TIMED_OUT", "ABORTED"]


@dataclass(frozen=True, slots=True)
class Visit:
    """One visit of a state. Seconds are virtual; ``entered_after_seconds`` counts from the start of the execution.

    ``path`` is the place in the execution: ``Ship``, ``Orders[3]/Ship``. ``outcome`` None: the state was not
    left. ``error``: of its newest failure.
    """

    state: str
    path: str
    type: str
    outcome: Literal["Succeeded", "Failed", "Caught", "Aborted", "TimedOut"] | None
    attempts: int
    error: str | None
    entered_after_seconds: float
    seconds: float | None


@dataclass(frozen=True, slots=True)
class Call:
    """One call of a task. ``input`` is what its work was given (of a Job: what the container reads), ``parameters``
    all of Parameters or Arguments as evaluated. ``attempt`` counts from 0 in each visit of the state."""

    state: str
    path: str
    resource: str
    input: Json
    parameters: Json
    attempt: int
    after_seconds: float


@dataclass(frozen=True)
class Result:
    """``status`` RUNNING: the execution waits for a task that never ends. ``output`` is there where it
    succeeded, ``error`` and ``cause`` where it did not. ``events`` is the history as GetExecutionHistory
    returns it."""

    name: str
    status: Status
    output: Any
    error: str | None
    cause: str | None
    visits: Sequence[Visit]
    calls: Sequence[Call]
    events: Sequence[Mapping[str, Any]]
    started: str
    ended: str
    seconds: float
    """How long it took, in virtual time."""
    waits_for: Sequence[str] = field(default=())
    """Where a running execution is: paths of states."""

    @cached_property
    def path(self) -> list[Any]:
        """The states in the order in which they were entered. One with branches or iterations is an object with one
        path for each of them: ``["A", {"Both": [["B"], ["C", "D"]]}, "E"]``."""
        root: list[Any] = []
        paths: dict[str, list[Any]] = {"": root}
        branches: dict[str, list[list[Any]]] = {}
        for visit in self.visits:
            prefix = visit.path[: len(visit.path) - len(visit.state)]
            if prefix not in paths:
                around, index = split(prefix)
                inner = branches[around]  # of the newest visit of the state around it
                while len(inner) <= index:
                    inner.append([])
                paths[prefix] = inner[index]
            own: Any = visit.state
            if visit.type in ("Parallel", "Map"):
                own = {visit.state: []}
                branches[visit.path] = own[visit.state]
                for known in [known for known in paths if known.startswith(f"{visit.path}[")]:
                    del paths[known]
            paths[prefix].append(own)
        return root

    @property
    def states(self) -> list[str]:
        """The states of the outermost level, in the order in which they were entered."""
        return [visit.state for visit in self.visits if visit.path == visit.state]

    def calls_of(self, state: str) -> list[Call]:
        return [call for call in self.calls if call.state == state]

    def inputs_of(self, state: str) -> list[Json]:
        """What the task of this state was given, call by call."""
        return [call.input for call in self.calls if call.state == state]

    def visit(self, path: str) -> Visit:
        """The newest visit of the state with this path (or name, where it was visited in one place only)."""
        found = [visit for visit in self.visits if path in (visit.path, visit.state)]
        if not found or len({visit.path for visit in found}) > 1:
            seen = ", ".join(dict.fromkeys(visit.path for visit in (found or self.visits)))
            raise LookupError(f"{path!r} is not one state that was visited: {seen}")
        return found[-1]

    def __repr__(self) -> str:
        said = ": ".join(text for text in (self.status, self.error, self.cause) if text)
        path = str(self.path)
        shown = path if len(path) <= 200 else f"{path[:200]}..."
        return f"<Result of {self.name}: {said} after {self.seconds:g} s, path {shown}>"


def of_play(name: str, played: Play, started: Millis, calls: Sequence[Call]) -> Result:
    outcome = played.outcome
    visits = [
        Visit(
            state=visit.state,
            path=visit.path,
            type=visit.type,
            outcome=visit.outcome,
            attempts=visit.attempts,
            error=visit.error,
            entered_after_seconds=(visit.started - started) / 1000,
            seconds=None if visit.ended is None else (visit.ended - visit.started) / 1000,
        )
        for _, visit in sorted(played.visits.items())
    ]
    return Result(
        name=name,
        status="RUNNING" if outcome is None else outcome.status,
        output=None if outcome is None or outcome.output is None else jsontext.parse(outcome.output),
        error=None if outcome is None else outcome.error,
        cause=None if outcome is None else outcome.cause,
        visits=visits,
        calls=calls,
        events=played.events,
        started=timestamps.text(started),
        ended=timestamps.text(played.now),
        seconds=(played.now - started) / 1000,
        waits_for=[] if outcome is not None else [visit.path for visit in visits if visit.outcome is None],
    )


def split(prefix: str) -> tuple[str, int]:
    """The state around a branch, and which branch it is: ``Orders[3]/`` -> ``Orders``, 3."""
    around, _, index = prefix.removesuffix("]/").rpartition("[")
    return around, int(index)
