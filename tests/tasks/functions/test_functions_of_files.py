"""Functions on the user's own machine: a server and a command in the place of Lambda's, by ``--functions``."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from http.server import ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from tests.processes.dev import ROOT, DevProcess, ended
from tests.sql.test_killed import machine
from tests.tasks.functions.test_functions import ARN, Functions, invoke, task
from tests.tasks.processes.test_processes import run, start

SHIP = """
import json, os, sys, time
event = json.load(open(os.environ["STEPWRIGHT_INPUT_FILE"]))
if "wait" in event:
    open(event["wait"], "a").write("x")
    while not os.path.exists(event["until"]):
        time.sleep(0.05)
if "order" not in event:
    json.dump({"errorType": "NoOrder", "errorMessage": "no"}, open(os.environ["STEPWRIGHT_OUTPUT_FILE"], "w"))
    sys.exit(1)
json.dump({"shipped": event["order"]}, open(os.environ["STEPWRIGHT_OUTPUT_FILE"], "w"))
"""


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), Functions)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    folder = tmp_path_factory.mktemp("table")
    (folder / "ship.py").write_text(SHIP)
    url = f"http://127.0.0.1:{server.server_address[1]}"
    functions: dict[str, Any] = {
        "echo": {"url": url, "functionName": "echo"},
        "raise": {"url": url, "functionName": "raise"},
        "Ship": {"command": [sys.executable, str(folder / "ship.py")]},
    }
    path = folder / "functions.json"
    path.write_text(json.dumps({"functions": functions}))
    yield path
    server.shutdown()
    server.server_close()


@pytest.fixture(scope="module")
def dev(file: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[DevProcess]:
    with DevProcess(tmp_path_factory.mktemp("dev") / "data", "--functions", str(file)) as process:
        yield process


def test_a_server_and_a_command_stand_for_functions(dev: DevProcess) -> None:
    assert run(dev, task(f"{ARN}echo"), '{"n": 1.0}')["output"] == '{"n":1.0}'
    assert json.loads(run(dev, invoke("echo", Payload=[1]))["output"])["Payload"] == [1]
    assert run(dev, task(f"{ARN}raise"))["error"] == "ValueError"
    assert json.loads(run(dev, task(f"{ARN}Ship"), '{"order": 7}')["output"]) == {"shipped": 7}
    shipped = json.loads(run(dev, invoke("Ship:prod", Payload={"order": 7}))["output"])
    assert (shipped["Payload"], shipped["StatusCode"]) == ({"shipped": 7}, 200)
    assert json.loads(run(dev, task("k8s:task/Ship"), '{"order": 8}')["output"]) == {"shipped": 8}


def test_what_a_command_says_of_its_failure_is_the_task_s_error(dev: DevProcess) -> None:
    failed = run(dev, task(f"{ARN}Ship"))

    assert (failed["status"], failed["error"]) == ("FAILED", "NoOrder")
    assert json.loads(failed["cause"])["errorMessage"] == "no"


def test_a_command_that_outlives_stepwright_runs_once(file: Path, tmp_path: Path) -> None:
    begun, until = tmp_path / "begun", tmp_path / "until"
    event = json.dumps({"order": 7, "wait": str(begun), "until": str(until)})
    with DevProcess(tmp_path / "data", "--functions", str(file)) as own:
        arn = start(own, invoke("Ship", **{"Payload.$": "$"}), event)
        while not begun.exists():
            time.sleep(0.05)
        own.kill()
        own.start()
        until.touch()
        answer = ended(own.client(), arn)

    assert json.loads(answer["output"])["Payload"] == {"shipped": 7}
    assert begun.read_text() == "x"


def test_a_stopped_execution_ends_its_command(dev: DevProcess, file: Path, tmp_path: Path) -> None:
    begun, until = tmp_path / "begun", tmp_path / "until"
    arn = start(dev, task(f"{ARN}Ship"), json.dumps({"wait": str(begun), "until": str(until)}))
    while not begun.exists():
        time.sleep(0.05)
    dev.client().stop_execution(executionArn=arn)

    deadline = time.monotonic() + 60
    while _runs(file.with_name("ship.py")) and time.monotonic() < deadline:
        time.sleep(0.1)
    assert not _runs(file.with_name("ship.py"))
    assert ended(dev.client(), arn)["status"] == "ABORTED"


def _runs(script: Path) -> bool:
    said = subprocess.run(["ps", "-eo", "args"], capture_output=True, text=True, check=True).stdout
    return str(script) in said


def test_a_task_that_waits_for_its_token_goes_on_with_it(dev: DevProcess) -> None:
    client = dev.client()
    parameters = {"FunctionName": "Ship", "Payload": {"order.$": "$$.Task.Token"}}
    waits = task("arn:aws:states:::lambda:invoke.waitForTaskToken", Parameters=parameters)
    arn = client.start_execution(stateMachineArn=machine(client, waits, "waits"), input="{}")["executionArn"]
    deadline = time.monotonic() + 60
    submitted: list[Any] = []
    while not submitted and time.monotonic() < deadline:
        events = client.get_execution_history(executionArn=arn)["events"]
        submitted = [each["taskSubmittedEventDetails"] for each in events if each["type"] == "TaskSubmitted"]
    token = json.loads(submitted[0]["output"])["Payload"]["shipped"]
    client.send_task_success(taskToken=token, output='"answered"')

    assert ended(client, arn)["output"] == '"answered"'


def stepwright(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "stepwright.cli", "run", *arguments],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(ROOT / "operator")},
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )


def test_run_takes_the_same_file_and_refuses_one_that_is_wrong(file: Path, tmp_path: Path) -> None:
    (tmp_path / "m.json").write_text(json.dumps(task(f"{ARN}Ship")))
    well = stepwright(tmp_path, "m.json", "--functions", str(file), "--input", '{"order": 7}')
    assert (well.returncode, json.loads(well.stdout)) == (0, {"shipped": 7}), well.stderr

    (tmp_path / "wrong.yaml").write_text("functions:\n  Ship: {comand: [x]}\n")
    wrong = stepwright(tmp_path, "m.json", "--functions", "wrong.yaml")
    assert (wrong.returncode, wrong.stdout) == (2, "")
    assert wrong.stderr.startswith("wrong.yaml:2:10: ")
    assert "is 'command' meant?" in wrong.stderr
