"""What ``stepwright server`` needs for 100,000 executions, and how long people wait for lists of them.

The executions (``orders``) are on an API server and an etcd of their own. The server is a process with the rights that the chart gives
it. Somebody who has logged in asks one thing after the other of the namespace that has most of them.
"""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path
from statistics import median
from typing import Any, Final, NamedTuple
from urllib.parse import urlencode

from bench import orders, ratios, table
from bench.alone import operator_alone
from bench.asking import Person, Took, p95, took
from bench.orders import NAME, NAMESPACES, SHOP
from bench.process import Usage, usage
from bench.watching import EXECUTIONS, at_once
from stepwright.console.metrics import KEPT_SECONDS
from stepwright.kube.api import MERGE_PATCH, Api
from stepwright.kube.connection import connect
from stepwright.kube.paths import path_of
from tests.on_cluster import acting
from tests.on_cluster.kubectl import Kube
from tests.processes.operators import OperatorProcess
from tests.processes.server import AUDIENCE, ServerAccount, ServerProcess
from tests.testcluster.alone import ControlPlane
from tests.testcluster.audit import Audit

COUNT: Final = 100_000
RIGHTS: Final = (
    ("statemachines", "get,list,start"),
    ("executions", "create,get,list"),
    ("executionhistories", "get"),
)

TIMES: Final = 100
PAGES: Final = 20
DASHBOARDS: Final = 4
COUNTED_ANEW_SECONDS: Final = 3 * KEPT_SECONDS
"""Then nothing is known any more of what was counted, unless that took very long."""
STARTS: Final = 40
PAUSE_SECONDS: Final = 0.5
"""Between two starts: a stream tells of changes four times a second."""
CHANGES, AT_ONCE = 2_000, 16
IDLE_SECONDS: Final = 60

FIRST: Final = "the first page of 50"
LISTED: Final = "ListExecutions, 100 of one state machine"
DAY, WEEK = "a dashboard of 24 hours", "a dashboard of 7 days"
ALONE, LOOKED_AT = "while nobody asks", "while somebody follows a list"

Ask = Callable[[], Awaitable[Any]]


class Listed(NamedTuple):
    """When a server had listed all there was. ``seconds``: since it was started."""

    seconds: float
    used: Usage


class Start(NamedTuple):
    """Seconds from the call on: until the answer, and until a list that is followed shows the execution."""

    answered: float
    shown: float


def run(folder: Path, count: int) -> None:
    with operator_alone(folder) as (plane, operator):
        asyncio.run(measure(plane, operator, folder, count))


async def measure(plane: ControlPlane, operator: OperatorProcess, folder: Path, count: int) -> None:
    for namespace in NAMESPACES:
        plane.kubectl("create", "namespace", namespace)
    await asyncio.to_thread(operator.start)
    patterns = await orders.run(plane)
    await asyncio.to_thread(operator.stop)
    account = ServerAccount(plane, folder)
    kubeconfig = account.kubeconfig()
    shop = Kube(plane, SHOP)
    acting.account(shop, "dana", *RIGHTS)
    token = shop.token("dana", AUDIENCE)
    async with serving(kubeconfig, folder, token) as (server, person, few):
        # What is imported and remembered at the first request is there then.
        await asked(server, await questions(person), 1)
        idle = usage(server.pid)
    async with await connect(plane.kubeconfig, user_agent="stepwright-bench", timeout_seconds=300) as api:
        there = await orders.fill(api, plane, patterns, count)
        async with serving(kubeconfig, folder, token) as (server, person, listed):
            counts = (await person.page(page("executions/counts")))["statuses"]
            assert sum(counts.values()) == there[SHOP], (counts, there)
            lists = await asked(server, await questions(person), TIMES)
            for what, span in ((DAY, "day"), (WEEK, "week")):
                lists[what] = await took(
                    server, partial(person.page, page("metrics", span=span)), DASHBOARDS, COUNTED_ANEW_SECONDS
                )
            begun = await starts(person)
            change = await changed(api, server)
            requests = await idling(person, plane, account)
            last = usage(server.pid)
    report(sum(there.values()), (few, idle), (listed, last))
    show(there[SHOP], lists, begun, change, requests)
    if count == COUNT:
        note(last.resident_mib - idle.resident_mib, lists, begun, requests)


@asynccontextmanager
async def serving(
    kubeconfig: Path, folder: Path, token: str
) -> AsyncIterator[tuple[ServerProcess, Person, Listed]]:
    """A server that is ready, which is when it has listed everything, and somebody whose ``token`` that is."""
    server = ServerProcess(kubeconfig, folder)
    began = time.perf_counter()
    try:
        await asyncio.to_thread(server.start, ready_seconds=600)
        listed = Listed(time.perf_counter() - began, usage(server.pid))
        async with Person.logged_in(server, token) as person:
            yield server, person, listed
    finally:
        await asyncio.to_thread(server.stop)


# --- What is asked ----------------------------------------------------------------------------------------------------


def page(path: str = "executions", **given: str) -> str:
    return f"{path}?{urlencode({'ns': SHOP, **given})}"


async def questions(person: Person) -> Mapping[str, Ask]:
    """By what they are, for people."""
    [found] = (await person.aws("ListStateMachines"))["stateMachines"]
    machine = found["stateMachineArn"]

    def console(*path: str, **given: str) -> Ask:
        return lambda: person.page(page(*path, **given))

    def listed(**given: Any) -> Ask:
        return lambda: person.aws("ListExecutions", stateMachineArn=machine, maxResults=100, **given)

    cursor: dict[str, str] = {}
    token: dict[str, str] = {}
    for _ in range(PAGES):
        following = (await console(limit="200", **cursor)()).get("next")
        cursor = {} if following is None else {"cursor": following}
        following = (await listed(**token)()).get("nextToken")
        token = {} if following is None else {"nextToken": following}
    return {
        FIRST: console(),
        "50 of those that failed": console(status="FAILED"),
        f"50 behind {PAGES * 200:,} others": console(**cursor),
        "names that begin as ten do": console(name=NAME.format(4710)[:-1]),
        "names that begin as all do": console(name=NAME[:4]),
        "an error that none has": console(error="None"),
        "how many have each status": console("executions/counts"),
        "the same of names that begin as all do": console("executions/counts", name=NAME[:4]),
        f"{WEEK}, counted some seconds ago": console("metrics", span="week"),
        LISTED: listed(),
        f"100 behind {PAGES * 100:,} others": listed(**token),
    }


async def asked(server: ServerProcess, questions: Mapping[str, Ask], times: int) -> dict[str, Took]:
    return {what: await took(server, ask, times) for what, ask in questions.items()}


async def starts(person: Person) -> list[Start]:
    """One after the other, of somebody who follows the list."""
    [machine] = (await person.aws("ListStateMachines"))["stateMachines"]
    found = []
    async with person.follows(f"rows:{urlencode({'ns': SHOP})}") as events:
        for number in range(STARTS):
            await asyncio.sleep(PAUSE_SECONDS)
            name, began = f"new-{number}", time.perf_counter()
            await person.aws("StartExecution", stateMachineArn=machine["stateMachineArn"], name=name)
            answered = time.perf_counter() - began
            async for event, said in events:
                if event == "row" and said["row"]["name"] == name:
                    break
            found.append(Start(answered, time.perf_counter() - began))
    return found


async def changed(api: Api, server: ServerProcess) -> float:
    """Seconds of the server's processor for each change of many. Nobody follows them."""
    names = [f"{orders.ORDERS}.new-{number}" for number in range(STARTS)]
    before = usage(server.pid).cpu_seconds

    async def change(number: int) -> None:
        patch = {"metadata": {"annotations": {"bench": str(number)}}}
        path = path_of(*EXECUTIONS, SHOP, names[number % len(names)])
        await api.change(path, patch, MERGE_PATCH)

    await at_once([change(number) for number in range(CHANGES)], AT_ONCE)
    await asyncio.sleep(1)  # until it has seen the last one
    return (usage(server.pid).cpu_seconds - before) / CHANGES


async def idling(person: Person, plane: ControlPlane, account: ServerAccount) -> Mapping[str, Counter[str]]:
    """What a server asks of the API server meanwhile, and how often."""
    audit = Audit(plane.kubeconfig.parent.parent / "audit.log")

    async def seen() -> Counter[str]:
        since = audit.mark()
        await asyncio.sleep(IDLE_SECONDS)
        return Counter(
            f"{entry['verb']} {entry['objectRef']['resource']}"
            for entry in audit.entries(since)
            if entry["user"].get("username") == account.user
            and (entry["verb"] == "watch") == (entry["stage"] == "ResponseStarted")
        )

    alone = await seen()
    async with person.follows(f"rows:{urlencode({'ns': SHOP})}") as events:
        await anext(events)
        looked_at = await seen()
    return {ALONE: alone, LOOKED_AT: looked_at}


# --- What is told -----------------------------------------------------------------------------------------------------


def report(count: int, before: tuple[Listed, Usage], after: tuple[Listed, Usage]) -> None:
    rows = [
        [
            what,
            listed.seconds,
            listed.used.cpu_seconds,
            listed.used.resident_mib,
            listed.used.peak_mib,
            used.resident_mib,
            used.peak_mib,
        ]
        for what, (listed, used) in ((f"{len(orders.ENDS)}", before), (f"{count:,}", after))
    ]
    grown = after[1].resident_mib - before[1].resident_mib
    table.show(
        f"stepwright server with so many executions: {grown:.1f} MiB more, {grown * 1024 / count:.3f} KiB for each",
        [
            "executions",
            "s until ready",
            "processor s",
            "MiB then",
            "at most",
            "MiB after all that was asked",
            "at most",
        ],
        rows,
    )


def show(
    count: int,
    lists: Mapping[str, Took],
    begun: Sequence[Start],
    change: float,
    requests: Mapping[str, Counter[str]],
) -> None:
    table.show(
        f"What is asked of the {count:,} of one namespace, {TIMES} times (dashboards {DASHBOARDS}), in milliseconds",
        ["", "median", "p95", "processor of the server"],
        [[what, *took] for what, took in lists.items()],
    )
    rows = []
    for what, seconds in (
        ("StartExecution", [one.answered for one in begun]),
        ("from that call until a list that is followed shows it", [one.shown for one in begun]),
    ):
        rows.append([what, 1000 * median(seconds), 1000 * p95(seconds)])
    table.show(f"{STARTS} starts, in milliseconds", ["", "median", "p95"], rows)
    print(f"\nA change of an execution takes the server {1000 * change:.2f} ms of the processor.")
    for when, asked in requests.items():
        said = ", ".join(f"{times} {what}" for what, times in sorted(asked.items()))
        print(f"Of the API server it asks {said or 'nothing'} in {IDLE_SECONDS} s {when}.")


def note(
    grown_mib: float,
    lists: Mapping[str, Took],
    begun: Sequence[Start],
    requests: Mapping[str, Counter[str]],
) -> None:
    ratios.note("100,000 listed: memory of the server above idle / 100 MiB", grown_mib / 100)
    ratios.note("100,000 listed: first page of the console, p95 / 50 ms", lists[FIRST].p95 / 50)
    ratios.note("100,000 listed: 100 of ListExecutions, processor / 5 ms", lists[LISTED].processor / 5)
    ratios.note("100,000 listed: dashboard of a week, processor / 1 s", lists[WEEK].processor / 1000)
    ratios.note(
        "100,000 listed: from a start until a list shows it, p95 / 1.5 s",
        p95([one.shown for one in begun]) / 1.5,
    )
    ratios.note("100,000 listed: requests a minute while nobody asks / 5", requests[ALONE].total() / 5)
