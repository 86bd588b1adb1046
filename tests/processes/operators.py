"""The operator as a process of this checkout, against a cluster: for tests, the demo and benchmarks."""

from __future__ import annotations

import time
import urllib.error
import urllib.request
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Self

from tests.processes import running
from tests.processes.running import RunningProcess
from tests.testcluster import Cluster
from tests.testcluster.ports import free_port

if TYPE_CHECKING:
    from tests.processes.account import OperatorAccount

ROOT = running.ROOT
#: Of an operator under which one execution may have as many events as it likes, as fast as it can.
UNLIMITED_HISTORIES = tuple(
    f"--limit={name}=none" for name in ("history-events", "history-bytes", "events-per-second")
)


class OperatorFailed(Exception):  # noqa: N818 - it names a condition
    """The operator ended, or did not become ready: its last log lines say why."""


class OperatorProcess(RunningProcess):
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
        super().__init__(log_path, end_seconds=20)
        self._cluster = cluster
        self._arguments = arguments
        self._lease_namespace = lease_namespace
        self.environment = environment or {}
        self._account = account
        self.health_port = free_port()
        self.metrics_port = free_port()

    def start(self, *, ready_seconds: float = 180) -> None:
        process = self._run(
            "operator",
            f"--kubeconfig={self._kubeconfig()}",
            f"--lease-namespace={self._lease_namespace}",
            "--lease-seconds=3",
            "--host=127.0.0.1",
            f"--metrics-port={self.metrics_port}",
            f"--health-port={self.health_port}",
            "--log-format=json",
            *self._arguments,
            environment=self.environment,
        )
        deadline = time.monotonic() + ready_seconds
        while self._answer("/readyz") is None:
            if process.poll() is not None:
                raise OperatorFailed(f"the operator ended with {process.returncode}:\n{self.log_tail()}")
            if time.monotonic() > deadline:
                self.stop()
                raise OperatorFailed(f"the operator is not ready after {ready_seconds} s:\n{self.log_tail()}")
            time.sleep(0.05)

    def _kubeconfig(self) -> Path:
        base = self._cluster.kubeconfig
        return self._account.kubeconfig(base, self._lease_namespace) if self._account else base

    def metrics(self) -> str:
        with urllib.request.urlopen(f"http://127.0.0.1:{self.metrics_port}/metrics", timeout=5) as answer:
            text: str = answer.read().decode()
        return text

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
