"""``stepwright run``, as people run it."""

from __future__ import annotations

import contextlib
import json
import os
import pty
import re
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[2]

ECHO = {"StartAt": "A", "States": {"A": {"Type": "Pass", "End": True}}}
MANIFEST = """\
apiVersion: stepwright.dev/v1
kind: StateMachine
metadata: {name: order}
spec:
  definitionSubstitutions: {Who: "you"}
  definition:
    StartAt: A
    States:
      A: {Type: Pass, Result: "hello ${Who}", End: true}
"""


def command(*arguments: str) -> list[str]:
    return [sys.executable, "-m", "stepwright.cli", "run", *arguments]


def run(*arguments: str, text: str | None = None) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        command(*arguments),
        input=text,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
        env={**os.environ, "PYTHONPATH": str(ROOT / "operator")},
    )


@pytest.fixture
def file(tmp_path: Path) -> Any:
    def write(content: Any, name: str = "machine.json") -> str:
        path = tmp_path / name
        path.write_text(content if isinstance(content, str) else json.dumps(content), encoding="utf-8")
        return str(path)

    return write


def task(script: str) -> dict[str, Any]:
    parameters = {"command": ["sh", "-c", script]}
    state = {"Type": "Task", "Resource": "k8s:job", "Parameters": parameters, "End": True}
    return {"StartAt": "A", "States": {"A": state}}


def test_the_output_is_on_stdout(file: Any) -> None:
    result = run(file(ECHO), "--input", '{"n": 1.0}')

    assert (result.returncode, result.stdout, result.stderr) == (0, '{"n": 1.0}\n', "")


def test_the_input_comes_from_a_file_and_the_definition_from_stdin(file: Any) -> None:
    result = run("-", "--input", "@" + file("[1]", "input.json"), text=json.dumps(ECHO))

    assert (result.returncode, result.stdout) == (0, "[1]\n")


def test_a_manifest_is_run_with_its_substitutions(file: Any) -> None:
    result = run(file(MANIFEST, "order.yaml"))

    assert (result.returncode, result.stdout) == (0, '"hello you"\n')


def test_a_failed_execution_exits_with_1_and_the_reason(file: Any) -> None:
    result = run(file({"StartAt": "A", "States": {"A": {"Type": "Fail", "Error": "Oh", "Cause": "No"}}}))

    assert (result.returncode, result.stdout) == (1, "")
    assert result.stderr == "stepwright: FAILED: Oh: No\n"


def test_states_are_shown_as_they_are_entered_and_left(file: Any) -> None:
    result = run(file(task('echo 1 > "$STEPWRIGHT_OUTPUT_FILE"')), "--watch")

    first, last = result.stderr.splitlines()
    assert (result.returncode, result.stdout) == (0, "1\n")
    assert first == "  … A (Task)"
    assert last.startswith("  ✓ A Succeeded in ")


def test_at_a_terminal_what_is_under_way_is_shown_with_its_time(file: Any) -> None:
    script = 'sleep 0.3; echo 1 > "$STEPWRIGHT_OUTPUT_FILE"'
    both = {"Type": "Parallel", "Branches": [task(script)], "End": True}
    ours, theirs = pty.openpty()
    process = subprocess.Popen(
        command(file({"StartAt": "Both", "States": {"Both": both}}), "--watch"),
        env={**os.environ, "PYTHONPATH": str(ROOT / "operator"), "TERM": "xterm", "COLUMNS": "100"},
        stdout=subprocess.PIPE,
        stderr=theirs,
    )
    os.close(theirs)
    seen = b""
    with contextlib.suppress(OSError):  # its other side is closed
        while chunk := os.read(ours, 4096):
            seen += chunk
    os.close(ours)
    output, _ = process.communicate(timeout=30)

    told = re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", seen.decode())
    assert (process.returncode, output) == (0, b"[1]\n")
    assert "  ▸ Both  Parallel" in told
    assert re.search(r"[^✓] Both\[0\]/A +0 s", told)
    assert re.search(r"    ✓ \[0\]/A  0\.\d{3} s", told)
    assert re.search(r"  ✓ Both  0\.\d{3} s", told)


@pytest.mark.parametrize(
    ("definition", "arguments", "message"),
    [
        pytest.param({"StartAt": "A"}, (), "The field 'States' is required but was missing", id="definition"),
        pytest.param(ECHO, ("--input", "{"), "the input is not JSON", id="input"),
        pytest.param(ECHO, ("--input", "@/no/such/file"), "/no/such/file cannot be read", id="input file"),
    ],
)
def test_what_cannot_be_used_exits_with_2(
    file: Any, definition: Any, arguments: tuple[str, ...], message: str
) -> None:
    result = run(file(definition), *arguments)

    assert (result.returncode, result.stdout) == (2, "")
    assert message in result.stderr


def test_a_file_that_is_not_there_exits_with_2() -> None:
    assert run("/no/such/file").returncode == 2


def test_an_interrupt_stops_the_execution_and_its_processes(file: Any, tmp_path: Path) -> None:
    note = tmp_path / "note"
    process = subprocess.Popen(
        command(
            file(task(f"trap 'echo stopped > {note}; exit' TERM; echo began > {note}; sleep 1000 & wait"))
        ),
        env={**os.environ, "PYTHONPATH": str(ROOT / "operator")},
        stderr=subprocess.PIPE,
        text=True,
    )
    while not (note.exists() and note.read_text()):
        time.sleep(0.02)

    process.send_signal(signal.SIGINT)
    _, told = process.communicate(timeout=30)

    assert (process.returncode, told) == (1, "stepwright: ABORTED\n")
    assert note.read_text() == "stopped\n"
