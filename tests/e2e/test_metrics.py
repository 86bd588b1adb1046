"""What the operator reports about itself: metrics by their documented names, logs for programs, and nobody's
data."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass

import pytest

from tests.on_cluster.kubectl import Kube, Object, job, one
from tests.processes.operators import ROOT, OperatorProcess

pytestmark = pytest.mark.cluster

#: Stands in inputs, outputs and what tasks print; nowhere else may it come up.
SECRET = "S3CR3T-4711-marker"


@dataclass(frozen=True)
class Told:
    metrics: str
    log: list[Object]
    log_text: str
    events: str
    executions: dict[str, Object]


@pytest.fixture
def told(kube: Kube, own_operator: OperatorProcess) -> Iterator[Told]:
    """After executions that end in every way, each with the marker in its data."""
    own_operator.start()
    say = f"echo {SECRET} >&2; echo {SECRET}"
    fail = {"Type": "Fail", "Error": "Shop.Closed", "CausePath": "$.marker"}
    kube.machine("succeeds", one(job(f'{say}; cat "$STEPWRIGHT_INPUT_FILE" > "$STEPWRIGHT_OUTPUT_FILE"')))
    kube.machine("prints", one(job("cat $STEPWRIGHT_INPUT_FILE", parameters={"output": "stdout"})))
    kube.machine("fails", one(job(f"{say}; exit 3")))
    kube.machine("no-json", one(job(f'echo "{{{SECRET}" > "$STEPWRIGHT_OUTPUT_FILE"')))
    kube.machine(
        "bad-name", one(job("true", parameters={"image.$": "$.marker", "imagePullPolicy": "Nonsense"}))
    )
    kube.machine("refused", one(job("true", parameters={"env.$": "$"})))
    kube.machine("decides", {"StartAt": "Only", "States": {"Only": fail}})
    kube.machine("chooses", one_choice())
    kube.machine("late", one({"Type": "Wait", "TimestampPath": "$.marker", "End": True}))
    kube.machine("slow", {**one({"Type": "Wait", "Seconds": 60, "End": True}), "TimeoutSeconds": 1})
    kube.machine("stopped", one(job("sleep 600")))
    machines = [
        "succeeds",
        "prints",
        "fails",
        "no-json",
        "refused",
        "decides",
        "chooses",
        "late",
        "slow",
        "stopped",
    ]
    for name in machines:
        kube.start(name, name, input={"marker": SECRET, SECRET: [SECRET]})
    kube.start("not-json", "succeeds", inputJson=f'{{"{SECRET}": ')
    kube.start("long", "prints", input={"marker": SECRET, "long": SECRET * 3000})
    kube("patch", "exec", "stopped", "--type=merge", "-p", json.dumps({"spec": {"stop": {"cause": SECRET}}}))
    ended = {name: kube.ended(name) for name in (*machines, "not-json", "long")}
    metrics = own_operator.metrics()
    own_operator.stop()
    text = own_operator.log_path.read_text()
    yield Told(
        metrics,
        [json.loads(line) for line in text.splitlines()],
        text,
        kube("get", "events", "-o", "json"),
        ended,
    )


def one_choice() -> Object:
    choices = [{"Variable": "$.marker", "StringEquals": "no", "Next": "No"}]
    return {
        "StartAt": "Which",
        "States": {"Which": {"Type": "Choice", "Choices": choices}, "No": {"Type": "Succeed"}},
    }


def test_metrics_and_logs_tell_what_happened_and_nothing_of_the_data(told: Told) -> None:
    phases = {name: found["status"]["phase"] for name, found in told.executions.items()}
    assert phases == {
        **dict.fromkeys(("succeeds", "prints", "long"), "Succeeded"),
        **dict.fromkeys(("fails", "no-json", "refused", "decides", "chooses", "late", "not-json"), "Failed"),
        "slow": "TimedOut",
        "stopped": "Aborted",
    }
    # It is in the data, or the rest would prove nothing.
    assert SECRET in told.executions["succeeds"]["status"]["output"]
    assert SECRET in told.executions["fails"]["status"]["cause"]

    assert SECRET not in told.log_text
    assert SECRET not in told.events
    assert SECRET not in told.metrics

    documented = metrics_in_docs()
    assert documented == shown(told.metrics)
    assert (
        sample(told.metrics, "stepwright_executions_ended_total", state_machine="prints", status="SUCCEEDED")
        == 2
    )
    assert (
        sample(told.metrics, "stepwright_executions_ended_total", state_machine="slow", status="TIMED_OUT")
        == 1
    )
    assert sample(told.metrics, "stepwright_execution_duration_seconds_count") >= 2
    assert sample(told.metrics, "stepwright_executions_live") == 0

    of_one = [line for line in told.log if line.get("execution") == "succeeds" and "state" in line]
    assert [(line["event"], line["state"], line["event_id"]) for line in of_one] == [
        ("state active", "Only", 2),
        ("state left", "Only", 2),
    ]
    assert {"timestamp", "level", "logger", "namespace", "state_machine"} <= of_one[0].keys()
    [end] = [line for line in told.log if line["event"] == "execution ended" and line["execution"] == "fails"]
    assert (end["status"], end["error"]) == ("FAILED", "Job.Failed")
    assert end["event_id"] == len_of_history(told.executions["fails"])
    assert [line for line in told.log if is_loud(line) and not waits_for_api_server(line)] == []


def is_loud(line: Object) -> bool:
    return bool(line["level"] in ("warning", "error", "critical"))


def waits_for_api_server(line: Object) -> bool:
    """On a busy machine an answer of the API server may come so late that the operator has to wait for its turn."""
    return line["event"] == "membership waits" or (line["level"] == "warning" and "retry" in line)


def len_of_history(found: Object) -> int:
    return max(int(json.loads(event)["id"]) for event in found["status"]["history"])


def metrics_in_docs() -> set[str]:
    text = (ROOT / "docs" / "operations.md").read_text()
    rows = re.findall(r"^\|([^|]+)\|", text, flags=re.MULTILINE)
    return {name for row in rows for name in re.findall(r"`(stepwright_\w+)`", row)}


def shown(metrics: str) -> set[str]:
    """The names of what is shown, without the parts of histograms and the times that counters were made at."""
    names = re.findall(r"^# TYPE (\w+) (\w+)$", metrics, flags=re.MULTILINE)
    return {name for name, _ in names if not name.endswith("_created")}


def sample(metrics: str, name: str, **labels: str) -> float:
    for line in metrics.splitlines():
        wanted = all(f'{label}="{value}"' in line for label, value in labels.items())
        if wanted and re.match(rf"{name}[ {{]", line):
            return float(line.rsplit(" ", 1)[1])
    raise AssertionError(f"there is no {name} with {labels} in\n{metrics}")
