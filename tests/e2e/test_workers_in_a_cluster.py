"""Functions of workers in a cluster: workers as the processes that run in a pod, with the rights that the scaffold gives them."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from stepwright.asl.task_token import begun_uid
from stepwright.functions import scaffold
from tests.on_cluster.kubectl import Kube, Object, condition, execution, machine, one, output
from tests.processes.operators import ROOT, OperatorProcess

pytestmark = pytest.mark.cluster

INVOKE = "arn:aws:states:::lambda:invoke"
ARN = "arn:aws:lambda:us-east-1:123456789012:function:"

APP = """
import pathlib, time

class NoName(Exception):
    pass

def handler(event, context):
    if event.get("until"):
        while not pathlib.Path(event["until"]).exists():
            time.sleep(0.05)
    if event.get("fail"):
        raise NoName("the event has no name")
    return {"got": event, "id": context.aws_request_id, "function": context.function_name}
"""


class Workplace:
    """Where workers of one TaskTemplate run, each with the account of the scaffold's Role."""

    def __init__(self, kube: Kube, folder: Path) -> None:
        self._kube = kube
        self.folder = folder
        self._processes: list[subprocess.Popen[str]] = []
        (folder / "app.py").write_text(APP)
        scaffold.python("greet", folder / "made")
        made = list(yaml.safe_load_all((folder / "made" / "worker.yaml").read_text()))
        for each in made:
            if each["kind"] == "RoleBinding":
                each["subjects"][0]["namespace"] = kube.namespace
        kube.apply(*(each for each in made if each["kind"] != "Deployment"))
        token = kube.token("greet-worker")
        config = yaml.safe_load(kube.cluster.kubeconfig.read_text())
        config["users"] = [{"name": "worker", "user": {"token": token}}]
        for context in config["contexts"]:
            context["context"] |= {"user": "worker", "namespace": kube.namespace}
        self.kubeconfig = folder / "kubeconfig"
        self.kubeconfig.write_text(json.dumps(config))

    def begin(self, *options: str) -> subprocess.Popen[str]:
        command = [sys.executable, "-m", "stepwright.cli", "function", "work", "app.handler"]
        command += ["--function", "greet", f"--kubeconfig={self.kubeconfig}", *options]
        process = subprocess.Popen(
            command,
            cwd=self.folder,
            env={**os.environ, "PYTHONPATH": str(ROOT / "operator")},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        self._processes.append(process)
        assert process.stdout is not None
        line = process.stdout.readline()
        assert "takes tasks of TaskTemplate greet" in line, line + process.stdout.read()
        return process

    def end(self) -> None:
        for process in self._processes:
            process.kill()
            process.wait()
            assert process.stdout is not None
            process.stdout.close()


@pytest.fixture
def workplace(kube: Kube, tmp_path: Path) -> Iterator[Workplace]:
    place = Workplace(kube, tmp_path)
    yield place
    place.end()


def task(resource: str, parameters: Any, **more: Any) -> Object:
    return {"Type": "Task", "Resource": resource, "Parameters": parameters, "End": True, **more}


def until(what: Callable[[], Any], seconds: float = 60) -> Any:
    deadline = time.monotonic() + seconds
    while not (found := what()):
        assert time.monotonic() < deadline, "not as awaited"
        time.sleep(0.1)
    return found


def test_workers_do_what_tasks_call_by_arn_by_invoke_and_by_template(
    stepwright: Kube, workplace: Workplace
) -> None:
    workplace.begin("--concurrency", "2")
    states: Object = {
        "Arn": task(f"{ARN}greet", {"n": 1}, ResultPath="$.arn", Next="Invoke"),
        "Invoke": task(
            INVOKE, {"FunctionName": "greet", "Payload": {"n": 2}}, ResultPath="$.invoked", Next="Fails"
        ),
        "Fails": task(
            "k8s:task/greet",
            {"fail": True},
            Catch=[{"ErrorEquals": ["NoName"], "ResultPath": "$.caught", "Next": "Done"}],
        ),
        "Done": {"Type": "Succeed"},
    }
    for name in ("Arn", "Invoke"):
        del states[name]["End"]
    ended = stepwright.run("three", {"StartAt": "Arn", "States": states})

    assert ended["status"]["phase"] == "Succeeded", ended["status"].get("cause")
    found = output(ended)
    scheduled = [event["id"] for event in stepwright.history("three") if event["type"].endswith("Scheduled")]
    ids = [begun_uid(ended["metadata"]["uid"], task) for task in scheduled]
    assert found["arn"] == {"got": {"n": 1}, "id": ids[0], "function": "greet"}
    assert found["invoked"]["Payload"]["got"] == {"n": 2}
    assert found["caught"]["Error"] == "NoName"
    assert json.loads(found["caught"]["Cause"])["errorMessage"] == "the event has no name"
    told = stepwright.until("tt", "greet", lambda found: condition(found, "Ready").get("status") == "True")
    assert condition(told, "Ready")["reason"] == "Callable"
    assert [each["status"]["state"] for each in stepwright.list("externaltasks")] == ["Answered"] * 3


def test_an_answer_that_came_while_there_was_no_operator_counts(
    kube: Kube, own_operator: OperatorProcess, workplace: Workplace
) -> None:
    go_on = workplace.folder / "go"
    own_operator.start()
    kube.apply(
        machine("killed", one(task("k8s:task/greet", {"until": str(go_on)}, TimeoutSeconds=120))),
        execution("killed-1", "killed"),
    )
    workplace.begin()
    until(lambda: [each for each in kube.list("externaltasks") if each["status"]["state"] == "Taken"])
    own_operator.kill()
    go_on.touch()
    until(lambda: [each for each in kube.list("externaltasks") if each["status"]["state"] == "Answered"])
    own_operator.start()
    ended = kube.ended("killed-1")

    assert output(ended)["got"] == {"until": str(go_on)}
    assert len(kube.list("externaltasks")) == 1


def test_what_is_stopped_and_what_takes_too_long_is_closed_and_a_worker_that_ends_finishes(
    stepwright: Kube, workplace: Workplace
) -> None:
    stepwright.machine("waits", one(task("k8s:task/greet", {})))
    stepwright.start("stopped", "waits")
    until(lambda: stepwright.list("externaltasks"))
    stepwright("patch", "exec", "stopped", "--type=merge", "-p", '{"spec":{"stop":{}}}')
    in_vain = stepwright.run("in-vain", one(task("k8s:task/greet", {}, TimeoutSeconds=1)))
    assert in_vain["status"]["error"] == "States.Timeout"
    assert stepwright.ended("stopped")["status"]["phase"] == "Aborted"
    closed = {each["spec"]["execution"]: each["status"] for each in stepwright.list("externaltasks")}
    assert closed["stopped"] == {"state": "Closed", "reason": "Stopped"}
    assert closed["in-vain"] == {"state": "Closed", "reason": "Expired"}

    go_on = workplace.folder / "go"
    stepwright.machine("ends", one(task("k8s:task/greet", {"until": str(go_on)})))
    stepwright.start("ends", "ends")
    worker = workplace.begin()
    until(lambda: [each for each in stepwright.list("externaltasks") if each["status"]["state"] == "Taken"])
    worker.terminate()
    time.sleep(0.5)
    go_on.touch()
    assert worker.wait(60) == 0
    assert stepwright.ended("ends")["status"]["phase"] == "Succeeded"


FORGED: dict[str, tuple[str, Object, str]] = {
    "an answer of one that nobody has": (
        "status",
        {"state": "Answered", "answer": {"output": "1", "time": "2026-01-01T00:00:00Z"}},
        "a task is taken, then answered",
    ),
    "a claim without a claimant": ("status", {"state": "Taken"}, "says so in taken"),
    "an end without a reason": ("status", {"state": "Closed"}, "reason goes with the state Closed"),
    "another input": ("", {"input": "2"}, "cannot be changed"),
    "another worker's": (
        "taken",
        {"taken": {"worker": "me", "claim": "2", "time": "2026-01-01T00:00:00Z"}},
        "a claim is made once",
    ),
    "an answer that is none": (
        "taken",
        {"state": "Answered", "answer": {"time": "2026-01-01T00:00:00Z"}},
        "give either output or error",
    ),
    "too long an answer": (
        "taken",
        {"state": "Answered", "answer": {"output": "x" * 262_145, "time": "2026-01-01T00:00:00Z"}},
        "may not be more than 262144",
    ),
    "an answer to one that is closed": (
        "closed",
        {"state": "Taken", "taken": {"worker": "me", "claim": "2", "time": "2026-01-01T00:00:00Z"}},
        "nothing is accepted any more",
    ),
}


@pytest.fixture
def register(kube: Kube) -> Kube:
    """Three of them, of no operator."""
    taken = {"worker": "w", "claim": "1", "time": "2026-01-01T00:00:00Z"}
    for name, status in {
        "status": None,
        "taken": {"state": "Taken", "taken": taken},
        "closed": {"state": "Closed", "reason": "Stopped"},
    }.items():
        kube.apply(
            {
                "apiVersion": "stepwright.dev/v1",
                "kind": "ExternalTask",
                "metadata": {"name": name},
                "spec": {
                    "execution": "e",
                    "taskTemplate": "f",
                    "input": "1",
                    "scheduled": "2026-01-01T00:00:00Z",
                },
            }
        )
        if status is not None:
            _patched(kube, name, "status", {"status": status})
    return kube


def _patched(kube: Kube, name: str, subresource: str, patch: Object, *, check: bool = True) -> str:
    part = [f"--subresource={subresource}"] if subresource else []
    command = ("patch", "etask", name, "--type=merge", *part, "--patch-file=/dev/stdin")
    return kube(*command, input=json.dumps(patch), check=check)


def test_what_has_been_said_of_a_task_cannot_be_unsaid(register: Kube) -> None:
    for case, (what, patch, words) in FORGED.items():
        if what:
            said = _patched(register, what, "status", {"status": patch}, check=False)
        else:
            said = _patched(register, "status", "", {"spec": patch}, check=False)
        assert words in said, f"{case}: {said}"

    selected = "--field-selector=status.state=Scheduled,spec.taskTemplate="
    assert register("get", "etask", "-o", "name", f"{selected}f").split() == [
        "externaltask.stepwright.dev/status"
    ]
    assert register("get", "etask", "-o", "name", f"{selected}g") == ""
