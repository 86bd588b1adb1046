"""Parallel: https://docs.aws.amazon.com/step-functions/latest/dg/state-parallel.html."""

from __future__ import annotations

from stepwright.asl.definition import retry_catch
from stepwright.asl.definition.fields import Fields, Nested
from stepwright.asl.definition.pointers import child
from stepwright.asl.definition.states.envelope import Envelope
from stepwright.asl.machine import Parallel


def parse(state: Fields, envelope: Envelope) -> Parallel:
    branches = [
        Nested(raw, child(state.pointer, "Branches", index), "branch")
        for index, raw in state.objects("Branches")
    ]
    state.nested.extend(branches)
    jsonata = state.language == "JSONata"
    return Parallel(
        **envelope,
        branches=tuple(branch.pointer for branch in branches),
        parameters=state.template(state.arguments),
        result_selector=None if jsonata else state.template("ResultSelector"),
        result_path=state.target("ResultPath"),
        retry=retry_catch.retriers(state),
        catch=retry_catch.catchers(state),
    )
