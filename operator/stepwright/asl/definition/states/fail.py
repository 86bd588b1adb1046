"""Fail: https://docs.aws.amazon.com/step-functions/latest/dg/state-fail.html."""

from __future__ import annotations

from typing import Final

from stepwright.asl.data import Expression
from stepwright.asl.definition.fields import Fields
from stepwright.asl.definition.pointers import child
from stepwright.asl.definition.states.envelope import Envelope
from stepwright.asl.intrinsics import Intrinsic
from stepwright.asl.machine import Fail

_GIVE_TEXT: Final = frozenset(
    f"States.{name}"
    for name in ("ArrayGetItem", "Base64Decode", "Base64Encode", "Format", "Hash", "JsonToString", "UUID")
)


def parse(state: Fields, envelope: Envelope) -> Fail:
    return Fail(
        **envelope, error=_text_or_expression(state, "Error"), cause=_text_or_expression(state, "Cause")
    )


def _text_or_expression(state: Fields, name: str) -> str | Expression | None:
    """A literal; its ...Path form, which takes intrinsic functions, too; in JSONata an expression."""
    if state.is_expression(name):
        return state.template(name)
    literal = state.text(name)
    dynamic = f"{name}Path"
    if dynamic not in state or state.language == "JSONata":
        return literal
    state.only_one(name, dynamic)
    path = state.path(dynamic, calls=True)
    if isinstance(path, Intrinsic) and path.name not in _GIVE_TEXT:
        allowed = ", ".join(sorted(_GIVE_TEXT))
        message = f"An intrinsic function in the field '{dynamic}' must give a string, as these do: {allowed}"
        state.problems.error(child(state.pointer, dynamic), message)
    return path
