"""What kubectl and tools of the kstatus convention see, without being told anything about Stepwright."""

from __future__ import annotations

import json
import re
import time

import pytest

from tests.on_cluster.kubectl import Kube, Object, condition, execution, job, machine, one
from tests.processes.operators import OperatorProcess

pytestmark = pytest.mark.cluster

PASS = one({"Type": "Pass", "End": True})
FAIL = one({"Type": "Fail", "Error": "Broken", "Cause": "by design"})
LONG = one({"Type": "Wait", "Seconds": 600, "End": True})


def health(found: Object) -> str:
    """What kstatus makes of an object (sigs.k8s.io/cli-utils, pkg/kstatus/status/generic.go)."""
    status = found.get("status") or {}
    if found["metadata"].get("deletionTimestamp"):
        return "Terminating"
    if "observedGeneration" in status and status["observedGeneration"] != found["metadata"]["generation"]:
        return "InProgress"
    truths = {entry["type"]: entry["status"] for entry in status.get("conditions") or ()}
    if truths.get("Reconciling") == "True":
        return "InProgress"
    if truths.get("Stalled") == "True":
        return "Failed"
    return "InProgress" if truths.get("Ready") in ("False", "Unknown") else "Current"


def table(text: str) -> tuple[list[str], list[list[str]]]:
    """A table of kubectl: its columns, and its rows cut where the columns begin."""
    head, *rows = text.rstrip("\n").split("\n")
    starts = [match.start() for match in re.finditer(r"(?<=\s\s)\S|^\S", head)]
    ends = [*starts[1:], None]
    columns = [head[start:end].strip() for start, end in zip(starts, ends, strict=True)]
    return columns, [
        [row[start:end].strip() for start, end in zip(starts, ends, strict=True)] for row in rows
    ]


def test_kubectl_waits_for_conditions(stepwright: Kube) -> None:
    stepwright.apply(machine("m", PASS), execution("e", "m"))
    stepwright("wait", "--for=condition=Ready", "sm/m", "--timeout=20s")
    stepwright("wait", "--for=condition=Complete", "exec/e", "--timeout=20s")
    stepwright("wait", "--for=jsonpath={.status.phase}=Succeeded", "exec/e", "--timeout=1s")
    stepwright("wait", "--for=condition=Ready", "exec/e", "--timeout=1s")

    stepwright.apply(machine("f", FAIL), execution("f", "f"))
    stepwright("wait", "--for=condition=Complete", "exec/f", "--timeout=20s")
    stepwright("wait", "--for=condition=Stalled", "exec/f", "--timeout=1s")


def test_health_by_the_kstatus_convention(kube: Kube, own_operator: OperatorProcess) -> None:
    kube.apply(machine("m", PASS), machine("long", LONG), machine("f", FAIL), machine("bad", one({})))
    kube.apply(execution("m", "m"), execution("long", "long"), execution("f", "f"), execution("bad", "bad"))
    assert {health(found) for kind in ("sm", "exec") for found in kube.list(kind)} == {"InProgress"}

    own_operator.start()
    stepwright = kube
    for name in ("m", "f"):
        stepwright.ended(name)
    stepwright.until("exec", "long", lambda found: found["status"].get("phase") == "Running")
    stepwright.until("exec", "bad", lambda found: condition(found, "Ready"))

    def healths(kind: str) -> dict[str, str]:
        return {found["metadata"]["name"]: health(found) for found in stepwright.list(kind)}

    assert healths("sm") == {"m": "Current", "long": "Current", "f": "Current", "bad": "Failed"}
    assert healths("exec") == {"m": "Current", "long": "InProgress", "f": "Failed", "bad": "InProgress"}

    stepwright.machine("bad", PASS)
    stepwright.ended("bad")
    assert (healths("sm")["bad"], healths("exec")["bad"]) == ("Current", "Current")
    found = stepwright.get("exec", "f")
    assert found["status"]["observedGeneration"] == found["metadata"]["generation"]
    assert condition(found, "Complete")["message"] == "The execution failed: Broken: by design"


def test_executions_are_selected_by_phase_and_state_machine(stepwright: Kube) -> None:
    stepwright.apply(machine("m", PASS), machine("long", LONG))
    stepwright.apply(execution("done", "m"), execution("at-work", "long"), execution("waiting", "none"))
    stepwright.ended("done")
    stepwright.until("exec", "at-work", lambda found: found["status"].get("phase") == "Running")

    def selected(selector: str) -> list[str]:
        return stepwright("get", "exec", "--field-selector", selector, "-o", "name").split()

    prefix = "execution.stepwright.dev/"
    assert selected("status.phase=Running") == [f"{prefix}at-work"]
    assert selected("status.phase=Succeeded") == [f"{prefix}done"]
    assert selected("status.phase=Pending") == [f"{prefix}waiting"]
    assert selected("status.phase!=Succeeded,spec.stateMachineRef.name=long") == [f"{prefix}at-work"]


def test_the_columns_of_kubectl_get(stepwright: Kube) -> None:
    both = {
        "Type": "Parallel",
        "Branches": [
            {"StartAt": name, "States": {name: {"Type": "Wait", "Seconds": 600, "End": True}}}
            for name in ("Left", "Right")
        ],
        "End": True,
    }
    stepwright.apply(machine("f", FAIL), machine("both", one(both)), machine("bad", one({})))
    stepwright.apply(execution("failed", "f"), execution("at-work", "both"), execution("new", "none"))
    stepwright.ended("failed")
    stepwright.until("exec", "at-work", lambda found: found["status"].get("currentState"))
    stepwright.until("sm", "bad", lambda found: condition(found, "Ready"))

    columns, rows = table(stepwright("get", "exec"))
    assert columns == ["NAME", "PHASE", "STATE MACHINE", "CURRENT STATE", "STARTED", "DURATION"]
    by_name = {row[0]: row[1:] for row in rows}
    assert by_name["failed"][:3] == ["Failed", "f", ""]
    assert re.fullmatch(r"\d+s", by_name["failed"][3])
    assert re.fullmatch(r"\d+\.\ds", by_name["failed"][4])
    assert by_name["at-work"][:2] == ["Running", "both"]
    assert by_name["at-work"][2] == "Only[0]/Left, Only[1]/Right"
    assert by_name["new"] == ["Pending", "none", "", "", ""]

    columns, rows = table(stepwright("get", "exec", "failed", "-o", "wide"))
    assert rows[0][columns.index("ERROR")] == "Broken"
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT.*Z", rows[0][columns.index("ENDED")])

    columns, rows = table(stepwright("get", "sm"))
    assert columns == ["NAME", "TYPE", "READY", "REASON", "REVISION", "AGE"]
    by_name = {row[0]: row[1:] for row in rows}
    assert by_name["bad"][:4] == ["Standard", "False", "InvalidDefinition", ""]
    assert by_name["f"][:3] == ["Standard", "True", "Valid"]
    assert by_name["f"][3].startswith("f-")


def test_short_names_and_the_category_name_what_is_stepwrights(stepwright: Kube) -> None:
    large = job("printf '\"%09000d\"\\n' 1", parameters={"output": "stdout"})
    stepwright.run("m", one(large))
    found = {name.partition("/")[0] for name in stepwright("get", "stepwright", "-o", "name").split()}

    assert found == {
        "statemachine.stepwright.dev",
        "execution.stepwright.dev",
        "executionhistory.stepwright.dev",
    }
    assert stepwright("get", "exec,sm,exechist", "-o", "name").count("stepwright.dev/") == 3
    columns, rows = table(stepwright("get", "exechist"))
    assert columns == ["NAME", "EXECUTION", "CONTENT", "FIRST", "LAST", "AGE"]
    assert rows[0][1:3] == ["m", "Payload"]


def test_kubernetes_events_tell_of_failures_only(stepwright: Kube) -> None:
    stepwright.apply(machine("m", PASS), machine("f", FAIL), machine("late", {**LONG, "TimeoutSeconds": 1}))
    stepwright.apply(
        execution("done", "m"),
        execution("failed", "f"),
        execution("late", "late"),
        execution("bad", "m", inputJson="{"),
    )
    for name in ("done", "failed", "late", "bad"):
        stepwright.ended(name)

    def told() -> set[tuple[str, str, str, str]]:
        return {
            (found["involvedObject"]["name"], found["type"], found["reason"], found["message"])
            for found in stepwright.list("events")
        }

    deadline = time.monotonic() + 60
    while len(told()) < 3 and time.monotonic() < deadline:
        time.sleep(0.2)
    assert told() == {
        ("failed", "Warning", "Failed", "The execution failed with Broken; status.cause says more"),
        (
            "late",
            "Warning",
            "TimedOut",
            "The execution ran out of time",
        ),
        (
            "bad",
            "Warning",
            "Failed",
            "The execution failed with InvalidExecutionInput; status.cause says more",
        ),
    }
    assert all(
        "T" in found["eventTime"] and found["eventTime"] > "2020" for found in stepwright.list("events")
    )
    described = stepwright("describe", "exec", "failed")
    assert "The execution failed with Broken; status.cause says more" in described


def test_kubectl_explain_describes_every_field_that_people_write_or_read(stepwright: Kube) -> None:
    for kind in ("statemachines", "executions", "executionhistories"):
        for place in ("", ".spec", ".status"):
            if (kind, place) in (("executionhistories", ".spec"), ("executionhistories", ".status")):
                continue
            text = stepwright("explain", f"{kind}{place}")
            assert "<empty>" not in text.replace("    <empty>", "", 0), f"{kind}{place}:\n{text}"
    text = stepwright("explain", "executions.spec.stop")
    assert "Set it to stop the execution" in text
    text = stepwright("explain", "statemachines.spec.definition")
    assert "Amazon States Language" in text


def test_kubectl_describe_shows_a_wrong_definition_where_people_look(stepwright: Kube) -> None:
    stepwright.machine("bad", one({"Type": "Pass", "Nxt": "x"}))
    stepwright.until("sm", "bad", lambda found: condition(found, "Ready"))
    described = stepwright("describe", "sm", "bad")

    assert "Field 'Nxt' is not supported; did you mean 'Next'?" in described
    assert re.search(r"Pointer: +/States/Only", described)


def test_the_operators_own_writes_are_no_new_generation(stepwright: Kube) -> None:
    found = stepwright.run("m", PASS)

    assert found["metadata"]["generation"] == 1
    assert stepwright.get("sm", "m")["metadata"]["generation"] == 1
    annotations = found["metadata"].get("annotations") or {}
    assert set(annotations) <= {"kubectl.kubernetes.io/last-applied-configuration"}
    assert "finalizers" not in found["metadata"]
    assert json.loads(annotations["kubectl.kubernetes.io/last-applied-configuration"])["spec"]
