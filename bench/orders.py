"""Very many executions of twelve states, begun within a week, in four namespaces: copies of a few that ran there (``stored``)."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Final
from uuid import UUID

from bench import stored
from bench.process import usage
from bench.stored import Copy, Pattern
from bench.watching import EXECUTIONS, Object, Status, Watch, create, execution, has_ended, machine
from stepwright.kube.api import MERGE_PATCH, Api
from stepwright.kube.connection import connect
from stepwright.kube.paths import path_of
from tests.testcluster.alone import ControlPlane

SHOP: Final = "shop"
NAMESPACES: Final[Mapping[str, int]] = {SHOP: 70, "bank": 10, "mill": 10, "post": 10}
"""In which so many of 100 are."""
ORDERS: Final = "orders"
"""The state machine that is there, in the first of them."""
MACHINES: Final[Mapping[str, int]] = {ORDERS: 9, **{f"orders-{number}": 1 for number in range(1, 10)}}
"""Of which so many of 18 are."""
ENDS: Final[Mapping[str, int]] = {
    "succeeded": 900,
    "no-stock": 40,
    "no-credit": 20,
    "aborted": 10,
    "waits": 30,
}
"""What becomes of so many of 1,000."""
NAME: Final = "old-{:06}"
_WEEK: Final = timedelta(days=7)
_LONGEST: Final = timedelta(minutes=10)
_LATER: Final = timedelta(days=90)


def definition() -> Object:
    """One state waits for a second, nine pass on what the first of them has taken of the input, one chooses, and one ends it."""
    names = [f"Step{number}" for number in range(1, 10)]
    steps: Object = {
        name: {"Type": "Pass", "Next": following}
        for name, following in zip(names, [*names[1:], "How"], strict=True)
    }
    steps[names[0]]["Parameters"] = {"id.$": "$.order.id", "ends.$": "$.ends"}
    fails = {
        "no-stock": {"Type": "Fail", "Error": "Order.NoStock", "Cause": "Nothing is left of it"},
        "no-credit": {"Type": "Fail", "Error": "Payment.Refused", "Cause": "The bank has refused it"},
    }
    waits = {"waits": {"Type": "Wait", "Seconds": round(_LATER.total_seconds()), "End": True}}
    choices = [{"Variable": "$.ends", "StringEquals": end, "Next": end} for end in (*fails, *waits)]
    return {
        "StartAt": "Begin",
        "States": {
            # So that its start and its end are not the same moment.
            "Begin": {"Type": "Wait", "Seconds": 1, "Next": names[0]},
            **steps,
            "How": {"Type": "Choice", "Choices": choices, "Default": "Done"},
            "Done": {"Type": "Succeed"},
            **fails,
            **waits,
        },
    }


def order(ends: str) -> Object:
    """An input of some hundred bytes."""
    items = [{"sku": f"A-{number:04}", "count": number % 3 + 1, "price": 12.5} for number in range(5)]
    address = {"name": "Somebody", "street": "Long Street 12", "city": "Anywhere", "zip": "12345"}
    return {"order": {"id": 4711, "items": items, "ship": address, "express": False}, "ends": ends}


async def run(plane: ControlPlane) -> Mapping[str, Pattern]:
    """One for each way to end, called as the AWS API calls its objects. An operator has to be there."""
    async with await connect(plane.kubeconfig, user_agent="stepwright-bench") as api:
        await machine(api, SHOP, ORDERS, definition())
        names = {ends: f"{ORDERS}.{_called(ends)}" for ends in ENDS}
        stopped = names["aborted"]
        async with Watch(api, EXECUTIONS, SHOP, _is_there) as watch:
            for ends, name in names.items():
                body = execution(name, ORDERS, input=order("waits" if name == stopped else ends))
                body["spec"]["name"] = _called(ends)
                await create(api, EXECUTIONS, SHOP, body)
            await watch.until(list(names.values()), 120)
        async with Watch(api, EXECUTIONS, SHOP, has_ended) as watch:
            stop = {"spec": {"stop": {"cause": "Not wanted any more"}}}
            await api.patch(path_of(*EXECUTIONS, SHOP, stopped), stop, MERGE_PATCH)
            await watch.until([stopped], 120)
    return {ends: await Pattern.of(plane, SHOP, name, _called(ends)) for ends, name in names.items()}


def _is_there(status: Status) -> bool:
    """It has ended, or waits for its last state's end."""
    later = f"{datetime.now(UTC) + _LATER / 2:%Y-%m-%d}"
    return has_ended(status) or (status.get("waitingUntil") or "") > later


def _called(ends: str) -> str:
    return f"pattern-{ends}"


async def fill(
    api: Api, plane: ControlPlane, patterns: Mapping[str, Pattern], count: int
) -> Mapping[str, int]:
    """How many each namespace has then."""
    there = Counter({SHOP: len(patterns)})
    size = 0
    last: Copy | None = None

    def counted() -> Iterator[Copy]:
        nonlocal size, last
        for last in _copies(patterns, count):
            there[last.namespace] += 1
            size += len(last.text)
            yield last

    began = time.perf_counter()
    await stored.put(plane, counted())
    assert last is not None
    await stored.until_read(api, last)
    print(
        f"\n{count:,} executions of {size / count:,.0f} bytes stored in {time.perf_counter() - began:.0f} s; "
        f"the API server has {usage(plane.servers['kube-apiserver'].pid).resident_mib:,.0f} MiB",
        flush=True,
    )
    return there


def _copies(patterns: Mapping[str, Pattern], count: int) -> Iterator[Copy]:
    """The same in each run, but for the time."""
    random, now = Random(15), datetime.now(UTC)

    def drawn(shares: Mapping[str, int]) -> Iterator[str]:
        return iter(random.choices(list(shares), list(shares.values()), k=count))

    # An API server lists by names, which seldom say what began when.
    numbers = random.sample(range(count), count)
    for place, (number, namespace, name, ends) in enumerate(
        zip(numbers, drawn(NAMESPACES), drawn(MACHINES), drawn(ENDS), strict=True)
    ):
        started = now - _WEEK * (1 - place / count)
        yield patterns[ends].copy(
            NAME.format(number),
            str(UUID(int=random.getrandbits(128), version=4)),
            started,
            min(now, started + _LONGEST * random.random() ** 4),  # most take seconds
            namespace=namespace,
            machine=name,
        )
