"""A distributed Map with more items than one checkpoint should carry runs in shards, and nobody can tell from what comes out."""

from __future__ import annotations

import json
import random
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stepwright.asl.checkpoint import checkpoint as checkpoints
from stepwright.asl.checkpoint import codec, shards, versions
from stepwright.asl.checkpoint.parts import ITEMS_CHARACTERS, Items, Shard
from stepwright.asl.definition import compile_definition
from stepwright.asl.diagnostics import InvalidDefinition
from stepwright.asl.limits import Limits
from stepwright.asl.resource import MAP_SHARD
from stepwright.asl.signals import (
    ShardBounds,
    ShardCounts,
    ShardProgress,
    Signal,
    Stop,
    TaskFailed,
    TaskId,
    TaskSucceeded,
    UpdateMapRun,
)
from stepwright.asl.step import CancelTask, ChildExecution, HistoryEvent, StartTask
from stepwright.asl.text.jsontext import dump, parse
from stepwright.asl.text.payload import Payload
from tests.asl.virtual_time import Answer, Play, echo, machine, states

JOB = {"Type": "Task", "Resource": "k8s:job"}
PASS = states("P", P={"Type": "Pass"})
TASK = states("T", T=JOB)
SHARDS_OF_THREE = Limits(shard_items=3, child_executions=2)
FIRST = TaskId(2 * 10**12 + 1)
"""The first shard of an execution."""


def each(processor: dict[str, Any], *, name: str = "Each", **fields: Any) -> dict[str, Any]:
    distributed = {**processor, "ProcessorConfig": {"Mode": "DISTRIBUTED", "ExecutionType": "STANDARD"}}
    return states(name, **{name: {"Type": "Map", "ItemProcessor": distributed, **fields}})


@dataclass
class Sharded:
    """An execution and the shards of its Maps, each played as an execution of its own."""

    parent: Play
    shards: dict[TaskId, Play] = field(default_factory=dict)
    redrives: dict[TaskId, int] = field(default_factory=dict)
    most_open: int = 0
    most_live: int = 0
    random: random.Random = field(default_factory=lambda: random.Random(0))

    def begin(self) -> None:
        """Every shard that is open in the checkpoint runs, and nothing else does."""
        wanted = {number_of(task): task for task in self.parent.open_tasks() if task.resource is MAP_SHARD}
        for gone in self.shards.keys() - wanted.keys():
            if self.shards[gone].outcome is None:
                self.shards[gone].send(Stop())
        for number, task in wanted.items():
            beginning = shards.beginning(task.parameters)
            if number not in self.shards:
                self.shards[number] = shard_of(self.parent, task)
            shard = self.shards[number]
            # What is not redrivable had come to its end before it was stopped.
            if beginning.redrives > self.redrives.get(number, 0) and shard.redrivable is not None:
                shard.redrive()
            self.redrives[number] = beginning.redrives
            if beginning.ends is not None and shard.outcome is None:
                shard.send(Stop())
            hear(shard, shards.bounds_of(beginning.parts))
        self.most_open = max(self.most_open, len(wanted))

    def to_end(self, answer: Answer = echo) -> Sharded:
        self.parent.go_on()
        while self.parent.outcome is None:
            self.begin()
            self.one(answer)
        self.begin()
        return self

    def one(self, answer: Answer) -> None:
        """Something happens in one shard, and its Map learns of it."""
        signals: list[tuple[Play, Signal]] = []
        for task in self.parent.open_tasks():
            if task.resource is not MAP_SHARD:
                signals += [(self.parent, answered) for answered in [answer(task)] if answered is not None]
                continue
            play = self.shards[number_of(task)]
            play.go_on()
            self.most_live = max(self.most_live, sum(len(live(other)) for other in self.shards.values()))
            if play.outcome is not None:
                signals += [(self.parent, report) for report in ended(task.task, play)]
                continue
            answers = [answered for task in play.open_tasks() if (answered := answer(task)) is not None]
            signals += [(play, answered) for answered in answers]
            counts = checkpoints.shard_counts(play.checkpoint)
            if counts is not None and self.random.random() < 0.3:
                signals.append((self.parent, ShardProgress(task.task, counts)))
        play, signal = self.random.choice(signals)
        play.send(signal)
        play.go_on()

    @property
    def children(self) -> dict[str, ChildExecution]:
        return {name: child for play in self.shards.values() for name, child in play.children.items()}

    @property
    def child_events(self) -> dict[str, list[HistoryEvent]]:
        return {name: events for play in self.shards.values() for name, events in play.child_events.items()}


def hear(shard: Play, bounds: ShardBounds) -> None:
    """Of other bounds than it has."""
    fork = shard.checkpoint.fork(0)
    if fork is not None and (fork.limit, fork.tolerated_count) != (bounds.limit, bounds.tolerated):
        shard.send(bounds)


def number_of(task: StartTask) -> TaskId:
    """By which the shard that a task runs, or ends, was begun."""
    return shards.beginning(task.parameters).ends or task.task


def shard_of(parent: Play, task: StartTask) -> Play:
    play = Play(parent.machine, parent.limits, token=parent.token)
    play.journal = shards.beginning(task.parameters).parts
    play.checkpoint = checkpoints.decode(play.journal)
    play.identity = play.checkpoint.identity
    play.now = parent.now
    play.more = True
    return play


def ended(task: TaskId, play: Play) -> list[Signal]:
    outcome = play.outcome
    assert outcome is not None
    output = None if outcome.output is None else parse(outcome.output)
    if outcome.status == "SUCCEEDED" or (output is not None and shards.end_of(output).results is not None):
        return [TaskSucceeded(task, output)]
    return [TaskFailed(task, outcome.error, outcome.cause)]


def live(play: Play) -> tuple[int, ...]:
    fork = play.checkpoint.fork(0)
    return () if fork is None else fork.live


def begin(definition: dict[str, Any], given: Any, limits: Limits = SHARDS_OF_THREE, seed: int = 0) -> Sharded:
    parent = Play(machine(definition), limits)
    parent.start(dump(given))
    return Sharded(parent, random=random.Random(seed))


def both(
    definition: dict[str, Any], given: Any, answer: Answer = echo, seed: int = 0
) -> tuple[Play, Sharded]:
    """The same in one checkpoint and in shards."""
    whole = Play(machine(definition), replace(SHARDS_OF_THREE, shard_items=None))
    whole.start(dump(given))
    return whole.to_end(answer), begin(definition, given, seed=seed).to_end(answer)


def told(children: dict[str, ChildExecution]) -> set[Any]:
    return {
        (child.name, child.map_run_arn, child.status, child.input, child.output, child.error, child.items)
        for child in children.values()
    }


def without_ids(events: dict[str, list[HistoryEvent]]) -> Any:
    """Ids of tasks are not in events; all else is to be the same."""
    return {name: [{**event, "timestamp": ""} for event in history] for name, history in events.items()}


SELECTED = {
    "ItemSelector": {
        "n.$": "$$.Map.Item.Value",
        "at.$": "$$.Map.Item.Index",
        "of.$": "$$.State.Name",
        "all.$": "$.from",
    }
}


@pytest.mark.parametrize("processor", [PASS, TASK], ids=["pass", "task"])
@pytest.mark.parametrize(
    ("fields", "given_input"),
    [
        ({}, list(range(10))),
        ({"MaxConcurrency": 1}, list(range(7))),
        ({"MaxConcurrency": 3}, list(range(11))),
        ({"ItemsPath": "$.list", **SELECTED}, {"list": list(range(8)), "from": {"x": 1.0}}),
        ({"ItemBatcher": {"MaxItemsPerBatch": 2}}, list(range(9))),
        ({"ItemBatcher": {"MaxItemsPerBatch": 5, "BatchInput": {"a": 1}}}, list(range(9))),
        (
            {"ResultPath": "$.done", "ItemsPath": "$.list", "ResultSelector": {"r.$": "$[0]"}},
            {"list": [[], {}, 1.50, "é", None, 2]},
        ),
    ],
)
def test_it_ends_as_in_one_checkpoint(
    processor: dict[str, Any], fields: dict[str, Any], given_input: Any
) -> None:
    whole, sharded = both(each(processor, **fields), given_input)

    assert len(sharded.shards) > 1
    assert sharded.parent.outcome == whole.outcome
    assert sharded.parent.chain == whole.chain
    assert told(sharded.children) == told(whole.children)
    assert without_ids(sharded.child_events) == without_ids(whole.child_events)
    (run,), (run_whole,) = sharded.parent.map_runs.values(), whole.map_runs.values()
    assert (run.arn, run.status, run.items, run.executions) == (
        run_whole.arn,
        run_whole.status,
        run_whole.items,
        run_whole.executions,
    )
    assert sharded.most_open <= SHARDS_OF_THREE.shards
    assert sharded.most_live <= (fields.get("MaxConcurrency") or 8)


def failing(*items: Any) -> Callable[[StartTask], Signal]:
    def answer(task: StartTask) -> Signal:
        if task.input in items:
            return TaskFailed(task.task, "E", "c")
        return TaskSucceeded(task.task, task.input)

    return answer


@pytest.mark.parametrize(
    "tolerated",
    [
        {"ToleratedFailureCount": 3},
        {"ToleratedFailurePercentage": 30},
        {"ToleratedFailurePercentage": 100, "ToleratedFailureCount": 4},
    ],
)
def test_failures_that_are_tolerated_are_results(tolerated: dict[str, Any]) -> None:
    whole, sharded = both(each(TASK, **tolerated), list(range(10)), failing(1, 4, 9))

    assert sharded.parent.outcome is not None
    assert whole.outcome is not None
    assert sharded.parent.outcome.status == "SUCCEEDED"
    # Apart from ids of events and moments, which show when each child was begun.
    assert parse(sharded.parent.outcome.output or "") == parse(whole.outcome.output or "")
    (run,) = sharded.parent.map_runs.values()
    assert (run.items.succeeded, run.items.failed, run.executions.failed) == (7, 3, 3)


@pytest.mark.parametrize("seed", range(8))
def test_with_more_failures_than_are_tolerated_in_all_of_them_together_all_end(seed: int) -> None:
    definition = each(TASK, ToleratedFailureCount=2)
    sharded = begin(definition, list(range(12)), seed=seed).to_end(failing(1, 4, 7, 10))

    assert sharded.parent.outcome is not None
    assert sharded.parent.outcome.error == "States.ExceedToleratedFailureThreshold"
    assert sharded.parent.types[-3:] == ["MapRunFailed", "MapStateFailed", "ExecutionFailed"]
    assert all(play.outcome is not None for play in sharded.shards.values())
    assert {child.status for child in sharded.children.values()} <= {"SUCCEEDED", "FAILED", "ABORTED"}
    (run,) = sharded.parent.map_runs.values()
    assert run.status == "FAILED"
    assert run.items.running == run.executions.running == 0
    assert run.items.total == 12


def test_a_shard_ends_at_once_with_more_failures_than_all_may_have() -> None:
    sharded = begin(each(TASK), list(range(6)))
    sharded.begin()
    shard = sharded.shards[FIRST]
    shard.go_on()
    shard.send(failing(0)(shard.open_tasks()[0]))

    assert shard.outcome is not None
    assert (shard.outcome.status, shard.outcome.error) == ("FAILED", "States.ExceedToleratedFailureThreshold")
    assert shards.end_of(parse(shard.outcome.output or "")).counts == ShardCounts(2, 1, 1, 2, 1, 1)
    assert sorted(child.status for child in shard.children.values()) == ["ABORTED", "FAILED"]
    assert len(shard.cancelled) == 1


def test_an_expression_that_fails_in_a_shard_fails_the_map_which_may_catch_it() -> None:
    selector: dict[str, Any] = {
        "ItemSelector": {"n.$": "States.ArrayGetItem($.list, $$.Map.Item.Index)"},
        "ItemsPath": "$.items",
    }
    definition = each(PASS, **selector, Catch=[{"ErrorEquals": ["States.ALL"], "Next": "Caught"}])
    definition["States"]["Caught"] = {"Type": "Pass", "End": True}
    given_input = {"items": [0] * 8, "list": [1, 2, 3, 4]}
    whole, sharded = both(definition, given_input)

    assert sharded.parent.outcome == whole.outcome
    assert sharded.parent.types == whole.types
    (run,), (run_whole,) = sharded.parent.map_runs.values(), whole.map_runs.values()
    assert (run.status, run.items.total) == (run_whole.status, run_whole.items.total)


def test_a_map_that_is_tried_again_has_other_shards() -> None:
    retry: dict[str, Any] = {
        "Retry": [{"ErrorEquals": ["States.ALL"], "MaxAttempts": 1, "IntervalSeconds": 1}]
    }
    sharded = begin(each(TASK, **retry), list(range(6)))
    first = True

    def answer(task: StartTask) -> Signal:
        return failing(4)(task) if first else TaskSucceeded(task.task, task.input)

    while not sharded.parent.fire_next():
        sharded.begin()
        sharded.one(answer)
    before = set(sharded.shards)
    first = False
    sharded.begin()
    assert all(sharded.shards[number].outcome is not None for number in before)

    sharded.to_end(answer)
    assert sharded.parent.outcome is not None
    assert parse(sharded.parent.outcome.output or "") == list(range(6))
    assert {child.status for child in sharded.children.values()} == {"SUCCEEDED", "FAILED", "ABORTED"}
    assert len({play.identity.uid for play in sharded.shards.values()}) == len(sharded.shards) == 4
    assert [run.status for run in sharded.parent.map_runs.values()] == ["FAILED", "SUCCEEDED"]


def test_what_is_stopped_stops_its_shards() -> None:
    sharded = begin(each(TASK), list(range(9)))
    sharded.begin()
    for play in sharded.shards.values():
        play.go_on()
    counts = checkpoints.shard_counts(sharded.shards[FIRST].checkpoint)
    assert counts is not None
    sharded.parent.send(ShardProgress(FIRST, counts))
    sharded.parent.send(Stop())

    cancelled = [command for command in sharded.parent.commands if isinstance(command, CancelTask)]
    assert [(command.resource, command.task) for command in cancelled] == [
        (MAP_SHARD, 2 * 10**12 + number) for number in (1, 2, 3)
    ]
    (run,) = sharded.parent.map_runs.values()
    assert (run.status, run.items.aborted, run.items.total) == ("ABORTED", 2, 9)
    sharded.begin()
    assert all(child.status == "ABORTED" for child in sharded.children.values())


@pytest.mark.parametrize("seed", range(8))
def test_a_redrive_goes_on_in_the_shards_that_were_open(seed: int) -> None:
    sharded = begin(each(TASK), list(range(10)), seed=seed).to_end(failing(7))
    assert sharded.parent.outcome is not None
    assert sharded.parent.outcome.status == "FAILED"
    done = {child.name for child in sharded.children.values() if child.status == "SUCCEEDED"}
    events = {name: len(history) for name, history in sharded.child_events.items()}

    sharded.parent.redrive()
    sharded.to_end()

    assert sharded.parent.outcome is not None
    assert parse(sharded.parent.outcome.output or "") == list(range(10))
    assert all(child.status == "SUCCEEDED" for child in sharded.children.values())
    # What had succeeded was not done once more.
    assert all(len(sharded.child_events[name]) == events[name] for name in done)
    (run,) = sharded.parent.map_runs.values()
    assert (run.status, run.redrives, run.items.succeeded, run.items.failed) == ("SUCCEEDED", 1, 10, 0)
    assert run.executions.succeeded == run.executions.total == 10


def test_fields_see_the_variables_and_the_context_of_the_map() -> None:
    inner = each(
        PASS,
        ItemSelector={
            "v": "{% $v & $states.context.Map.Item.Value %}",
            "n": "{% $states.context.Execution.Name %}",
        },
        Items="{% $states.input.list %}",
    )
    definition = {
        "QueryLanguage": "JSONata",
        **states(
            "Set",
            Set={"Type": "Pass", "Assign": {"v": "x"}, "Next": "Both"},
            Both={"Type": "Parallel", "Branches": [inner, states("Q", Q={"Type": "Pass"})]},
        ),
    }
    whole, sharded = both(definition, {"list": [str(number) for number in range(8)]})

    assert len(sharded.shards) == 3
    assert sharded.parent.outcome == whole.outcome


def test_a_map_within_a_child_execution_stays_with_it() -> None:
    inner = each(PASS, name="Inner", ItemsPath="$")
    whole, sharded = both(each(inner), [[1, 2, 3, 4], [], [5], [6]])

    assert len(sharded.shards) == 2
    assert sharded.parent.outcome == whole.outcome
    assert len(sharded.children) == len(whole.children) == 10


def shards_of(play: Play) -> list[Shard]:
    return sorted(
        (part for part in play.checkpoint.parts.values() if isinstance(part, Shard)),
        key=lambda shard: shard.first,
    )


def updated(sharded: Sharded, **bounds: Any) -> None:
    (run,) = sharded.parent.map_runs.values()
    sharded.parent.send(UpdateMapRun(run.arn, **bounds))


def test_new_bounds_hold_for_shards_that_are_open_and_for_those_to_come() -> None:
    sharded = begin(each(TASK, MaxConcurrency=1), list(range(9)))
    updated(sharded, max_concurrency=3)

    assert [shard.limit for shard in shards_of(sharded.parent)] == [2, 1]
    assert [(task.task, task.runs) for task in sharded.parent.started] == [
        (FIRST, False),
        (FIRST, True),
        (FIRST + 1, False),
    ]
    sharded.begin()
    sharded.shards[FIRST].go_on()
    assert len(live(sharded.shards[FIRST])) == 2


def test_no_shard_runs_more_at_once_than_any_may() -> None:
    """In a cluster its bounds are in an object, which others can write."""
    sharded = begin(each(TASK), list(range(12)))
    sharded.begin()
    shard = sharded.shards[FIRST]
    shard.go_on()
    shard.send(ShardBounds(1_000_000, 0))
    shard.go_on()

    fork = shard.checkpoint.fork(0)
    assert fork is not None
    assert fork.limit == shard.limits.child_executions


def test_with_less_concurrency_shards_wait_until_others_have_ended() -> None:
    sharded = begin(each(TASK), list(range(12)))
    sharded.begin()
    for play in sharded.shards.values():
        play.go_on()
    assert [len(live(play)) for play in sharded.shards.values()] == [2, 2, 2, 2]
    updated(sharded, max_concurrency=3)

    assert [shard.limit for shard in shards_of(sharded.parent)] == [2, 1, 0, 0]
    sharded.begin()
    for play in list(sharded.shards.values())[2:]:
        for task in play.open_tasks():  # what runs goes on to its end
            play.send(echo(task))
        assert (live(play), play.outcome) == ((), None)
    sharded.to_end()
    assert sharded.parent.outcome is not None
    assert parse(sharded.parent.outcome.output or "") == list(range(12))


def test_more_failures_are_tolerated_in_open_shards_once_the_map_tolerates_more() -> None:
    sharded = begin(each(TASK), list(range(6)))
    updated(sharded, tolerated_failure_count=2)
    sharded.to_end(failing(0, 4))

    assert sharded.parent.outcome is not None
    assert sharded.parent.outcome.status == "SUCCEEDED"
    (run,) = sharded.parent.map_runs.values()
    assert (run.items.succeeded, run.items.failed) == (4, 2)


def test_a_map_fails_as_soon_as_it_tolerates_less_than_has_failed() -> None:
    sharded = begin(each(TASK, ToleratedFailureCount=3), list(range(6)))
    sharded.begin()
    shard = sharded.shards[FIRST]
    shard.go_on()
    shard.send(failing(0)(shard.open_tasks()[0]))
    counts = checkpoints.shard_counts(shard.checkpoint)
    assert counts is not None
    sharded.parent.send(ShardProgress(FIRST, counts))
    assert sharded.parent.outcome is None
    updated(sharded, tolerated_failure_count=0)

    assert sharded.parent.outcome is not None
    assert sharded.parent.outcome.error == "States.ExceedToleratedFailureThreshold"
    assert sharded.parent.cancelled == [FIRST, FIRST + 1]


@given(
    st.lists(st.tuples(st.integers(0, 5), st.integers(0, 9)), max_size=6),
    st.booleans(),
    st.integers(0, 2**32),
)
@settings(max_examples=60, deadline=None)
def test_however_often_a_map_is_updated_each_item_is_done_once(
    updates: list[tuple[int, int]], fails: bool, seed: int
) -> None:
    """``updates``: other concurrencies, each after so many answers."""
    sharded = begin(each(TASK, ToleratedFailureCount=14), list(range(14)), seed=seed)
    answer = failing(1, 5, 12) if fails else echo
    for concurrency, answers in updates:
        updated(sharded, max_concurrency=concurrency, tolerated_failure_count=14 - answers)
        shares = [shard.limit for shard in shards_of(sharded.parent)]
        assert sum(shares) <= (concurrency or SHARDS_OF_THREE.child_executions * SHARDS_OF_THREE.shards)
        for _ in range(answers):
            sharded.begin()
            if sharded.parent.outcome is None:
                sharded.one(answer)
        if sharded.parent.outcome is not None:
            break
    sharded.to_end(answer)

    assert sharded.parent.outcome is not None
    assert sharded.parent.outcome.status == "SUCCEEDED"
    (run,) = sharded.parent.map_runs.values()
    failed = 3 if fails else 0
    assert (run.items.succeeded, run.items.failed, run.items.total) == (14 - failed, failed, 14)
    assert len(sharded.children) == 14


def test_small_maps_and_those_of_an_engine_without_shards_stay_as_they_were() -> None:
    small = begin(each(TASK), [1, 2, 3]).parent
    unlimited = begin(each(TASK), list(range(9)), Limits()).parent

    for play in (small, unlimited):
        assert play.checkpoint.version < versions.SHARDED
        assert not any(isinstance(part, Shard) for part in play.checkpoint.parts.values())


def test_neither_the_map_nor_a_shard_grows_with_the_items_that_are_to_come() -> None:
    def largest(count: int) -> tuple[int, int]:
        sharded = begin(each(PASS, MaxConcurrency=4, ResultPath=None), list(range(count)))
        parts = 0
        while sharded.parent.outcome is None:
            sharded.begin()
            parts = max(parts, *(len(play.journal) for play in sharded.shards.values()))
            sharded.one(echo)
        return parts, sharded.most_open

    assert largest(120) == largest(30)


def test_no_definition_can_name_a_shard() -> None:
    with pytest.raises(InvalidDefinition, match="not a valid resource"):
        compile_definition(states("T", T={"Type": "Task", "Resource": MAP_SHARD.text}))


@given(
    st.integers(0, 14),
    st.integers(0, 5),
    st.sets(st.integers(0, 13)),
    st.one_of(st.none(), st.integers(0, 14)),
    st.integers(0, 2**32),
)
@settings(max_examples=60, deadline=None)
def test_whatever_fails_counts_add_up(
    items: int, concurrency: int, failed: set[int], tolerated: int | None, seed: int
) -> None:
    bounds: dict[str, Any] = {} if tolerated is None else {"ToleratedFailureCount": tolerated}
    definition = each(TASK, MaxConcurrency=concurrency, **bounds)
    sharded = begin(definition, list(range(items)), seed=seed).to_end(failing(*failed))

    expected = len([item for item in failed if item < items])
    outcome = sharded.parent.outcome
    assert outcome is not None
    assert (outcome.status == "SUCCEEDED") == (expected <= (tolerated or 0))
    (run,) = sharded.parent.map_runs.values()
    statuses = [child.status for child in sharded.children.values()]
    if items > 3 and outcome.status == "SUCCEEDED":
        assert (run.items.failed, run.items.succeeded) == (expected, items - expected)
        assert len(statuses) == items
    assert "RUNNING" not in statuses
    assert run.items.running == 0


def test_a_map_that_began_in_one_checkpoint_ends_in_it() -> None:
    play = Play(machine(each(TASK)), Limits(child_executions=2))
    play.start(dump(list(range(9))))
    play.limits = SHARDS_OF_THREE

    play.to_end()
    assert play.outcome is not None
    assert parse(play.outcome.output or "") == list(range(9))
    assert play.checkpoint.version < versions.SHARDED
    assert all(task.resource is not MAP_SHARD for task in play.started)


@pytest.mark.parametrize(("processor", "shard"), [(PASS, 7), (TASK, 3)])
def test_a_shard_may_have_more_items_if_its_child_executions_only_compute(
    processor: dict[str, Any], shard: int
) -> None:
    limits = replace(SHARDS_OF_THREE, computing_shard_items=7)
    play = begin(each(processor), list(range(20)), limits).parent
    opened = [part for part in play.checkpoint.parts.values() if isinstance(part, Shard)]

    assert [part.count for part in opened][:2] == [shard, shard]
    few = begin(each(processor), [0, 1, 2], limits).parent
    few.go_on()
    assert not any(isinstance(part, Shard) for part in few.checkpoint.parts.values())


GOLDEN = Path(__file__).parents[1] / "golden" / "checkpoints" / "4.json"


def test_what_this_form_of_checkpoint_was_at_first_goes_on() -> None:
    """The Map and its first shard as they were written when there were shards for the first time."""
    golden = json.loads(GOLDEN.read_text())

    parent = Play(machine(golden["definition"]), SHARDS_OF_THREE)
    parent.journal = golden["map"]
    parent.checkpoint = checkpoints.decode(parent.journal)
    assert parent.checkpoint.version == versions.SHARDED
    sharded = Sharded(parent).to_end()
    assert sharded.parent.outcome is not None
    assert parse(sharded.parent.outcome.output or "") == golden["output"]


def test_long_items_are_stored_as_texts_that_each_have_room() -> None:
    items = Items(1, Payload(["x" * 1_000 for _ in range(700)]))
    encoded = checkpoints.encode(items)

    assert [len(text) <= ITEMS_CHARACTERS for text in encoded["texts"]] == [True] * 3
    assert codec.decode(encoded) == items
    short = checkpoints.encode(Items(1, Payload([1])))
    assert short["items"] == "[1]"


def test_an_engine_that_does_not_know_long_items_leaves_their_execution_alone() -> None:
    play = begin(each(PASS), ["x" * ITEMS_CHARACTERS, 1], Limits(payload_bytes=2 * ITEMS_CHARACTERS))
    play.parent.go_on()

    assert play.parent.checkpoint.head.version == versions.WITH_LONG_ITEMS


def test_a_map_fails_with_the_first_shard_whose_results_are_more_than_a_state_may_give() -> None:
    play = begin(each(PASS), ["12345678"] * 7, replace(SHARDS_OF_THREE, read_bytes=20))
    outcome = play.to_end().parent.outcome
    assert outcome is not None
    assert outcome.error == "States.DataLimitExceeded"


def test_a_shard_that_had_done_all_its_items_comes_to_the_same_end_when_its_map_is_redriven() -> None:
    """It has nothing to go on with, and still is a part of a Map: it runs no Map of its own."""
    play = begin(each(PASS), ["12345678"] * 7, replace(SHARDS_OF_THREE, read_bytes=20)).to_end()
    children = len(play.children)

    play.parent.redrive()
    play.to_end()

    assert play.parent.outcome is not None
    assert play.parent.outcome.error == "States.DataLimitExceeded"
    assert len(play.children) == children
