"""Lambda functions, called at an endpoint of ours that plays Lambda."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, ClassVar
from urllib.parse import unquote

import pytest

from stepwright.api import signatures
from stepwright.api.signatures import Key, Signed
from stepwright.asl.signals import Millis
from stepwright.catalog.callers import Caller
from tests.processes.dev import ROLE, DevProcess
from tests.tasks.processes.test_processes import run

ARN = "arn:aws:lambda:us-east-1:123456789012:function:"


class Functions(BaseHTTPRequestHandler):
    """``echo`` gives back its event, ``raise`` fails; there are no others."""

    protocol_version = "HTTP/1.1"
    headers_seen: ClassVar[list[dict[str, str]]] = []

    def do_POST(self) -> None:
        event = self.rfile.read(int(self.headers.get("Content-Length") or 0)) or b"{}"
        self.headers_seen.append(
            {name.lower(): value for name, value in self.headers.items()}
            | {":path": self.path, ":body": event.decode()}
        )
        name = unquote(self.path).split("/")[3].rpartition(":")[2]
        if name == "echo":
            self.answer(200, event, {"X-Amz-Executed-Version": "$LATEST"})
        elif name == "raise":
            said = {"errorType": "ValueError", "errorMessage": "no"}
            self.answer(200, json.dumps(said).encode(), {"X-Amz-Function-Error": "Unhandled"})
        else:
            body = json.dumps({"Message": f"Function not found: {name}"}).encode()
            self.answer(404, body, {"x-amzn-ErrorType": "ResourceNotFoundException"})

    def answer(self, status: int, body: bytes, headers: dict[str, str]) -> None:
        self.send_response_only(status)
        for header, value in {"Content-Length": str(len(body)), "x-amzn-RequestId": "r-1", **headers}.items():
            self.send_header(header, value)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: Any) -> None:
        pass


@pytest.fixture(scope="module")
def dev(tmp_path_factory: pytest.TempPathFactory) -> Iterator[DevProcess]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), Functions)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    endpoint = f"http://127.0.0.1:{server.server_address[1]}"
    data = tmp_path_factory.mktemp("functions") / "data"
    with DevProcess(data, environment={"AWS_ENDPOINT_URL_LAMBDA": endpoint}) as process:
        yield process
    server.shutdown()
    server.server_close()


def task(resource: str, **fields: Any) -> dict[str, Any]:
    return {"StartAt": "A", "States": {"A": {"Type": "Task", "Resource": resource, "End": True, **fields}}}


def invoke(name: str, **parameters: Any) -> dict[str, Any]:
    return task("arn:aws:states:::lambda:invoke", Parameters={"FunctionName": name, **parameters})


def test_a_function_is_called_by_its_arn(dev: DevProcess) -> None:
    answer = run(dev, task(ARN + "echo"), '{"n": 1.0}')

    assert (answer["status"], answer["output"]) == ("SUCCEEDED", '{"n":1.0}')


@pytest.mark.parametrize(
    ("payload", "received"), [({"a": 1}, {"a": 1}), ("[1]", [1]), ('"text"', "text"), (None, {})]
)
def test_a_function_is_invoked_with_a_payload(dev: DevProcess, payload: Any, received: Any) -> None:
    output = json.loads(run(dev, invoke("echo", Payload=payload))["output"])

    assert output["Payload"] == received
    assert (output["StatusCode"], output["ExecutedVersion"]) == (200, "$LATEST")
    assert output["SdkResponseMetadata"] == {"RequestId": "r-1"}


def test_what_a_function_raises_has_its_own_name(dev: DevProcess) -> None:
    catch = [{"ErrorEquals": ["ValueError"], "Next": "B"}]
    definition = task(ARN + "raise", Catch=catch)
    definition["States"]["B"] = {"Type": "Pass", "End": True}

    output = json.loads(run(dev, definition)["output"])

    said = '{"errorType": "ValueError", "errorMessage": "no"}'
    assert output == {"Error": "ValueError", "Cause": said}
    assert run(dev, invoke("raise"))["cause"] == said.replace(": ", ":").replace(", ", ",")


def test_a_function_that_does_not_exist_is_told_as_aws_tells_it(dev: DevProcess) -> None:
    answer = run(dev, invoke("nobody"))

    assert (answer["error"], answer["cause"]) == (
        "Lambda.ResourceNotFoundException",
        (
            "Function not found: nobody (Service: AWSLambda; Status Code: 404; Error Code: ResourceNotFoundException; "
            "Request ID: r-1; Proxy: null)"
        ),
    )


NO_CREDENTIALS = {
    "AWS_EC2_METADATA_DISABLED": "true",
    "AWS_SHARED_CREDENTIALS_FILE": "/nowhere",
    "AWS_CONFIG_FILE": "/nowhere",
    "AWS_ACCESS_KEY_ID": "",
}


@pytest.mark.parametrize("endpoint", ["", "http://127.0.0.1:9"])
def test_without_lambda_a_task_fails_with_the_reason(tmp_path: Path, endpoint: str) -> None:
    with DevProcess(
        tmp_path / "data", environment={**NO_CREDENTIALS, "AWS_ENDPOINT_URL_LAMBDA": endpoint}
    ) as own:
        answer = run(own, invoke("echo"))
        said = own.log.read_text(encoding="utf-8")

    assert ("Lambda functions cannot be called" in said) == (not endpoint)

    assert (answer["status"], answer["error"]) == ("FAILED", "Lambda.SdkClientException")
    assert (endpoint or "AWS_ENDPOINT_URL_LAMBDA") in answer["cause"]


@pytest.mark.parametrize(
    ("resource", "region"),
    [
        ("arn:aws:lambda:eu-west-3:123456789012:function:echo", "eu-west-3"),
        ("arn:aws-cn:lambda:cn-north-1:123456789012:function:echo", "cn-north-1"),
        ("echo", "us-east-1"),
    ],
)
def test_a_call_is_signed_for_the_region_of_its_function(dev: DevProcess, resource: str, region: str) -> None:
    """With a made-up key; what stands in for Lambda may read the region from it."""
    function = resource.rpartition(":")[2]
    assert function == "echo"
    Functions.headers_seen.clear()

    run(dev, invoke(resource, Payload={"a": "ä"}, Qualifier="live 1", InvocationType="RequestResponse"))

    (seen,) = Functions.headers_seen
    claimed = signatures.claim(seen["authorization"])
    assert claimed is not None
    assert (claimed.region, claimed.service) == (region, "lambda")
    assert {"host", "x-amz-date", "x-amz-invocation-type"} <= set(claimed.signed_headers.split(";"))
    path, _, query = seen[":path"].partition("?")
    request = Signed("POST", path, query, seen, seen[":body"].encode())
    secret = "stepwright"
    signatures.check(
        request, {claimed.key: Key(secret, Caller("123456789012"))}, Millis(int(time.time() * 1000)), "lambda"
    )


def test_a_tested_state_calls_its_function_where_nothing_is_mocked(dev: DevProcess) -> None:
    sfn = dev.client()
    state = {
        **invoke("echo")["States"]["A"],
        "Parameters": {"FunctionName.$": "$.name", "Payload": {"n": 1}},
        "ResultSelector": {"said.$": "$.Payload"},
        "ResultPath": "$.call",
        "Retry": [{"ErrorEquals": ["ValueError"], "IntervalSeconds": 7}],
    }

    def tested(name: str) -> Any:
        return sfn.test_state(
            definition=json.dumps(state),
            roleArn=ROLE,
            input=json.dumps({"name": name}),
            inspectionLevel="DEBUG",
        )

    well, badly = tested("echo"), tested("raise")

    assert (well["status"], json.loads(well["output"])) == (
        "SUCCEEDED",
        {"name": "echo", "call": {"said": {"n": 1}}},
    )
    assert json.loads(well["inspectionData"]["result"])["Payload"] == {"n": 1}
    assert (badly["status"], badly["error"]) == ("RETRIABLE", "ValueError")
    assert badly["inspectionData"]["errorDetails"] == {"retryIndex": 0, "retryBackoffIntervalSeconds": 7}
