"""An execution from `kubectl apply` to its end, as a user sees it."""

from __future__ import annotations

import pytest

from tests.on_cluster.kubectl import Kube, condition, execution, job, machine, one, output

pytestmark = pytest.mark.cluster


def test_a_task_runs_as_a_job_and_its_output_is_the_executions(stepwright: Kube) -> None:
    stepwright.machine("hello", one(job('echo "{\\"hi\\": 1.0}" > $STEPWRIGHT_OUTPUT_FILE')))
    stepwright.start("hello-1", "hello", input={"orderId": 7})
    ended = stepwright.ended("hello-1")

    assert ended["status"]["phase"] == "Succeeded"
    assert ended["status"]["output"] == '{"hi":1.0}'
    assert condition(ended, "Complete")["status"] == "True"
    assert ended["status"]["settled"] is True
    transition = ended["status"]["transitions"][0]
    assert transition["outcome"] == "Succeeded"
    assert stepwright.exists("job", transition["job"])
    assert [event["type"] for event in stepwright.history("hello-1")] == [
        "ExecutionStarted",
        "TaskStateEntered",
        "TaskScheduled",
        "TaskStarted",
        "TaskSubmitted",
        "TaskSucceeded",
        "TaskStateExited",
        "ExecutionSucceeded",
    ]


def test_an_execution_waits_for_a_state_machine_that_appears_later(stepwright: Kube) -> None:
    stepwright.start("early", "late")
    waiting = stepwright.until(
        "execution",
        "early",
        lambda found: condition(found, "Ready").get("reason") == "WaitingForStateMachine",
    )
    assert "there is no StateMachine 'late'" in condition(waiting, "Ready")["message"]

    stepwright.machine("late", one({"Type": "Succeed"}))
    assert stepwright.ended("early")["status"]["phase"] == "Succeeded"


def test_a_changed_definition_does_not_affect_a_running_execution(stepwright: Kube) -> None:
    wait = {"Type": "Wait", "Seconds": 3, "Next": "Answer"}
    answer = {"Type": "Pass", "Result": "old", "End": True}
    stepwright.machine("m", {"StartAt": "Wait", "States": {"Wait": wait, "Answer": answer}})
    stepwright.start("first", "m")
    stepwright.until("execution", "first", lambda found: found["status"].get("phase") == "Running")
    stepwright.machine("m", one({"Type": "Pass", "Result": "new", "End": True}))
    stepwright.until(
        "sm", "m", lambda found: found["status"]["observedGeneration"] == found["metadata"]["generation"] == 2
    )
    stepwright.start("second", "m")

    assert output(stepwright.ended("second")) == "new"
    assert output(stepwright.ended("first")) == "old"


def test_stop_aborts_with_error_and_cause_and_deletes_the_job(stepwright: Kube) -> None:
    stepwright.apply(machine("slow", one(job("sleep 600"))), execution("slow-1", "slow"))
    stepwright.until("execution", "slow-1", lambda found: found["status"].get("currentState") == "Only")
    stop = '{"spec": {"stop": {"error": "Enough", "cause": "by hand"}}}'
    stepwright("patch", "execution", "slow-1", "--type=merge", "-p", stop)
    ended = stepwright.ended("slow-1")

    assert (ended["status"]["phase"], ended["status"]["error"], ended["status"]["cause"]) == (
        "Aborted",
        "Enough",
        "by hand",
    )
    stepwright.until("execution", "slow-1", lambda found: found["status"].get("settled"))
    assert stepwright.list("jobs") == []


def test_deleting_an_execution_stops_its_jobs(stepwright: Kube) -> None:
    stepwright.apply(machine("slow", one(job("sleep 600"))), execution("slow-1", "slow"))
    stepwright.until("execution", "slow-1", lambda found: found["status"].get("currentState") == "Only")
    stepwright("wait", "--for=create", "job", "-l", "stepwright.dev/execution=slow-1", "--timeout=10s")
    stepwright("delete", "execution", "slow-1")
    stepwright("wait", "--for=delete", "job", "-l", "stepwright.dev/execution=slow-1", "--timeout=20s")
