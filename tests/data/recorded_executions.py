"""Recorded executions: what was sent to AWS, and how what became of it here differs."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, Final

from stepwright.asl.json_types import JsonText
from tests.data import conformance

Record = dict[str, Any]

COMPARED: Final = frozenset({"status", "output", "error", "cause", "history"})


def all_of_them() -> list[Record]:
    """None if the data is missing."""
    return [record for record in conformance.records() if record["kind"] == "execution"]


def definition(record: Record, names: Any) -> str:
    text: str = record.get("definition_raw") or json.dumps(names.fill(record["definition"]))
    return text


def given(record: Record, names: Any, now: datetime) -> JsonText:
    """Its input; a moment in it lies as far from ``now`` as it did at AWS."""
    if "input_raw" in record:
        return JsonText(names.fill(record["input_raw"]))
    value, dynamic = names.fill(record["input"]), record.get("dynamic_input")
    if dynamic:
        days = re.search(r"\d+", dynamic["value"])
        assert days is not None
        moment = now + timedelta(days=int(days[0]))
        value = {**value, dynamic["path"].removeprefix("$."): moment.strftime(dynamic["format"])}
    return JsonText(json.dumps(value))


def name(record: Record, names: Any) -> str:
    placeholder = re.search(r"<ExecArnPart_\w+>", json.dumps(record["expected"]))
    text: str = names.fill(placeholder[0] if placeholder else "<ExecArnPart_0idx>")
    return text


def differences(
    record: Record, matcher: Any, names: Any, observed: Mapping[str, Any]
) -> dict[str, list[Any]]:
    """By level (output, history) what is not as recorded. ``observed``: ``COMPARED``, as far as they are there."""
    comparison = conformance.runner()
    seen = dict(observed)
    if any(rule.get("transformer") == "GenericTransformer" for rule in record.get("normalizations") or ()):
        seen["history"] = [_parsed(event) for event in seen["history"]]
    parts = [part for part in comparison.expectations(record, names) if part[1] in COMPARED]
    comparison.compare(matcher, parts, seen)
    found: dict[str, list[Any]] = {"output": [], "history": []}
    for difference in matcher.diffs:
        if not difference["soft"]:
            found[difference["level"]].append(difference)
    return found


def _parsed(event: Record) -> Record:
    """The event as a recording has it whose output texts were parsed, numbers included."""
    details = event.get("stateExitedEventDetails")
    if details is None or not re.fullmatch(r"\d+", details["output"]):
        return event
    return event | {"stateExitedEventDetails": details | {"output": json.loads(details["output"])}}
