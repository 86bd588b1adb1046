"""What commits have reported of visits of states, as text: in the status, and once there is more of it in ExecutionHistory objects.

It is what the checkpoint does not say: visits that have ended, and tries that have failed. Pointers and types stand in it once,
and rows name them by their position: with them in each row it would be twice as long.

Each write has all of the text. An API server whose CRDs are older drops the field, and would refuse what is added to it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from stepwright.asl.checkpoint.parts import CameFrom
from stepwright.asl.json_types import Pointer
from stepwright.asl.signals import Millis, TaskId
from stepwright.asl.step import Try, Visit, VisitOutcome

FULL_CHARACTERS: Final = 4 * 1024
"""Of a longer text, some 40 visits, the next write makes a page: each has all that is in the status."""
MOST_CHARACTERS: Final = 256 * 1024
"""Of a page, and one batch of visits on top."""


class _Row(Struct, array_like=True):
    """A visit. ``place``: the position of its pointer and type. ``prefix``: of its path, before the name of the state."""

    id: int
    place: int
    prefix: str
    started: int
    took: int | None
    outcome: VisitOutcome | None
    attempts: int
    begun: int | None
    error: str | None
    task: int | None
    from_visit: int | None
    from_edge: str | None
    within: int | None
    index: int | None
    tries: tuple[tuple[int, int, int, str | None], ...]


class _Text(Struct, array_like=True):
    places: list[tuple[str, str]]
    rows: msgspec.Raw


_TEXT: Final = msgspec.json.Decoder(_Text)
_ROWS: Final = msgspec.json.Decoder(list[_Row])


@dataclass(frozen=True, slots=True)
class ToldVisits:
    """``previous``: the ExecutionHistory with what was reported before. ``places``: types by pointers. ``rows``: JSON."""

    previous: str | None = None
    places: Mapping[str, str] = field(default_factory=dict)
    rows: str = ""

    @classmethod
    def of(cls, status: Mapping[str, Any]) -> ToldVisits:
        """What stands there; nothing of a text that somebody has edited."""
        page = status.get("visits") or {}
        previous, told = page.get("previous"), page.get("told") or ""
        try:
            text = _TEXT.decode(told)
            read(told)
        except (msgspec.DecodeError, IndexError, RecursionError):
            return cls(previous)
        return cls(previous, dict(text.places), bytes(text.rows).decode()[1:-1])

    def after(self, visits: Iterable[Visit]) -> ToldVisits:
        """With what a commit reports."""
        told = [visit for visit in visits if is_told(visit)]
        if not told:
            return self
        places = dict(self.places)
        places.update((visit.pointer, visit.type) for visit in told)
        positions = {pointer: position for position, pointer in enumerate(places)}
        new = msgspec.json.encode([_row(visit, positions[visit.pointer]) for visit in told]).decode()[1:-1]
        return ToldVisits(self.previous, places, f"{self.rows},{new}" if self.rows else new)

    @property
    def text(self) -> str:
        return f"[{msgspec.json.encode(list(self.places.items())).decode()},[{self.rows}]]"

    def read(self) -> list[Visit]:
        return read(self.text)

    def as_status(self) -> dict[str, str]:
        page = {"told": self.text}
        return page if self.previous is None else {"previous": self.previous, **page}


NOTHING: Final = ToldVisits()


def is_told(visit: Visit) -> bool:
    """Whether a report of a visit has anything that a checkpoint does not say. Visits of child executions are nowhere."""
    return visit.child is None and (visit.outcome is not None or bool(visit.tries))


def _row(visit: Visit, place: int) -> _Row:
    came_from = visit.came_from
    return _Row(
        visit.id,
        place,
        visit.path[: len(visit.path) - len(visit.state)],
        visit.started,
        None if visit.ended is None else visit.ended - visit.started,
        visit.outcome,
        visit.attempts,
        visit.begun,
        visit.error,
        visit.task,
        None if came_from is None else came_from.visit,
        None if came_from is None else came_from.edge,
        visit.within,
        visit.index,
        tuple((tried.number, tried.begun, tried.ended, tried.error) for tried in visit.tries),
    )


# --- Reading ---------------------------------------------------------------------------------------------------------


def read(text: str) -> list[Visit]:
    """Raises msgspec.DecodeError, IndexError, RecursionError."""
    decoded = _TEXT.decode(text)
    return [_visit(row, *decoded.places[row.place]) for row in _ROWS.decode(decoded.rows)]


def _visit(row: _Row, pointer: str, type_: str) -> Visit:
    state = pointer.rpartition("/")[2].replace("~1", "/").replace("~0", "~")
    edge = row.from_edge
    return Visit(
        id=row.id,
        path=row.prefix + state,
        state=state,
        type=type_,
        started=Millis(row.started),
        attempts=row.attempts,
        outcome=row.outcome,
        ended=None if row.took is None else Millis(row.started + row.took),
        error=row.error,
        task=None if row.task is None else TaskId(row.task),
        pointer=Pointer(pointer),
        came_from=None if edge is None else CameFrom(row.from_visit or 0, edge),
        within=row.within,
        index=row.index,
        begun=None if row.begun is None else Millis(row.begun),
        tries=tuple(
            Try(number, Millis(begun), Millis(ended), error) for number, begun, ended, error in row.tries
        ),
    )


def complete(known: dict[int, Visit], under_way: Iterable[Visit]) -> None:
    """With what the checkpoint of the same moment says (``checkpoint.visits.under_way``; nothing once the execution has ended). Of
    a visit of which only tries were reported, that has ended under an operator that reports nothing, nobody knows how: it is left out. A
    redrive goes on with visits that had ended."""
    running = {visit.id: visit for visit in under_way}
    for id in [id for id, visit in known.items() if visit.outcome is None and id not in running]:
        del known[id]
    for id, visit in running.items():
        earlier = known.get(id)
        if earlier is None:
            known[id] = visit
        elif earlier.outcome is None or _goes_on(earlier, visit):
            error = earlier.error if visit.begun is None else None
            known[id] = replace(visit, tries=earlier.tries, error=error)


def _goes_on(ended: Visit, under_way: Visit) -> bool:
    """Whether the visit began another try after that end, and is not one that a Map Run has only left."""
    return ended.ended is not None and under_way.begun is not None and under_way.begun > ended.ended
