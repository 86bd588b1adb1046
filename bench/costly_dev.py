"""How long the calls of one client of ``stepwright dev`` take while others have it compute all they may, all the time.

The others are several at once: executions of the definitions of ``tests.data.costly_tenants`` and of some that were generated
of each kind of what is costly, Standard and synchronous Express, one after another; TestState of a costly state; definitions of
1 MiB that are checked, created, changed and started. What is measured are calls that cost little by themselves.
"""

from __future__ import annotations

import asyncio
import itertools
import json
import time
from collections import defaultdict
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from statistics import median, quantiles
from typing import Any, Final

from hypothesis import HealthCheck, Phase, given, settings

from bench import ratios, table
from bench.embedded import one
from bench.servers import ROLE, STEPWRIGHT, Connection, Server, serving
from tests.asl.hostile_machines import KINDS
from tests.asl.hostile_states import Case
from tests.asl.hostile_texts import FAMILIES
from tests.data import costly_tenants

COUNT: Final = 200
"""Rounds of all calls."""
ALONE_COUNT: Final = 20
PAUSE_SECONDS: Final = 0.02
"""Between two rounds, as between what a person or a program does."""
OF_EACH_KIND: Final = 4
SETTLES_SECONDS: Final = 3.0
GOAL_SECONDS: Final = 0.5
LARGE: Final = 900_000
"""Characters: just so that none is refused for its size alone."""
CHECKED: Final = ("empty states", "states without an end", "JSONata: many conditions")
STARTED: Final = ("a chain of states", "JSONata: many expressions", "catchers")
PASS: Final = one({"Type": "Pass", "End": True})

_Times = defaultdict[str, list[float]]


def run(folder: Path, count: int = COUNT) -> None:
    with serving(STEPWRIGHT, folder) as server:
        alone, beside = asyncio.run(measure(server, count))
    rows = [
        [when, name, len(took), median(took) * 1000, _p99(took) * 1000, max(took) * 1000]
        for when, times in (("alone", alone), ("beside", beside))
        for name, took in times.items()
    ]
    table.show(
        "Milliseconds that calls take alone, and beside clients that have the server compute all the time (goal: 99 of 100 "
        "within 500 ms)",
        ["when", "call", "times", "p50", "p99", "most"],
        rows,
    )
    if count == COUNT:
        worst = max(map(_p99, beside.values()))
        ratios.note("dev beside clients that compute all the time, p99 / 500 ms", worst / GOAL_SECONDS)


def _p99(seconds: Sequence[float]) -> float:
    return quantiles(seconds, n=100, method="inclusive")[-1]


async def measure(server: Server, count: int) -> tuple[_Times, _Times]:
    connection = await Connection.open(server.port)
    try:
        calls = await _Calls.of(connection)
        alone = await calls.rounds(ALONE_COUNT)
        async with busy(server):
            await asyncio.sleep(SETTLES_SECONDS)
            return alone, await calls.rounds(count)
    finally:
        connection.close()


# --- The client that is measured --------------------------------------------------------------------------------------


class _Calls:
    """Calls of which none costs much."""

    def __init__(self, connection: Connection, express: str, standard: str) -> None:
        self._connection = connection
        self._express = express
        self._standard = standard
        self._numbers = itertools.count()

    @classmethod
    async def of(cls, connection: Connection) -> _Calls:
        express = await connection.create("quick-express", "EXPRESS", PASS)
        return cls(connection, express, await connection.create("quick-standard", "STANDARD", PASS))

    async def rounds(self, count: int) -> _Times:
        """Seconds by call."""
        times: _Times = defaultdict(list)
        for _ in range(count):
            await self._round(times)
            await asyncio.sleep(PAUSE_SECONDS)
        return times

    async def _round(self, times: _Times) -> None:
        number, text = next(self._numbers), json.dumps(PASS)
        await self._timed(times, "StartSyncExecution", {"stateMachineArn": self._express})
        started = await self._timed(times, "StartExecution", {"stateMachineArn": self._standard})
        await self._timed(times, "DescribeExecution", {"executionArn": started["executionArn"]})
        created = {"name": f"quick-{number}", "roleArn": ROLE, "definition": text}
        await self._timed(times, "CreateStateMachine", created)
        await self._timed(times, "ListExecutions", {"stateMachineArn": self._standard})
        await self._timed(times, "ValidateStateMachineDefinition", {"definition": text})

    async def _timed(self, times: _Times, operation: str, request: Mapping[str, Any]) -> Any:
        began = time.perf_counter()
        status, answer = await self._connection.call(operation, request)
        times[operation].append(time.perf_counter() - began)
        assert status == 200, answer
        return answer


# --- The others -------------------------------------------------------------------------------------------------------

_Doing = Callable[[Connection], Awaitable[None]]


@asynccontextmanager
async def busy(server: Server) -> AsyncIterator[None]:
    """While the block lasts each of the others has a connection, and does the same again and again."""
    doings: list[_Doing] = [_standard, _express, _generated, _tests_states]
    doings += [_looks_through(name) for name in CHECKED]
    doings += [_starts_large(name) for name in STARTED]
    async with costly_tenants.meanwhile(_always(server, doing) for doing in doings):
        yield


async def _always(server: Server, doing: _Doing) -> None:
    connection = await Connection.open(server.port)
    try:
        await doing(connection)
    finally:
        connection.close()


async def _standard(connection: Connection) -> None:
    """One execution of each definition runs at any time, as nearly as asking can show."""
    cases = [(text, costly_tenants.INPUTS.get(name, {})) for name, text in costly_tenants.DEFINITIONS.items()]
    await _in_turns(connection, "standard", cases)


async def _generated(connection: Connection) -> None:
    await _in_turns(connection, "generated", [case for kind in KINDS for case in cases_of(kind)])


async def _in_turns(connection: Connection, prefix: str, cases: Sequence[Case]) -> None:
    created: list[tuple[str, str]] = []
    for number, (definition, input) in enumerate(cases):
        text = json.dumps(definition)
        request = {"name": f"{prefix}-{number}", "roleArn": ROLE, "definition": text}
        status, answer = await connection.call("CreateStateMachine", request)
        if status == 200:  # some that are generated are not valid
            created.append((answer["stateMachineArn"], json.dumps(input)))
    running: dict[str, str] = {}
    for arn, input in itertools.cycle(created):
        if (before := running.get(arn)) is not None:
            _, answer = await connection.call("DescribeExecution", {"executionArn": before})
            if answer["status"] == "RUNNING":
                await asyncio.sleep(0.05)
                continue
        _, answer = await connection.call("StartExecution", {"stateMachineArn": arn, "input": input})
        running[arn] = answer["executionArn"]


async def _express(connection: Connection) -> None:
    arns = [
        (await connection.create(f"express-{name}", "EXPRESS", text), costly_tenants.INPUTS.get(name, {}))
        for name, text in costly_tenants.DEFINITIONS.items()
    ]
    for arn, input in itertools.cycle(arns):
        await connection.call("StartSyncExecution", {"stateMachineArn": arn, "input": json.dumps(input)})


async def _tests_states(connection: Connection) -> None:
    state = costly_tenants.DEFINITIONS["fields"]["States"]["A"]
    request = {"definition": json.dumps({"QueryLanguage": "JSONata", **state}), "roleArn": ROLE}
    while True:
        await connection.call("TestState", request)


def _looks_through(name: str) -> _Doing:
    async def doing(connection: Connection) -> None:
        body = json.dumps({"definition": FAMILIES[name](LARGE)}).encode()
        while True:
            await connection.send("ValidateStateMachineDefinition", body)

    return doing


def _starts_large(name: str) -> _Doing:
    """A definition that is another one each time, created and started, then changed and started."""

    async def doing(connection: Connection) -> None:
        for number in itertools.count():
            request = {"name": f"large-{STARTED.index(name)}", "roleArn": ROLE}
            text = FAMILIES[name](LARGE) + " " * number
            status, answer = await connection.call("CreateStateMachine", {**request, "definition": text})
            if status != 200:
                await connection.call("DeleteStateMachine", {"stateMachineArn": answer.get("arn", "")})
                continue
            arn = answer["stateMachineArn"]
            await connection.call("StartExecution", {"stateMachineArn": arn})
            await connection.call("UpdateStateMachine", {"stateMachineArn": arn, "definition": text + " "})
            await connection.call("StartExecution", {"stateMachineArn": arn})
            await connection.call("DeleteStateMachine", {"stateMachineArn": arn})

    return doing


def cases_of(kind: str) -> list[Case]:
    """The same in every run."""
    found: list[Case] = []

    @settings(
        max_examples=OF_EACH_KIND,
        derandomize=True,
        database=None,
        deadline=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(KINDS[kind])
    def take(case: Case) -> None:
        found.append(case)

    take()
    return found
