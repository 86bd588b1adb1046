"""The fixture ``workflow`` in a project of a user's."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
MACHINE = {
    "StartAt": "Ship",
    "States": {"Ship": {"Type": "Task", "Resource": "k8s:job", "Parameters": {"image": "any"}, "End": True}},
}


def pytest_in(folder: Path, test: str) -> subprocess.CompletedProcess[str]:
    (folder / "order.json").write_text(json.dumps(MACHINE))
    (folder / "test_order.py").write_text(test)
    return subprocess.run(
        [
            sys.executable,
            "-m",
            "pytest",
            "-p",
            "no:cacheprovider",
            "-p",
            "stepwright.pytest_plugin",
            "-q",
            ".",
        ],
        cwd=folder,
        env={
            **os.environ,
            "PYTHONPATH": str(ROOT / "operator"),
            "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1",
            "PYTEST_ADDOPTS": "",
        },
        capture_output=True,
        text=True,
        timeout=110,
        check=False,
    )


def test_a_definition_beside_the_test_is_run(tmp_path: Path) -> None:
    told = pytest_in(
        tmp_path,
        "def test_it(workflow):\n    assert workflow('order.json').mock('Ship', {'n': 1}).run().output == {'n': 1}\n",
    )

    assert told.returncode == 0, told.stdout


def test_a_failing_test_shows_how_its_executions_went(tmp_path: Path) -> None:
    told = pytest_in(
        tmp_path,
        "from stepwright.testing import after\n\n"
        "def test_it(workflow):\n"
        "    result = workflow('order.json').mock('Ship', after(90, {})).run()\n"
        "    assert result.output == 1\n",
    )

    assert told.returncode == 1
    assert "Execution of workflow" in told.stdout
    assert "✓ Ship  Task, took 1 min 30 s\nSUCCEEDED after 1 min 30 s" in told.stdout


def test_an_unmocked_task_fails_the_test_and_names_it(tmp_path: Path) -> None:
    told = pytest_in(tmp_path, "def test_it(workflow):\n    workflow('order.json').run()\n")

    assert told.returncode == 1
    assert "UnmockedTask: state Ship called its task (Resource k8s:job), and it is not mocked" in told.stdout


def test_who_does_not_use_it_does_not_wait_for_it() -> None:
    code = "import sys, pytest, stepwright.pytest_plugin; print([name for name in sys.modules if 'stepwright' in name])"

    told = subprocess.run(
        [sys.executable, "-c", code],
        env={**os.environ, "PYTHONPATH": str(ROOT / "operator")},
        capture_output=True,
        text=True,
        check=True,
    )

    assert told.stdout == "['stepwright', 'stepwright.pytest_plugin']\n"
