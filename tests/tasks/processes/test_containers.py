"""Tasks as containers of Docker or Podman: by a stand-in that notes how it is called, and by the real one where there is."""

from __future__ import annotations

import asyncio
import json
import os
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from stepwright.asl.definition import compile_definition
from stepwright.asl.json_types import JsonText
from stepwright.asl.step import Outcome
from stepwright.assembly import single
from stepwright.tasks.processes import containers
from stepwright.tasks.processes.containers import NoEngine
from tests.cli.test_run import ROOT, command
from tests.processes.dev import DevProcess, ended
from tests.sql.test_killed import machine

STAND_IN = """\
#!/bin/sh
echo "$@" >> "{log}"
case "$1" in
  version) {version} ;;
  run)
    for word in "$@"; do
      case "$word" in
        *:/stepwright/output:z) output="${{word%%:*}}" ;;
        *:/stepwright/input.json:ro,z) input="${{word%%:*}}" ;;
      esac
    done
    {run} ;;
  image) exit {has_image} ;;
esac
"""


class StandIn:
    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.log = folder / "log"

    def install(
        self, name: str, version: str = "true", run: str = 'cat "$input" > "$output"', has_image: int = 0
    ) -> str:
        path = self.folder / name
        path.write_text(STAND_IN.format(log=self.log, version=version, run=run, has_image=has_image))
        path.chmod(0o755)
        return str(path)

    @property
    def calls(self) -> list[list[str]]:
        return [line.split(" ") for line in self.log.read_text().splitlines()]


@pytest.fixture
def stand_in(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> StandIn:
    folder = tmp_path / "bin"
    folder.mkdir()
    monkeypatch.setenv("PATH", f"{folder}:/usr/bin:/bin")
    return StandIn(folder)


def job(**parameters: Any) -> dict[str, Any]:
    state = {"Type": "Task", "Resource": "k8s:job", "Parameters": parameters, "End": True}
    return {"StartAt": "A", "States": {"A": state}}


def run(definition: Any, engine: str | None, given: str = "{}", **how: Any) -> Outcome:
    machine, _ = compile_definition(definition)

    async def run() -> Outcome:
        return await single.run(
            machine,
            "a",
            JsonText(given),
            lambda _visit: None,
            asyncio.Event(),
            container_engine=engine,
            **how,
        )

    return asyncio.run(run())


# --- How it is called -------------------------------------------------------------------------------------------------


def test_a_container_is_given_image_command_environment_and_files(stand_in: StandIn) -> None:
    engine = stand_in.install("docker")
    parameters = {
        "image": "example/charge:1",
        "imagePullPolicy": "IfNotPresent",
        "command": ["charge", "--fast"],
        "args": ["$(WHO)"],
        "env": [{"name": "WHO", "value": "you"}],
    }

    outcome = run(job(**parameters), engine, '{"n":1}')

    assert (outcome.status, outcome.output) == ("SUCCEEDED", '{"n":1}')
    called = stand_in.calls[0]
    name, folder = called[3], called[5].partition("/input.json:")[0]
    assert name == "stepwright-" + Path(folder).name
    assert called == [
        *("run", "--rm", "--name", name),
        *("--volume", f"{folder}/input.json:/stepwright/input.json:ro,z"),
        *("--volume", f"{folder}/output:/stepwright/output:z"),
        *("--env", "WHO=you"),
        *("--env", "STEPWRIGHT_INPUT_FILE=/stepwright/input.json"),
        *("--env", "STEPWRIGHT_OUTPUT_FILE=/stepwright/output"),
        *("--pull", "missing"),
        *("--entrypoint", "charge", "example/charge:1", "--fast", "you"),
    ]


def test_an_image_may_run_by_itself(stand_in: StandIn) -> None:
    run(job(image="example/charge:1", args=["now"]), stand_in.install("podman"))

    assert stand_in.calls[0][-2:] == ["example/charge:1", "now"]
    assert "--entrypoint" not in stand_in.calls[0]


def test_the_state_machine_may_name_the_image(stand_in: StandIn) -> None:
    defaults = {"taskDefaults": {"image": "example/default:1", "imagePullPolicy": "Never"}}

    run(job(command=["a"]), stand_in.install("docker"), settings=defaults)

    assert stand_in.calls[0][-5:] == ["--pull", "never", "--entrypoint", "a", "example/default:1"]


def test_an_image_from_data_is_no_option(stand_in: StandIn) -> None:
    definition = job(**{"image.$": "$.image", "args": ["example/charge:1"]})

    outcome = run(definition, stand_in.install("docker"), '{"image": "--privileged"}')

    assert outcome.error == "Job.Refused"
    assert not stand_in.log.exists()


def test_a_task_without_an_image_is_a_process(stand_in: StandIn) -> None:
    outcome = run(job(command=["sh", "-c", "echo 7"], output="stdout"), stand_in.install("docker"))

    assert outcome.output == "7"
    assert not stand_in.log.exists()


def test_the_last_line_of_stdout_is_the_output_where_that_is_asked_for(stand_in: StandIn) -> None:
    engine = stand_in.install("docker", run="echo working; echo '[1]'")

    assert run(job(image="a", output="stdout"), engine).output == "[1]"


def test_a_container_that_fails_fails_the_task(stand_in: StandIn) -> None:
    engine = stand_in.install("docker", run="echo 'no money' >&2; exit 3")

    outcome = run(job(image="a"), engine)

    assert (outcome.error, outcome.cause) == ("Job.Failed", "The container ended with exit code 3: no money")


def test_an_image_that_cannot_be_had_has_an_error_of_its_own(stand_in: StandIn) -> None:
    engine = stand_in.install("docker", run="echo 'pull access denied' >&2; exit 125", has_image=1)

    outcome = run(job(image="none:1"), engine)

    assert (outcome.error, outcome.cause) == (
        "Job.ImagePullFailed",
        "There is no image none:1: pull access denied",
    )


def test_a_container_is_stopped_with_its_task(stand_in: StandIn) -> None:
    engine = stand_in.install("docker", run="exec sleep 1000")
    definition = job(image="a")
    definition["States"]["A"]["TimeoutSeconds"] = 1

    outcome = run(definition, engine)

    name = stand_in.calls[0][3]
    assert outcome.error == "States.Timeout"
    assert stand_in.calls[1:] == [["stop", "--time", "5", name], ["rm", "--force", name]]


# --- Which one answers ------------------------------------------------------------------------------------------------


def test_the_first_that_answers_is_taken(stand_in: StandIn) -> None:
    stand_in.install("docker", version="echo 'Cannot connect' >&2; exit 1")
    podman = stand_in.install("podman")

    assert containers.find("auto") == podman
    assert containers.find("never") is None


def test_where_none_answers_tasks_are_processes(stand_in: StandIn, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(stand_in.folder))

    assert containers.find("auto") is None


def test_one_that_was_named_must_answer(stand_in: StandIn, monkeypatch: pytest.MonkeyPatch) -> None:
    stand_in.install("docker", version="echo 'Cannot connect' >&2; exit 1")
    monkeypatch.setenv("PATH", f"{stand_in.folder}:/bin")

    with pytest.raises(NoEngine, match="docker does not answer: Cannot connect"):
        containers.find("docker")


def test_run_says_so_and_exits_with_2(stand_in: StandIn, tmp_path: Path) -> None:
    stand_in.install("docker", version="exit 1")
    (tmp_path / "machine.json").write_text(json.dumps(job(image="a")))

    told = subprocess.run(
        command(str(tmp_path / "machine.json"), "--containers", "docker"),
        env={**os.environ, "PYTHONPATH": str(ROOT / "operator")},
        capture_output=True,
        text=True,
        check=False,
    )

    assert (told.returncode, told.stderr) == (
        2,
        "stepwright: docker does not answer: it ended with an error\n",
    )


# --- For real ---------------------------------------------------------------------------------------------------------

IMAGE = "localhost/stepwright-test:1"


@pytest.fixture(scope="module")
def real(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """An engine that runs containers here, with an image made of busybox. No network is used."""
    engine, busybox = containers.find("auto"), shutil.which("busybox")
    if engine is None or busybox is None:
        pytest.skip("needs Docker or Podman, and a static busybox for an image")
    root = tmp_path_factory.mktemp("image")
    (root / "bin").mkdir()
    shutil.copy(busybox, root / "bin/busybox")
    for applet in ("sh", "cat", "sleep", "id"):
        (root / "bin" / applet).symlink_to("busybox")
    config = root.parent / "containers.conf"  # where a container may not raise the limits of this process
    config.write_text('[containers]\ndefault_ulimits = ["nofile=1024:1024", "nproc=1024:1024"]\n')
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("CONTAINERS_CONF", str(config))
        with tempfile.TemporaryFile() as archive:
            subprocess.run(["tar", "-C", str(root), "-c", "."], stdout=archive, check=True)
            archive.seek(0)
            imported = subprocess.run(
                [engine, "import", "-", IMAGE], stdin=archive, capture_output=True, check=False
            )
        ran = subprocess.run(
            [engine, "run", "--rm", "--entrypoint", "sh", IMAGE, "-c", "exit 7"],
            capture_output=True,
            check=False,
        )
        if imported.returncode or ran.returncode != 7:
            pytest.skip(f"{engine} runs no containers here: {imported.stderr!r} {ran.stderr!r}")
        yield engine
        subprocess.run([engine, "rmi", "--force", IMAGE], capture_output=True, check=False)


def test_a_real_container_reads_its_input_and_writes_its_output(real: str) -> None:
    script = (
        'echo "{\\"read\\": $(cat $STEPWRIGHT_INPUT_FILE), \\"who\\": \\"$WHO\\"}" > $STEPWRIGHT_OUTPUT_FILE'
    )
    env = [{"name": "WHO", "value": "a b"}]

    outcome = run(job(image=IMAGE, command=["sh", "-c", script], env=env), real, '{"n":1.0}')

    assert (outcome.status, outcome.output) == ("SUCCEEDED", '{"read": {"n":1.0}, "who": "a b"}')


def test_a_real_container_that_fails(real: str) -> None:
    outcome = run(job(image=IMAGE, command=["sh", "-c", "echo oh >&2; exit 9"]), real)

    assert (outcome.error, outcome.cause) == ("Job.Failed", "The container ended with exit code 9: oh")


def test_a_real_image_that_is_not_there(real: str) -> None:
    outcome = run(job(image="localhost/none:1", imagePullPolicy="Never", command=["a"]), real)

    assert outcome.error == "Job.ImagePullFailed"


def test_a_real_container_ends_with_its_execution(real: str, tmp_path: Path) -> None:
    definition = job(
        image=IMAGE,
        command=["sh", "-c", "trap exit TERM; echo began > $STEPWRIGHT_OUTPUT_FILE; sleep 1000 & wait"],
    )
    (tmp_path / "machine.json").write_text(json.dumps(definition))
    process = subprocess.Popen(
        command(str(tmp_path / "machine.json"), "--containers", "auto"),
        env={**os.environ, "PYTHONPATH": str(ROOT / "operator")},
        stderr=subprocess.PIPE,
        text=True,
    )
    _until(lambda: "stepwright-" in _names(real))

    process.send_signal(signal.SIGINT)
    _, told = process.communicate(timeout=60)

    assert (process.returncode, told) == (1, "stepwright: ABORTED\n")
    assert "stepwright-" not in _names(real)


def test_a_real_container_goes_on_while_stepwright_is_away(real: str, tmp_path: Path) -> None:
    waits = "sleep 4; echo 7 > $STEPWRIGHT_OUTPUT_FILE"
    with DevProcess(tmp_path / "data", "--containers", Path(real).name) as dev:
        client = dev.client()
        arn = machine(client, job(image=IMAGE, command=["sh", "-c", waits]), "goes-on")
        execution = client.start_execution(stateMachineArn=arn, input='{"n":1}')["executionArn"]
        _until(lambda: "stepwright-" in _names(real))

        dev.kill()
        dev.start()

        answer = ended(dev.client(), execution, within_seconds=60)
    assert (answer["status"], answer["output"]) == ("SUCCEEDED", "7")


def _names(engine: str) -> str:
    return subprocess.run(
        [engine, "ps", "--all", "--format", "{{.Names}}"], capture_output=True, text=True, check=True
    ).stdout


def _until(holds: Callable[[], bool], seconds: float = 60) -> None:
    deadline = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < deadline
        time.sleep(0.1)
