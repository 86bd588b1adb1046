"""What is stored of one execution, as this process knows it, and the JSON Patch that carries it further.

A patch says only what is new: changed parts of the checkpoint, new events appended, visits that changed. It applies
on condition of the execution's uid and ``seq``, so positions in lists are those this process has seen.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

import msgspec

from stepwright.asl.signals import Millis
from stepwright.asl.step import Outcome, Visit
from stepwright.cluster import conditions, timestamps
from stepwright.engine.ports import Commit

MOST_TRANSITIONS: Final = 50
LARGEST_INLINE_OUTPUT_BYTES: Final = 8 * 1024
# A page is copied away once it is longer than this. Small pages keep the object small, and etcd stores the whole
# object with every write; each page costs one create.
LARGEST_PAGE_BYTES: Final = 48 * 1024

PHASES: Final = {
    "SUCCEEDED": "Succeeded",
    "FAILED": "Failed",
    "TIMED_OUT": "TimedOut",
    "ABORTED": "Aborted",
}

Operation = dict[str, Any]


@dataclass(slots=True)
class Record:
    """The stored status of one execution. Changed only by ``apply`` once a patch is known to have landed."""

    namespace: str
    name: str
    uid: str
    state_machine: Mapping[str, str]
    """``name``, ``uid`` and ``revision``: what the execution is pinned to."""
    generation: int
    seq: int = 0
    start: Millis | None = None
    events: list[str] = field(default_factory=list)
    page_bytes: int = 0
    page_first: int = 1
    previous_page: str | None = None
    transitions: list[dict[str, Any]] = field(default_factory=list)
    conditions: list[dict[str, Any]] = field(default_factory=list)
    stored: set[str] = field(default_factory=set)
    """Hashes of payloads known to be stored."""

    @classmethod
    def of(cls, body: Mapping[str, Any], state_machine: Mapping[str, str]) -> Record:
        metadata, status = body["metadata"], body.get("status") or {}
        page = status.get("historyPage") or {}
        events = list(status.get("history") or ())
        start = status.get("startTime")
        return cls(
            namespace=metadata["namespace"],
            name=metadata["name"],
            uid=metadata["uid"],
            state_machine=state_machine,
            generation=metadata.get("generation", 1),
            seq=status.get("seq") or 0,
            start=None if start is None else timestamps.millis(start),
            events=events,
            page_bytes=sum(map(len, events)),
            page_first=page.get("firstEventId") or 1,
            previous_page=page.get("previous"),
            transitions=list(status.get("transitions") or ()),
            conditions=list(status.get("conditions") or ()),
        )

    @property
    def page_is_full(self) -> bool:
        return self.page_bytes > LARGEST_PAGE_BYTES

    @property
    def page_name(self) -> str:
        return f"{self.uid}-{self.page_first}"


@dataclass(frozen=True, slots=True)
class Change:
    """A patch, and the record as it is once the patch has landed."""

    patch: list[Operation]
    after: Record


def of_commit(
    record: Record,
    commit: Commit,
    parts: Mapping[str, str | None],
    events: Sequence[str],
    output_ref: str | None,
    rolled_page: str | None,
) -> Change:
    """The patch for a commit.

    ``parts`` and ``events`` are encoded already; ``output_ref`` names the object that holds an output too long to
    stand in the status; ``rolled_page`` names the page to which all events known so far have been copied.
    """
    first = record.seq == 0
    outcome = commit.outcome
    start = commit.now if record.start is None else record.start
    transitions = _transitions(record, commit)
    phase = "Running" if outcome is None else PHASES[outcome.status]
    status_conditions = conditions.of_execution(
        record.conditions, phase, outcome, record.generation, commit.now
    )

    fields: dict[str, Any] = {
        "seq": commit.expected_seq + 1,
        "commitId": commit.commit_id,
        "currentState": _current_state(commit.current_states),
    }
    if first or outcome is not None:
        fields |= {"phase": phase, "conditions": status_conditions, "observedGeneration": record.generation}
    if first:
        fields |= {"startTime": timestamps.rfc3339(start), "stateMachine": dict(record.state_machine)}
    if outcome is not None:
        fields |= {
            "endTime": timestamps.rfc3339(commit.now),
            "duration": timestamps.duration(commit.now - start),
            "settled": commit.settled,
            **_result(outcome, output_ref),
        }

    after = Record(
        namespace=record.namespace,
        name=record.name,
        uid=record.uid,
        state_machine=record.state_machine,
        generation=record.generation,
        seq=commit.expected_seq + 1,
        start=start,
        events=[*([] if rolled_page else record.events), *events],
        page_bytes=(0 if rolled_page else record.page_bytes) + sum(map(len, events)),
        page_first=_first_id(events) if rolled_page and events else record.page_first,
        previous_page=rolled_page or record.previous_page,
        transitions=transitions,
        conditions=status_conditions,
        stored=record.stored,
    )
    if first:
        # Everything at once: the status may not have been there at all.
        fields |= {
            "checkpoint": {part: text for part, text in parts.items() if text is not None},
            "history": list(events),
            "transitions": transitions,
        }
        return Change([*_guard(record), {"op": "add", "path": "/status", "value": fields}], after)
    patch = [
        *_guard(record),
        *({"op": "add", "path": f"/status/{name}", "value": value} for name, value in fields.items()),
    ]
    for part, text in parts.items():
        path = f"/status/checkpoint/{_escaped(part)}"
        patch.append(
            {"op": "remove", "path": path} if text is None else {"op": "add", "path": path, "value": text}
        )
    if rolled_page:
        page = {"previous": rolled_page, "firstEventId": after.page_first}
        patch.append({"op": "add", "path": "/status/history", "value": list(events)})
        patch.append({"op": "add", "path": "/status/historyPage", "value": page})
    else:
        patch += [{"op": "add", "path": "/status/history/-", "value": event} for event in events]
    patch += _transition_operations(record.transitions, transitions)
    return Change(patch, after)


def of_settling(record: Record, commit_id: str) -> Change:
    """The patch that says that nothing is left to stop."""
    patch = [
        *_guard(record),
        {"op": "add", "path": "/status/seq", "value": record.seq + 1},
        {"op": "add", "path": "/status/commitId", "value": commit_id},
        {"op": "add", "path": "/status/settled", "value": True},
    ]
    return Change(patch, msgspec.structs.replace(record, seq=record.seq + 1) if False else _with_seq(record))


def _with_seq(record: Record) -> Record:
    from dataclasses import replace

    return replace(record, seq=record.seq + 1)
