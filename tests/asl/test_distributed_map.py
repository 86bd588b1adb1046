"""Map in mode DISTRIBUTED: child executions with a history of their own, and a Map Run that reports their
state."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import pytest

from stepwright.asl.checkpoint import checkpoint as checkpoints
from stepwright.asl.checkpoint.parts import Branch, Child, Results
from stepwright.asl.interpreter.map_runs import execution_arn, id_begins
from stepwright.asl.limits import Limits
from stepwright.asl.signals import Stop, TaskFailed, TaskSucceeded, UpdateMapRun
from stepwright.asl.step import Counts, MapRunStatus, StartTask
from stepwright.asl.text.jsontext import parse
from tests.asl.virtual_time import IDENTITY, START, Answer, Play, begin, run, states

JOB = {"Type": "Task", "Resource": "k8s:job"}
PASS = states("P", P={"Type": "Pass"})
TASK = states("T", T=JOB)
PREFIX = "arn:aws:states:us-east-1:123456789012"


def each(processor: dict[str, Any], name: str = "Each", **fields: Any) -> dict[str, Any]:
    distributed = {**processor, "ProcessorConfig": {"Mode": "DISTRIBUTED", "ExecutionType": "STANDARD"}}
    members = {name: {"Type": "Map", "ItemProcessor": distributed, **fields}}
    members |= {catcher["Next"]: {"Type": "Pass"} for catcher in fields.get("Catch", ())}
    return states(name, **members)


def output_of(play: Play) -> Any:
    assert play.outcome is not None
    assert play.outcome.output is not None, play.outcome
    return parse(play.outcome.output)


def map_run(play: Play) -> MapRunStatus:
    (found,) = play.map_runs.values()
    return found


def failing(*items: Any) -> Answer:
    def answer(task: StartTask) -> Any:
        if task.input in items:
            return TaskFailed(task.task, "E", "c")
        return TaskSucceeded(task.task, task.input)

    return answer


def test_whose_a_map_run_is_shows_in_its_arn() -> None:
    retry = [{"ErrorEquals": ["States.ALL"], "MaxAttempts": 2}]
    ids = [arn.rpartition(":")[2] for arn in run(each(TASK, Retry=retry), [1], failing(1)).map_runs]

    assert len(set(ids)) == 3
    assert all(id.startswith(id_begins(IDENTITY.uid)) and UUID(id).version == 5 for id in ids)
    assert not ids[0].startswith(id_begins("another's"))


def test_child_executions_have_names_of_their_own_and_those_of_neighbours_begin_alike() -> None:
    names = list(run(each(PASS), list(range(1_010))).children)

    assert len(names) == 1_010
    assert all(str(UUID(name)) == name and UUID(name).version == 5 for name in names)
    first, second = ({name[:8] for name in some} for some in (names[:1_000], names[1_000:]))
    assert (len(first), len(second)) == (1, 1)
    assert first != second


def test_the_history_tells_of_the_run_alone() -> None:
    play = run(each(PASS, Label="Few"), [7, 8])

    assert play.chain == [
        (1, 0, "ExecutionStarted"),
        (2, 0, "MapStateEntered"),
        (3, 2, "MapStateStarted"),
        (4, 3, "MapRunStarted"),
        (5, 4, "MapRunSucceeded"),
        (6, 5, "MapStateSucceeded"),
        (7, 4, "MapStateExited"),
        (8, 7, "ExecutionSucceeded"),
    ]
    assert play.events[2]["mapStateStartedEventDetails"] == {"length": 2}
    arn = play.events[3]["mapRunStartedEventDetails"]["mapRunArn"]
    assert arn.startswith(f"{PREFIX}:mapRun:orders/Few:")
    assert map_run(play).arn == arn
    assert output_of(play) == [7, 8]


def test_each_child_execution_has_a_history_of_its_own() -> None:
    play = run(each(PASS), [7, 8])

    assert [child.status for child in play.children.values()] == ["SUCCEEDED", "SUCCEEDED"]
    for child in play.children.values():
        events = play.child_events[child.name]
        assert [(event["id"], event["previousEventId"], event["type"]) for event in events] == [
            (1, 0, "ExecutionStarted"),
            (2, 0, "PassStateEntered"),
            (3, 2, "PassStateExited"),
            (4, 3, "ExecutionSucceeded"),
        ]
        assert events[0]["executionStartedEventDetails"]["input"] == child.input == child.output


@pytest.mark.parametrize("tells", [True, False])
def test_visits_of_states_in_child_executions_are_told_where_somebody_asks_for_them(*, tells: bool) -> None:
    play = run(each(PASS), [7, 8], limits=Limits(tells_visits_of_children=tells))
    children = [visit.child for visit in play.visits.values() if visit.child is not None]

    assert sorted(children) == (sorted(play.children) if tells else [])
    assert [visit.outcome for visit in play.visits.values() if visit.child is None] == ["Succeeded"]
    assert len(play.child_events) == 2


def test_a_child_execution_has_a_context_object_of_its_own() -> None:
    shown = {"x.$": "$$.Execution", "m.$": "$$.StateMachine", "s.$": "$$.State.Name"}
    play = run(each(states("P", P={"Type": "Pass", "Parameters": shown}), Label="L"), [7])
    (child,) = play.children.values()
    (found,) = output_of(play)

    arn = f"{PREFIX}:execution:orders/L:{child.name}"
    assert arn == execution_arn(child.map_run_arn, child.name)
    assert found == {
        "x": {
            "Id": arn,
            "Input": 7,
            "StartTime": "2023-11-14T22:13:20.000Z",
            "Name": child.name,
            "RoleArn": "arn:aws:iam::123456789012:role/orders",
            "RedriveCount": 0,
        },
        "m": {"Id": f"{PREFIX}:stateMachine:orders/L", "Name": "orders/L"},
        "s": "P",
    }


def test_the_item_is_in_sight_of_the_selector_and_not_of_the_child_execution() -> None:
    selected = run(each(PASS, ItemSelector={"i.$": "$$.Map.Item.Index", "v.$": "$$.Map.Item.Value"}), ["a"])
    looked = run(each(states("P", P={"Type": "Pass", "InputPath": "$$.Map.Item.Value"})), ["a"])

    assert output_of(selected) == [{"i": 0, "v": "a"}]
    assert looked.outcome is not None
    assert looked.outcome.error == "States.ExceedToleratedFailureThreshold"


def test_a_child_execution_sees_no_variables_of_the_parent() -> None:
    definition = each(states("P", P={"Type": "Pass", "Parameters": {"x.$": "$x"}}), ToleratedFailureCount=1)
    definition["States"]["A"] = {"Type": "Pass", "Assign": {"x": 1}, "Next": "Each"}
    play = run({**definition, "StartAt": "A"}, [1])

    (child,) = play.children.values()
    assert child.status == "FAILED"
    assert child.error == "States.Runtime"
    assert child.cause is not None
    assert "(entered at the event id #2)" in child.cause  # of its own history


def test_any_failure_fails_the_run_unless_failures_are_tolerated() -> None:
    play = run(each(TASK, MaxConcurrency=1), [0, 1, 2], failing(1))

    assert play.outcome is not None
    assert play.outcome.error == "States.ExceedToleratedFailureThreshold"
    assert play.outcome.cause == "The specified tolerated failure threshold was exceeded"
    assert play.chain[3:] == [
        (4, 3, "MapRunStarted"),
        (5, 4, "MapRunFailed"),
        (6, 5, "MapStateFailed"),
        (7, 6, "ExecutionFailed"),
    ]
    assert play.events[4]["mapRunFailedEventDetails"] == {
        "error": play.outcome.error,
        "cause": play.outcome.cause,
    }
    assert map_run(play).status == "FAILED"
    assert map_run(play).items == Counts(total=3, running=0, succeeded=1, failed=1)
    assert [child.status for child in play.children.values()] == ["SUCCEEDED", "FAILED"]


def test_a_run_that_fails_aborts_what_runs() -> None:
    play = begin(each(TASK), [0, 1, 2])
    play.send(TaskFailed(play.started[1].task, "E", "c"))

    assert [child.status for child in play.children.values()] == ["ABORTED", "FAILED", "ABORTED"]
    assert sorted(play.cancelled) == sorted(play.started[i].task for i in (0, 2))
    assert map_run(play).executions == Counts(total=3, running=0, succeeded=0, failed=1, aborted=2)


def test_a_tolerated_failure_is_described_among_the_results() -> None:
    play = run(each(TASK, ToleratedFailureCount=1), [0, 1, 2], failing(1))
    first, failed, last = output_of(play)

    assert (first, last) == (0, 2)
    assert failed["Error"] == "E"
    assert failed["Cause"] == "c"
    assert failed["Status"] == "FAILED"
    assert failed["Input"] == "1"
    assert failed["ExecutionArn"] == execution_arn(map_run(play).arn, list(play.children)[1])
    assert map_run(play).status == "SUCCEEDED"


@pytest.mark.parametrize(
    ("fields", "failures", "succeeds"),
    [
        ({"ToleratedFailureCount": 1}, 1, True),
        ({"ToleratedFailureCount": 1}, 2, False),
        ({"ToleratedFailurePercentage": 50}, 2, True),
        ({"ToleratedFailurePercentage": 49}, 2, False),
        ({"ToleratedFailureCount": 4, "ToleratedFailurePercentage": 25}, 2, False),
        ({"ToleratedFailureCountPath": "$$.Execution.Input[1]"}, 1, True),
    ],
)
def test_tolerated_failures(fields: dict[str, Any], failures: int, succeeds: bool) -> None:
    play = run(each(TASK, MaxConcurrency=1, **fields), [0, 1, 2, 3], failing(*range(failures)))

    assert (map_run(play).status == "SUCCEEDED") is succeeds


def test_a_failed_run_can_be_tried_again_and_caught() -> None:
    retry = {"ErrorEquals": ["States.ExceedToleratedFailureThreshold"], "MaxAttempts": 1}
    catch = {"ErrorEquals": ["States.ALL"], "Next": "Caught"}
    play = run(each(TASK, Retry=[retry], Catch=[catch]), [1], failing(1))

    assert output_of(play)["Error"] == "States.ExceedToleratedFailureThreshold"
    assert len(play.map_runs) == 2
    assert play.types.count("MapRunFailed") == 2
    assert play.types.count("MapStateFailed") == 1


def test_at_most_so_many_at_once() -> None:
    play = begin(each(TASK, MaxConcurrency=2), list(range(5)), Limits(child_executions=3))
    assert len(play.open_tasks()) == 2
    play = begin(each(TASK), list(range(5)), Limits(child_executions=3))
    assert len(play.open_tasks()) == 3

    play.send(TaskSucceeded(play.started[0].task, 1))
    assert [task.input for task in play.open_tasks()] == [1, 2, 3]


def test_a_run_can_be_given_other_bounds_while_it_runs() -> None:
    play = begin(each(TASK, MaxConcurrency=1), list(range(4)))
    play.send(UpdateMapRun(map_run(play).arn, max_concurrency=3, tolerated_failure_count=1))

    assert len(play.open_tasks()) == 3
    assert map_run(play).max_concurrency == 3
    play.to_end(failing(2))
    assert map_run(play).status == "SUCCEEDED"
    # Whoever takes an execution up may ask for the same again.
    again = play.send(UpdateMapRun(map_run(play).arn, max_concurrency=3, tolerated_failure_count=1))
    assert (again.changed, again.map_runs) == (frozenset(), [])
    assert play.send(UpdateMapRun("arn:of:nothing", max_concurrency=1)).changed == frozenset()


@pytest.mark.parametrize(
    ("batcher", "batches"),
    [
        ({"MaxItemsPerBatch": 2}, [["aa", "b"], ["c", "d"], ["e"]]),
        ({"MaxInputBytesPerBatch": 23}, [["aa", "b"], ["c", "d", "e"]]),
        ({"MaxInputBytesPerBatch": 1}, [["aa"], ["b"], ["c"], ["d"], ["e"]]),
        ({"MaxItemsPerBatchPath": "$.n"}, [["aa", "b", "c"], ["d", "e"]]),
    ],
)
def test_batches(batcher: dict[str, Any], batches: list[list[str]]) -> None:
    definition = each(TASK, ItemsPath="$.items", ItemBatcher=batcher, MaxConcurrency=1)
    play = run(definition, {"items": ["aa", "b", "c", "d", "e"], "n": 3})

    assert [parse(child.input) for child in play.children.values()] == [{"Items": batch} for batch in batches]
    assert output_of(play) == [{"Items": batch} for batch in batches]
    assert map_run(play).items.succeeded == 5
    assert map_run(play).executions.succeeded == len(batches)


def test_a_batch_has_what_all_share_and_what_the_selector_makes_of_each_item() -> None:
    play = run(
        each(
            PASS,
            ItemsPath="$.items",
            ItemSelector={"v.$": "$$.Map.Item.Value"},
            ItemBatcher={"MaxItemsPerBatch": 2, "BatchInput": {"date": "today", "n.$": "$.n"}},
        ),
        {"items": [1, 2, 3], "n": 9},
    )

    shared = {"date": "today", "n": 9}
    assert output_of(play) == [
        {"BatchInput": shared, "Items": [{"v": 1}, {"v": 2}]},
        {"BatchInput": shared, "Items": [{"v": 3}]},
    ]


def test_a_failed_batch_counts_with_all_its_items() -> None:
    batcher: Any = {"ItemBatcher": {"MaxItemsPerBatch": 2}, "MaxConcurrency": 1}
    batch = {"Items": [0, 1]}

    two = run(each(TASK, ToleratedFailureCount=2, **batcher), [0, 1, 2], failing(batch))
    one = run(each(TASK, ToleratedFailureCount=1, **batcher), [0, 1, 2], failing(batch))
    assert map_run(two).status == "SUCCEEDED"
    assert map_run(one).status == "FAILED"


def test_a_selector_that_fails_fails_the_run() -> None:
    definition = each(TASK, MaxConcurrency=1, ItemSelector={"x.$": "$$.Map.Item.Value.x"})
    play = begin(definition, [{"x": 1}, {}])
    play.send(TaskSucceeded(play.started[0].task, 1))

    assert play.outcome is not None
    assert play.outcome.error == "States.Runtime"
    assert play.types[-3:] == ["MapRunFailed", "MapStateFailed", "ExecutionFailed"]


def test_a_run_within_a_run() -> None:
    play = run(each(each(PASS, "Inner"), "Outer"), [[1, 2], [3]])

    assert output_of(play) == [[1, 2], [3]]
    assert play.types.count("MapRunStarted") == 1
    assert len(play.map_runs) == 3
    assert len(play.children) == 5
    outer = [events for events in play.child_events.values() if len(events) > 4]
    assert [event["type"] for event in outer[0]][2:6] == [
        "MapStateStarted",
        "MapRunStarted",
        "MapRunSucceeded",
        "MapStateSucceeded",
    ]


def test_what_is_stopped_aborts_its_runs_and_child_executions() -> None:
    play = begin(each(each(TASK, "Inner"), "Outer"), [[1, 2], [3]])
    play.send(Stop("E", "c"))

    assert {run.status for run in play.map_runs.values()} == {"ABORTED"}
    assert {child.status for child in play.children.values()} == {"ABORTED"}
    assert play.types[-2:] == ["MapRunStarted", "ExecutionAborted"]
    assert set(play.checkpoint.parts) == {"start", "head"}


def test_a_run_beside_a_branch_that_fails_is_aborted() -> None:
    parallel = {
        "Type": "Parallel",
        "Branches": [each(TASK), states("F", F={**JOB, "Parameters": {"fails": True}})],
    }
    play = begin(states("Both", Both=parallel), [1])
    failing_task = next(task for task in play.started if task.parameters == {"fails": True})
    play.send(TaskFailed(failing_task.task, "E", "c"))

    assert map_run(play).status == "ABORTED"
    assert play.types[-5:] == [
        "TaskStateAborted",
        "MapRunAborted",
        "MapStateAborted",
        "ParallelStateFailed",
        "ExecutionFailed",
    ]


def test_waits_and_retries_of_child_executions_have_timers_of_their_own() -> None:
    retry = [{"ErrorEquals": ["E"], "MaxAttempts": 1, "IntervalSeconds": 3}]
    processor = states("W", W={"Type": "Wait", "Seconds": 5, "Next": "T"}, T={**JOB, "Retry": retry})
    asked: list[Any] = []

    def answer(task: StartTask) -> Any:
        asked.append(task.input)
        if asked.count(task.input) == 1:
            return TaskFailed(task.task, "E", "c")
        return TaskSucceeded(task.task, task.input)

    play = run(each(processor), [1, 2], answer)

    assert output_of(play) == [1, 2]
    assert play.now == START + 8_000
    assert len({task.task for task in play.started}) == 4


FULL = "The execution reached the maximum number of history events (50)."
ENDLESS = states(
    "P",
    P={"Type": "Pass", "Next": "C"},
    C={
        "Type": "Choice",
        "Choices": [{"Variable": "$", "NumericGreaterThan": 1, "Next": "S"}],
        "Default": "P",
    },
    S={"Type": "Succeed"},
)
"""Never ends with the input 1."""


@pytest.mark.parametrize("kind", ["STANDARD", "EXPRESS"])
def test_a_child_execution_that_loops_for_ever_fails_when_its_history_is_full(kind: str) -> None:
    definition = each(ENDLESS, ToleratedFailureCount=1)
    definition["States"]["Each"]["ItemProcessor"]["ProcessorConfig"]["ExecutionType"] = kind
    play = run(definition, [2, 1, 3], limits=Limits(history_events=50))

    two, full, three = output_of(play)
    assert (two, three) == (2, 3)
    assert (full["Status"], full["Error"], full["Cause"]) == ("FAILED", "States.Runtime", FULL)
    assert sorted(len(events) for events in play.child_events.values()) == [8, 8, 50]
    assert max(play.child_events.values(), key=len)[-1]["type"] == "ExecutionFailed"
    assert map_run(play).executions == Counts(total=3, running=0, succeeded=2, failed=1)


def test_a_full_history_that_the_map_does_not_tolerate_fails_it() -> None:
    play = run(each(ENDLESS, MaxConcurrency=1), [1, 2], limits=Limits(history_events=50))

    assert play.outcome is not None
    assert play.outcome.error == "States.ExceedToleratedFailureThreshold"
    assert [len(events) for events in play.child_events.values()] == [50]
    assert map_run(play).status == "FAILED"
    (child,) = play.children.values()
    assert (child.error, child.cause) == ("States.Runtime", FULL)


def test_nothing_in_a_child_execution_catches_that_its_history_is_full() -> None:
    """Whatever it had open is gone with it, and the others go on."""
    catching = {"Catch": [{"ErrorEquals": ["States.ALL"], "Next": "Caught"}], "Next": "Caught"}
    beside = states("T", T=JOB)
    processor = states(
        "Both",
        Both={"Type": "Parallel", "Branches": [ENDLESS, beside, states("M", M=inner_map())], **catching},
        Caught={"Type": "Pass"},
    )
    play = begin(
        each(processor, ToleratedFailureCount=2), [1, 1, 2], Limits(history_events=50, events_per_step=10)
    )
    play.go_on()
    play.to_end()

    outputs = output_of(play)
    assert [isinstance(output, dict) and output["Cause"] for output in outputs] == [FULL, FULL, False]
    tasks = {task.task for task in play.started}
    assert len(play.cancelled) >= 4
    assert set(play.cancelled) < tasks
    assert not play.open_tasks()
    assert all(visit.outcome is not None for visit in play.visits.values())


def inner_map() -> dict[str, Any]:
    return {"Type": "Map", "Items": [1, 2], "QueryLanguage": "JSONata", "ItemProcessor": states("U", U=JOB)}


def test_a_child_execution_within_another_is_full_by_itself() -> None:
    inner = each(ENDLESS, "Inner", ToleratedFailureCount=1, ItemsPath="$")
    play = run(each(inner), [[1, 2], [3]], limits=Limits(history_events=50))

    outputs = output_of(play)
    assert outputs[1] == [3]
    assert outputs[0][0]["Cause"] == FULL
    assert outputs[0][1] == 2


def test_what_has_failed_since_its_history_was_full_can_be_redriven_and_fails_again() -> None:
    play = run(each(ENDLESS), [1], limits=Limits(history_events=50))
    play.redrive()
    play.to_end()

    assert play.outcome is not None
    assert play.outcome.error == "States.ExceedToleratedFailureThreshold"


def test_no_items() -> None:
    play = run(each(PASS), [])

    assert output_of(play) == []
    assert map_run(play).items == Counts(total=0, running=0, succeeded=0, failed=0)


@pytest.mark.parametrize("field", ["ItemReader", "ResultWriter"])
def test_what_needs_the_other_mode_is_refused_plainly(field: str) -> None:
    given: Any = {"Resource": "arn:aws:states:::s3:getObject", "Parameters": {"Bucket": "b", "Key": "k"}}
    play = run(states("Each", Each={"Type": "Map", "ItemProcessor": PASS, field: given}), [1])

    assert play.outcome is not None
    assert play.outcome.error == "States.Runtime"
    assert play.outcome.cause is not None
    assert f"{field} of a Map needs the mode DISTRIBUTED" in play.outcome.cause


def test_a_long_run_keeps_little_and_each_item_costs_the_same() -> None:
    items: Any = list(range(1_000))
    play = begin(each(TASK, MaxConcurrency=5), items)
    written: dict[str, int] = {}
    while play.outcome is None:
        step = play.send(TaskSucceeded(play.open_tasks()[0].task, "x" * 50))
        parts = list(step.checkpoint.parts.values())
        assert sum(isinstance(part, Branch) for part in parts) <= 6
        assert sum(isinstance(part, Child) for part in parts) <= 5
        assert sum(not part.closed for part in parts if isinstance(part, Results)) <= 1
        assert len(step.changed) <= 8 or play.outcome is not None
        for name in step.changed:
            written[name] = written.get(name, 0) + 1

    assert output_of(play) == ["x" * 50] * 1_000
    assert max(count for name, count in written.items() if name.startswith("items/")) == 1
    assert written["branch/0"] == 1
    assert checkpoints.open_timers(play.checkpoint) == []


def test_a_checkpoint_says_that_older_engines_cannot_read_it_only_where_they_cannot() -> None:
    plain, distributed = begin(TASK), begin(each(TASK), [1])

    assert plain.checkpoint.version == 1
    assert distributed.checkpoint.version == 2
