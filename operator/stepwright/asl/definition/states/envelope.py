"""The fields that states share: who they are, what goes in and out, what comes next."""

from __future__ import annotations

from typing import TypedDict

from stepwright.asl.data import Expression, Selection
from stepwright.asl.definition.fields import IDENTITY, Fields
from stepwright.asl.json_types import Pointer
from stepwright.asl.machine import QueryLanguage

_GO_ON = frozenset({"Task", "Wait", "Pass", "Parallel", "Map"})


class Envelope(TypedDict):
    """The keyword arguments of ``StateBase``."""

    name: str
    pointer: Pointer
    comment: str | None
    query_language: QueryLanguage
    next: str | None
    end: bool
    input_path: Selection | None
    output_path: Selection | None
    assign: Expression | None
    output: Expression | None


def read(name: str, state_type: str, state: Fields) -> Envelope:
    next_state, end = _transition(state) if state_type in _GO_ON else (None, False)
    jsonata = state.language == "JSONata"
    return Envelope(
        name=name,
        pointer=state.pointer,
        comment=state.comment(),
        query_language=state.language,
        next=next_state,
        end=end,
        input_path=IDENTITY if jsonata else state.selection("InputPath"),
        output_path=IDENTITY if jsonata else state.selection("OutputPath"),
        assign=state.assignment(),
        output=state.template("Output") if jsonata else None,
    )


def _transition(state: Fields) -> tuple[str | None, bool]:
    """Next or End, exactly one. ``End: false`` has no effect."""
    next_state = state.text("Next", literal=False)
    end = state.boolean("End") is True
    if "Next" in state and end:
        state.problems.exclusive(state.pointer, ["Next", "End"])
    elif "Next" not in state and not end and not ("End" in state and state.raw["End"] is not False):
        state.problems.error(state.pointer, "One of these fields is required: [Next, End]")
    return next_state, end
