"""What is stored for one execution, as this process knows it, and what it is after each commit."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import msgspec

from stepwright.asl.checkpoint.checkpoint import PartId
from stepwright.asl.signals import Millis
from stepwright.asl.step import Outcome
from stepwright.cluster import conditions, map_runs, seal, transitions
from stepwright.cluster.redrives import END_FIELDS, NOT_REDRIVEN, RUNNING, Redrives, is_new
from stepwright.cluster.resources import Phase
from stepwright.cluster.stored import RedriveRequest, Stored
from stepwright.cluster.told_visits import NOTHING, ToldVisits
from stepwright.engine.ports import Commit
from stepwright.kube import timestamps

if TYPE_CHECKING:
    from hashlib import _Hash

# A longer page is copied to its own object. Small pages keep the Execution small, which etcd stores whole
# with every write; each page costs one create.
LARGEST_PAGE_BYTES: Final = 16 * 1024

PHASES: Final[Mapping[str, Phase]] = {
    "SUCCEEDED": "Succeeded",
    "FAILED": "Failed",
    "TIMED_OUT": "TimedOut",
    "ABORTED": "Aborted",
}


class Rolled(NamedTuple):
    """An ExecutionHistory with the oldest events of the status, and how many of them."""

    page: str
    events: int


@dataclass(slots=True)
class Record:
    """The stored status of one execution. Changed only by ``apply``, once a patch is known to have landed."""

    namespace: str
    name: str
    uid: str
    state_machine: Mapping[str, str]
    """``name``, ``uid`` and ``revision``: what the execution is pinned to."""
    generation: int
    version: str = ""
    """The resourceVersion at which it was read."""
    seq: int = 0
    start: Millis | None = None
    waiting_until: str | None = None
    phase: Phase = "Pending"
    events: list[str] = field(default_factory=list)
    page_bytes: int = 0
    page_first: int = 1
    previous_page: str | None = None
    transitions: list[dict[str, Any]] = field(default_factory=list)
    visits: ToldVisits = NOTHING
    map_runs: list[dict[str, Any]] = field(default_factory=list)
    conditions: list[dict[str, Any]] = field(default_factory=list)
    commit_id: str | None = None
    asked: str | None = None
    """The newest request for a redrive in the spec."""
    goes_on_by: RedriveRequest | None = None
    """The one by which an execution that has ended goes on, whatever is asked for meanwhile."""
    redrives: Redrives = NOT_REDRIVEN
    end_fields: tuple[str, ...] = field(default=(), compare=False)
    """Of the status of one that had ended when it was read: what only such an execution has."""
    lost_from: int | None = None
    """The number of the newest commit, if an earlier state was restored and no commit was made since."""
    operator: str | None = None
    """The installation named in the status as the one that runs it."""
    carrier: str | None = None
    """The one that runs it now, if it has a name."""
    page: _Hash = field(default_factory=lambda: seal.new_page(None), compare=False)
    """The hash of ``events``, for the seal."""
    parts: dict[str, bytes] = field(default_factory=dict)
    """The stored parts of the checkpoint, each with its digest."""
    stored: set[str] = field(default_factory=set)
    """Hashes of payloads known to be stored."""

    @classmethod
    def of(cls, stored: Stored, state_machine: Mapping[str, str]) -> Record:
        status = stored.status
        page = status.get("historyPage") or {}
        events = list(status.get("history") or ())
        start = status.get("startTime")
        return cls(
            namespace=stored.namespace,
            name=stored.name,
            uid=stored.uid,
            state_machine=state_machine,
            generation=stored.generation,
            version=stored.version,
            seq=stored.seq,
            start=None if start is None else timestamps.millis(start),
            waiting_until=status.get("waitingUntil"),
            phase=stored.phase,
            events=events,
            page_bytes=sum(map(len, events)),
            page_first=page.get("firstEventId") or 1,
            previous_page=page.get("previous"),
            transitions=list(status.get("transitions") or ()),
            visits=ToldVisits.of(status),
            map_runs=list(status.get("mapRuns") or ()),
            conditions=stored.conditions,
            commit_id=stored.commit_id,
            asked=None if stored.redrive is None else stored.redrive.id,
            goes_on_by=stored.redrive if stored.has_ended else None,
            redrives=Redrives.of(status),
            end_fields=tuple(name for name in END_FIELDS if name in status),
            operator=stored.operator,
            page=seal.page(status),
            parts=seal.digests(status),
        )

    @property
    def explained(self) -> bool:
        """Whether the conditions say why the execution cannot be written: the next commit shows that it can."""
        reason = conditions.CANNOT_BE_WRITTEN.name
        return any(condition.get("reason") == reason for condition in self.conditions)

    @property
    def has_ended(self) -> bool:
        """Then its next commit is that of a redrive."""
        return self.phase in PHASES.values()

    @property
    def page_is_full(self) -> bool:
        return self.page_bytes > LARGEST_PAGE_BYTES

    @property
    def page_has_room(self) -> bool:
        """Though it is full: for what is written until it is copied."""
        return self.page_bytes <= 2 * LARGEST_PAGE_BYTES


def after_commit(
    record: Record,
    commit: Commit,
    parts: Mapping[PartId, str | None],
    events: Sequence[str],
    visits: ToldVisits,
    rolled: Rolled | None,
    *,
    whole: bool,
) -> Record:
    """``parts`` and ``events`` are encoded; ``visits``: what the status then holds of them; ``rolled``: what it then holds no more
    of earlier events. ``whole``: the commit replaces what is stored."""
    phase: Phase = "Running" if commit.outcome is None else PHASES[commit.outcome.status]
    kept = {} if whole else {part: digest for part, digest in record.parts.items() if part not in parts}
    noted = _redrives(record, commit)
    page, kept_events, page_bytes = record.page, record.events, record.page_bytes
    if rolled is not None:
        kept_events = record.events[rolled.events :]
        page = seal.with_events(seal.new_page(rolled.page), kept_events)
        page_bytes = sum(map(len, kept_events))
    return replace(
        record,
        seq=commit.expected_seq + 1,
        commit_id=commit.commit_id,
        lost_from=None,
        operator=record.carrier or record.operator,
        start=commit.started if record.start is None else record.start,
        waiting_until=None if commit.waiting_until is None else timestamps.rfc3339(commit.waiting_until),
        phase=phase,
        events=[*kept_events, *events],
        page_bytes=page_bytes + sum(map(len, events)),
        page_first=record.page_first if rolled is None else _id(record.events[rolled.events - 1]) + 1,
        previous_page=record.previous_page if rolled is None else rolled.page,
        transitions=transitions.after(record.transitions, commit, record.namespace),
        visits=visits,
        map_runs=map_runs.after(record.map_runs, commit.map_runs),
        conditions=_conditions(record, commit, phase, noted),
        goes_on_by=None,
        redrives=noted,
        end_fields=(),
        page=seal.with_events(page, events),
        parts=kept | {part: seal.of_part(text) for part, text in parts.items() if text is not None},
    )


def _redrives(record: Record, commit: Commit) -> Redrives:
    """A commit of an execution that has ended redrives it. What was asked for while it ran is refused."""
    if record.has_ended:
        made = next(event for event in commit.events if event["type"] == "ExecutionRedriven")
        return record.redrives.made(record.goes_on_by, made["timestamp"])
    if record.asked is not None and is_new(record.asked, record.redrives.requests):
        return record.redrives.refused(record.asked, timestamps.rfc3339(commit.now), RUNNING)
    return record.redrives


def _conditions(record: Record, commit: Commit, phase: Phase, noted: Redrives) -> list[dict[str, Any]]:
    now = timestamps.seconds(commit.now)
    detail = "" if commit.outcome is None else _reason(commit.outcome)
    said = conditions.of_execution(
        record.conditions, phase, now=now, generation=record.generation, detail=detail
    )
    if noted != record.redrives:
        refused = None if noted.count > record.redrives.count else RUNNING
        said = conditions.with_redriven(said, refused, now=now, generation=record.generation)
    if record.lost_from is None:
        return said
    return conditions.with_restored(
        said,
        f"commit {record.seq} was restored, {_newest(record)} was the newest; tasks begun since may run again",
        now=now,
        generation=record.generation,
    )


def _newest(record: Record) -> str:
    return f"another commit {record.seq}" if record.lost_from == record.seq else str(record.lost_from)


def _reason(outcome: Outcome) -> str:
    return ": ".join(text for text in (outcome.error, outcome.cause) if text)


def _id(event: str) -> int:
    id: int = msgspec.json.decode(event)["id"]
    return id


def seal_of(record: Record, *, settled: bool = False) -> str:
    """The seal of what is stored. Executions that have settled are forgotten, so what a process knows is never one."""
    summary = {
        "seq": record.seq,
        "phase": record.phase,
        "settled": settled,
        "waitingUntil": record.waiting_until,
        "stateMachine": record.state_machine,
    }
    return str(
        seal.sealed(record.uid, summary, seal.of_checkpoint(record.parts), seal.of_history(record.page))
    )
