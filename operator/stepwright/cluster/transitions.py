"""The newest visits of states, as an Execution's status shows them to people: which there are after a commit, and the changes that
lead there.
"""

from __future__ import annotations

import bisect
from collections.abc import Mapping, Sequence
from typing import Any, Final

from stepwright.asl.step import Visit
from stepwright.catalog import arns
from stepwright.cluster.nested.names import object_name
from stepwright.engine.ports import Commit
from stepwright.kube import timestamps
from stepwright.kube.json_patch import Operation, add

MOST_TRANSITIONS: Final = 50
MOST_ENDED: Final = 20
"""Of these, so many have ended. The API server takes longer for a status the more values are in it: with 50 visits a write
takes nearly three times as long as without any, and there is one for each step of an execution."""

_PATH: Final = "/status/transitions"


_WHAT_RUNS_IT: Final = ("job", "execution")
"""A later report of a visit may lack what an earlier one had."""


def after(before: Sequence[dict[str, Any]], commit: Commit, namespace: str) -> list[dict[str, Any]]:
    """``namespace``: the execution's own."""
    transitions = list(before)
    position = {entry["id"]: index for index, entry in enumerate(transitions)}
    newest = transitions[-1]["id"] if transitions else 0
    for visit in commit.visits:
        shown = commit.shown.get(visit.task) if visit.task is not None else None
        entry = _entry(visit, {} if shown is None else _shown(shown, namespace))
        index = position.get(visit.id)
        if index is not None:
            known = {name: text for name, text in transitions[index].items() if name in _WHAT_RUNS_IT}
            transitions[index] = known | entry
        elif visit.id > newest:
            transitions.append(entry)
        elif visit.outcome is None:  # a redrive goes on with one that is not shown any more
            bisect.insort(transitions, entry, key=_id)
            position = {each["id"]: index for index, each in enumerate(transitions)}
    return _kept(transitions)


def _id(entry: Mapping[str, Any]) -> int:
    id: int = entry["id"]
    return id


def _kept(transitions: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Without the oldest of those that have ended, and then without the oldest, if there are too many."""
    ended = [entry["id"] for entry in transitions if "outcome" in entry]
    dropped = set(ended[:-MOST_ENDED])
    return [entry for entry in transitions if entry["id"] not in dropped][-MOST_TRANSITIONS:]


def _shown(name: str, namespace: str) -> dict[str, str]:
    """``name``: a Job's, or the ARN of an execution."""
    arn = arns.parse(name)
    if arn is None:
        return {"job": name}
    execution = object_name(*arn.names)
    return {"execution": execution if arn.account == namespace else f"{arn.account}/{execution}"}


def _entry(visit: Visit, shown: Mapping[str, str]) -> dict[str, Any]:
    entry: dict[str, Any] = {
        "id": visit.id,
        "path": visit.path,
        "state": visit.state,
        "type": visit.type,
        "startTime": timestamps.rfc3339(visit.started),
        "attempts": visit.attempts,
    }
    if visit.outcome is not None:
        entry["outcome"] = visit.outcome
    if visit.ended is not None:
        entry["durationSeconds"] = (visit.ended - visit.started) / 1000
    entry |= shown
    if visit.error is not None:
        entry["error"] = visit.error
    return entry


def operations(before: Sequence[dict[str, Any]], after: Sequence[dict[str, Any]]) -> list[Operation]:
    """The changes that lead from one list to the other."""
    stay = {entry["id"] for entry in after}
    kept = [entry for entry in before if entry["id"] in stay]
    if not kept or [*map(_id, kept)] != [*map(_id, after[: len(kept)])]:
        return [] if before == after else [add(_PATH, after)]
    dropped = [index for index, entry in enumerate(before) if entry["id"] not in stay]
    changes: list[Operation] = [{"op": "remove", "path": f"{_PATH}/{index}"} for index in reversed(dropped)]
    changes += [
        {"op": "replace", "path": f"{_PATH}/{index}", "value": new}
        for index, (old, new) in enumerate(zip(kept, after, strict=False))
        if old != new
    ]
    changes += [add(f"{_PATH}/-", entry) for entry in after[len(kept) :]]
    return changes if len(changes) < len(after) else [add(_PATH, after)]
