"""Wait: https://docs.aws.amazon.com/step-functions/latest/dg/state-wait.html."""

from __future__ import annotations

from stepwright.asl.data import Expression
from stepwright.asl.definition import languages, limits, placeholders
from stepwright.asl.definition.fields import Fields
from stepwright.asl.definition.states.envelope import Envelope
from stepwright.asl.machine import Wait
from stepwright.asl.text import timestamps

_FORMS = ("Seconds", "SecondsPath", "Timestamp", "TimestampPath")


def parse(state: Fields, envelope: Envelope) -> Wait:
    given = [form for form in _FORMS if form in state]
    if not given:
        forms = _FORMS if state.language == "JSONPath" else ("Seconds", "Timestamp")
        state.problems.error(state.pointer, f"One of these fields is required: [{', '.join(forms)}]")
    elif len(given) > 1:
        state.problems.exclusive(state.pointer, given)
    json_path = state.language == "JSONPath"
    return Wait(
        **envelope,
        seconds=_seconds(state),
        seconds_path=state.path("SecondsPath") if json_path else None,
        timestamp=_timestamp(state),
        timestamp_path=state.path("TimestampPath") if json_path else None,
    )


def _seconds(state: Fields) -> int | Expression | None:
    if state.language == "JSONata" and languages.is_jsonata_expression(state.raw.get("Seconds")):
        return state.template("Seconds")
    return state.integer("Seconds", 0, limits.SECONDS)


def _timestamp(state: Fields) -> str | Expression | None:
    if state.language == "JSONata" and languages.is_jsonata_expression(state.raw.get("Timestamp")):
        return state.template("Timestamp")
    text = state.text("Timestamp")
    if text is None:
        return None
    if placeholders.in_text(text):
        state.problems.placeholder(state.at("Timestamp"), text)
    elif timestamps.parse(text) is None or text != text.upper():  # a literal needs a capital T and Z
        state.problems.error(state.at("Timestamp"), "String does not match RFC3339 timestamp")
    return text
