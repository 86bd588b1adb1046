"""Map: an iteration for each item, at most so many at once, results in the order of the items."""

from __future__ import annotations

from typing import Any

import pytest

from stepwright.asl.checkpoint import checkpoint as checkpoints
from stepwright.asl.checkpoint.parts import CHUNK_CHARACTERS, Branch, Results
from stepwright.asl.signals import TaskFailed, TaskSucceeded
from stepwright.asl.step import StartTask
from stepwright.asl.text.jsontext import parse
from tests.asl.virtual_time import Play, begin, fails, run, states

JOB = {"Type": "Task", "Resource": "k8s:job"}
PASS = states("P", P={"Type": "Pass"})
TASK = states("T", T=JOB)


def each(processor: dict[str, Any], name: str = "Each", **fields: Any) -> dict[str, Any]:
    members = {name: {"Type": "Map", "ItemProcessor": processor, **fields}}
    members |= {catcher["Next"]: {"Type": "Pass"} for catcher in fields.get("Catch", ())}
    return states(name, **members)


def output_of(play: Play) -> Any:
    assert play.outcome is not None
    assert play.outcome.output is not None, play.outcome
    return parse(play.outcome.output)


def test_events_one_at_a_time() -> None:
    play = run(each(PASS, MaxConcurrency=1), [7, 8])

    assert play.chain == [
        (1, 0, "ExecutionStarted"),
        (2, 0, "MapStateEntered"),
        (3, 2, "MapStateStarted"),
        (4, 3, "MapIterationStarted"),
        (5, 4, "PassStateEntered"),
        (6, 5, "PassStateExited"),
        (7, 6, "MapIterationSucceeded"),
        (8, 6, "MapIterationStarted"),
        (9, 8, "PassStateEntered"),
        (10, 9, "PassStateExited"),
        (11, 10, "MapIterationSucceeded"),
        (12, 11, "MapStateSucceeded"),
        (13, 11, "MapStateExited"),
        (14, 13, "ExecutionSucceeded"),
    ]
    assert play.events[2]["mapStateStartedEventDetails"] == {"length": 2}
    assert play.events[3]["mapIterationStartedEventDetails"] == {"name": "Each", "index": 0}
    assert play.events[7]["mapIterationStartedEventDetails"] == {"name": "Each", "index": 1}
    assert output_of(play) == [7, 8]


def test_events_side_by_side() -> None:
    play = begin(each(TASK), [7, 8])

    assert play.chain[2:] == [
        (3, 2, "MapStateStarted"),
        (4, 3, "MapIterationStarted"),
        (5, 3, "MapIterationStarted"),
        (6, 4, "TaskStateEntered"),
        (7, 6, "TaskScheduled"),
        (8, 5, "TaskStateEntered"),
        (9, 8, "TaskScheduled"),
    ]


def test_no_items() -> None:
    play = run(each(PASS), [])

    assert output_of(play) == []
    assert play.chain[2:] == [
        (3, 2, "MapStateStarted"),
        (4, 3, "MapStateSucceeded"),
        (5, 3, "MapStateExited"),
        (6, 5, "ExecutionSucceeded"),
    ]


def test_results_come_in_the_order_of_the_items() -> None:
    play = begin(each(TASK), ["a", "b", "c"])
    for task in reversed(play.open_tasks()):
        play.send(TaskSucceeded(task.task, task.parameters))

    assert output_of(play) == ["a", "b", "c"]


@pytest.mark.parametrize(
    ("fields", "given", "expected"),
    [
        pytest.param({"MaxConcurrency": 3}, list(range(100)), 3, id="given"),
        pytest.param({}, list(range(100)), 40, id="none: as many as AWS runs"),
        pytest.param({"MaxConcurrency": 0}, list(range(100)), 40, id="0: as many as AWS runs"),
        pytest.param({"MaxConcurrency": 1000}, list(range(100)), 40, id="never more than AWS runs"),
        pytest.param({"MaxConcurrency": 3}, [1, 2], 2, id="fewer items"),
        pytest.param(
            {"MaxConcurrencyPath": "$.n", "ItemsPath": "$.items"},
            {"n": 2, "items": [1, 2, 3]},
            2,
            id="from a path",
        ),
    ],
)
def test_how_many_run_at_once(fields: dict[str, Any], given: Any, expected: int) -> None:
    play = begin(each(TASK, **fields), given)

    assert len(play.open_tasks()) == expected
    while play.outcome is None:
        assert len(play.open_tasks()) <= expected
        play.send(TaskSucceeded(play.open_tasks()[-1].task, 1))


def test_an_iteration_that_ends_makes_room_for_the_next() -> None:
    play = begin(each(TASK, MaxConcurrency=2), ["a", "b", "c"])
    second = play.started[1]
    play.send(TaskSucceeded(second.task, "B"))
    succeeded = play.types.index("TaskStateExited") + 1

    assert play.chain[succeeded:] == [
        (succeeded + 1, succeeded, "MapIterationSucceeded"),
        (succeeded + 2, succeeded, "MapIterationStarted"),
        (succeeded + 3, succeeded + 2, "TaskStateEntered"),
        (succeeded + 4, succeeded + 3, "TaskScheduled"),
    ]
    assert [task.path for task in play.open_tasks()] == ["Each[0]/T", "Each[2]/T"]


def test_data_flow() -> None:
    play = run(
        each(
            PASS,
            InputPath="$.order",
            ItemsPath="$.items",
            ItemSelector={
                "order.$": "$.id",
                "index.$": "$$.Map.Item.Index",
                "item.$": "$$.Map.Item.Value",
            },
            ResultSelector={"all.$": "$"},
            ResultPath="$.r",
            OutputPath="$.r.all",
        ),
        {"order": {"id": 9, "items": ["x", "y"]}},
    )

    assert output_of(play) == [
        {"order": 9, "index": 0, "item": "x"},
        {"order": 9, "index": 1, "item": "y"},
    ]


def test_old_names() -> None:
    definition = states(
        "Each", Each={"Type": "Map", "Iterator": PASS, "Parameters": {"v.$": "$$.Map.Item.Value"}}
    )

    assert output_of(run(definition, [1])) == [{"v": 1}]


def test_the_item_is_seen_within_the_iteration() -> None:
    inner = each(states("P", P={"Type": "Pass", "Parameters": {"n.$": "$$.Map.Item.Index"}}), name="Inner")
    play = run(each(inner), [["a", "b"], ["c"]])

    assert output_of(play) == [[{"n": 0}, {"n": 1}], [{"n": 0}]]


def test_nested_maps() -> None:
    play = run(each(each(PASS, name="Inner")), [[1, 2], [], [3]])

    assert output_of(play) == [[1, 2], [], [3]]


@pytest.mark.parametrize(
    ("fields", "given", "cause"),
    [
        ({}, {"a": 1}, 'Reference path "$" must point to array.'),
        ({"ItemsPath": "$.a"}, {"a": 1}, 'Reference path "$.a" must point to array.'),
        (
            {"MaxConcurrencyPath": "$.n", "ItemsPath": "$.i"},
            {"n": "many", "i": []},
            'The MaxConcurrencyPath field refers to value "many" which is not a valid integer: $.n',
        ),
        (
            {"MaxConcurrencyPath": "$.n", "ItemsPath": "$.i"},
            {"n": -1, "i": [1]},
            "MaxConcurrency must not be negative.",
        ),
        (
            {"ToleratedFailurePercentagePath": "$.n", "ItemsPath": "$.i"},
            {"n": 101, "i": []},
            "ToleratedFailurePercentage must be between 0 and 100.",
        ),
        (
            {"ToleratedFailureCountPath": "$.n", "ItemsPath": "$.i"},
            {"n": {}, "i": []},
            'The ToleratedFailureCountPath field refers to value "{}" which is not a valid integer: $.n',
        ),
    ],
)
def test_what_cannot_be_iterated(fields: dict[str, Any], given: Any, cause: str) -> None:
    play = run(each(PASS, **fields), given)

    assert play.outcome is not None
    assert play.outcome.error == "States.Runtime"
    assert play.outcome.cause == (
        f"An error occurred while executing the state 'Each' (entered at the event id #2). {cause}"
    )
    assert "MapStateFailed" not in play.types


def test_a_number_may_be_a_text() -> None:
    play = begin(each(TASK, MaxConcurrencyPath="$.n", ItemsPath="$.i"), {"n": "2", "i": [1, 2, 3]})

    assert len(play.open_tasks()) == 2


def test_a_failing_iteration_ends_the_others() -> None:
    play = begin(each(TASK), [1, 2, 3])
    second = play.started[1]
    play.send(TaskFailed(second.task, "E", "c"))
    failed = play.types.index("TaskFailed") + 1

    assert play.chain[failed:] == [
        (failed + 1, failed, "MapIterationFailed"),
        (failed + 2, failed, "TaskStateAborted"),
        (failed + 3, failed, "MapIterationAborted"),
        (failed + 4, failed, "TaskStateAborted"),
        (failed + 5, failed, "MapIterationAborted"),
        (failed + 6, failed, "TaskStateAborted"),
        (failed + 7, failed, "MapStateFailed"),
        (failed + 8, failed + 7, "ExecutionFailed"),
    ]
    assert [
        event["mapIterationAbortedEventDetails"]["index"]
        for event in play.events
        if event["type"] == "MapIterationAborted"
    ] == [0, 2]
    assert sorted(play.cancelled) == sorted(task.task for task in play.started if task != second)


def test_retry_and_catch_of_a_map() -> None:
    play = run(
        each(
            states("F", F={"Type": "Fail", "Error": "Broken"}),
            Retry=[{"ErrorEquals": ["Broken"], "MaxAttempts": 1}],
            Catch=[{"ErrorEquals": ["States.ALL"], "Next": "Caught"}],
        ),
        [1],
    )

    assert play.chain[3:] == [
        (4, 3, "MapIterationStarted"),
        (5, 4, "FailStateEntered"),
        (6, 5, "MapIterationFailed"),
        (7, 5, "MapStateStarted"),
        (8, 7, "MapIterationStarted"),
        (9, 8, "FailStateEntered"),
        (10, 9, "MapIterationFailed"),
        (11, 9, "MapStateFailed"),
        (12, 11, "MapStateExited"),
        (13, 12, "PassStateEntered"),
        (14, 13, "PassStateExited"),
        (15, 14, "ExecutionSucceeded"),
    ]
    assert output_of(play) == {"Error": "Broken", "Cause": ""}


def failing(*indexes: int) -> Any:
    def answer(task: StartTask) -> TaskFailed | TaskSucceeded:
        if task.parameters in indexes:
            return TaskFailed(task.task, "E", "c")
        return TaskSucceeded(task.task, task.parameters)

    return answer


@pytest.mark.parametrize(
    ("fields", "failures", "succeeds"),
    [
        ({"ToleratedFailureCount": 1}, 1, True),
        ({"ToleratedFailureCount": 1}, 2, False),
        ({"ToleratedFailurePercentage": 50}, 2, True),
        ({"ToleratedFailurePercentage": 50}, 3, False),
        ({"ToleratedFailureCount": 3, "ToleratedFailurePercentage": 25}, 2, False),
        ({"ToleratedFailureCount": 0}, 1, False),
    ],
)
def test_tolerated_failures(fields: dict[str, Any], failures: int, succeeds: bool) -> None:
    play = run(each(TASK, MaxConcurrency=1, **fields), [0, 1, 2, 3], failing(*range(failures)))

    assert play.outcome is not None
    if succeeds:
        error = {"Error": "E", "Cause": "c"}
        assert output_of(play) == [error if i < failures else i for i in range(4)]
        assert play.types.count("MapIterationFailed") == failures
    else:
        assert play.outcome.error == "States.ExceedToleratedFailureThreshold"
        assert play.outcome.cause == "The specified tolerated failure threshold was exceeded"


def test_a_selector_that_fails_between_iterations_ends_those_that_run() -> None:
    definition = each(TASK, MaxConcurrency=2, ItemSelector={"x.$": "$$.Map.Item.Value.x"})
    play = begin(definition, [{"x": 1}, {"x": 2}, {}])
    play.send(TaskSucceeded(play.started[0].task, 1))

    assert play.outcome is not None
    assert play.outcome.error == "States.Runtime"
    assert play.cancelled == [play.started[1].task]
    assert play.types[-3:] == ["MapIterationAborted", "TaskStateAborted", "ExecutionFailed"]


def test_a_long_map_keeps_little() -> None:
    """Live iterations are branches, the rest waits at a cursor; a full chunk of results is not written again."""
    items: Any = list(range(1_000))
    play = begin(each(TASK, MaxConcurrency=5), items)
    written: dict[str, int] = {}
    while play.outcome is None:
        step = play.send(TaskSucceeded(play.open_tasks()[0].task, "x" * 50))
        parts = list(step.checkpoint.parts.values())
        assert sum(isinstance(part, Branch) for part in parts) <= 6
        for name in step.changed:
            written[name] = written.get(name, 0) + 1
        chunks = [part for part in parts if isinstance(part, Results)]
        assert sum(not chunk.closed for chunk in chunks) <= 1

    assert output_of(play) == ["x" * 50] * 1_000
    # Each chunk: once per result (8 KiB of [12,"\"xx…\""],), and once when it goes.
    assert max(count for name, count in written.items() if name.startswith("results/")) == 137 + 1
    assert max(count for name, count in written.items() if name.startswith("items/")) == 1
    assert written["branch/0"] == 1


def test_large_results_fill_a_chunk_sooner() -> None:
    play = begin(each(TASK, MaxConcurrency=1), list(range(6)))
    for _ in range(5):
        play.send(TaskSucceeded(play.open_tasks()[0].task, "x" * 5_000))
    chunks = [part for part in play.checkpoint.parts.values() if isinstance(part, Results)]

    assert [len(chunk.outputs) for chunk in chunks] == [2, 2, 1]


def test_a_closed_chunk_of_results_is_one_text_that_leaves_the_checkpoint() -> None:
    """Many small results, too: what a journal stores of them is a reference."""
    play = begin(each(TASK, MaxConcurrency=1), list(range(700)))
    for _ in range(650):
        play.send(TaskSucceeded(play.open_tasks()[0].task, "漢<"))
    encoded = [checkpoints.encode(part) for part in play.checkpoint.parts.values()]
    texts = [part["outputs"] for part in encoded if part["kind"] == "results"]

    assert [type(text) for text in texts] == [str, list]
    assert CHUNK_CHARACTERS < len(texts[0]) < 1.2 * CHUNK_CHARACTERS
    assert texts[0].startswith('[[0,"\\"漢<\\""],[1,')
    decoded = checkpoints.decode(
        {name: checkpoints.encode(part) for name, part in play.checkpoint.parts.items()}
    )
    assert decoded == play.checkpoint


def test_nothing_stays_open() -> None:
    play = run(each(each(TASK, name="Inner")), [[1, 2], [3]], fails())

    assert play.outcome is not None
    assert checkpoints.open_timers(play.checkpoint) == []
    assert play.open_tasks() == []
    assert set(play.checkpoint.parts) == {"start", "head"}
