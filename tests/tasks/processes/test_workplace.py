"""What tasks write is read as far as it can be an output, and they see of the environment what they need to run."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from stepwright.asl.failure.errors import StateError
from stepwright.asl.json_types import JsonText
from stepwright.tasks.processes import environment
from stepwright.tasks.processes.environment import BadVariable
from stepwright.tasks.processes.workplace import LARGEST_OUTPUT_BYTES, Workplace
from tests.processes.dev import DevProcess
from tests.tasks.processes.test_processes import run, shell, task

HUGE = 10 * 1024**3


@pytest.fixture
def place(tmp_path: Path) -> Workplace:
    place = Workplace(tmp_path / "tasks" / "one")
    place.prepare(JsonText("{}"))
    return place


def of_size(file: Path, size_bytes: int, end: bytes = b"") -> None:
    """A file of nothing but zeros, which takes no room on the disk, and this end."""
    with file.open("wb") as opened:
        opened.truncate(size_bytes)
        opened.seek(0, 2)
        opened.write(end)


def test_an_output_of_ten_gigabytes_is_refused_unread(place: Workplace) -> None:
    of_size(place.output_file, HUGE)

    with pytest.raises(StateError, match="10,737,418,240 bytes") as error:
        place.output()

    assert error.value.error == "Job.OutputTooLarge"


def test_the_last_line_behind_ten_gigabytes_is_found(place: Workplace) -> None:
    of_size(place.folder / "stdout", HUGE, b'\n{"n": 1}\n')

    assert place.last_line() == b'{"n": 1}'


def test_a_last_line_of_ten_gigabytes_is_refused_unread(place: Workplace) -> None:
    of_size(place.folder / "stdout", HUGE)

    with pytest.raises(StateError) as error:
        place.last_line()

    assert error.value.error == "Job.OutputTooLarge"


@pytest.mark.parametrize("end", [b"", b"\n", b"\r\n"])
@pytest.mark.parametrize("before", [b"", b"x\n"])
def test_the_largest_line_is_an_output(place: Workplace, before: bytes, end: bytes) -> None:
    line = b"1" * LARGEST_OUTPUT_BYTES
    (place.folder / "stdout").write_bytes(before + line + end)

    assert place.last_line() == line


def test_the_last_words_of_ten_gigabytes_are_few(place: Workplace) -> None:
    of_size(place.folder / "stderr", HUGE, b"out of paper")

    assert place.last_words().endswith("out of paper")
    assert len(place.last_words()) <= 2048


def test_a_container_writes_a_file_that_others_of_this_machine_cannot_come_to(place: Workplace) -> None:
    place.prepare_container("docker", JsonText("{}"))

    assert place.output_file.stat().st_mode & 0o777 == 0o622
    assert {oct(folder.stat().st_mode & 0o777) for folder in (place.folder, place.folder.parent)} == {"0o700"}


# --- Environment ------------------------------------------------------------------------------------------------------

GIVEN = {
    "PATH": "/bin",
    "HOME": "/home/you",
    "LC_ALL": "C",
    "AWS_SECRET_ACCESS_KEY": "x",
    "GITHUB_TOKEN": "x",
    "KUBECONFIG": "k",
    "http_proxy": "http://you:secret@proxy",
}


@pytest.mark.parametrize(
    ("wanted", "names"),
    [
        ([], {"PATH", "HOME", "LC_ALL"}),
        (["KUBECONFIG"], {"PATH", "HOME", "LC_ALL", "KUBECONFIG"}),
        (["NEW=1=2"], {"PATH", "HOME", "LC_ALL", "NEW"}),
        (["*"], set(GIVEN)),
    ],
)
def test_tasks_get_what_they_need_to_run_and_what_was_named(wanted: list[str], names: set[str]) -> None:
    assert set(environment.of_tasks(wanted, GIVEN)) == names


def test_a_value_may_be_given() -> None:
    assert environment.of_tasks(["NEW=1=2", "PATH="], GIVEN)["NEW"] == "1=2"
    assert environment.of_tasks(["PATH="], GIVEN)["PATH"] == ""


@pytest.mark.parametrize(
    ("wanted", "why"),
    [("MISSING", "MISSING is not set"), ("=x", "a variable is written"), ("", "a variable is written")],
)
def test_a_variable_that_is_not_there_is_refused(wanted: str, why: str) -> None:
    with pytest.raises(BadVariable, match=why):
        environment.of_tasks([wanted], GIVEN)


@pytest.mark.slow
def test_a_task_does_not_see_keys_of_whoever_started_stepwright(tmp_path: Path) -> None:
    keys = {"AWS_SECRET_ACCESS_KEY": "swordfish", "WANTED": "yes"}
    script = 'echo "[\\"$AWS_SECRET_ACCESS_KEY\\", \\"$WANTED\\", \\"$OWN\\", \\"$(umask)\\"]"'
    definition = shell(script, output="stdout", env=[{"name": "OWN", "value": "own"}])
    with DevProcess(tmp_path / "data", "--env", "WANTED", environment=keys) as dev:
        answer = run(dev, definition)

    assert json.loads(answer["output"]) == ["", "yes", "own", "0022"]


@pytest.mark.slow
@pytest.mark.parametrize("command", [["nul\0byte"], ["x" * 200_000]], ids=["zero", "long"])
def test_a_command_that_cannot_be_run_fails_its_task(tmp_path: Path, command: list[str]) -> None:
    with DevProcess(tmp_path / "data") as dev:
        answer = run(dev, task(command=["/bin/echo", *command]))

    assert (answer["status"], answer["error"]) == ("FAILED", "Job.Refused")
