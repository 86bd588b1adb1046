"""What a step costs is counted, whatever it does, and bounded."""

from __future__ import annotations

import time
from collections.abc import Callable

import pytest

from stepwright.asl import interpreter, jsontext, meter
from stepwright.asl.definition import compile_definition
from stepwright.asl.json_types import JsonText
from stepwright.asl.limits import CLUSTER, Limits
from stepwright.asl.machine import Machine
from stepwright.asl.meter import TakesLong
from stepwright.asl.signals import Continue, Millis, Moment
from stepwright.asl.step import Step
from tests.asl.hostile_states import FAMILIES, HOG, Case
from tests.asl.virtual_time import IDENTITY

MOMENT = Moment(Millis(1_767_225_600_000), 1)
PATIENCE = 20_000
LIMITS = Limits(work_per_step=10_000, work_per_state=200_000)
"""A fifth and a tenth of what they are, as these cost as much as anything can."""

MOST_STEPS = 6
"""Enough of an execution that goes on for ever."""

MOST_MICROSECONDS = 15
"""Of the processor, for a unit that is about one: ten times more shows that something is not counted."""

BESIDE = 250_000
BESIDE_SECONDS = 0.15
"""For one look at data of the largest size, which comes before it is counted."""


def _begin(case: Case, patience: int | None = None) -> tuple[Machine, Step]:
    definition, given = case
    machine, _ = compile_definition(jsontext.dump(definition))
    return machine, _start(machine, JsonText(jsontext.dump(given)), patience)


def _start(machine: Machine, given: JsonText, patience: int | None) -> Step:
    return interpreter.start(machine, IDENTITY, given, MOMENT, LIMITS, patience)


@pytest.mark.parametrize("case", FAMILIES.values(), ids=FAMILIES.keys())
def test_a_step_ends_after_its_share_and_a_state_after_its_own(case: Callable[[], Case]) -> None:
    definition, given = case()
    machine, _ = compile_definition(jsontext.dump(definition))
    text = jsontext.dump(given)
    start = time.process_time()
    step = interpreter.start(machine, IDENTITY, text, MOMENT, LIMITS)
    works = [step.work]
    while step.more and len(works) < MOST_STEPS:
        step = interpreter.resume(machine, step.checkpoint, Continue(), MOMENT, LIMITS)
        works.append(step.work)
    seconds = time.process_time() - start

    # The last state of a step, what it costs to say why it failed, and what a look at a meter comes too late for.
    assert max(works) < LIMITS.work_per_step + LIMITS.work_per_state + BESIDE
    assert seconds < sum(works) * MOST_MICROSECONDS / 1e6 + BESIDE_SECONDS


@pytest.mark.parametrize("case", FAMILIES.values(), ids=FAMILIES.keys())
def test_a_step_that_takes_long_is_noticed_soon(case: Callable[[], Case]) -> None:
    """And comes to the same where there is time for it."""
    definition, given = case()
    machine, _ = compile_definition(jsontext.dump(definition))
    text = JsonText(jsontext.dump(given))
    start = time.process_time()
    try:
        step = _start(machine, text, PATIENCE)
    except TakesLong:
        seconds = time.process_time() - start

        assert seconds < PATIENCE * MOST_MICROSECONDS / 1e6 + BESIDE_SECONDS
    else:
        whole = _start(machine, text, None)

        assert step.work == whole.work < PATIENCE + BESIDE
        assert (step.events, step.changed) == (whole.events, whole.changed)


def test_what_the_fields_of_a_state_cost_is_counted_together() -> None:
    definition = {
        "QueryLanguage": "JSONata",
        "StartAt": "A",
        "States": {
            "A": {"Type": "Pass", "Output": {f"x{i}": f"{{% {HOG} %}}" for i in range(20)}, "End": True}
        },
    }
    _, step = _begin((definition, None))

    assert step.outcome is not None
    assert step.outcome.error == "States.QueryEvaluationError"
    assert "Expression evaluation timeout: Check for infinite loop" in (step.outcome.cause or "")


def test_what_the_paths_of_a_state_cost_is_counted_together() -> None:
    _, step = _begin(FAMILIES["scans"]())

    assert step.outcome is not None
    assert step.outcome.error == "States.Runtime"
    assert "looks at too much of its document" in (step.outcome.cause or "")


def test_states_one_by_one_have_each_their_own() -> None:
    machine, step = _begin(FAMILIES["states"]())
    steps = [step]
    while step.more:
        step = interpreter.resume(machine, step.checkpoint, Continue(), MOMENT, LIMITS)
        steps.append(step)

    assert step.outcome is not None
    assert step.outcome.status == "SUCCEEDED"
    assert len(steps) >= 8


@pytest.mark.parametrize("name", ["iterations", "selectors of iterations", "selectors of child executions"])
def test_iterations_have_each_their_own(name: str) -> None:
    machine, step = _begin(FAMILIES[name]())
    works = [step.work]
    while step.more:
        step = interpreter.resume(machine, step.checkpoint, Continue(), MOMENT, LIMITS)
        works.append(step.work)

    assert step.outcome is not None
    assert step.outcome.status == "SUCCEEDED"
    assert len(works) > 12
    assert max(works) < LIMITS.work_per_state


def test_a_wait_after_a_map_that_came_in_several_steps_is_waited_for() -> None:
    definition, given = FAMILIES["selectors of iterations"]()
    definition["States"]["A"] = {**definition["States"]["A"], "Next": "W"}
    del definition["States"]["A"]["End"]
    definition["States"]["W"] = {"Type": "Wait", "Seconds": 60, "End": True}
    machine, step = _begin((definition, given))
    assert step.more
    while step.more:
        step = interpreter.resume(machine, step.checkpoint, Continue(), MOMENT, LIMITS)

    assert step.outcome is None


@pytest.mark.parametrize(
    "expression",
    [
        "$count($map($states.input, function($v) { $merge([$v, {'total': $v.id * 2}]) }))",
        "$count($sort($states.input, function($a, $b) { $a.v > $b.v }))",
        "$count($filter($states.input, function($v) { $v.v > 50 }))",
        "$states.input^(v, name)[0].id",
        "$count($keys($states.input{name: $sum(v)}))",
        "$length($string($states.input))",
        "$count($distinct($states.input.v))",
    ],
)
def test_data_of_the_largest_size_can_be_worked_on(expression: str) -> None:
    input = [{"id": i, "name": f"the name of {i}", "v": i % 97, "tags": ["a", "b"]} for i in range(4_200)]
    assert 250_000 < len(jsontext.dump(input)) < 262_144  # type: ignore[arg-type]
    definition = {
        "QueryLanguage": "JSONata",
        "StartAt": "A",
        "States": {"A": {"Type": "Pass", "Output": f"{{% {expression} %}}", "End": True}},
    }
    machine, _ = compile_definition(jsontext.dump(definition))  # type: ignore[arg-type]
    text = jsontext.dump(input)  # type: ignore[arg-type]
    step = interpreter.start(machine, IDENTITY, text, MOMENT, CLUSTER)

    assert step.outcome is not None
    assert step.outcome.status == "SUCCEEDED", step.outcome.cause


def test_a_meter_gives_each_state_its_own_and_knows_what_the_step_has_spent() -> None:
    counter = meter.Meter(per_state=100)
    counter.spend(90)
    counter.begin_state()
    counter.spend(90)

    assert counter.spent == 180
    with pytest.raises(meter.Overspent):
        counter.spend(11)


def test_a_meter_loses_its_patience_whichever_state_it_is() -> None:
    counter = meter.Meter(per_state=100, patience=150)
    counter.spend(90)
    counter.begin_state()

    with pytest.raises(TakesLong):
        counter.spend(61)
