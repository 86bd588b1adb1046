"""What a step costs is counted, whatever it does, and bounded."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import cycle
from typing import NamedTuple

import pytest

from stepwright.asl import interpreter, meter
from stepwright.asl.data import Data
from stepwright.asl.definition import compile_definition
from stepwright.asl.fields import payload_template
from stepwright.asl.json_types import Json, JsonText, Pointer
from stepwright.asl.limits import CLUSTER, Limits
from stepwright.asl.machine import Machine
from stepwright.asl.meter import TakesLong
from stepwright.asl.signals import Continue, Millis, Moment
from stepwright.asl.step import Step
from stepwright.asl.text import jsontext
from tests.asl import processor_time
from tests.asl.hostile_states import FAMILIES, HOG, Case
from tests.asl.processor_time import costs_at_most
from tests.asl.virtual_time import IDENTITY, run

MOMENT = Moment(Millis(1_767_225_600_000), 1)
PATIENCE = 5_000
LIMITS = Limits(work_per_step=5_000, work_per_state=50_000)
"""A tenth and a fortieth of what they are, as these cost as much as anything can."""

MOST_STEPS = 6
"""Enough of an execution that goes on for ever."""

BESIDE = 20_000
"""For what is paid for without a look: texts of the largest size, the fields of a large template."""

DEAREST = 10
"""Times what a unit of an ordinary expression costs: more shows that something is not counted. The dearest cost three."""

UNCOUNTED = 20_000
"""Which are not worth to be counted, and what it takes to start."""


class Prepared(NamedTuple):
    machine: Machine
    given: JsonText


def _prepared(case: Case) -> Prepared:
    definition, given = case
    machine, _ = compile_definition(jsontext.dump(definition))
    return Prepared(machine, jsontext.dump(given))


def _start(prepared: Prepared, patience: int | None = None) -> Step:
    return interpreter.start(prepared.machine, IDENTITY, prepared.given, MOMENT, LIMITS, patience)


def _steps(prepared: Prepared, most: int | None = None) -> Iterator[Step]:
    step = _start(prepared)
    yield step
    while step.more and (most is None or (most := most - 1)):
        step = interpreter.resume(prepared.machine, step.checkpoint, Continue(), MOMENT, LIMITS)
        yield step


@pytest.fixture(scope="module", params=FAMILIES)
def family(request: pytest.FixtureRequest) -> Prepared:
    """Compiled once for all its tests."""
    return _prepared(FAMILIES[request.param]())


def test_a_step_ends_after_its_share_and_a_state_after_its_own(family: Prepared) -> None:
    # The last state of a step, what it costs to say why it failed, and what a look at a meter comes too late for.
    most = max(step.work for step in _steps(family, MOST_STEPS))

    assert most < LIMITS.work_per_step + LIMITS.work_per_state + BESIDE


def test_what_a_step_costs_is_counted(family: Prepared) -> None:
    assert costs_at_most(lambda: UNCOUNTED + DEAREST * sum(step.work for step in _steps(family, MOST_STEPS)))


def test_a_step_that_takes_long_is_noticed_soon(family: Prepared) -> None:
    """And comes to the same where there is time for it."""
    try:
        step = _start(family, PATIENCE)
    except TakesLong:
        assert costs_at_most(lambda: _of_an_impatient_step(family))
    else:
        whole = _start(family)

        assert step.work == whole.work < PATIENCE + BESIDE
        assert (step.events, step.changed) == (whole.events, whole.changed)


def _of_an_impatient_step(family: Prepared) -> int:
    with pytest.raises(TakesLong):
        _start(family, PATIENCE)
    return UNCOUNTED + DEAREST * PATIENCE


@pytest.mark.parametrize(("seconds", "is_counted"), [(0.001, True), (1.0, False)])
def test_what_is_not_counted_is_found_out(
    seconds: float, is_counted: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The known expression, of some thousands of units, takes a thousandth of a second here."""
    clock = cycle([0.0, seconds, seconds + 0.001])
    monkeypatch.setattr(processor_time, "process_time", lambda: next(clock))

    assert costs_at_most(lambda: UNCOUNTED) is is_counted


@pytest.mark.parametrize(
    ("call", "given", "least"),
    [
        ("States.ArrayPartition($, 1)", list(range(30_000)), 30_000 / 4),
        ("States.ArrayRange(1, 1000, 1)", {}, 1_000 / 20),
        ("States.StringToJson($)", "[" + ",".join(["{}"] * 50_000) + "]", 50_000),
    ],
)
def test_a_function_costs_what_it_makes_of_little(call: str, given: Json, least: float) -> None:
    template = payload_template.compile({"x.$": call}, Pointer(""))
    counter = meter.Meter()
    template.evaluate(Data(given, None, meter=counter))

    assert counter.spent > least


def test_what_the_fields_of_a_state_cost_is_counted_together() -> None:
    definition = {
        "QueryLanguage": "JSONata",
        "StartAt": "A",
        "States": {
            "A": {"Type": "Pass", "Output": {f"x{i}": f"{{% {HOG} %}}" for i in range(20)}, "End": True}
        },
    }
    step = _start(_prepared((definition, None)))

    assert step.outcome is not None
    assert step.outcome.error == "States.QueryEvaluationError"
    assert "Expression evaluation timeout: Check for infinite loop" in (step.outcome.cause or "")


def test_what_the_paths_of_a_state_cost_is_counted_together() -> None:
    step = _start(_prepared(FAMILIES["scans"]()))

    assert step.outcome is not None
    assert step.outcome.error == "States.Runtime"
    assert "looks at too much of its document" in (step.outcome.cause or "")


def test_states_one_by_one_have_each_their_own() -> None:
    *steps, last = _steps(_prepared(FAMILIES["states"]()))

    assert last.outcome is not None
    assert last.outcome.status == "SUCCEEDED"
    assert len(steps) >= 7


@pytest.mark.parametrize("name", ["iterations", "selectors of iterations", "selectors of child executions"])
def test_iterations_have_each_their_own(name: str) -> None:
    steps = list(_steps(_prepared(FAMILIES[name]())))

    outcome = steps[-1].outcome
    assert outcome is not None
    assert outcome.status == "SUCCEEDED"
    assert len(steps) > 12
    assert max(step.work for step in steps) < LIMITS.work_per_state


def test_a_wait_after_a_map_that_came_in_several_steps_is_waited_for() -> None:
    definition, given = FAMILIES["selectors of iterations"]()
    definition["States"]["A"] = {**definition["States"]["A"], "Next": "W"}
    del definition["States"]["A"]["End"]
    definition["States"]["W"] = {"Type": "Wait", "Seconds": 60, "End": True}
    first, *_, last = _steps(_prepared((definition, given)))

    assert first.more
    assert last.outcome is None


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
    play = run(definition, input, limits=CLUSTER)  # type: ignore[arg-type]

    assert play.outcome is not None
    assert play.outcome.status == "SUCCEEDED", play.outcome.cause


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
