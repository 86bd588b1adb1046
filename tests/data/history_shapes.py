"""AWS's own description of history events, to hold ours against: botocore's model of the Step Functions API."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from stepwright.api import model
from stepwright.asl.text import timestamps

_KINDS: dict[str, type[Any]] = {
    "string": str,
    "long": int,
    "integer": int,
    "boolean": bool,
    "structure": dict,
    "map": dict,
}
_EVENT: Any = model.service().shape_for("HistoryEvent")

TYPES: frozenset[str] = frozenset(model.service().shape_for("HistoryEventType").enum)

WITHOUT_DETAILS = frozenset(
    {
        "LambdaFunctionStarted",
        "MapRunAborted",
        "MapRunSucceeded",
        *("MapStateAborted", "MapStateFailed", "MapStateSucceeded"),
        *("ParallelStateAborted", "ParallelStateFailed", "ParallelStateStarted", "ParallelStateSucceeded"),
        *("TaskStateAborted", "WaitStateAborted"),
    }
)
"""Types for which AWS records only that they happened."""


def details_of(kind: str) -> str | None:
    """The member that holds the details of an event type."""
    if kind in WITHOUT_DETAILS:
        return None
    if kind.endswith("StateEntered"):
        return "stateEnteredEventDetails"
    if kind.endswith("StateExited"):
        return "stateExitedEventDetails"
    return f"{kind[0].lower()}{kind[1:]}EventDetails"


def filled(kind: str, text: str) -> dict[str, Any]:
    """An event of this type with all that AWS's model lets it hold: each of its texts is this one."""
    event: dict[str, Any] = {
        "timestamp": "2026-01-01T00:00:00.000Z",
        "type": kind,
        "id": 1,
        "previousEventId": 0,
    }
    member = details_of(kind)
    if member is not None:
        event[member] = _filled(_EVENT.members[member], text)
    return event


def _filled(shape: Any, text: str) -> Any:
    match shape.type_name:
        case "string":
            return text
        case "structure":
            return {name: _filled(member, text) for name, member in shape.members.items()}
        case "map":
            return {f"key{number}": _filled(shape.value, text) for number in range(2)}
        case "boolean":
            return False
        case _:
            return 1


def texts(value: Any) -> list[str]:
    """All that stand in an event's details, or within any value of them."""
    match value:
        case str():
            return [value]
        case dict():
            return [text for item in value.values() for text in texts(item)]
        case list():
            return [text for item in value for text in texts(item)]
        case _:
            return []


def check(events: Iterable[dict[str, Any]]) -> None:
    """Each event has a type of AWS's, that type's details and no others, and in them only AWS's members."""
    for event in events:
        kind = event["type"]
        assert kind in TYPES, kind
        assert type(event["id"]) is int
        assert type(event["previousEventId"]) is int
        assert isinstance(event["timestamp"], float) or timestamps.parse(event["timestamp"]) is not None
        own = set(event) - {"timestamp", "type", "id", "previousEventId"}
        expected = details_of(kind)
        assert own == ({expected} if expected else set()), (kind, own)
        if expected is not None:
            _check(_EVENT.members[expected], event[expected], f"{kind}.{expected}")


def _check(shape: Any, value: Any, where: str) -> None:
    kind = type(value)
    assert kind is _KINDS[shape.type_name], (where, value)
    if shape.type_name == "structure":
        assert set(value) <= set(shape.members), (where, set(value) - set(shape.members))
        assert set(shape.required_members) <= set(value), (where, set(shape.required_members) - set(value))
        for name, member in value.items():
            _check(shape.members[name], member, f"{where}.{name}")
    elif shape.type_name == "map":
        for key, member in value.items():
            _check(shape.key, key, where)
            _check(shape.value, member, f"{where}.{key}")
