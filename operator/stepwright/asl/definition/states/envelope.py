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
    next_state = state.state_name("Next")
    end = state.boolean("End") is True
    state.only_one("Next", "End", required=True)
    return next_state, end
