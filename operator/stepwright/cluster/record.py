"""What is stored for one execution, as this process knows it, and the JSON Patch that updates it.

A patch contains only what is new: changed parts of the checkpoint, new events appended, visits that changed.
It is conditional on the execution's uid and on the very commit it builds on (``commit_is``), so positions in
lists are those that this process has seen.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Final

import msgspec

from stepwright.asl.checkpoint.checkpoint import PartId
from stepwright.asl.checkpoint.parts import STOPS
from stepwright.asl.signals import Millis
from stepwright.asl.step import Outcome
from stepwright.cluster import conditions, seal, transitions
from stepwright.cluster.resources import Phase
from stepwright.cluster.stored import Stored
from stepwright.engine.ports import Commit
from stepwright.kube import timestamps
from stepwright.kube.json_patch import Operation, add

if TYPE_CHECKING:
    from hashlib import _Hash

# A longer page is copied to its own object. Small pages keep the Execution small, which etcd stores whole
# with every write; each page costs one create.
LARGEST_PAGE_BYTES: Final = 48 * 1024

PHASES: Final[Mapping[str, Phase]] = {
    "SUCCEEDED": "Succeeded",
    "FAILED": "Failed",
    "TIMED_OUT": "TimedOut",
    "ABORTED": "Aborted",
}


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
    conditions: list[dict[str, Any]] = field(default_factory=list)
    commit_id: str | None = None
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
            conditions=stored.conditions,
            commit_id=stored.commit_id,
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
    def page_is_full(self) -> bool:
        return self.page_bytes > LARGEST_PAGE_BYTES


@dataclass(frozen=True, slots=True)
class Change:
    """A patch, and the record after the patch has landed."""

    patch: list[Operation]
    after: Record


def of_commit(
    record: Record,
    commit: Commit,
    parts: Mapping[PartId, str | None],
    events: Sequence[str],
    *,
    output_ref: str | None = None,
    rolled_page: str | None = None,
) -> Change:
    """The patch for a commit.

    ``parts`` and ``events`` are encoded already; ``output_ref`` names the object that holds an output too
    long for the status; ``rolled_page`` names the page to which all events known so far have been copied.
    """
    # Everything at once: there may be no status at all, or somebody has edited it.
    whole = record.seq == 0 or commit.whole
    after = _after(record, commit, parts, events, rolled_page, whole=whole)
    fields = _fields(record, after, commit, output_ref, whole=whole)
    if whole:
        return Change([*_guard(record), add("/status", fields | _lists(after, parts))], after)
    patch = [
        *_guard(record),
        *(add(f"/status/{name}", value) for name, value in fields.items()),
        *_changes_of_parts(record, parts),
        *_changes_of_history(after, events, rolled_page),
        *transitions.operations(record.transitions, after.transitions),
    ]
    if after.waiting_until is None and record.waiting_until is not None:
        patch.append({"op": "remove", "path": "/status/waitingUntil"})
    return Change(patch, after)


def _after(
    record: Record,
    commit: Commit,
    parts: Mapping[PartId, str | None],
    events: Sequence[str],
    rolled_page: str | None,
    *,
    whole: bool,
) -> Record:
    phase: Phase = "Running" if commit.outcome is None else PHASES[commit.outcome.status]
    kept = {} if whole else {part: digest for part, digest in record.parts.items() if part not in parts}
    page = seal.new_page(rolled_page) if rolled_page else record.page
    return replace(
        record,
        seq=commit.expected_seq + 1,
        commit_id=commit.commit_id,
        lost_from=None,
        operator=record.carrier or record.operator,
        start=commit.started if record.start is None else record.start,
        waiting_until=None if commit.waiting_until is None else timestamps.rfc3339(commit.waiting_until),
        phase=phase,
        events=[*([] if rolled_page else record.events), *events],
        page_bytes=(0 if rolled_page else record.page_bytes) + sum(map(len, events)),
        page_first=_id(record.events[-1]) + 1 if rolled_page and record.events else record.page_first,
        previous_page=rolled_page or record.previous_page,
        transitions=transitions.after(record.transitions, commit, record.namespace),
        conditions=_conditions(record, commit, phase),
        page=seal.with_events(page, events),
        parts=kept | {part: seal.of_part(text) for part, text in parts.items() if text is not None},
    )


def _conditions(record: Record, commit: Commit, phase: Phase) -> list[dict[str, Any]]:
    now = timestamps.seconds(commit.now)
    detail = "" if commit.outcome is None else _reason(commit.outcome)
    said = conditions.of_execution(
        record.conditions, phase, now=now, generation=record.generation, detail=detail
    )
    if record.lost_from is None:
        return said
    return conditions.with_restored(
        said,
        f"commit {record.seq} was restored, {_newest(record)} was the newest; tasks begun since may run again",
        now=now,
        generation=record.generation,
    )


def _fields(
    record: Record, after: Record, commit: Commit, output_ref: str | None, *, whole: bool
) -> dict[str, Any]:
    """What is written anew of the fields that are no lists."""
    outcome, start = commit.outcome, after.start
    fields: dict[str, Any] = {
        "seq": after.seq,
        "commitId": after.commit_id,
        "currentState": _current_state(commit.current_states),
    }
    if after.waiting_until is not None and (whole or after.waiting_until != record.waiting_until):
        fields["waitingUntil"] = after.waiting_until
    if (
        whole
        or outcome is not None
        or record.lost_from is not None
        or record.explained
        or conditions.is_stalled(record.conditions)
    ):
        fields |= {
            "phase": after.phase,
            "conditions": after.conditions,
            "observedGeneration": record.generation,
        }
    if start is not None and whole:
        fields |= {"startTime": timestamps.rfc3339(start), "stateMachine": dict(record.state_machine)}
    if record.carrier is not None and (whole or record.operator != record.carrier):
        fields["operator"] = record.carrier
    if start is not None and outcome is not None:
        fields |= {
            "endTime": timestamps.rfc3339(commit.now),
            "duration": timestamps.duration(commit.now - start),
            "settled": commit.settled,
            **_result(outcome, output_ref),
        }
    return fields | {"seal": _seal(after, settled=outcome is not None and commit.settled)}


def _lists(after: Record, parts: Mapping[PartId, str | None]) -> dict[str, Any]:
    fields: dict[str, Any] = {
        "checkpoint": {part: text for part, text in parts.items() if text is not None},
        "history": after.events,
        "transitions": after.transitions,
    }
    if after.previous_page is not None:
        fields["historyPage"] = {"previous": after.previous_page, "firstEventId": after.page_first}
    return fields


def _changes_of_parts(record: Record, parts: Mapping[PartId, str | None]) -> Iterator[Operation]:
    for part, text in parts.items():
        path = _path_of_part(part)
        if text is not None:
            yield add(path, text)
        elif part in record.parts:  # a part that came and went within this commit was never stored
            yield {"op": "remove", "path": path}


def _changes_of_history(after: Record, events: Sequence[str], rolled_page: str | None) -> Iterator[Operation]:
    if rolled_page:
        yield add("/status/history", list(events))
        yield add("/status/historyPage", {"previous": rolled_page, "firstEventId": after.page_first})
    else:
        for event in events:
            yield add("/status/history/-", event)


def of_explanation(record: Record, reason: str, now: Millis) -> Change:
    """The patch that says why the execution cannot be written. It is not a commit: only conditions change."""
    phase: Phase = "Pending" if record.seq == 0 else record.phase
    said = conditions.of_execution(
        record.conditions,
        phase,
        now=timestamps.seconds(now),
        generation=record.generation,
        reason=conditions.CANNOT_BE_WRITTEN,
        detail=reason,
    )
    patch = [*_guard(record), add("/status/conditions", said)]
    return Change(patch, replace(record, conditions=said))


def of_settling(record: Record, commit_id: str) -> Change:
    """The patch that says that nothing is left to stop."""
    stops = [part for part in record.parts if part.startswith(STOPS)]
    kept = {part: digest for part, digest in record.parts.items() if part not in stops}
    after = replace(record, seq=record.seq + 1, commit_id=commit_id, parts=kept)
    patch = [
        *_guard(record),
        *({"op": "remove", "path": _path_of_part(part)} for part in stops),
        add("/status/seq", after.seq),
        add("/status/commitId", commit_id),
        add("/status/settled", True),
        add("/status/seal", _seal(after, settled=True)),
    ]
    return Change(patch, after)


def seal_of(record: Record) -> str:
    """The seal of what is stored, as this process knows it. Settled executions are forgotten, so it is never
    one."""
    return _seal(record, settled=False)


def _seal(after: Record, *, settled: bool) -> str:
    summary = {
        "seq": after.seq,
        "phase": after.phase,
        "settled": settled,
        "waitingUntil": after.waiting_until,
        "stateMachine": after.state_machine,
    }
    return str(seal.sealed(after.uid, summary, seal.of_checkpoint(after.parts), seal.of_history(after.page)))


def commit_is(uid: str, seq: int, commit_id: str | None) -> list[Operation]:
    """The conditions under which a patch applies; the API server answers 422 if one does not hold.

    The number alone does not identify a commit: an etcd that was restored twice may hold another commit of
    the same number. Before the first commit there is no id.
    """
    tests: list[Operation] = [
        {"op": "test", "path": "/metadata/uid", "value": uid},
        {"op": "test", "path": "/status/seq", "value": seq},
    ]
    if commit_id is not None:
        tests.append({"op": "test", "path": "/status/commitId", "value": commit_id})
    return tests


def _guard(record: Record) -> list[Operation]:
    return commit_is(record.uid, record.seq, record.commit_id)


def _newest(record: Record) -> str:
    return f"another commit {record.seq}" if record.lost_from == record.seq else str(record.lost_from)


def _path_of_part(part: str) -> str:
    return f"/status/checkpoint/{_escaped(part)}"


def _escaped(key: str) -> str:
    return key.replace("~", "~0").replace("/", "~1")


def _id(event: str) -> int:
    id: int = msgspec.json.decode(event)["id"]
    return id


def _current_state(states: Sequence[str]) -> str:
    """The text of the column in ``kubectl get``: ``Ship``, ``Check, Validate``, ``Orders[0]/Pack and 39
    more``."""
    if len(states) <= 3:
        return ", ".join(states)
    return f"{states[0]} and {len(states) - 1} more"


def _reason(outcome: Outcome) -> str:
    return ": ".join(text for text in (outcome.error, outcome.cause) if text)


def _result(outcome: Outcome, output_ref: str | None) -> dict[str, Any]:
    result: dict[str, Any] = {}
    if output_ref is not None:
        result["outputRef"] = {"name": output_ref}
    elif outcome.output is not None:
        result["output"] = outcome.output
    if outcome.error is not None:
        result["error"] = outcome.error
    if outcome.cause is not None:
        result["cause"] = outcome.cause
    return result
