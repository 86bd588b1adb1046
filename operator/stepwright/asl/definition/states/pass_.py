"""Pass: https://docs.aws.amazon.com/step-functions/latest/dg/state-pass.html."""

from __future__ import annotations

from stepwright.asl.definition.fields import Fields
from stepwright.asl.definition.problems import RESULT_IS_STATIC
from stepwright.asl.definition.states.envelope import Envelope
from stepwright.asl.definition.values import looks_like_path
from stepwright.asl.json_types import Json
from stepwright.asl.machine import Pass


def parse(state: Fields, envelope: Envelope) -> Pass:
    """Result and Parameters together are allowed: Result is then the state's output."""
    result = state.as_written("Result")
    if _holds_expression(result):
        state.problems.warn(
            RESULT_IS_STATIC,
            state.at("Result"),
            "'Result' is taken as written, paths in it are not evaluated; use 'Parameters'",
        )
    return Pass(
        **envelope,
        result=result,
        has_result="Result" in state,
        parameters=state.template("Parameters"),
        result_path=state.target("ResultPath"),
    )


def _holds_expression(value: Json) -> bool:
    waiting = [value]
    while waiting:
        match waiting.pop():
            case dict() as members:
                if any(key.endswith(".$") for key in members):
                    return True
                waiting.extend(members.values())
            case list() as items:
                waiting.extend(items)
            case text if looks_like_path(text):
                return True
    return False
