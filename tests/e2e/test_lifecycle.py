"""Beginnings and ends: stop, delete, repair, replace, retain, as a user sees it."""

from __future__ import annotations

import json
import time
from typing import Any

import pytest

from tests.on_cluster.kubectl import Kube, Object, condition, execution, job, machine, one, output, phase
from tests.processes.operators import OperatorProcess

pytestmark = pytest.mark.cluster

PASS = one({"Type": "Pass", "End": True})
LONG = one({"Type": "Wait", "Seconds": 600, "End": True})


def running(kube: Kube, name: str) -> Object:
    return kube.until("execution", name, lambda found: found["status"].get("currentState"))


def stop(kube: Kube, name: str, **why: str) -> None:
    kube("patch", "execution", name, "--type=merge", "-p", json.dumps({"spec": {"stop": why}}))


def ready(kube: Kube, name: str) -> Object:
    return kube.until(
        "sm", name, lambda sm: sm["status"].get("observedGeneration") == sm["metadata"]["generation"]
    )


def gone(kube: Kube, *kinds: str, seconds: float = 30) -> None:
    """Wait until nothing of these kinds is left in the namespace."""
    deadline = time.monotonic() + seconds
    while left := kube("get", ",".join(kinds), "-o", "name").split():
        assert time.monotonic() < deadline, left
        time.sleep(0.2)


# --- Going on after an end -------------------------------------------------------------------------------------------


def redrive(kube: Kube, name: str, request: str, **more: Any) -> str:
    """What kubectl says."""
    patch = json.dumps({"spec": {"redrive": {"requestId": request}, **more}})
    return kube("patch", "execution", name, "--type=merge", "-p", patch, check=False)


def test_an_execution_goes_on_at_a_state_of_ones_choice_with_another_input(stepwright: Kube) -> None:
    states = {
        "Fails": job("exit 1", Next="Done"),
        "Done": job("echo done", ResultPath="$.result", Next="End"),
        "End": {"Type": "Pass", "End": True},
    }
    stepwright.apply(machine("m", {"StartAt": "Fails", "States": states}), execution("e", "m"))
    assert stepwright.ended("e")["status"]["phase"] == "Failed"

    place = {"requestId": "nowhere", "from": "Nowhere"}
    stepwright("patch", "execution", "e", "--type=merge", "-p", json.dumps({"spec": {"redrive": place}}))
    found = stepwright.until("execution", "e", lambda found: found["status"].get("redrives"))
    assert "has no state 'Nowhere'" in condition(found, "Redriven")["message"]
    place = {"requestId": "by hand", "from": "Done", "inputJson": '{"by": "hand"}'}
    stepwright("patch", "execution", "e", "--type=merge", "-p", json.dumps({"spec": {"redrive": place}}))
    stepwright.until("execution", "e", lambda found: phase(found) == "Succeeded")

    status = stepwright.get("execution", "e")["status"]
    assert json.loads(status["output"])["by"] == "hand"
    assert [request.get("from") for request in status["redrives"]] == [None, "Done"]
    assert [event["type"] for event in stepwright.history("e")].count("TaskStateEntered") == 2


def test_an_execution_goes_on_where_it_failed_once_for_each_request(stepwright: Kube) -> None:
    again = "States.Array('sh', '-c', States.Format('test {} -gt 0', $$.Execution.RedriveCount))"
    second = job("")
    second["Parameters"] = {"image": second["Parameters"]["image"], "command.$": again}
    states = {"First": job("echo done", ResultPath=None, Next="Second"), "Second": second}
    stepwright.apply(machine("m", {"StartAt": "First", "States": states}), execution("e", "m"))
    stepwright.apply(execution("never", "m", stop={"cause": "mind"}))
    failed = stepwright.ended("e")["status"]
    assert (failed["phase"], failed["redrivable"]) == ("Failed", True)

    redrive(stepwright, "e", "repaired")
    stepwright.until("execution", "e", lambda found: phase(found) == "Succeeded")

    redrive(stepwright, "e", "once more")  # and there is nothing to go on from
    found = stepwright.until("execution", "e", lambda found: len(found["status"]["redrives"]) == 2)
    made, refused = found["status"]["redrives"]
    assert (made["requestId"], "refused" in made) == ("repaired", False)
    assert refused["refused"] == "Execution is SUCCEEDED and cannot be redriven"
    assert condition(found, "Redriven")["reason"] == "NotRedrivable"
    assert found["status"]["redriveCount"] == 1
    events = stepwright.history("e")
    assert [event["id"] for event in events] == list(range(1, len(events) + 1))
    types = [event["type"] for event in events]
    assert (types.count("ExecutionRedriven"), types.count("TaskScheduled")) == (1, 3)
    # What was stopped is redriven without its stop, or not at all.
    assert "set stop to null together with redrive" in redrive(stepwright, "never", "late")
    redrive(stepwright, "never", "late", stop=None)
    never = stepwright.until("execution", "never", lambda found: condition(found, "Redriven"))
    assert "before it had begun" in condition(never, "Redriven")["message"]


# --- Stopping --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("machine_there", [False, True], ids=["no state machine", "state machine ready"])
def test_an_execution_stopped_from_the_first_never_starts(stepwright: Kube, *, machine_there: bool) -> None:
    if machine_there:
        stepwright.machine("m", PASS)
        ready(stepwright, "m")
    stepwright.start("e", "m", stop={"error": "Never", "cause": "mind"})
    ended = stepwright.ended("e")["status"]

    assert (ended["phase"], ended["error"], ended["cause"]) == ("Aborted", "Never", "mind")
    assert "startTime" not in ended
    assert ended["settled"] is True


def test_an_execution_that_waits_for_its_state_machine_can_be_stopped(stepwright: Kube) -> None:
    stepwright.apply(execution("at-once", "none"), execution("later", "none"))
    stop(stepwright, "at-once", cause="too early")
    stepwright.until("execution", "later", lambda found: condition(found, "Ready"))
    stop(stepwright, "later", cause="too late")

    assert stepwright.ended("at-once")["status"]["cause"] == "too early"
    assert stepwright.ended("later")["status"]["cause"] == "too late"


def test_a_stop_ends_waits_and_retries_at_once_and_counts_as_observed(stepwright: Kube) -> None:
    failing = job("exit 1")
    failing["Retry"] = [{"ErrorEquals": ["Job.Failed"], "IntervalSeconds": 600}]
    stepwright.apply(machine("waits", LONG), execution("waits-1", "waits"))
    stepwright.apply(machine("retries", one(failing)), execution("retries-1", "retries"))
    running(stepwright, "waits-1")
    stepwright.until(
        "execution", "retries-1", lambda found: found["status"].get("transitions", [{}])[0].get("error")
    )
    for name in ("waits-1", "retries-1"):
        stop(stepwright, name, error="Enough")
        ended = stepwright.ended(name, seconds=5)
        assert (phase(ended), ended["status"]["error"]) == ("Aborted", "Enough")
        assert ended["metadata"]["generation"] == 2
        assert ended["status"]["observedGeneration"] == 2
        assert {entry["observedGeneration"] for entry in ended["status"]["conditions"]} == {2}


def test_a_stop_after_the_end_changes_nothing_and_is_acknowledged(stepwright: Kube) -> None:
    before = stepwright.run("e", PASS)
    stop(stepwright, "e", error="Late")
    # kubectl and Flux wait for the generation that they have written.
    stepwright("wait", "--for=condition=Complete", "execution/e", "--timeout=10s")
    after = stepwright.get("execution", "e")

    assert phase(after) == "Succeeded"
    assert after["status"]["observedGeneration"] == 2
    assert after["status"]["endTime"] == before["status"]["endTime"]


# --- Definitions that change -----------------------------------------------------------------------------------------


def test_an_execution_waits_until_its_definition_is_mended(stepwright: Kube) -> None:
    stepwright.machine("m", one({"Type": "Pass"}))
    ready(stepwright, "m")
    stepwright.start("e", "m", input={"kept": True})
    waiting = stepwright.until("execution", "e", lambda found: condition(found, "Ready"))
    assert condition(waiting, "Ready")["message"] == (
        "The state machine is not ready; the execution starts when it is: The definition cannot run: "
        "One of these fields is required: [Next, End] at /States/Only; Workflow has no terminal state at /"
    )

    stepwright.machine("m", one({"Type": "Passs", "End": True}))
    stepwright.until(
        "execution",
        "e",
        lambda found: "/States/Only/Type" in condition(found, "Ready")["message"],
        seconds=10,
    )
    stepwright.machine("m", PASS)
    assert output(stepwright.ended("e")) == {"kept": True}


def test_a_waiting_execution_says_why_it_waits_now(stepwright: Kube) -> None:
    stepwright.start("e", "m")

    def awaits(reason: str) -> None:
        stepwright.until("execution", "e", lambda found: condition(found, "Ready").get("reason") == reason)

    awaits("WaitingForStateMachine")
    stepwright.machine("m", one({"Type": "Pass"}))
    awaits("StateMachineNotReady")
    stepwright("delete", "sm", "m")
    awaits("WaitingForStateMachine")


def test_a_definition_that_became_invalid_starts_nothing_and_disturbs_nothing(stepwright: Kube) -> None:
    wait = {"Type": "Wait", "Seconds": 2, "Next": "Done"}
    definition = {"StartAt": "Wait", "States": {"Wait": wait, "Done": {"Type": "Succeed"}}}
    stepwright.machine("m", definition)
    stepwright.start("old", "m")
    running(stepwright, "old")
    stepwright.machine("m", {"StartAt": "Gone", "States": {}})
    assert "revision" not in ready(stepwright, "m")["status"]
    stepwright.start("new", "m")

    assert phase(stepwright.ended("old")) == "Succeeded"
    assert phase(stepwright.get("execution", "new")) == "Pending"


def test_a_state_machine_made_again_under_its_name_is_another_one(stepwright: Kube) -> None:
    first = stepwright.run("m", one({"Type": "Pass", "Result": 1, "End": True}))
    stepwright("delete", "sm", "m")
    stepwright.machine("m", one({"Type": "Pass", "Result": 2, "End": True}))
    stepwright.start("again", "m")
    second = stepwright.ended("again")

    assert (output(first), output(second)) == (1, 2)
    assert first["status"]["stateMachine"]["uid"] != second["status"]["stateMachine"]["uid"]
    assert stepwright.get("controllerrevision", second["status"]["stateMachine"]["revision"])


def test_old_revisions_go_but_not_those_in_use(stepwright: Kube) -> None:
    stepwright.machine("m", LONG)
    stepwright.start("e", "m")
    pinned = stepwright.until("execution", "e", lambda found: found["status"].get("stateMachine"))
    kept = pinned["status"]["stateMachine"]["revision"]
    for number in range(14):
        stepwright.machine("m", one({"Type": "Pass", "Result": number, "End": True}))
        newest = ready(stepwright, "m")["status"]["revision"]
    names = [found["metadata"]["name"] for found in stepwright.list("controllerrevisions")]

    assert {kept, newest} <= set(names)
    # The newest, the one before it (executions started with it to the last moment), the one in use, and ten more.
    assert len(names) == 13


# --- Executions that go away -----------------------------------------------------------------------------------------


def test_two_executions_of_the_same_name_one_after_the_other(stepwright: Kube) -> None:
    count = job('echo "\\"$HOSTNAME\\"" > "$STEPWRIGHT_OUTPUT_FILE"')
    first = stepwright.run("m", one(count))
    stepwright("delete", "execution", "m")
    stepwright.start("m", "m")
    second = stepwright.ended("m")

    assert first["metadata"]["uid"] != second["metadata"]["uid"]
    assert output(first) != output(second)
    assert first["status"]["transitions"][0]["job"] != second["status"]["transitions"][0]["job"]


def test_an_execution_replaced_while_it_runs_starts_from_its_beginning(stepwright: Kube) -> None:
    wait = {"Type": "Wait", "Seconds": 1, "Next": "Work"}
    definition = {"StartAt": "Wait", "States": {"Wait": wait, "Work": job("sleep 1")}}
    stepwright.machine("m", definition)
    stepwright.start("e", "m", input={"round": 1})
    running(stepwright, "e")
    stepwright("replace", "--force", "-f", "-", input=json.dumps(execution("e", "m", input={"round": 2})))
    stepwright.ended("e")

    history = stepwright.history("e")
    assert history[0]["executionStartedEventDetails"]["input"] == '{"round":2}'
    assert [event["id"] for event in history] == list(range(1, len(history) + 1))


def test_after_its_time_an_execution_goes_with_all_that_it_owns(stepwright: Kube) -> None:
    large = job(
        "printf '\"%09000d\"\\n' 1", parameters={"output": "stdout"}
    )  # more than 8 KiB: an object of its own
    stepwright.machine("m", one(large), retention={"ttlSecondsAfterFinished": 0})
    stepwright.start("own", "m", ttlSecondsAfterFinished=4)
    stepwright.start("default", "m")
    kept = stepwright.ended("own")
    assert stepwright.exists("executionhistory", kept["status"]["outputRef"]["name"])
    stepwright("wait", "--for=delete", "execution/default", "--timeout=20s")
    stepwright("wait", "--for=delete", "execution/own", "--timeout=20s")
    gone(stepwright, "executionhistories", "jobs", "pods")


def test_retention_said_later_counts_for_executions_that_have_ended_before(
    kube: Kube, own_operator: OperatorProcess
) -> None:
    own_operator.start()
    kube.run("m", PASS)
    kube.start("keeps", "m", ttlSecondsAfterFinished=3600)
    kube.ended("keeps")
    own_operator.stop()
    kube.machine("m", PASS, retention={"ttlSecondsAfterFinished": 1})
    own_operator.start()
    kube("wait", "--for=delete", "execution/m", "--timeout=20s")
    kube.start("late", "m")
    kube("wait", "--for=delete", "execution/late", "--timeout=20s")
    assert kube.exists("execution", "keeps")


# --- What cannot be changed ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"stateMachineRef": {"name": "other"}}, "stateMachineRef cannot be changed"),
        ({"inputJson": "2"}, "inputJson cannot be changed, added or removed; create another Execution"),
        ({"inputJson": None}, "inputJson cannot be changed, added or removed; create another Execution"),
        ({"ttlSecondsAfterFinished": 5}, "ttlSecondsAfterFinished cannot be changed, added or removed"),
        ({"stop": {"cause": "other"}}, "stop has been asked for: it cannot be changed or taken back"),
        ({"stop": None}, "stop has been asked for: it cannot be changed or taken back"),
    ],
)
def test_what_an_execution_runs_cannot_be_changed(kube: Kube, change: Any, sentence: str) -> None:
    kube.start("e", "m", inputJson="1", stop={"cause": "why not"})
    patch = json.dumps({"spec": change})
    answer = kube("patch", "execution", "e", "--type=merge", "-p", patch, check=False)

    assert f"spec: Invalid value: {sentence}" in answer.replace('"object": ', "").replace("object: ", "")


def test_the_type_of_a_state_machine_cannot_be_changed(kube: Kube) -> None:
    kube.machine("m", PASS)
    patch = '{"spec": {"type": "Express"}}'
    answer = kube("patch", "sm", "m", "--type=merge", "-p", patch, check=False)

    assert "type cannot be changed; make another state machine" in answer


# --- Long ones -------------------------------------------------------------------------------------------------------


def test_a_long_history_is_read_back_whole_and_in_order(stepwright: Kube) -> None:
    rounds = 300
    states = {
        "Count": {
            "Type": "Pass",
            "Parameters": {"count.$": "States.MathAdd($.count, 1)", "filling": "x" * 100},
            "Next": "More?",
        },
        "More?": {
            "Type": "Choice",
            "Choices": [{"Variable": "$.count", "NumericLessThan": rounds, "Next": "Count"}],
            "Default": "Pause",
        },
        "Pause": {"Type": "Wait", "Seconds": 1, "Next": "Done"},
        "Done": {"Type": "Succeed"},
    }
    ended = stepwright.run("loop", {"StartAt": "Count", "States": states}, input={"count": 0})
    history = stepwright.history("loop")

    assert output(ended)["count"] == rounds
    assert [event["id"] for event in history] == list(range(1, rounds * 4 + 7))
    counts = [
        json.loads(event["stateExitedEventDetails"]["output"])["count"]
        for event in history
        if event["type"] == "PassStateExited"
    ]
    assert counts == list(range(1, rounds + 1))
    assert history[-1]["type"] == "ExecutionSucceeded"
    pages = stepwright.list("executionhistories")
    assert pages
    assert all(page["metadata"]["ownerReferences"][0]["name"] == "loop" for page in pages)
    assert len(ended["status"]["transitions"]) == 20
    # What is written with each step does not grow with the length of the history.
    assert len(json.dumps(ended["status"])) < 150_000
