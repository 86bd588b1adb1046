"""The operator as a process of this checkout, against a cluster: for tests, the demo and benchmarks."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path
from types import TracebackType
from typing import IO, TYPE_CHECKING, Self

from tests.processes.ending import ends_with_us
from tests.testcluster import Cluster
from tests.testcluster.ports import free_port

if TYPE_CHECKING:
    from tests.processes.account import OperatorAccount

ROOT = Path(__file__).resolve().parents[2]
#: Of an operator under which one execution may have as many events as it likes, as fast as it can.
UNLIMITED_HISTORIES = tuple(
    f"--limit={name}=none" for name in ("history-events", "history-bytes", "events-per-second")
)


class OperatorFailed(Exception):  # noqa: N818 - it names a condition
    """The operator ended, or did not become ready: its last log lines say why."""


class OperatorProcess:
    """``python -m stepwright.cli operator``, ready when ``start`` returns. Its log goes to a file."""

    def __init__(
        self,
        cluster: Cluster,
        log_path: Path,
        *arguments: str,
        lease_namespace: str = "default",
        environment: dict[str, str] | None = None,
        account: OperatorAccount | None = None,
    ) -> None:
        """``account`` None: as whoever the cluster's kubeconfig names, an administrator. ``environment``: beside that of this process,
        also of starts to come."""
        self._cluster = cluster
        self.log_path = log_path
        self._arguments = arguments
        self._lease_namespace = lease_namespace
        self.environment = environment or {}
        self._account = account
        self._log: IO[bytes] | None = None
        self._process: subprocess.Popen[bytes] | None = None
        self.health_port = free_port()
        self.metrics_port = free_port()

    def start(self, *, ready_seconds: float = 180) -> None:
        self._log = self.log_path.open("ab")
        command = [
            sys.executable,
            "-m",
            "stepwright.cli",
            "operator",
            f"--kubeconfig={self._kubeconfig()}",
            f"--lease-namespace={self._lease_namespace}",
            "--lease-seconds=3",
            "--host=127.0.0.1",
            f"--metrics-port={self.metrics_port}",
            f"--health-port={self.health_port}",
            "--log-format=json",
            *self._arguments,
        ]
        environment = {**os.environ, "PYTHONPATH": str(ROOT / "operator"), **self.environment}
        self._process = subprocess.Popen(
            command, stdout=self._log, stderr=subprocess.STDOUT, env=environment, cwd=ROOT
        )
        ends_with_us(self._process)
        deadline = time.monotonic() + ready_seconds
        while self._answer("/readyz") is None:
            if self._process.poll() is not None:
                raise OperatorFailed(
                    f"the operator ended with {self._process.returncode}:\n{self.log_tail()}"
                )
            if time.monotonic() > deadline:
                self.stop()
                raise OperatorFailed(f"the operator is not ready after {ready_seconds} s:\n{self.log_tail()}")
            time.sleep(0.05)

    def _kubeconfig(self) -> Path:
        base = self._cluster.kubeconfig
        return self._account.kubeconfig(base, self._lease_namespace) if self._account else base

    @property
    def pid(self) -> int:
        assert self._process is not None
        return self._process.pid

    @property
    def alive(self) -> bool:
        return self._process is not None and self._process.poll() is None

    def metrics(self) -> str:
        with urllib.request.urlopen(f"http://127.0.0.1:{self.metrics_port}/metrics", timeout=5) as answer:
            text: str = answer.read().decode()
        return text

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
            code = process.wait(20)
        except subprocess.TimeoutExpired:
            process.kill()
            code = process.wait(10)
        if self._log is not None:
            self._log.close()
        return code

    def _answer(self, path: str) -> str | None:
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self.health_port}{path}", timeout=2) as answer:
                text: str = answer.read().decode()
        except (urllib.error.URLError, OSError):
            return None
        return text

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()
