"""Operators as forks of one process that has imported everything already, each with a fault of its own or none."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Self

import msgspec

from tests.processes.account import OperatorAccount
from tests.processes.faulty_operator import STRUCK, WRITE, Fault, Order
from tests.processes.operators import ROOT
from tests.testcluster import Cluster


class ForkedOperator:
    """One operator. Its parent, the process that forks operators, reports its end."""

    def __init__(self, pid: int, log: Path) -> None:
        self.pid = pid
        self.log = log
        self.ended = asyncio.Event()
        self._status: int | None = None
        self._handle: int | None = None
        with suppress(ProcessLookupError):
            self._handle = os.pidfd_open(pid)  # the number may be another's once its parent knows of its end

    @property
    def end(self) -> str:
        """How it ended."""
        match self._status:
            case None:
                return "it runs"
            case status if status < 0:
                return f"by {signal.Signals(-status).name}"
            case status:
                return f"with exit code {status}"

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
        """To one that has ended: nothing."""
        if self._handle is not None:
            with suppress(ProcessLookupError):
                signal.pidfd_send_signal(self._handle, number)

    def log_tail(self, lines: int = 30) -> str:
        return "\n".join(self.log.read_text(errors="replace").splitlines()[-lines:])

    def note_end(self, status: int) -> None:
        """``status``: its exit code or, below 0, the signal."""
        if self._handle is not None:
            os.close(self._handle)
        self._handle, self._status = None, status
        self.ended.set()


class Nursery:
    """Ends with all operators that it has started."""

    def __init__(self, cluster: Cluster, account: OperatorAccount, logs: Path) -> None:
        self._cluster = cluster
        self._account = account
        self._logs = logs
        self._process: asyncio.subprocess.Process | None = None
        self._turn = asyncio.Lock()
        self._news: asyncio.Task[None] | None = None
        self._begun: asyncio.Queue[ForkedOperator | None] = asyncio.Queue()
        self.operators: list[ForkedOperator] = []

    async def start(
        self, namespace: str, fault: Fault | None = None, *arguments: str, drags: str = ""
    ) -> ForkedOperator:
        """An operator for this namespace, where its Lease is, too."""
        assert self._process is not None
        assert self._process.stdin is not None
        async with self._turn:
            kubeconfig = await asyncio.to_thread(
                self._account.kubeconfig, self._cluster.kubeconfig, namespace
            )
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
                str(self._next_log),
                fault,
                drags,
            )
            self._next_log.touch()
            self._process.stdin.write(msgspec.json.encode(order) + b"\n")
            operator = await self._begun.get()
            if operator is None:
                raise RuntimeError("the process that forks operators has ended; it says why on stderr")
        return operator

    @property
    def _next_log(self) -> Path:
        return self._logs / f"operator-{len(self.operators)}.log"

    async def _follow(self, answers: asyncio.StreamReader) -> None:
        running: dict[int, ForkedOperator] = {}
        async for line in answers:
            what, pid, *status = line.split()
            if what == b"began":
                operator = running[int(pid)] = ForkedOperator(int(pid), self._next_log)
                self.operators.append(operator)
                self._begun.put_nowait(operator)
            else:
                running.pop(int(pid)).note_end(int(status[0]))
        self._begun.put_nowait(None)
        for operator in running.values():
            operator.note_end(-signal.SIGKILL)  # with the process that forked it

    async def __aenter__(self) -> Self:
        self._process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            "tests.processes.faulty_operator",
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env={**os.environ, "PYTHONPATH": str(ROOT / "operator")},
            cwd=ROOT,
        )
        assert self._process.stdout is not None
        self._news = asyncio.create_task(self._follow(self._process.stdout))
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        assert self._process is not None
        assert self._process.stdin is not None
        self._process.stdin.close()
        await self._process.wait()
        assert self._news is not None
        await self._news
