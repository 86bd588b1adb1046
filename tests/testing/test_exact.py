"""What a test of a workflow sees is what an execution would do: the same machine, played in two ways."""

from __future__ import annotations

import re
from typing import Any

from hypothesis import given, settings

from stepwright.asl.json_types import JsonText
from stepwright.asl.text.jsontext import dump, parse
from stepwright.testing import Workflow
from tests.asl.random_machines import definitions, inputs
from tests.asl.virtual_time import START, begin


def without_chance(definition: dict[str, Any]) -> Any:
    """Seeds differ between the two; and a Job's parameters would be checked."""
    text = dump(definition)
    for old, new in {
        "k8s:job": "arn:aws:states:::lambda:invoke",
        '"FULL"': '"NONE"',
        "States.UUID()": "States.Format('u')",
    }.items():
        text = JsonText(text.replace(old, new))
    return parse(text)


def echoing(definition: Any) -> Workflow:
    flow = Workflow(definition)
    for state in flow.tasks:
        flow.mock(state, lambda given: given)
    return flow


def _without_ids(text: str | None) -> str | None:
    """Of events, and the names of the execution, of its state machine and of child executions."""
    return text and re.sub(
        r"event id #[0-9]+|(execution|stateMachine):[a-z]+/|[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}",
        "",
        text,
    )


@settings(max_examples=150, deadline=None)
@given(definition=definitions(), input=inputs)
def test_random_machines_end_as_on_an_engine_that_reads_every_step_from_its_journal(
    definition: dict[str, Any], input: Any
) -> None:
    machine = without_chance(definition)

    ours = echoing(machine).run(input, start="2023-11-14T22:13:20Z")
    theirs = begin(machine, input).to_end()

    assert theirs.outcome is not None
    assert (ours.status, ours.error) == (theirs.outcome.status, theirs.outcome.error)
    # TaskStarted, which only ours records, makes other ids of events.
    assert _without_ids(ours.cause) == _without_ids(theirs.outcome.cause)
    output = theirs.outcome.output
    assert _without_ids(dump(ours.output)) == _without_ids(dump(None if output is None else parse(output)))
    assert ours.seconds == (theirs.now - START) / 1000
    assert [visit.path for visit in ours.visits] == [visit.path for _, visit in sorted(theirs.visits.items())]


@settings(max_examples=50, deadline=None)
@given(definition=definitions(), input=inputs)
def test_the_same_test_gives_the_same_events_every_time(definition: dict[str, Any], input: Any) -> None:
    flow = echoing(parse(JsonText(dump(definition).replace("k8s:job", "arn:aws:states:::lambda:invoke"))))

    assert flow.run(input).events == flow.run(input).events
