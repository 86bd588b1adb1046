"""Wait: https://docs.aws.amazon.com/step-functions/latest/dg/state-wait.html."""

from __future__ import annotations

from stepwright.asl.data import Expression
from stepwright.asl.definition import limits, placeholders
from stepwright.asl.definition.fields import Fields
from stepwright.asl.definition.states.envelope import Envelope
from stepwright.asl.machine import Wait
from stepwright.asl.text import timestamps


def parse(state: Fields, envelope: Envelope) -> Wait:
    state.only_one("Seconds", "SecondsPath", "Timestamp", "TimestampPath", required=True)
    json_path = state.language == "JSONPath"
    return Wait(
        **envelope,
        seconds=_seconds(state),
        seconds_path=state.path("SecondsPath") if json_path else None,
        timestamp=_timestamp(state),
        timestamp_path=state.path("TimestampPath") if json_path else None,
    )


def _seconds(state: Fields) -> int | Expression | None:
    if state.is_expression("Seconds"):
        return state.template("Seconds")
    return state.integer("Seconds", 0, limits.SECONDS)


def _timestamp(state: Fields) -> str | Expression | None:
    if state.is_expression("Timestamp"):
        return state.template("Timestamp")
    text = state.text("Timestamp")
    if text is None:
        return None
    if placeholders.in_text(text):
        state.problems.placeholder(state.at("Timestamp"), text)
    elif timestamps.parse(text) is None or text != text.upper():  # a literal needs a capital T and Z
        state.problems.error(state.at("Timestamp"), "String does not match RFC3339 timestamp")
    return text
