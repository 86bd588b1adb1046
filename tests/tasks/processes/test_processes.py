"""Tasks as processes of this machine."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.processes.dev import DevProcess, ended
from tests.sql.test_killed import machine, restart

pytestmark = pytest.mark.slow

PYTHON = "import json, os; given = json.load(open(os.environ['STEPWRIGHT_INPUT_FILE'])); "


@pytest.fixture(scope="module")
def dev(tmp_path_factory: pytest.TempPathFactory) -> Iterator[DevProcess]:
    with DevProcess(tmp_path_factory.mktemp("processes") / "data") as process:
        yield process


def task(**parameters: Any) -> dict[str, Any]:
    state = {"Type": "Task", "Resource": "k8s:job", "Parameters": {"image": "any", **parameters}, "End": True}
    return {"StartAt": "A", "States": {"A": state}}


def shell(script: str, **parameters: Any) -> dict[str, Any]:
    return task(command=["sh", "-c", script], **parameters)


def start(dev: DevProcess, definition: Any, given: str = "{}") -> str:
    client = dev.client()
    name = f"machine-{time.monotonic_ns()}"
    arn: str = client.start_execution(stateMachineArn=machine(client, definition, name), input=given)[
        "executionArn"
    ]
    return arn


def run(dev: DevProcess, definition: Any, given: str = "{}") -> dict[str, Any]:
    return ended(dev.client(), start(dev, definition, given))


def test_a_process_reads_its_input_and_writes_its_output(dev: DevProcess) -> None:
    answer = run(
        dev, shell('cat "$STEPWRIGHT_INPUT_FILE" > "$STEPWRIGHT_OUTPUT_FILE"'), '{"n": 1.0, "ä": [null]}'
    )

    assert (answer["status"], answer["output"]) == ("SUCCEEDED", '{"n":1.0,"ä":[null]}')


def test_the_last_line_of_stdout_is_the_output_where_that_is_asked_for(dev: DevProcess) -> None:
    answer = run(dev, shell("echo working; echo '[1, 2]'", output="stdout"))

    assert json.loads(answer["output"]) == [1, 2]


def indexed(script: str, completions: int, **parameters: Any) -> dict[str, Any]:
    pods = {"spec": {"containers": [{"name": "main", "image": "any", "command": ["sh", "-ec", script]}]}}
    spec = {"completionMode": "Indexed", "completions": completions, "template": pods}
    state = {"Type": "Task", "Resource": "k8s:job", "Parameters": {"job": {"spec": spec}, **parameters}}
    return {"StartAt": "A", "States": {"A": {**state, "End": True}}}


@pytest.mark.parametrize(
    ("script", "given", "expected"),
    [
        ('echo $JOB_COMPLETION_INDEX > "$STEPWRIGHT_OUTPUT_FILE"', {}, [0, 1, 2]),
        ('test $JOB_COMPLETION_INDEX = 1 || echo 7 > "$STEPWRIGHT_OUTPUT_FILE"', {}, [7, None, 7]),
        ("echo working; echo $JOB_COMPLETION_INDEX", {"output": "stdout"}, [0, 1, 2]),
    ],
)
def test_an_indexed_job_runs_as_a_process_for_each_index(
    dev: DevProcess, script: str, given: dict[str, Any], expected: list[Any]
) -> None:
    """It ran once, and without an index."""
    answer = run(dev, indexed(script, 3, **given))

    assert answer["status"] == "SUCCEEDED", answer
    assert json.loads(answer["output"]) == expected


def test_an_index_that_fails_ends_the_task(dev: DevProcess) -> None:
    answer = run(dev, indexed("echo at $JOB_COMPLETION_INDEX >&2; exit $JOB_COMPLETION_INDEX", 3))

    assert (answer["status"], answer["error"]) == ("FAILED", "Job.Failed")
    assert answer["cause"] == "The process ended with exit code 1: at 0\nat 1"


def test_a_process_gets_its_environment_and_arguments_as_a_container_does(dev: DevProcess) -> None:
    words = {
        "command": ["sh", "-c", 'echo "[\\"$1\\", \\"$GREETING\\"]"', "sh"],
        "args": ["$(GREETING)$$(x)"],
    }
    env = [{"name": "WHO", "value": "you"}, {"name": "GREETING", "value": "hello $(WHO)"}]

    answer = run(dev, task(**words, env=env, output="stdout"))

    assert json.loads(answer["output"]) == ["hello you$(x)", "hello you"]


def test_a_process_without_output_gives_a_summary(dev: DevProcess) -> None:
    answer = run(dev, task(command=["true"]))

    output = json.loads(answer["output"])
    assert output["exitCode"] == 0
    assert output["jobName"] == output["jobUid"]
    assert output["startedAt"] <= output["finishedAt"]


def test_a_history_tells_of_a_process_as_of_a_job(dev: DevProcess) -> None:
    arn = start(dev, task(command=["true"]))
    ended(dev.client(), arn)

    events = dev.client().get_execution_history(executionArn=arn)["events"]

    assert [event["type"] for event in events] == [
        "ExecutionStarted",
        "TaskStateEntered",
        "TaskScheduled",
        "TaskStarted",
        "TaskSubmitted",
        "TaskSucceeded",
        "TaskStateExited",
        "ExecutionSucceeded",
    ]


@pytest.mark.parametrize(
    ("definition", "error", "cause"),
    [
        pytest.param(
            shell("echo it broke >&2; exit 3"),
            "Job.Failed",
            "The process ended with exit code 3: it broke",
            id="exit code",
        ),
        pytest.param(
            shell("""echo '{"errorType": "CardDeclined"}' > $STEPWRIGHT_OUTPUT_FILE; exit 1"""),
            "CardDeclined",
            '{"errorType": "CardDeclined"}',
            id="an error of its own",
        ),
        pytest.param(
            task(command=["/no/such/program"]),
            "Job.Failed",
            "The process ended with exit code 127",
            id="no program",
        ),
        pytest.param(
            shell("echo '{' > $STEPWRIGHT_OUTPUT_FILE"),
            "Job.OutputInvalid",
            "What was written to $STEPWRIGHT_OUTPUT_FILE (2 bytes) is not JSON",
            id="no JSON",
        ),
        pytest.param(task(), "Job.Refused", "Give `command`", id="no command"),
        pytest.param(
            task(
                command=["true"],
                env=[{"name": "A", "valueFrom": {"secretKeyRef": {"name": "s", "key": "k"}}}],
            ),
            "Job.Refused",
            "comes from the cluster",
            id="value from the cluster",
        ),
    ],
)
def test_what_goes_wrong_with_a_process_is_told(
    dev: DevProcess, definition: Any, error: str, cause: str
) -> None:
    answer = run(dev, definition)

    assert (answer["status"], answer["error"]) == ("FAILED", error)
    assert cause in answer["cause"]


def test_a_stopped_execution_stops_what_its_process_has_begun(dev: DevProcess, tmp_path: Path) -> None:
    note = tmp_path / "pid"
    arn = start(dev, shell(f"sleep 1000 & echo $! > {note}; wait"))
    while not (note.exists() and note.read_text()):
        time.sleep(0.02)

    dev.client().stop_execution(executionArn=arn)

    until = time.monotonic() + 60
    while is_running(int(note.read_text())) and time.monotonic() < until:
        time.sleep(0.05)
    assert not is_running(int(note.read_text()))


def is_running(pid: int) -> bool:
    """A process that has ended and that nobody has asked about does not run."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


@pytest.mark.parametrize("ends", ["while Stepwright is away", "after it is back"])
def test_a_process_outlives_stepwright_and_runs_once(tmp_path: Path, ends: str) -> None:
    runs, go = tmp_path / "runs", tmp_path / "go"
    script = f"echo $$$$ >> {runs}; while [ ! -e {go} ]; do sleep 0.05; done; echo '\"done\"'"
    with DevProcess(tmp_path / "data") as own:
        arn = start(own, shell(script, output="stdout"))
        while not runs.exists():
            time.sleep(0.02)
        if ends == "while Stepwright is away":
            own.kill()
            go.touch()
            while is_running(int(runs.read_text().split()[0])):
                time.sleep(0.02)
            own.start()
        else:
            restart(own)
            go.touch()

        answer = ended(own.client(), arn)

    assert (answer["status"], answer["output"]) == ("SUCCEEDED", '"done"')
    assert len(runs.read_text().split()) == 1


def test_a_process_that_is_killed_while_stepwright_is_away_fails_its_task(tmp_path: Path) -> None:
    note = tmp_path / "pid"
    with DevProcess(tmp_path / "data") as own:
        arn = start(own, shell(f"echo $$$$ > {note}; sleep 1000"))
        while not (note.exists() and note.read_text()):
            time.sleep(0.02)
        own.kill()
        os.killpg(os.getpgid(int(note.read_text())), 9)
        own.start()

        answer = ended(own.client(), arn)

    assert (answer["status"], answer["error"]) == ("FAILED", "Job.Deleted")
    assert "killed" in answer["cause"]
