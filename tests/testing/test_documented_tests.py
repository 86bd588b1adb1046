"""The tests that docs/testing.md shows do pass, and so do those of the examples."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
EXAMPLE = ROOT / "examples/order-processing"
PAGE = (ROOT / "docs/testing.md").read_text(encoding="utf-8")


def block(language: str) -> str:
    found = re.search(rf"```{language}\n(.*?)```", PAGE, re.DOTALL)
    assert found is not None
    return found[1]


def run(*command: str, folder: Path) -> None:
    told = subprocess.run(
        [sys.executable, "-m", *command],
        cwd=folder,
        env={
            **os.environ,
            "PYTHONPATH": str(ROOT / "operator"),
            "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1",
            "PYTEST_PLUGINS": "stepwright.pytest_plugin",
            "PYTEST_ADDOPTS": "",
        },
        capture_output=True,
        text=True,
        timeout=110,
        check=False,
    )

    assert told.returncode == 0, told.stdout + told.stderr


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    shutil.copy(EXAMPLE / "statemachine.yaml", tmp_path)
    return tmp_path


def test_the_test_file(folder: Path) -> None:
    (folder / "order.test.yaml").write_text(block("yaml"))

    run("stepwright.cli", "test", folder=folder)


def test_the_test_in_python(folder: Path) -> None:
    (folder / "test_order.py").write_text(block("python"))

    run("pytest", "-p", "no:cacheprovider", folder=folder)


def test_the_tests_of_the_examples() -> None:
    run("pytest", "-p", "no:cacheprovider", "--rootdir", str(EXAMPLE), "-c", os.devnull, ".", folder=EXAMPLE)
