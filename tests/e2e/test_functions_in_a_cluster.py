"""Functions in a cluster: TaskTemplates that lead to a server of this test's, behind a Service."""

from __future__ import annotations

import json
import threading
import time
import uuid
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from stepwright.asl.task_token import begun_uid
from tests.on_cluster.functions_served import behind, template
from tests.on_cluster.kubectl import IMAGE, Kube, Object, condition, execution, machine, one, output
from tests.processes.operators import OperatorProcess

pytestmark = pytest.mark.cluster

ARN = "arn:aws:lambda:us-east-1:123456789012:function:"
INVOKE = "arn:aws:states:::lambda:invoke"


class Called(ThreadingHTTPServer):
    """Speaks Lambda's Invoke API. What it does with an event is what the event says."""

    def __init__(self, address: str) -> None:
        super().__init__((address, 0), Function)
        self.requests: list[tuple[str, dict[str, str], Any]] = []
        self.arrived = threading.Semaphore(0)
        self.go_on = threading.Event()

    def called(self, event: str) -> int:
        return sum(body.get("event") == event for _, _, body in self.requests)


class Function(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: Called

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        self.server.requests.append((self.path, {k.lower(): v for k, v in self.headers.items()}, body))
        match body.get("event"):
            case "fail":
                self._answer(200, {"errorType": "CardDeclined", "errorMessage": "no"})
            case "busy at first" if self.server.called("busy at first") == 1:
                self._answer(503, {"message": "starting"})
            case "hang at first" if self.server.called("hang at first") == 1:
                self.server.arrived.release()
                self.server.go_on.wait(120)
                self._answer(200, "too late")
            case _:
                self._answer(200, {"got": body})

    def _answer(self, status: int, said: Any) -> None:
        body = json.dumps(said).encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: Any) -> None:
        pass


@pytest.fixture
def called(kube: Kube) -> Iterator[Called]:
    """Behind the Service `charge`, whose TaskTemplate stands for the function PaymentCharge, too."""
    address = kube.cluster.host_address
    assert address is not None
    server = Called(address)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    behind(kube, "charge", server)
    kube.apply(template("charge", {"name": "charge"}, **{"lambda": {"names": ["PaymentCharge"]}}))
    yield server
    server.go_on.set()
    server.shutdown()
    server.server_close()


def task(resource: str, parameters: Any, **more: Any) -> Object:
    return {"Type": "Task", "Resource": resource, "Parameters": parameters, "End": True, **more}


def test_a_function_is_called_by_its_arn_by_invoke_and_by_its_template(
    called: Called, stepwright: Kube
) -> None:
    states = {
        "Arn": task(f"{ARN}PaymentCharge", {"n": 1}, ResultPath="$.arn", Next="Invoke"),
        "Invoke": task(
            INVOKE,
            {"FunctionName": "PaymentCharge", "Payload": {"n": 2}},
            ResultPath="$.invoked",
            Next="Template",
        ),
        "Template": task("k8s:task/charge", {"n": 3}, ResultPath="$.template"),
    }
    for name in ("Arn", "Invoke"):
        del states[name]["End"]
    ended = stepwright.run("three", {"StartAt": "Arn", "States": states})

    assert ended["status"]["phase"] == "Succeeded", ended["status"].get("cause")
    found = output(ended)
    assert (found["arn"], found["template"]) == ({"got": {"n": 1}}, {"got": {"n": 3}})
    assert (found["invoked"]["Payload"], found["invoked"]["StatusCode"]) == ({"got": {"n": 2}}, 200)
    types = [event["type"] for event in stepwright.history("three")]
    assert ("LambdaFunctionSucceeded" in types) and types.count("TaskSucceeded") == 2
    paths = {path for path, _, _ in called.requests}
    assert paths == {"/2015-03-31/functions/function/invocations"}
    assert not any("authorization" in headers for _, headers, _ in called.requests)
    ready = stepwright.until("tt", "charge", lambda found: condition(found, "Ready").get("status") == "True")
    assert condition(ready, "Ready")["reason"] == "Callable"


def test_errors_of_functions_are_caught_by_their_names_and_retriers_of_aws_retry(
    called: Called, stepwright: Kube
) -> None:
    retry = [
        {
            "ErrorEquals": [
                "Lambda.ServiceException",
                "Lambda.AWSLambdaException",
                "Lambda.SdkClientException",
            ],
            "IntervalSeconds": 1,
            "MaxAttempts": 2,
        }
    ]
    invoke = {"FunctionName": f"{ARN}PaymentCharge:prod", "Payload": {"event": "busy at first"}}
    catch = [{"ErrorEquals": ["CardDeclined"], "ResultPath": "$.caught", "Next": "Done"}]
    busy, fail = task(INVOKE, invoke, Retry=retry), task("k8s:task/charge", {"event": "fail"}, Catch=catch)
    del busy["End"]
    definition = {
        "StartAt": "Busy",
        "States": {
            "Busy": {**busy, "ResultPath": None, "Next": "Fail"},
            "Fail": fail,
            "Done": {"Type": "Succeed"},
        },
    }
    ended = stepwright.run("errors", definition)

    assert ended["status"]["phase"] == "Succeeded", ended["status"].get("cause")
    said = '{"errorType": "CardDeclined", "errorMessage": "no"}'
    assert output(ended)["caught"] == {"Error": "CardDeclined", "Cause": said}
    assert called.called("busy at first") == 2
    first, again = (headers for _, headers, body in called.requests if body["event"] == "busy at first")
    assert first["idempotency-key"] != again["idempotency-key"]  # a retry is another task


def test_where_nothing_can_be_called_the_task_says_what_to_make(stepwright: Kube) -> None:
    stepwright.apply(
        {
            "apiVersion": "v1",
            "kind": "Service",
            "metadata": {"name": "away"},
            "spec": {"type": "ExternalName", "externalName": "example.org", "ports": [{"port": 80}]},
        },
        template("away", {"name": "away"}),
        machine("none", one(task(f"{ARN}Pay_Out", {}))),
        execution("none-1", "none"),
        machine("elsewhere", one(task("k8s:task/away", {}))),
        execution("elsewhere-1", "elsewhere"),
    )
    none, elsewhere = stepwright.ended("none-1")["status"], stepwright.ended("elsewhere-1")["status"]

    assert none["error"] == "Lambda.ResourceNotFoundException"
    assert "Create one named pay-out" in none["cause"]
    assert elsewhere["error"] == "Lambda.ServiceException"
    assert "Service away" in elsewhere["cause"]
    assert "has the type ExternalName" in elsewhere["cause"]
    told = stepwright.until("tt", "away", lambda found: condition(found, "Ready"))
    assert condition(told, "Ready")["reason"] == "NoClusterIP"


SCRIPT = """
if grep -q decline "$STEPWRIGHT_INPUT_FILE"; then
  echo '{"errorType": "CardDeclined", "errorMessage": "no"}' > "$STEPWRIGHT_OUTPUT_FILE"; exit 1
fi
printf '{"got": %s}' "$(cat "$STEPWRIGHT_INPUT_FILE")" > "$STEPWRIGHT_OUTPUT_FILE"
"""


def test_a_function_runs_as_a_job_for_each_call(stepwright: Kube) -> None:
    job = {"image": IMAGE, "command": ["sh", "-ec", SCRIPT.replace("$(", "$$(")]}
    states = {
        "Arn": task(f"{ARN}Charge_Card", {"n": 1}, ResultPath="$.arn", Next="Invoke"),
        "Invoke": task(
            INVOKE,
            {"FunctionName": "charge-card", "Payload": {"n": 2}},
            ResultPath="$.invoked",
            Next="Decline",
        ),
        "Decline": task(
            "k8s:task/charge-card",
            {"decline": True},
            Catch=[{"ErrorEquals": ["CardDeclined"], "ResultPath": "$.caught", "Next": "Done"}],
        ),
        "Done": {"Type": "Succeed"},
    }
    for name in ("Arn", "Invoke"):
        del states[name]["End"]
    stepwright.apply({**template("charge-card", {}), "spec": {"job": job}})
    ended = stepwright.run("as-jobs", {"StartAt": "Arn", "States": states})

    assert ended["status"]["phase"] == "Succeeded", ended["status"].get("cause")
    found = output(ended)
    assert found["arn"] == {"got": {"n": 1}}
    assert (found["invoked"]["Payload"], found["invoked"]["StatusCode"]) == ({"got": {"n": 2}}, 200)
    assert found["caught"]["Error"] == "CardDeclined"
    assert json.loads(found["caught"]["Cause"])["errorMessage"] == "no"
    told = stepwright.until("tt", "charge-card", lambda found: condition(found, "Ready"))
    assert condition(told, "Ready")["reason"] == "Callable"


WRONG: dict[str, tuple[Object, str]] = {
    "both": ({"http": {"service": {"name": "x"}}, "job": {"image": "x"}}, "give one of http, job and worker"),
    "neither": ({"maxConcurrency": 3}, "give one of http, job and worker"),
    "a limit of Jobs": ({"job": {"image": "x"}, "maxConcurrency": 3}, "maxConcurrency is for http"),
    "a template and an image": (
        {"job": {"image": "x", "podTemplate": {"spec": {}}}},
        "must stand inside",
    ),
    "a template and a Job": ({"job": {"job": {}, "podTemplate": {}}}, "give either podTemplate or job"),
}


@pytest.mark.parametrize(("spec", "words"), WRONG.values(), ids=WRONG.keys())
def test_a_template_that_says_too_much_or_too_little_is_refused(
    stepwright: Kube, spec: Object, words: str
) -> None:
    assert words in stepwright.refused({**template("wrong", {}), "spec": spec})


def test_a_job_that_outlives_its_operator_answers_the_call(kube: Kube, own_operator: OperatorProcess) -> None:
    script = SCRIPT.replace("printf", "sleep 10; printf").replace("$(", "$$(")
    job = {"image": IMAGE, "command": ["sh", "-ec", script]}
    own_operator.start()
    kube.apply(
        {**template("slow", {}), "spec": {"job": job}},
        machine("outlived", one(task(INVOKE, {"FunctionName": "slow", "Payload": {"n": 1}}))),
        execution("outlived-1", "outlived"),
    )
    deadline = time.monotonic() + 60
    while not kube.list("jobs") and time.monotonic() < deadline:
        time.sleep(0.2)
    own_operator.kill()
    own_operator.start()
    ended = kube.ended("outlived-1", seconds=120)

    assert output(ended)["Payload"] == {"got": {"n": 1}}
    assert len(kube.list("jobs")) == 1


def test_a_call_that_outlives_its_operator_is_made_again_and_known_by_its_key(
    called: Called, kube: Kube, own_operator: OperatorProcess
) -> None:
    own_operator.start()
    kube.apply(
        machine("killed", one(task("k8s:task/charge", {"event": "hang at first"}))),
        execution("killed-1", "killed"),
    )
    assert called.arrived.acquire(timeout=60)
    own_operator.kill()
    own_operator.start()
    ended = kube.ended("killed-1")

    assert output(ended) == {"got": {"event": "hang at first"}}
    first, again = (headers for _, headers, _ in called.requests)
    assert first["idempotency-key"] == again["idempotency-key"] == again["x-amzn-requestid"]
    scheduled = next(event["id"] for event in kube.history("killed-1") if event["type"] == "TaskScheduled")
    assert first["idempotency-key"] == begun_uid(ended["metadata"]["uid"], scheduled)
    uuid.UUID(first["idempotency-key"])
