"""Fail: https://docs.aws.amazon.com/step-functions/latest/dg/state-fail.html."""

from __future__ import annotations

from stepwright.asl.data import Expression
from stepwright.asl.definition import languages
from stepwright.asl.definition.fields import Fields
from stepwright.asl.definition.states.envelope import Envelope
from stepwright.asl.machine import Fail


def parse(state: Fields, envelope: Envelope) -> Fail:
    return Fail(
        **envelope, error=_text_or_expression(state, "Error"), cause=_text_or_expression(state, "Cause")
    )


def _text_or_expression(state: Fields, name: str) -> str | Expression | None:
    """A literal; its ...Path form, which takes intrinsic functions, too; in JSONata an expression."""
    if state.language == "JSONata" and languages.is_jsonata_expression(state.raw.get(name)):
        return state.template(name)
    literal = state.text(name)
    dynamic = f"{name}Path"
    if dynamic not in state or state.language == "JSONata":
        return literal
    if name in state:
        state.problems.exclusive(state.pointer, [name, dynamic])
    return state.path(dynamic, calls=True)
