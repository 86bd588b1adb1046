"""Executions that ended without success go on at a state of one's choice, with another input. AWS has no such redrive; its events
are those of a redrive, followed by those of the state."""

from __future__ import annotations

from random import Random
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from stepwright.asl.json_types import JsonText
from stepwright.asl.limits import Limits
from stepwright.asl.signals import RedriveFrom, Stop, TaskSucceeded
from stepwright.asl.step import CancelTask, Outcome, StartTask
from stepwright.asl.text import jsontext
from tests.asl.random_machines import definitions, inputs
from tests.asl.test_interpreter_properties import (
    assert_nothing_is_open,
    assert_texts_are_json,
    assert_visits_are_told,
    go_to_end,
    played,
)
from tests.asl.test_redriven_executions import ACTIVITY, RETRY, chain, each, fail, succeed
from tests.asl.virtual_time import Play, begin, states

FAIL = {"Type": "Fail", "Error": "E", "Cause": "c"}
SHIP = {
    "First": {"Type": "Pass", "Assign": {"kept": 7}, "Next": "Ship"},
    "Ship": {**ACTIVITY, "Retry": RETRY, "Next": "Tell"},
    "Tell": {"Type": "Pass", "Parameters": {"said.$": "$", "kept.$": "$kept"}, "End": True},
}


def redrive(play: Play, state: str, input: str | None = None) -> None:
    play.now += 60_000  # type: ignore[assignment]
    play.redrive(RedriveFrom(state, None if input is None else JsonText(input)))
    play.go_on()


def failed() -> Play:
    play = begin(states("First", **SHIP), {"order": 1})
    fail(play, "Ship", "Other")
    return play


def test_it_enters_the_state_with_the_input_that_is_given_and_its_variables() -> None:
    play = failed()
    before = len(play.events)
    redrive(play, "Tell", '{"by": "hand"}')

    assert play.outcome == Outcome("SUCCEEDED", output=JsonText('{"said":{"by":"hand"},"kept":7}'))
    assert chain(play, since=before + 1) == [
        f"{before + 1} ExecutionRedriven < {before}",
        f"{before + 2} PassStateEntered < {before + 1}",
        f"{before + 3} PassStateExited < {before + 2}",
        f"{before + 4} ExecutionSucceeded < {before + 3}",
    ]
    assert play.events[before + 1]["stateEnteredEventDetails"] == {
        "name": "Tell",
        "input": '{"by": "hand"}',
        "inputDetails": {"truncated": False},
    }


def test_without_an_input_it_is_the_one_of_the_state_where_it_ended() -> None:
    play = failed()
    redrive(play, "Tell")
    assert play.outcome == Outcome("SUCCEEDED", output=JsonText('{"said":{"order":1},"kept":7}'))


def test_a_state_that_had_failed_is_entered_anew_with_all_its_retries() -> None:
    play = failed()
    redrive(play, "Ship", '{"order": 2}')
    assert play.types.count("TaskStateEntered") == 2
    fail(play, "Ship")
    play.fire_next()
    succeed(play, "Ship", "gone")
    assert play.outcome == Outcome("SUCCEEDED", output=JsonText('{"said":"gone","kept":7}'))


def test_what_was_done_may_be_done_again() -> None:
    play = failed()
    redrive(play, "First", '{"order": 3}')
    succeed(play, "Ship")
    assert play.types.count("ExecutionStarted") == 1
    assert play.types.count("PassStateEntered") == 3


@pytest.mark.parametrize("mode", ["INLINE", "DISTRIBUTED"])
def test_nothing_stays_of_the_branches_that_had_not_succeeded(mode: str) -> None:
    processor = {**states("Item", Item=ACTIVITY), "ProcessorConfig": {"Mode": mode}}
    if mode == "DISTRIBUTED":
        processor["ProcessorConfig"]["ExecutionType"] = "STANDARD"
    both = {
        "Type": "Parallel",
        "Branches": [
            states("Each", Each={"Type": "Map", "ItemProcessor": processor}),
            states("Other", Other=ACTIVITY),
        ],
        "Next": "Last",
    }
    play = begin(states("Both", Both=both, Last={"Type": "Pass", "End": True}), [1, 2, 3])
    succeed(play, "Both[0]/Each[0]/Item")
    play.send(Stop())
    redrive(play, "Last", '"skipped"')

    assert play.outcome == Outcome("SUCCEEDED", output=JsonText('"skipped"'))
    assert_nothing_is_open(play)
    assert_visits_are_told(play)


def test_shards_of_a_map_that_is_not_gone_on_with_are_cancelled() -> None:
    """They are kept for as long as their Map may be redriven."""
    many = each(states("Item", Item=ACTIVITY))
    play = begin(
        states("Each", Each={**many, "Next": "Last"}, Last=ACTIVITY),
        list(range(6)),
        limits=Limits(shard_items=3, shards=2),
    )
    shards = {command.task for command in play.commands if isinstance(command, StartTask)}
    assert len(shards) == 2
    play.send(Stop())
    play.commands.clear()
    redrive(play, "Last", "{}")

    assert {command.task for command in play.commands if isinstance(command, CancelTask)} == shards
    succeed(play, "Last")
    assert play.outcome is not None
    assert play.outcome.status == "SUCCEEDED"


def test_a_result_that_belongs_to_what_was_left_changes_nothing() -> None:
    play = begin(states("First", First={**ACTIVITY, "Next": "Last"}, Last=ACTIVITY))
    [old] = play.open_tasks()
    play.send(Stop())
    redrive(play, "Last", "{}")
    play.send(TaskSucceeded(old.task, "late"))
    assert [task.state for task in play.open_tasks()] == ["Last"]


def test_it_may_fail_and_be_redriven_again_from_there() -> None:
    choice = {
        "Type": "Choice",
        "Choices": [{"Variable": "$.n", "IsPresent": True, "Next": "B"}],
        "Default": "No",
    }
    play = begin(states("A", A=choice, No=FAIL, B=ACTIVITY))
    redrive(play, "A", '{"n": 1}')
    fail(play, "B", "Other")
    play.redrive()
    play.go_on()
    succeed(play, "B", "done")
    assert play.outcome == Outcome("SUCCEEDED", output=JsonText('"done"'))
    assert play.types.count("TaskStateEntered") == 1


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(definitions(), inputs, st.integers(0, 2**32), inputs)
def test_whatever_had_ended_goes_on_from_any_state_with_one_whole_history(
    definition: dict[str, Any], document: Any, seed: int, other: Any
) -> None:
    play = played(definition, document, seed)
    redrives, random = 0, Random(seed)
    while play.redrivable is not None and redrives < 3:
        state = random.choice(sorted(play.machine.root.states))
        play.redrive(RedriveFrom(state, random.choice((None, jsontext.dump(other)))))
        redrives += 1
        go_to_end(play, Random(seed + redrives))

    ids = [event["id"] for event in play.events]
    assert ids == list(range(1, len(ids) + 1))
    assert play.types.count("ExecutionRedriven") == redrives
    assert_texts_are_json(play)
    assert_nothing_is_open(play)
    assert_visits_are_told(play)
