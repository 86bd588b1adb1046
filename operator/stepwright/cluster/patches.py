"""The JSON Patches that update what is stored for an execution.

A patch contains only what is new: changed parts of the checkpoint, new events appended, visits that changed.
It is conditional on the execution's uid and on the very commit it builds on (``commit_is``), so positions in
lists are those that this process has seen.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import msgspec

from stepwright.asl.checkpoint.checkpoint import PartId
from stepwright.asl.checkpoint.parts import STOPS
from stepwright.asl.signals import Millis, ShardCounts
from stepwright.asl.step import Outcome
from stepwright.cluster import conditions, map_runs, transitions
from stepwright.cluster.record import Record, Rolled, after_commit, seal_of
from stepwright.cluster.redrives import NOT_REDRIVEN, Kept
from stepwright.cluster.resources import Phase
from stepwright.cluster.told_visits import NOTHING, ToldVisits
from stepwright.engine.ports import Commit
from stepwright.kube import timestamps
from stepwright.kube.json_patch import Operation, add


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
    visits: ToldVisits | None = None,
    output_ref: str | None = None,
    rolled: Rolled | None = None,
    kept: Kept | None = None,
) -> Change:
    """The patch for a commit.

    ``parts`` and ``events`` are encoded already; ``visits`` is what the status then holds of them, unless nothing changes;
    ``output_ref`` names the object that holds an output too long for the status; ``rolled`` says which events have been copied
    to a page of their own; ``kept``: what is kept for a redrive, which is among ``parts``.
    """
    # Everything at once: there may be no status at all, or somebody has edited it.
    whole = record.seq == 0 or commit.whole
    after = after_commit(
        record, commit, parts, events, record.visits if visits is None else visits, rolled, whole=whole
    )
    fields = _fields(record, after, commit, output_ref, whole=whole)
    if kept is not None:
        fields |= kept.as_status()
    if whole:
        return Change([*_guard(record), add("/status", fields | _lists(after, parts))], after)
    patch = [
        *_guard(record),
        *(add(f"/status/{name}", value) for name, value in fields.items()),
        *_changes_of_parts(record, parts),
        *_changes_of_history(after, events, rolled),
        *transitions.operations(record.transitions, after.transitions),
    ]
    gone = [name for name in record.end_fields if name not in fields]
    if after.waiting_until is None and record.waiting_until is not None:
        gone.append("waitingUntil")
    patch += ({"op": "remove", "path": f"/status/{name}"} for name in gone)
    return Change(patch, after)


def _fields(
    record: Record, after: Record, commit: Commit, output_ref: str | None, *, whole: bool
) -> dict[str, Any]:
    """What is written anew of the fields that are not lists."""
    outcome, start = commit.outcome, after.start
    fields: dict[str, Any] = {
        "seq": after.seq,
        "commitId": after.commit_id,
        "currentState": _current_state(commit.current_states, after.map_runs),
    }
    if after.map_runs != record.map_runs or (whole and after.map_runs):
        fields["mapRuns"] = after.map_runs
    if after.visits != (NOTHING if whole else record.visits):
        fields["visits"] = after.visits.as_status()
    if after.redrives != (NOT_REDRIVEN if whole else record.redrives):
        fields |= after.redrives.as_status()
    if record.has_ended and outcome is None and not whole:
        fields["settled"] = False
    if after.waiting_until is not None and (whole or after.waiting_until != record.waiting_until):
        fields["waitingUntil"] = after.waiting_until
    if (
        whole
        or outcome is not None
        or record.has_ended
        or after.redrives != record.redrives
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
    if commit.shard is not None:
        fields["mapShard"] = _progress(commit.shard)
    if record.carrier is not None and (whole or record.operator != record.carrier):
        fields["operator"] = record.carrier
    if start is not None and outcome is not None:
        fields |= {
            "endTime": timestamps.rfc3339(commit.now),
            "duration": timestamps.duration(commit.now - start),
            "settled": commit.settled,
            **_result(outcome, output_ref),
        }
    return fields | {"seal": seal_of(after, settled=outcome is not None and commit.settled)}


def _progress(counts: ShardCounts) -> dict[str, int]:
    names = ("started", "finished", "failed", "children", "childrenEnded", "childrenFailed")
    return dict(zip(names, msgspec.structs.astuple(counts), strict=True))


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


def _changes_of_history(after: Record, events: Sequence[str], rolled: Rolled | None) -> Iterator[Operation]:
    if rolled is not None:
        yield add("/status/history", after.events)
        yield add("/status/historyPage", {"previous": rolled.page, "firstEventId": after.page_first})
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
        add("/status/seal", seal_of(after, settled=True)),
    ]
    return Change(patch, after)


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


def _path_of_part(part: str) -> str:
    return f"/status/checkpoint/{_escaped(part)}"


def _escaped(key: str) -> str:
    return key.replace("~", "~0").replace("/", "~1")


def _current_state(states: Sequence[str], runs: Sequence[dict[str, Any]]) -> str:
    """The text of the column in ``kubectl get``: ``Ship``, ``Check, Validate``, ``Orders[0]/Pack and 39
    more``, ``Each (640 of 3000 items, 2 failed)``."""
    if len(states) <= 3:
        return ", ".join(state + map_runs.progress(runs, state) for state in states)
    return f"{states[0]} and {len(states) - 1} more"


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
