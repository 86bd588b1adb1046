"""All eight types of states in one workflow, with retries, catches and time limits, on real Jobs."""

from __future__ import annotations

import json
from collections import Counter

import pytest

from tests.on_cluster.kubectl import Kube, job, output

pytestmark = pytest.mark.cluster

READ = 'in=$(cat "$STEPWRIGHT_INPUT_FILE")'
ORDERS = {"orders": [{"id": "a", "pieces": 2}, {"id": "b", "pieces": 3}], "express": True}

# A task that fails by its number of the attempt needs nothing but its input: the context object says it.
FLAKY = job(
    f'{READ}; [ "$in" -ge 1 ] || exit 7; echo "\\"attempt $in\\"" > "$STEPWRIGHT_OUTPUT_FILE"',
    parameters={"input.$": "$$.State.RetryCount"},
)
SLOW = job("sleep 600")

DEFINITION = {
    "StartAt": "Prepare",
    "TimeoutSeconds": 300,
    "States": {
        "Prepare": {
            "Type": "Pass",
            "Parameters": {
                "orders.$": "$.orders",
                "express.$": "$.express",
                "who.$": "$$.Execution.Name",
                "total.$": "States.ArrayLength($.orders)",
            },
            "Next": "Express?",
        },
        "Express?": {
            "Type": "Choice",
            "Choices": [
                {
                    "And": [
                        {"Variable": "$.express", "BooleanEquals": True},
                        {"Not": {"Variable": "$.total", "NumericLessThan": 1}},
                    ],
                    "Next": "Pause",
                }
            ],
            "Default": "Reject",
        },
        "Pause": {"Type": "Wait", "Seconds": 1, "Next": "Both"},
        "Both": {
            "Type": "Parallel",
            "Branches": [
                {
                    "StartAt": "Flaky",
                    "States": {
                        "Flaky": {
                            **FLAKY,
                            "Retry": [
                                {"ErrorEquals": ["Job.Failed"], "IntervalSeconds": 1, "MaxAttempts": 2}
                            ],
                        }
                    },
                },
                {
                    "StartAt": "Slow",
                    "States": {
                        "Slow": {
                            **SLOW,
                            "TimeoutSeconds": 2,
                            "Catch": [
                                {
                                    "ErrorEquals": ["States.Timeout"],
                                    "ResultPath": "$.error",
                                    "Next": "Too slow",
                                }
                            ],
                        },
                        "Too slow": {"Type": "Pass", "InputPath": "$.error.Error", "End": True},
                    },
                },
            ],
            "ResultSelector": {"flaky.$": "$[0]", "slow.$": "$[1]"},
            "ResultPath": "$.both",
            "Next": "Pack",
        },
        "Pack": {
            "Type": "Map",
            "ItemsPath": "$.orders",
            "ItemSelector": {
                "id.$": "$$.Map.Item.Value.id",
                "index.$": "$$.Map.Item.Index",
                "pieces.$": "$$.Map.Item.Value.pieces",
            },
            "MaxConcurrency": 1,
            "ItemProcessor": {
                "ProcessorConfig": {"Mode": "INLINE"},
                "StartAt": "Count",
                "States": {
                    "Count": {
                        "Type": "Pass",
                        "Parameters": {"packed.$": "States.Format('{}:{}:{}', $.index, $.id, $.pieces)"},
                        "OutputPath": "$.packed",
                        "Next": "Packed",
                    },
                    "Packed": {"Type": "Succeed"},
                },
            },
            "ResultPath": "$.packed",
            "Next": "Check",
        },
        "Check": {
            "Type": "Parallel",
            "Branches": [
                {
                    "StartAt": "Give up",
                    "States": {
                        "Give up": {
                            "Type": "Fail",
                            "ErrorPath": "$.both.slow",
                            "CausePath": "States.Format('{} gave up', $.who)",
                        }
                    },
                }
            ],
            "Catch": [{"ErrorEquals": ["States.ALL"], "ResultPath": "$.check", "Next": "Done"}],
            "End": True,
        },
        "Reject": {"Type": "Fail", "Error": "Rejected", "Cause": "not express"},
        "Done": {"Type": "Succeed", "OutputPath": "$"},
    },
}


def test_all_types_of_states_in_one_workflow(stepwright: Kube) -> None:
    stepwright.machine("all", DEFINITION)
    stepwright.start("all-1", "all", input=ORDERS)
    stepwright.start("slow-1", "all", input={**ORDERS, "express": False})
    ended = stepwright.ended("all-1")

    assert ended["status"]["phase"] == "Succeeded", ended["status"].get("cause")
    assert output(ended) == {
        **ORDERS,
        "who": "all-1",
        "total": 2,
        "both": {"flaky": "attempt 1", "slow": "States.Timeout"},
        "packed": ["0:a:2", "1:b:3"],
        "check": {"Error": "States.Timeout", "Cause": "all-1 gave up"},
    }
    visits = {visit["path"]: visit for visit in ended["status"]["transitions"]}
    assert {visit["type"] for visit in visits.values()} == {
        "Pass",
        "Choice",
        "Wait",
        "Parallel",
        "Task",
        "Map",
        "Succeed",
        "Fail",
    }
    flaky = next(visit for visit in visits.values() if visit["state"] == "Flaky")
    slow = next(visit for visit in visits.values() if visit["state"] == "Slow")
    assert (flaky["outcome"], flaky["attempts"]) == ("Succeeded", 2)
    assert (slow["outcome"], slow["error"]) == ("Caught", "States.Timeout")
    stepwright.until("execution", "all-1", lambda found: found["status"].get("settled"))
    assert not stepwright.exists("job", slow["job"])

    history = stepwright.history("all-1")
    count = Counter(event["type"] for event in history)
    assert [event["id"] for event in history] == list(range(1, len(history) + 1))
    assert (count["TaskScheduled"], count["TaskFailed"], count["TaskTimedOut"]) == (3, 1, 1)
    assert (count["MapIterationStarted"], count["MapIterationSucceeded"]) == (2, 2)

    rejected = stepwright.ended("slow-1")["status"]
    assert (rejected["phase"], rejected["error"], rejected["cause"]) == ("Failed", "Rejected", "not express")


def test_a_machine_that_runs_too_long_times_out_and_its_job_is_stopped(stepwright: Kube) -> None:
    definition = {"StartAt": "Slow", "TimeoutSeconds": 2, "States": {"Slow": SLOW}}
    ended = stepwright.run("late", definition)

    assert ended["status"]["phase"] == "TimedOut"
    assert ended["status"]["transitions"][0]["outcome"] == "TimedOut"
    stepwright.until("execution", "late", lambda found: found["status"].get("settled"))
    assert stepwright.list("jobs") == []


def test_a_path_says_how_long_a_task_may_take_and_until_when_to_wait(stepwright: Kube) -> None:
    states = {
        "Until": {"Type": "Wait", "TimestampPath": "$.until", "Next": "Pause"},
        "Pause": {"Type": "Wait", "SecondsPath": "$.seconds", "Next": "Slow"},
        "Slow": {**SLOW, "TimeoutSecondsPath": "$.seconds"},
    }
    ended = stepwright.run(
        "paths", {"StartAt": "Until", "States": states}, input={"until": "2020-01-01T00:00:00Z", "seconds": 1}
    )

    assert (ended["status"]["phase"], ended["status"]["error"]) == ("Failed", "States.Timeout")
    assert [visit["outcome"] for visit in ended["status"]["transitions"]] == [
        "Succeeded",
        "Succeeded",
        "TimedOut",
    ]


def test_a_distributed_map_runs_its_children_in_batches_and_bears_some_failures(stepwright: Kube) -> None:
    count = f'{READ}; [ "${{in#*9}}" = "$in" ] || exit 3; echo "$in" > "$STEPWRIGHT_OUTPUT_FILE"'
    definition = {
        "StartAt": "Pack",
        "States": {
            "Pack": {
                "Type": "Map",
                "ItemsPath": "$.orders",
                "MaxConcurrency": 2,
                "ToleratedFailurePercentage": 40,
                "ItemBatcher": {"MaxItemsPerBatch": 2, "BatchInput": {"who.$": "$$.Execution.Name"}},
                "ItemProcessor": {
                    "ProcessorConfig": {"Mode": "DISTRIBUTED", "ExecutionType": "STANDARD"},
                    "StartAt": "Count",
                    "States": {"Count": job(count, parameters={"input.$": "$.Items"})},
                },
                "End": True,
            }
        },
    }
    ended = stepwright.run("distributed", definition, input={"orders": [1, 2, 3, 4, 9]})

    assert ended["status"]["phase"] == "Succeeded", ended["status"].get("cause")
    *counted, failed = output(ended)
    assert counted == [[1, 2], [3, 4]]
    assert (failed["Status"], failed["Error"]) == ("FAILED", "Job.Failed")
    assert json.loads(failed["Input"]) == {"BatchInput": {"who": "distributed"}, "Items": [9]}
    assert [event["type"] for event in stepwright.history("distributed")] == [
        "ExecutionStarted",
        "MapStateEntered",
        "MapStateStarted",
        "MapRunStarted",
        "MapRunSucceeded",
        "MapStateSucceeded",
        "MapStateExited",
        "ExecutionSucceeded",
    ]
    assert len(stepwright.list("jobs")) == 3
