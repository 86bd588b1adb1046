"""Emulators of Step Functions, each as a process of its own, and a client that costs as little as one can.

Those of others come from PyPI. They want versions of botocore that exclude each other, so each is taken as a command
(``ministack``, ``localemu``), from the PATH or run by uv in an environment of its own; one that cannot be run is said to
be absent.
"""

from __future__ import annotations

import asyncio
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from tests.testcluster.ports import free_port

ROOT: Final = Path(__file__).resolve().parent.parent
ROLE: Final = "arn:aws:iam::123456789012:role/bench"
START_SECONDS: Final = 180.0

_AUTHORIZATION: Final = (
    "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20260101/us-east-1/states/aws4_request, "
    f"SignedHeaders=content-type;host;x-amz-date;x-amz-target, Signature={'0' * 64}"
)
_PYTHON: Final = "3.13"
_TICKS: Final = os.sysconf("SC_CLK_TCK")


class Absent(Exception):  # noqa: N818 - it names a condition
    """An emulator cannot be run here; the sentence says why."""


# --- Servers ----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Emulator:
    name: str
    durable: str
    command: Callable[[int, Path], Sequence[str]]
    environment: Callable[[int], Mapping[str, str]] = lambda _port: {}


def _stepwright(port: int, folder: Path) -> Sequence[str]:
    arguments = ("dev", "--port", str(port), "--data", str(folder / "data"), "--log-level", "warning")
    return (sys.executable, "-m", "stepwright.cli", *arguments)


def _peer(name: str, package: str, *arguments: str) -> Sequence[str]:
    """Raises Absent."""
    found = shutil.which(name)
    if found is not None:
        return (found, *arguments)
    uv = os.environ.get("UV") or shutil.which("uv")
    if uv is None:
        raise Absent(f"neither {name} nor uv is on the PATH")
    return (uv, "tool", "run", "--python", _python(), "--from", package, name, *arguments)


def _python() -> str:
    """One that all of them run on: what pyenv has is not found by its commands on the PATH, which only run the version
    that is chosen."""
    root = Path(os.environ.get("PYENV_ROOT") or Path.home() / ".pyenv")
    found = sorted(root.glob(f"versions/{_PYTHON}.*/bin/python{_PYTHON}"))
    return str(found[-1]) if found else _PYTHON


STEPWRIGHT: Final = Emulator(
    "Stepwright", "on disk before each answer", _stepwright, lambda _: {"PYTHONPATH": "operator"}
)
EMULATORS: Final = (
    STEPWRIGHT,
    Emulator(
        "MiniStack",
        "in memory",
        lambda _port, _folder: _peer("ministack", "ministack==1.5.33"),
        lambda port: {"GATEWAY_PORT": str(port)},
    ),
    Emulator(
        "LocalEmu",
        "in memory",
        lambda port, _folder: _peer(
            "localemu", "localemu[runtime]==1.3.2", "start", "--host", "127.0.0.1", "--port", str(port)
        ),
        lambda port: {"GATEWAY_LISTEN": f"127.0.0.1:{port}"},
    ),
)


@contextmanager
def serving(emulator: Emulator, folder: Path) -> Iterator[Server]:
    """Raises Absent where it does not serve in time."""
    port = free_port()
    command = emulator.command(port, folder)
    log = folder / f"{emulator.name}.log"
    with log.open("w") as output:
        process = subprocess.Popen(
            command,
            cwd=ROOT,
            env={**os.environ, **emulator.environment(port)},
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            start_new_session=True,
        )
    server = Server(process.pid, port)
    try:
        until = time.monotonic() + START_SECONDS
        while not asyncio.run(server.answers()):
            if process.poll() is not None or time.monotonic() > until:
                said = log.read_text(errors="replace").strip().splitlines() or ["it said nothing"]
                raise Absent(f"{emulator.name} does not serve: {said[-1]}")
            time.sleep(0.2)
        yield server
    finally:
        try:
            os.killpg(process.pid, signal.SIGTERM)
            process.wait(20)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait(20)
        except ProcessLookupError:
            process.wait(20)


@dataclass(frozen=True, slots=True)
class Server:
    pid: int
    port: int

    def cpu_seconds(self) -> float:
        """Of the process and all in its session."""
        used = 0
        for path in Path("/proc").glob("[0-9]*/stat"):
            try:
                fields = path.read_text().rpartition(")")[2].split()
            except OSError:
                continue
            if int(fields[3]) == self.pid:
                used += int(fields[11]) + int(fields[12])
        return used / _TICKS

    async def answers(self) -> bool:
        try:
            async with asyncio.timeout(10):
                connection = await Connection.open(self.port)
                status, _ = await connection.call("ListStateMachines", {})
                connection.close()
        except (OSError, EOFError, ValueError):
            return False
        return status == 200


class Connection:
    """HTTP kept alive, of as little as a client can be."""

    def __init__(self, port: int, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._port = port
        self._reader = reader
        self._writer = writer

    @classmethod
    async def open(cls, port: int) -> Connection:
        return cls(port, *await asyncio.open_connection("127.0.0.1", port))

    def close(self) -> None:
        self._writer.close()

    async def call(self, operation: str, request: Mapping[str, Any]) -> tuple[int, Any]:
        return await self.send(operation, json.dumps(request).encode())

    async def send(self, operation: str, body: bytes) -> tuple[int, Any]:
        """Status and answer."""
        head = (
            f"POST / HTTP/1.1\r\nHost: 127.0.0.1:{self._port}\r\nX-Amz-Target: AWSStepFunctions.{operation}\r\n"
            f"Content-Type: application/x-amz-json-1.0\r\nX-Amz-Date: 20260101T000000Z\r\n"
            f"Authorization: {_AUTHORIZATION}\r\nContent-Length: {len(body)}\r\n\r\n"
        )
        self._writer.write(head.encode() + body)
        answer = (await self._reader.readuntil(b"\r\n\r\n")).lower()
        length = answer.partition(b"content-length:")[2].split(b"\r\n", 1)[0]
        text = await self._reader.readexactly(int(length))
        return int(answer.split(b" ", 2)[1]), json.loads(text) if text else None

    async def create(self, name: str, kind: str, definition: Mapping[str, Any] | str) -> str:
        """A state machine; its ARN. Raises Absent."""
        text = definition if isinstance(definition, str) else json.dumps(definition)
        request = {"name": name, "type": kind, "roleArn": ROLE, "definition": text}
        status, answer = await self.call("CreateStateMachine", request)
        if status != 200:
            raise Absent(f"a state machine cannot be created: {answer}")
        arn: str = answer["stateMachineArn"]
        return arn
