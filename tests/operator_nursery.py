"""Operators as forks of one process that has imported everything already, each with a fault of its own or none."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
from pathlib import Path
from types import TracebackType
from typing import Self

import msgspec

from tests.cluster import Cluster
from tests.faulty_operator import STRUCK, WRITE, Fault, Order
from tests.operator_account import OperatorAccount
from tests.operator_process import ROOT


class ForkedOperator:
    """One operator. Its exit code is nobody's to know, since this process is not its parent."""

    def __init__(self, pid: int, log: Path) -> None:
        self.pid = pid
        self.log = log
        self._loop = asyncio.get_running_loop()
        self._end = os.pidfd_open(pid)
        self.ended = asyncio.Event()
        self._loop.add_reader(self._end, self._note_end)

    @property
    def struck(self) -> str | None:
        """The write at which it was struck: its kind and path."""
        return next(iter(self._lines(STRUCK)), None)

    @property
    def writes(self) -> list[str]:
        """Those that its fault counts."""
        return self._lines(WRITE)

    def _lines(self, start: str) -> list[str]:
        lines = self.log.read_text(errors="replace").splitlines()
        return [line.removeprefix(start) for line in lines if line.startswith(start)]

    @property
    def stopped(self) -> bool:
        """Whether it has been sent SIGSTOP and does not go on."""
        try:
            state = Path(f"/proc/{self.pid}/stat").read_text().rpartition(")")[2].split()[0]
        except FileNotFoundError:
            return False
        return state == "T"

    def send(self, number: signal.Signals) -> None:
        if not self.ended.is_set():
            signal.pidfd_send_signal(self._end, number)

    def log_tail(self, lines: int = 30) -> str:
        return "\n".join(self.log.read_text(errors="replace").splitlines()[-lines:])

    def _note_end(self) -> None:
        self._loop.remove_reader(self._end)
        os.close(self._end)
        self.ended.set()


class Nursery:
    """Ends with all operators that it has started."""

    def __init__(self, cluster: Cluster, account: OperatorAccount, logs: Path) -> None:
        self._cluster = cluster
        self._account = account
        self._logs = logs
        self._process: asyncio.subprocess.Process | None = None
        self._turn = asyncio.Lock()
        self.operators: list[ForkedOperator] = []

    async def start(self, namespace: str, fault: Fault | None = None, *arguments: str) -> ForkedOperator:
        """An operator for this namespace, where its Lease is, too."""
        assert self._process is not None
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        async with self._turn:
            kubeconfig = await asyncio.to_thread(
                self._account.kubeconfig, self._cluster.kubeconfig, namespace
            )
            log = self._logs / f"operator-{len(self.operators)}.log"
            order = Order(
                (
                    f"--kubeconfig={kubeconfig}",
                    f"--namespace={namespace}",
                    f"--lease-namespace={namespace}",
                    "--lease-seconds=3",
                    "--host=127.0.0.1",
                    "--metrics-port=0",
                    "--health-port=0",
                    "--log-format=json",
                    *arguments,
                ),
                str(log),
                fault,
            )
            self._process.stdin.write(msgspec.json.encode(order) + b"\n")
            answer = await self._process.stdout.readline()
            if not answer:
                raise RuntimeError("the process that forks operators has ended; it says why on stderr")
            operator = ForkedOperator(int(answer), log)
            self.operators.append(operator)
        return operator

    async def __aenter__(self) -> Self:
        self._process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            "tests.faulty_operator",
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env={**os.environ, "PYTHONPATH": str(ROOT / "operator")},
            cwd=ROOT,
        )
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        assert self._process is not None
        assert self._process.stdin is not None
        self._process.stdin.close()
        await self._process.wait()
        for operator in self.operators:
            await operator.ended.wait()
