"""A process of this checkout that tests start, stop and kill. Its log goes to a file."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import IO

from tests.processes.ending import ends_with_us

ROOT = Path(__file__).resolve().parents[2]


class RunningProcess:
    """``end_seconds``: how long it may take to end when it is told to."""

    def __init__(self, log_path: Path, *, end_seconds: float) -> None:
        self.log_path = log_path
        self._end_seconds = end_seconds
        self._log: IO[bytes] | None = None
        self._process: subprocess.Popen[bytes] | None = None

    def _run(self, *arguments: str, environment: Mapping[str, str] | None = None) -> subprocess.Popen[bytes]:
        """``arguments``: of ``stepwright``."""
        self._log = self.log_path.open("ab")
        self._process = subprocess.Popen(
            [sys.executable, "-m", "stepwright.cli", *arguments],
            stdout=self._log,
            stderr=subprocess.STDOUT,
            env={**os.environ, "PYTHONPATH": str(ROOT / "operator"), **(environment or {})},
            cwd=ROOT,
            process_group=0,  # Ctrl+C is for whoever started it, who may still need it to clear away
        )
        ends_with_us(self._process)
        return self._process

    @property
    def pid(self) -> int:
        assert self._process is not None
        return self._process.pid

    @property
    def alive(self) -> bool:
        return self._process is not None and self._process.poll() is None

    def stop(self) -> int:
        """SIGTERM, as a kubelet does it; the exit code."""
        return self._end(signal.SIGTERM)

    def kill(self) -> None:
        """SIGKILL: nothing in it runs any further."""
        self._end(signal.SIGKILL)

    def send(self, number: signal.Signals) -> None:
        assert self._process is not None
        self._process.send_signal(number)

    def wait(self, seconds: float) -> int:
        assert self._process is not None
        return self._process.wait(seconds)

    def log_tail(self, lines: int = 40) -> str:
        return "\n".join(self.log_path.read_text(errors="replace").splitlines()[-lines:])

    def _end(self, number: signal.Signals) -> int:
        process, self._process = self._process, None
        if process is None:
            return 0
        process.send_signal(number)
        try:
            code = process.wait(self._end_seconds)
        except subprocess.TimeoutExpired:
            process.kill()
            code = process.wait(10)
        if self._log is not None:
            self._log.close()
        return code
