"""A function as `stepwright function new` begins it: tested, served and run once, each as the process that a user would start."""

from __future__ import annotations

import base64
import http.client
import json
import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import yaml

from stepwright.cluster.resources import TaskTemplate
from stepwright.functions import scaffold

ROOT = Path(__file__).resolve().parents[2]
STEPWRIGHT = [sys.executable, "-m", "stepwright.cli"]
ENVIRONMENT = {**os.environ, "PYTEST_ADDOPTS": "", "PYTHONPATH": str(ROOT / "operator")}
INVOKE = "/2015-03-31/functions/function/invocations"


def run(*command: str, folder: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        command,
        cwd=folder,
        env={**ENVIRONMENT, **environment},
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )


def stepwright(*arguments: str, folder: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    return run(*STEPWRIGHT, *arguments, folder=folder, **environment)


@pytest.fixture(scope="module")
def greet(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("functions")
    made = stepwright("function", "new", "greet", "--python", folder=folder)
    assert made.returncode == 0, made.stderr
    assert made.stdout.splitlines()[0] == "greet/app.py"
    return folder / "greet"


@contextmanager
def served(folder: Path, *arguments: str) -> Iterator[tuple[int, subprocess.Popen[str]]]:
    process = subprocess.Popen(
        [*STEPWRIGHT, "function", "serve", *arguments, "--port", "0", "--host", "127.0.0.1"],
        cwd=folder,
        env=ENVIRONMENT,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    assert process.stdout is not None
    try:
        found = re.search(r":(\d+)/", process.stdout.readline())
        assert found is not None
        yield int(found[1]), process
    finally:
        process.kill()
        process.wait()
        process.stdout.close()


def post(port: int, body: bytes, **headers: str) -> tuple[int, dict[str, str], bytes]:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    connection.request(
        "POST", INVOKE, body, {name.replace("_", "-"): value for name, value in headers.items()}
    )
    answer = connection.getresponse()
    said = answer.status, {name.lower(): value for name, value in answer.getheaders()}, answer.read()
    connection.close()
    return said


def test_its_own_tests_pass(greet: Path) -> None:
    tested = run(sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", folder=greet)

    assert "2 passed" in tested.stdout, tested.stdout + tested.stderr


def test_what_runs_it_in_a_cluster_belongs_together(greet: Path) -> None:
    template, service, deployment = yaml.safe_load_all((greet / "function.yaml").read_text())

    http = TaskTemplate.model_validate(template).spec.http
    assert http is not None
    assert http.service.name == service["metadata"]["name"] == "greet"
    assert service["spec"]["selector"] == deployment["spec"]["template"]["metadata"]["labels"]
    (container,) = deployment["spec"]["template"]["spec"]["containers"]
    assert container["ports"][0]["containerPort"] == service["spec"]["ports"][0]["port"]
    dockerfile = (greet / "Dockerfile").read_text()
    assert "FROM ${BASE}" in dockerfile
    assert 'ENTRYPOINT ["stepwright", "function"]' in dockerfile


def test_what_runs_it_as_a_worker_belongs_together(greet: Path) -> None:
    template, account, role, binding, deployment = yaml.safe_load_all((greet / "worker.yaml").read_text())

    assert TaskTemplate.model_validate(template).spec.worker is not None
    pod = deployment["spec"]["template"]["spec"]
    assert pod["containers"][0]["args"] == ["work", "app.handler", "--function", template["metadata"]["name"]]
    assert pod["serviceAccountName"] == account["metadata"]["name"] == binding["subjects"][0]["name"]
    assert binding["roleRef"]["name"] == role["metadata"]["name"]
    assert {(*rule["resources"], *rule["verbs"]) for rule in role["rules"]} == {
        ("externaltasks", "get", "list", "watch"),
        ("externaltasks/status", "patch"),
    }


def test_it_is_served_by_lambdas_invoke_api(greet: Path) -> None:
    with served(greet, "app.handler") as (port, process):
        well = post(port, b'{"name": "Ada"}', x_amzn_RequestId="r-7")
        badly = post(port, b"{}", x_amzn_RequestId="r-8")
        rubbish = post(port, b"{")
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
        connection.request("GET", "/healthz")
        assert connection.getresponse().status == 200
        connection.close()
        process.send_signal(signal.SIGTERM)
        assert process.wait(60) == 0

    assert (well[0], json.loads(well[2]), well[1]["x-amzn-requestid"]) == (
        200,
        {"greeting": "Hello, Ada!"},
        "r-7",
    )
    assert badly[1]["x-amz-function-error"] == "Unhandled"
    said = json.loads(badly[2])
    assert (said["errorType"], said["errorMessage"], said["requestId"]) == (
        "NoName",
        "the event has no name",
        "r-8",
    )
    assert (rubbish[0], rubbish[1]["x-amzn-errortype"]) == (400, "InvalidRequestContentException")


def test_a_workflow_calls_it(greet: Path, tmp_path: Path) -> None:
    arn = "arn:aws:lambda:us-east-1:123456789012:function:greet"
    retry = [{"ErrorEquals": ["NoName"], "MaxAttempts": 0}]
    definition = {
        "StartAt": "A",
        "States": {"A": {"Type": "Task", "Resource": arn, "Retry": retry, "End": True}},
    }
    (tmp_path / "w.asl.json").write_text(json.dumps(definition))
    with served(greet, "app.handler") as (port, _):
        ran = stepwright(
            "run",
            "w.asl.json",
            "--input",
            '{"name": "Ada"}',
            folder=tmp_path,
            AWS_ENDPOINT_URL_LAMBDA=f"http://127.0.0.1:{port}",
        )

    assert ran.returncode == 0, ran.stderr
    assert "Hello, Ada!" in ran.stdout


HANDLERS = """
import asyncio, json, threading

calls = threading.Semaphore(0)
both = threading.Barrier(2)

def told(event, context):
    return {
        "id": context.aws_request_id,
        "name": context.function_name,
        "version": context.function_version,
        "client": context.client_context,
        "left": context.get_remaining_time_in_millis(),
    }

async def later(event, context):
    await asyncio.sleep(0)
    return event

def together(event, context):
    both.wait(60)
    return event

def unserializable(event, context):
    return {1, 2}
"""


@pytest.fixture(scope="module")
def several(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("several")
    (folder / "mine.py").write_text(HANDLERS)
    return folder


def test_a_handler_is_told_of_its_call_as_lambda_tells_it(several: Path) -> None:
    context = base64.b64encode(b'{"custom": 1}').decode()
    with served(several, "mine.told", "--name", "Told") as (port, _):
        _, _, body = post(port, b"", x_amzn_RequestId="r-7", X_Amz_Client_Context=context)

    assert json.loads(body) == {
        "id": "r-7",
        "name": "Told",
        "version": "$LATEST",
        "client": {"custom": 1},
        "left": 900_000,
    }


def test_a_handler_may_be_a_coroutine_and_what_is_not_json_is_an_error(several: Path) -> None:
    with served(several, "mine.later") as (port, _):
        assert post(port, b"[1]")[2] == b"[1]"
        assert post(port, b"[1]", X_Amz_Invocation_Type="Event")[0] == 202
        assert post(port, b"[1]", X_Amz_Invocation_Type="DryRun")[0] == 204
    with served(several, "mine.unserializable") as (port, _):
        assert json.loads(post(port, b"{}")[2])["errorType"] == "Runtime.MarshalError"


def test_calls_run_at_the_same_time_where_they_may(several: Path) -> None:
    with served(several, "mine.together", "--concurrency", "2") as (port, _), ThreadPoolExecutor(2) as pool:
        answers = list(pool.map(lambda n: post(port, n), (b"1", b"2")))

    assert [body for _, _, body in answers] == [b"1", b"2"]


def test_it_runs_once_as_a_tasks_container(greet: Path, tmp_path: Path) -> None:
    event, answer = tmp_path / "in.json", tmp_path / "out.json"
    files = {"STEPWRIGHT_INPUT_FILE": str(event), "STEPWRIGHT_OUTPUT_FILE": str(answer)}
    event.write_text('{"name": "Ada"}')
    well = stepwright("function", "once", "app.handler", folder=greet, **files)
    assert (well.returncode, json.loads(answer.read_text())) == (0, {"greeting": "Hello, Ada!"})

    event.write_text("{}")
    badly = stepwright("function", "once", "app.handler", folder=greet, **files)
    said = json.loads(answer.read_text())
    assert (badly.returncode, said["errorType"]) == (1, "NoName")
    assert said["errorMessage"] == "the event has no name"
    assert "NoName: the event has no name" in badly.stderr


def test_what_a_function_raises_fits_into_what_kubernetes_keeps_of_an_output(tmp_path: Path) -> None:
    (tmp_path / "long.py").write_text("def handler(event, context):\n    raise ValueError('\\0' * 9000)\n")
    event, answer = tmp_path / "in.json", tmp_path / "out.json"
    event.write_text("{}")
    files = {"STEPWRIGHT_INPUT_FILE": str(event), "STEPWRIGHT_OUTPUT_FILE": str(answer)}
    ran = stepwright("function", "once", "long.handler", folder=tmp_path, **files)

    assert (ran.returncode, len(answer.read_bytes()) <= 4095) == (1, True)
    assert json.loads(answer.read_text())["errorType"] == "ValueError"


WRONG: dict[str, tuple[tuple[str, ...], str]] = {
    "no module": (("serve", "nowhere.handler"), "stepwright: there is no module 'nowhere' in "),
    "no function": (("serve", "mine.nothing"), "stepwright: the module 'mine' has no 'nothing'"),
    "no name of a handler": (("once", "mine"), "stepwright: 'mine' names no handler"),
    "no files": (("once", "mine.told"), "stepwright: STEPWRIGHT_INPUT_FILE names no file"),
    "a name that no Service has": (("new", "Greet"), "stepwright: 'Greet' cannot be a Service's name"),
    "a folder that is there": (("new", "x", "--folder", "."), "stepwright: . is there already and not empty"),
}


@pytest.mark.parametrize(("arguments", "words"), WRONG.values(), ids=WRONG.keys())
def test_what_cannot_be_done_is_said(several: Path, arguments: tuple[str, ...], words: str) -> None:
    ran = stepwright("function", *arguments, folder=several, STEPWRIGHT_INPUT_FILE="")

    assert (ran.returncode, ran.stderr.startswith(words)) == (2, True), ran.stderr


def test_nothing_is_written_over(tmp_path: Path) -> None:
    (tmp_path / "app.py").write_text("mine")
    with pytest.raises(scaffold.Refused):
        scaffold.python("greet", tmp_path)

    made: Any = list(tmp_path.iterdir())
    assert [path.read_text() for path in made] == ["mine"]
