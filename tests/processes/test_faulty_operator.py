"""The process that forks operators reports how each has ended."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest

from tests.processes.faulty_operator import Order
from tests.processes.operators import ROOT

pytestmark = [pytest.mark.slow, pytest.mark.timeout(60)]

Forking = subprocess.Popen[bytes]


@pytest.fixture
def forking() -> Iterator[Forking]:
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.processes.faulty_operator"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        env={**os.environ, "PYTHONPATH": str(ROOT / "operator")},
        cwd=ROOT,
    )
    with process:
        yield process
        assert process.stdin is not None
        process.stdin.close()


def ask(forking: Forking, log: Path, *arguments: str) -> int:
    assert forking.stdin is not None
    forking.stdin.write(msgspec.json.encode(Order(arguments, str(log))) + b"\n")
    forking.stdin.flush()
    what, pid = answer(forking)
    assert what == "began"
    return int(pid)


def answer(forking: Forking) -> list[str]:
    assert forking.stdout is not None
    return forking.stdout.readline().decode().split()


def test_an_operator_that_ends_by_itself_says_why_and_its_exit_code_is_told(
    forking: Forking, tmp_path: Path
) -> None:
    pid = ask(forking, tmp_path / "log", "--kubeconfig=/not/there")

    assert answer(forking) == ["ended", str(pid), "1"]
    assert "there is no file /not/there" in (tmp_path / "log").read_text()


def test_the_signal_that_an_operator_died_of_is_told(forking: Forking, tmp_path: Path) -> None:
    log = tmp_path / "log"
    os.mkfifo(log)  # whoever opens it waits for a reader
    pid = ask(forking, log)
    os.kill(pid, signal.SIGSEGV)

    assert answer(forking) == ["ended", str(pid), str(-signal.SIGSEGV)]
