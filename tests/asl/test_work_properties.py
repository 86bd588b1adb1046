"""Whatever an execution was made to cost: each step ends soon, and says why it failed in AWS's words."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from stepwright.asl import interpreter
from stepwright.asl.definition import compile_definition
from stepwright.asl.diagnostics import InvalidDefinition
from stepwright.asl.json_types import JsonText
from stepwright.asl.limits import Limits
from stepwright.asl.machine import Machine
from stepwright.asl.meter import TakesLong
from stepwright.asl.signals import Continue, Millis, Moment
from stepwright.asl.step import Step
from stepwright.asl.text import jsontext
from tests.asl.hostile_machines import KINDS
from tests.asl.processor_time import costs_at_most
from tests.asl.virtual_time import IDENTITY

LIMITS = Limits(work_per_step=2_000, work_per_state=20_000)
MOMENT = Moment(Millis(1_767_225_600_000), 1)
MOST_STEPS = 6

BESIDE = 5_000
"""For what is paid for without a look: texts of the largest size, the fields of a large template."""

UNCOUNTED = 50_000
DEAREST = 12
"""As in ``test_work``; but here an input of the largest size is read at the start, and a little dearer work is found."""

ERRORS = frozenset(
    {
        "States.Runtime",
        "States.QueryEvaluationError",
        "States.DataLimitExceeded",
        "States.IntrinsicFailure",
    }
)


def _steps(machine: Machine, text: str) -> list[Step]:
    steps = [interpreter.start(machine, IDENTITY, JsonText(text), MOMENT, LIMITS)]
    while steps[-1].more and len(steps) < MOST_STEPS:
        steps.append(interpreter.resume(machine, steps[-1].checkpoint, Continue(), MOMENT, LIMITS))
    return steps


@pytest.mark.parametrize("kind", KINDS)
@settings(max_examples=40, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
@given(st.data())
def test_a_step_ends_soon_and_says_why_in_the_words_of_aws(kind: str, data: st.DataObject) -> None:
    definition, input = data.draw(KINDS[kind])
    try:
        machine, _ = compile_definition(jsontext.dump(definition))
    except InvalidDefinition:
        return  # it is refused before anything runs
    text = jsontext.dump(input)

    steps = _steps(machine, text)

    assert max(step.work for step in steps) < LIMITS.work_per_step + LIMITS.work_per_state + BESIDE
    outcome = steps[-1].outcome
    assert outcome is None or outcome.status == "SUCCEEDED" or outcome.error in ERRORS
    assert costs_at_most(lambda: UNCOUNTED + DEAREST * sum(step.work for step in _steps(machine, text)))
    _is_the_same_without_patience(machine, text, steps[0])


def _is_the_same_without_patience(machine: Machine, text: str, whole: Step) -> None:
    given = JsonText(text)
    try:
        step = interpreter.start(machine, IDENTITY, given, MOMENT, LIMITS, patience=2_000)
    except TakesLong:
        return
    assert (step.events, step.work) == (whole.events, whole.work)
