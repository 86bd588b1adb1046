"""``stepwright dev`` over HTTP beside other emulators of Step Functions, each as a process of its own, in one run.

Synchronous Express executions of five states, and Standard executions of five Pass states from their start to their end, as many as
a few connections that are kept open ask for. Requests carry no valid signature; none of the servers looks. Beside what
the clock says stands the processor time of the server, which does not depend on what else the machine does.

The others come from PyPI. They want versions of botocore that exclude each other, so each is taken as a command
(``ministack``, ``localemu``), from the PATH or run by uv in an environment of its own; one that cannot be run is said to
be absent.
"""

from __future__ import annotations

import asyncio
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from bench import ratios, table
from bench.embedded import definitions

ROOT: Final = Path(__file__).resolve().parent.parent
ROLE: Final = "arn:aws:iam::123456789012:role/bench"
INPUT: Final = '{"order": {"id": 7, "customer": "you"}, "n": 1}'
CONNECTIONS: Final = 16
COUNT: Final = 2_000
"""Synchronous requests; Standard executions are a tenth of it."""
ROUNDS: Final = 3
START_SECONDS: Final = 180.0
PATIENCE_SECONDS: Final = 300.0
GOAL_PER_CPU_SECOND: Final = 2_500

_AUTHORIZATION: Final = (
    "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20260101/us-east-1/states/aws4_request, "
    f"SignedHeaders=content-type;host;x-amz-date;x-amz-target, Signature={'0' * 64}"
)
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
    return (uv, "tool", "run", "--python", "3.13", "--from", package, name, *arguments)


EMULATORS: Final = (
    Emulator("Stepwright", "on disk before each answer", _stepwright, lambda _: {"PYTHONPATH": "operator"}),
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
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
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
        body = json.dumps(request).encode()
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


# --- What is measured -------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Figures:
    express_per_second: float
    express_per_cpu_second: float
    started_per_second: float
    finished_per_second: float


async def measure(server: Server, count: int, prefix: str) -> Figures:
    connections = [await Connection.open(server.port) for _ in range(CONNECTIONS)]
    try:
        five, _ = definitions()["five states"]
        express = await _create(connections[0], f"{prefix}-express", "EXPRESS", five)
        request = {"stateMachineArn": express, "input": INPUT}

        async def run(connection: Connection, _: int) -> None:
            status, answer = await connection.call("StartSyncExecution", request)
            if status != 200 or answer["status"] != "SUCCEEDED":
                raise Absent(f"a synchronous execution does not succeed: {answer}")

        await _all(connections, run, CONNECTIONS * 5)
        before, began = server.cpu_seconds(), time.perf_counter()
        await _all(connections, run, count)
        seconds, cpu_seconds = time.perf_counter() - began, server.cpu_seconds() - before
        started, finished = await _standard(connections, count // 10, prefix)
        return Figures(count / seconds, count / cpu_seconds, started, finished)
    finally:
        for connection in connections:
            connection.close()


async def _standard(connections: Sequence[Connection], count: int, prefix: str) -> tuple[float, float]:
    """Executions a second that are started, and that have ended from the first start to the last end."""
    states = {f"S{n}": {"Type": "Pass", "Next": f"S{n + 1}"} for n in range(4)}
    states["S4"] = {"Type": "Pass", "End": True}  # type: ignore[dict-item]
    arn = await _create(connections[0], f"{prefix}-standard", "STANDARD", {"StartAt": "S0", "States": states})
    open_ones: list[str] = []

    async def start(connection: Connection, number: int) -> None:
        request = {"stateMachineArn": arn, "name": f"{prefix}-{number}", "input": INPUT}
        status, answer = await connection.call("StartExecution", request)
        if status != 200:
            raise Absent(f"an execution does not start: {answer}")
        open_ones.append(answer["executionArn"])

    async def ended(connection: Connection, number: int) -> None:
        async with asyncio.timeout(PATIENCE_SECONDS):
            while True:
                _, answer = await connection.call("DescribeExecution", {"executionArn": open_ones[number]})
                if answer["status"] != "RUNNING":
                    break
                await asyncio.sleep(0.02)
        if answer["status"] != "SUCCEEDED":
            raise Absent(f"an execution does not succeed: {answer}")

    began = time.perf_counter()
    await _all(connections, start, count)
    started = time.perf_counter()
    await _all(connections, ended, count)
    return count / (started - began), count / (time.perf_counter() - began)


async def _all(connections: Sequence[Connection], act: Callable[[Connection, int], Any], count: int) -> None:
    numbers = iter(range(count))

    async def serve(connection: Connection) -> None:
        for number in numbers:
            await act(connection, number)

    async with asyncio.TaskGroup() as group:
        for connection in connections:
            group.create_task(serve(connection))


async def _create(connection: Connection, name: str, kind: str, definition: Mapping[str, Any]) -> str:
    status, answer = await connection.call(
        "CreateStateMachine",
        {"name": name, "type": kind, "roleArn": ROLE, "definition": json.dumps(definition)},
    )
    if status != 200:
        raise Absent(f"a state machine cannot be created: {answer}")
    arn: str = answer["stateMachineArn"]
    return arn


# --- Run --------------------------------------------------------------------------------------------------------------


def run(folder: Path, count: int = COUNT) -> None:
    best: dict[str, Figures] = {}
    absent: dict[str, str] = {}
    for number in range(
        ROUNDS
    ):  # in turns, and the best of each: what else the machine does slows any of them
        for emulator in EMULATORS:
            if emulator.name in absent:
                continue
            own = folder / f"{emulator.name}-{number}"
            own.mkdir()
            try:
                with serving(emulator, own) as server:
                    figures = asyncio.run(measure(server, count, f"bench{number}"))
                best[emulator.name] = _better(best.get(emulator.name), figures)
            except* (Absent, OSError, EOFError, ValueError, TimeoutError) as errors:
                absent[emulator.name] = _first(errors)
    rows: list[list[object]] = []
    for emulator in EMULATORS:
        found = best.get(emulator.name)
        if found is None:
            rows.append([emulator.name, "absent", "", "", "", absent[emulator.name][:120]])
            continue
        rows.append(
            [
                emulator.name,
                round(found.express_per_second),
                round(found.express_per_cpu_second),
                round(found.started_per_second),
                round(found.finished_per_second),
                emulator.durable,
            ]
        )
    table.show(
        f"Over HTTP, {CONNECTIONS} connections; {count:,} synchronous Express of five states, {count // 10:,} Standard of "
        "five Pass",
        ["server", "Express/s", "per CPU second", "Standard started/s", "finished/s", "executions are kept"],
        rows,
    )
    _note(best)


def _better(one: Figures | None, other: Figures) -> Figures:
    if one is None:
        return other
    names = Figures.__slots__
    return Figures(**{name: max(getattr(one, name), getattr(other, name)) for name in names})


def _first(errors: BaseExceptionGroup[Exception]) -> str:
    error: BaseException = errors
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    return str(error) or type(error).__name__


def _note(best: Mapping[str, Figures]) -> None:
    own = best.get("Stepwright")
    if own is None:
        return
    ratios.note(
        "emulators, synchronous Express of five states: requests per CPU second / 2,500",
        own.express_per_cpu_second / GOAL_PER_CPU_SECOND,
    )
    for name, peer in best.items():
        if peer is own:
            continue
        ratios.note(
            f"emulators, synchronous Express: Stepwright / {name}",
            own.express_per_second / peer.express_per_second,
        )
        ratios.note(
            f"emulators, Standard finished: Stepwright / {name}",
            own.finished_per_second / peer.finished_per_second,
        )
