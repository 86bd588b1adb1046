"""Published state machines, each played to its end: their functions and AWS's services answer what they read."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any, Final

import pytest

from stepwright.testing import InvalidWorkflow, TaskError, Workflow
from tests.data import conformance, published
from tests.data.plausible import Plausible

pytestmark = pytest.mark.conformance

INVALID: Final = "shared-fallback-state-jsonata/statemachine/statemachine.asl.json"
"""AWS refuses it, too: ``QueryLanguage`` stands among its states."""

PLAYS: Final = 16
MOST_PLAYS: Final = 300
"""For a definition of which no execution has ended by itself so far: one in fifty needs more than 16."""
MOST_CALLS: Final = 100
"""Of an execution; it may loop for ever."""


class TooMany(Exception):  # noqa: N818 - calls of one execution
    pass


@dataclass(frozen=True, slots=True)
class Played:
    """``ended``: how many executions have ended with success or in a Fail state. ``states``, ``visited``: names of all
    states, and of those that they visited. ``why_not``: of the others, how they ended."""

    ended: int
    states: set[str]
    visited: set[str]
    why_not: list[str]


@cache
def played(id: str) -> Played:
    definition = published.definition(id)
    workflow, plausible = Workflow(definition), Plausible(definition)
    states = dict(states_of(definition))
    visited: set[str] = set()
    why_not: list[str] = []
    ended = 0
    for seed in range(MOST_PLAYS):
        if ended and (seed >= PLAYS or visited >= states.keys()):
            break
        dice = random.Random(seed)
        play(workflow, plausible, states, dice, fails=0.1 if seed % 2 else 0)
        try:
            # The ARN of an Express execution has one part more, which one definition counts.
            result = workflow.run(
                plausible.input(dice), seed=seed, name="one:more" if seed % 4 > 1 else "one"
            )
        except TooMany:
            continue
        types = [event["type"] for event in result.events]
        if result.status == "SUCCEEDED" or (result.status == "FAILED" and types[-2] == "FailStateEntered"):
            ended += 1
            visited |= {visit.state for visit in result.visits}
        else:
            why_not.append(f"{result.status} {result.error}: {result.cause}")
    return Played(ended, set(states), visited, why_not)


def play(
    workflow: Workflow,
    plausible: Plausible,
    states: Mapping[str, Mapping[str, Any]],
    dice: random.Random,
    fails: float,
) -> None:
    """Mocks all that the workflow calls. ``fails``: how probably a task fails."""
    calls = 0

    def of_task(name: str) -> Callable[[Any], Any]:
        def answer(_: Any) -> Any:
            nonlocal calls
            calls += 1
            if calls > MOST_CALLS:
                raise TooMany
            if dice.random() < fails:
                raise TaskError("Lambda.Unknown", "as the dice fell")
            return plausible.result(states[name], dice)

        return answer

    for name in workflow.tasks:
        if name.endswith("/ItemReader"):
            workflow.mock(name, lambda _: plausible.items(dice))
        else:
            workflow.mock(name, None if name.endswith("/ResultWriter") else of_task(name))


def states_of(value: Any) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """All states, those within others, too; names are unique in a definition."""
    if isinstance(value, dict):
        if isinstance(value.get("States"), dict):
            yield from value["States"].items()
        for inner in value.values():
            yield from states_of(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from states_of(inner)


VALID: Final = [id for id in published.ids() if not id.endswith(INVALID)]


@pytest.mark.parametrize("id", conformance.parameters(VALID, str))
def test_a_published_definition_plays_to_its_end(id: str) -> None:
    found = played(id)

    assert found.ended > 0, "\n".join(found.why_not[:10])


@pytest.mark.skipif(conformance.folder() is None, reason=conformance.WHY_SKIPPED)
def test_most_states_of_published_definitions_are_visited() -> None:
    visited = sum(len(played(id).visited) for id in VALID)
    states = sum(len(played(id).states) for id in VALID)

    print(f"{visited} of {states} states are visited")
    assert visited >= 0.85 * states


@pytest.mark.skipif(conformance.folder() is None, reason=conformance.WHY_SKIPPED)
def test_the_one_that_aws_refuses_is_no_workflow() -> None:
    (id,) = set(published.ids()) - set(VALID)

    with pytest.raises(InvalidWorkflow):
        Workflow(published.definition(id))
