"""``stepwright dev`` over HTTP beside other emulators of Step Functions, each as a process of its own, in one run.

Synchronous Express executions of five states, and Standard executions of five Pass states from their start to their end, as many as
a few connections that are kept open ask for. Requests carry no valid signature; none of the servers looks. The processor time of
the server is shown beside what the clock says, since it does not depend on what else the machine does.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from bench import ratios, table
from bench.chains import chain
from bench.embedded import definitions
from bench.servers import EMULATORS, Absent, Connection, Server, serving

INPUT: Final = '{"order": {"id": 7, "customer": "you"}, "n": 1}'
CONNECTIONS: Final = 16
COUNT: Final = 2_000
"""Synchronous requests; Standard executions are a tenth of it."""
MOST_SECONDS: Final = 15.0
"""A server that has not had all requests of a kind by then is asked for no more: one of them does three in a second."""
ROUNDS: Final = 3
PATIENCE_SECONDS: Final = 300.0
GOAL_PER_CPU_SECOND: Final = 2_500


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
        express = await connections[0].create(f"{prefix}-express", "EXPRESS", five)
        request = {"stateMachineArn": express, "input": INPUT}

        async def run(connection: Connection, _: int) -> None:
            status, answer = await connection.call("StartSyncExecution", request)
            if status != 200 or answer["status"] != "SUCCEEDED":
                raise Absent(f"a synchronous execution does not succeed: {answer}")

        await _all(connections, run, CONNECTIONS * 5)
        before, began = server.cpu_seconds(), time.perf_counter()
        answered = await _all(connections, run, count)
        seconds, cpu_seconds = time.perf_counter() - began, server.cpu_seconds() - before
        started, finished = await _standard(connections, count // 10, prefix)
        return Figures(answered / seconds, answered / cpu_seconds, started, finished)
    finally:
        for connection in connections:
            connection.close()


async def _standard(connections: Sequence[Connection], count: int, prefix: str) -> tuple[float, float]:
    """Executions a second that are started, and that have ended from the first start to the last end."""
    arn = await connections[0].create(f"{prefix}-standard", "STANDARD", chain({"Type": "Pass"}, 5))
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
    count = await _all(connections, start, count)
    started = time.perf_counter()
    await _all(connections, ended, count, PATIENCE_SECONDS)
    return count / (started - began), count / (time.perf_counter() - began)


async def _all(
    connections: Sequence[Connection],
    act: Callable[[Connection, int], Any],
    count: int,
    most_seconds: float = MOST_SECONDS,
) -> int:
    """``count`` times, or as often as it is begun in ``most_seconds``: how often."""
    numbers = iter(range(count))
    until = time.perf_counter() + most_seconds
    done = 0

    async def serve(connection: Connection) -> None:
        nonlocal done
        while time.perf_counter() < until and (number := next(numbers, None)) is not None:
            await act(connection, number)
            done += 1

    async with asyncio.TaskGroup() as group:
        for connection in connections:
            group.create_task(serve(connection))
    return done


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
        f"five Pass, or as many as {MOST_SECONDS:.0f} s are enough for",
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
