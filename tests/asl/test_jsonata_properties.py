"""What holds of every execution with JSONata states: it ends, its history is whole, and it can be replayed."""

from __future__ import annotations

from typing import Any, Final

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.strategies import DrawFn

from stepwright.asl.limits import Limits
from stepwright.asl.text.jsontext import dump
from tests.asl.random_machines import definitions, inputs
from tests.asl.test_interpreter_properties import (
    assert_nothing_is_open,
    assert_texts_are_json,
    assert_visits_are_told,
    played,
)
from tests.asl.virtual_time import Play, machine

_JSONPATH_ONLY: Final = (
    "InputPath",
    "OutputPath",
    "Parameters",
    "Result",
    "ResultPath",
    "ResultSelector",
    "ItemsPath",
    "SecondsPath",
)

values = st.sampled_from(
    [
        "{% $states.input %}",
        "{% $states.input.a %}",
        "{% $states.input.b + 1 %}",
        "{% $states.context.State.Name %}",
        "{% $x %}",
        "{% [$x, $states.input.a[0]] %}",
        "{% $states.input.a ~> $count() %}",
        "{% $uuid() & $random() & $now() %}",
        "{% $map($states.input.a, function($v) { $v * 2 }) %}",
        "{% $error('no') %}",
        "{% ($f := function() { $f() + 1 }; $f()) %}",
        {"a": ["{% $states.input.a %}", 1], "b": "{% $exists($x) ? $x : 0 %}"},
        {"a": [[1], [2]], "b": 1},
        1,
    ]
)
results = values | st.sampled_from(["{% $states.result %}", {"a": "{% $states.result %}", "b": 2}])
errors = values | st.just("{% $states.errorOutput %}")
assigned = values.map(lambda value: {"x": value})
numbers = st.sampled_from(["{% $states.input.b %}", "{% 1 %}", "{% 2 * 1 %}", "{% 'a' %}"])
booleans = st.sampled_from(["{% $states.input.b > 1 %}", "{% $exists($x) %}", "{% $states.input.b %}", True])
items = st.sampled_from(["{% $states.input.a %}", [1, "{% $states.input.b %}"], "{% [1..3] %}"])


@st.composite
def jsonata_definitions(draw: DrawFn) -> dict[str, Any]:
    definition = draw(definitions())
    return draw(_scope(definition)) | {"QueryLanguage": "JSONata"}


@st.composite
def _scope(draw: DrawFn, scope: dict[str, Any]) -> dict[str, Any]:
    return scope | {"States": {name: draw(_state(state)) for name, state in scope["States"].items()}}


@st.composite
def _state(draw: DrawFn, state: dict[str, Any]) -> dict[str, Any]:
    """The state with the fields of JSONata where it had some of JSONPath."""
    state = {name: value for name, value in state.items() if name not in _JSONPATH_ONLY}
    kind = state["Type"]
    output = results if kind in ("Task", "Parallel", "Map") else values
    maybe: dict[str, st.SearchStrategy[Any]] = {} if kind == "Fail" else {"Output": output}
    match kind:
        case "Pass" | "Wait":
            maybe["Assign"] = assigned
        case "Task" | "Parallel":
            maybe["Arguments"] = values
        case "Map":
            maybe |= {"Items": items, "ItemSelector": values, "MaxConcurrency": numbers}
        case "Fail":
            maybe |= {"Error": st.sampled_from(["{% $states.input.a %}", "{% 'E' %}"]), "Cause": st.just("c")}
        case "Choice":
            rule = {"Condition": draw(booleans), "Next": state["Choices"][0]["Next"], "Output": draw(values)}
            state["Choices"] = [rule]
    if kind == "Wait":
        state["Seconds"] = draw(st.sampled_from([0, 7]) | numbers)
    for name, strategy in maybe.items():
        if draw(st.integers(0, 1)):
            state[name] = draw(strategy)
    for catcher in state.get("Catch", ()):
        catcher.pop("ResultPath", None)
        catcher["Output"] = draw(errors)
    if "Branches" in state:
        state["Branches"] = [draw(_scope(branch)) for branch in state["Branches"]]
    if "ItemBatcher" in state:
        state["ItemBatcher"] = {"MaxItemsPerBatch": draw(numbers), "BatchInput": draw(values)}
    if "ItemProcessor" in state:
        state["ItemProcessor"] = draw(_scope(state["ItemProcessor"]))
    return _without_inner_assign(state)


def _without_inner_assign(state: dict[str, Any]) -> dict[str, Any]:
    """A scope within may not assign what the one around does; all names here are the same."""
    for scope in [
        *state.get("Branches", ()),
        *([state["ItemProcessor"]] if "ItemProcessor" in state else []),
    ]:
        for inner in scope["States"].values():
            inner.pop("Assign", None)
    return state


@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(jsonata_definitions(), inputs, st.integers(0, 2**32))
def test_every_execution_ends_and_its_history_is_whole(
    definition: dict[str, Any], document: Any, seed: int
) -> None:
    play = played(definition, document, seed)

    assert [event["id"] for event in play.events] == list(range(1, len(play.events) + 1))
    assert all(event["previousEventId"] < event["id"] for event in play.events)
    assert play.types[-1].startswith("Execution")
    assert_texts_are_json(play)
    assert_nothing_is_open(play)
    assert_visits_are_told(play)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(jsonata_definitions(), inputs)
def test_the_bound_of_a_step_does_not_change_what_is_recorded_of_one_branch(
    definition: dict[str, Any], document: Any
) -> None:
    if any(kind in str(definition) for kind in ("'Parallel'", "'Map'", "$uuid", "FULL")):
        return
    histories = []
    for bound in (1, 1_000):
        play = Play(machine(definition), Limits(events_per_step=bound))
        play.start(dump(document))
        histories.append(play.to_end().events)

    assert histories[0] == histories[1]
