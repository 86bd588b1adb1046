"""Steps that call a function over HTTP, or that a worker does, beside the bare calls and the bare writes: what a durable step costs
above these.

The function answers at once, from this process, behind a Service. A step is a call, its answer, and the write that has to be stored
before the next call. A worker in this process does the same; its task is made, claimed and answered in between. Bare calls go to the
same cluster IP; bare writes are status patches, on condition, and the three of a worker's task, all one after another. All are
measured in turns.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from statistics import median
from typing import Any, Final

import aiohttp
import msgspec

from bench import table
from bench.answering import INVOKE, Answering
from bench.chains import chain
from bench.watching import EXECUTIONS, Object, Watch, check, create, execution, has_ended, machine
from stepwright.controllers.execution_watch import SETTLED
from stepwright.functions import offers
from stepwright.functions.handlers import Context, Outcome
from stepwright.functions.offers import Offer, Task
from stepwright.functions.worker import Worker
from stepwright.kube.api import JSON_PATCH, METADATA_ALONE, Api
from stepwright.kube.connection import connect
from stepwright.kube.paths import path_of
from tests.processes.operators import OperatorProcess
from tests.testcluster import Cluster

STEPS: Final = 100
ROUNDS: Final = 3
PORT: Final = 8080
EVENT: Final = {"n": 1}


async def run(cluster: Cluster, namespace: str, operator: OperatorProcess) -> None:  # noqa: ARG001 - all subjects' shape
    async with (
        Answering(cluster.host_address, 0, msgspec.json.encode(EVENT)) as function,
        await connect(cluster.kubeconfig, user_agent="stepwright-bench") as api,
    ):
        address = await _behind_a_service(api, namespace, cluster, function.port)
        await machine(api, namespace, "calls", chain(_call("bench"), STEPS))
        await machine(api, namespace, "work", chain(_call("bench-work"), STEPS))
        async with (
            _worker(api, namespace, function),
            # Those that have ended alone: looking at each step would take time from the function, which is answered here.
            Watch(api, EXECUTIONS, namespace, has_ended, SETTLED) as watch,
        ):
            await create(api, EXECUTIONS, namespace, execution("waits", "absent"))
            await _measure(api, namespace, watch, function, f"http://{address}:{PORT}{INVOKE}")
            check(watch)


async def _measure(api: Api, namespace: str, watch: Watch, function: Answering, url: str) -> None:
    calls: list[float] = []
    writes: list[float] = []
    registers: list[float] = []
    steps: list[float] = []
    worked: list[float] = []
    for number in range(ROUNDS):
        calls += await _bare_calls(url)
        writes += await _bare_writes(api, namespace)
        registers += await _bare_registers(api, namespace, number)
        for what, seen in (("calls", steps), ("work", worked)):
            function.forget()
            name = f"{what}-{number}"
            await create(api, EXECUTIONS, namespace, execution(name, what))
            await watch.until([name])
            seen.extend(function.steps())
    call, write, register, step, work = (
        median(each) * 1000 for each in (calls, writes, registers, steps, worked)
    )
    table.show(
        f"Steps that call a function, one after another ({ROUNDS} times {STEPS}; medians)",
        ["what", "ms", "above the bare call"],
        [
            ["bare call", call, 0.0],
            ["bare status patch", write, write - call],
            ["a worker's task made, claimed and answered, bare", register, register - call],
            ["step of an execution, durable, over HTTP", step, step - call],
            ["the same, by a worker", work, work - call],
        ],
    )
    print(f"\nA step over HTTP takes {step - call - write:.2f} ms besides a bare call and a bare write.")
    print(f"A step by a worker takes {work - write - register:.2f} ms besides these bare writes.")


@asynccontextmanager
async def _worker(api: Api, namespace: str, function: Answering) -> AsyncIterator[None]:
    template: Object = {
        "apiVersion": "stepwright.dev/v1",
        "kind": "TaskTemplate",
        "metadata": {"name": "bench-work"},
        "spec": {"worker": {}},
    }
    await api.create(path_of("stepwright.dev/v1", "tasktemplates", namespace), template)

    async def work(event: Any, _: Context) -> Outcome:
        function.note()
        return Outcome(msgspec.json.encode(event))

    worker, stopped = Worker(api, namespace, "bench-work", work, name="bench"), asyncio.Event()
    working = asyncio.create_task(worker.run(stopped))
    try:
        yield
    finally:
        stopped.set()
        await working


def _call(template: str) -> Object:
    resource = f"k8s:task/{template}"
    return {"Type": "Task", "Resource": resource, "Parameters": EVENT, "ResultPath": "$.r"}


async def _bare_calls(url: str) -> list[float]:
    body, seconds = msgspec.json.encode(EVENT), []
    async with aiohttp.ClientSession() as session:
        for _ in range(STEPS):
            began = time.perf_counter()
            async with session.post(url, data=body) as response:
                await response.read()
            seconds.append(time.perf_counter() - began)
    return seconds


async def _bare_writes(api: Api, namespace: str) -> list[float]:
    """Of the size of a step's: an event's text or two, and a transition."""
    path = path_of(*EXECUTIONS, namespace, "waits", "status")
    uid = (await api.get(path_of(*EXECUTIONS, namespace, "waits")))["metadata"]["uid"]
    patch = msgspec.json.encode(
        [
            {"op": "test", "path": "/metadata/uid", "value": uid},
            {"op": "add", "path": "/status/history", "value": ["x" * 300] * 6},
            {"op": "add", "path": "/status/currentState", "value": "C1"},
        ]
    )
    seconds = []
    for number in range(STEPS):
        began = time.perf_counter()
        changed = patch.replace(b"C1", str(number).encode())
        await api.request("PATCH", path, body=changed, content_type="application/json-patch+json")
        seconds.append(time.perf_counter() - began)
    return seconds


async def _bare_registers(api: Api, namespace: str, number: int) -> list[float]:
    """Of no TaskTemplate, and of no execution that anybody knows."""
    path = path_of(offers.API_VERSION, offers.PLURAL, namespace)
    seconds = []
    for each in range(STEPS):
        began, now = time.perf_counter(), datetime.now(UTC)
        manifest = {
            "apiVersion": offers.API_VERSION,
            "kind": "ExternalTask",
            "metadata": {"name": f"bare-{number}-{each}"},
            "spec": {
                "execution": "waits",
                "input": '{"n":1}',
                "scheduled": now.strftime("%Y-%m-%dT%H:%M:%SZ"),
                "timeoutSeconds": 900,
                "heartbeatSeconds": 60,
            },
        }
        task: Task = await api.create(path, manifest, into=Task)
        status = offers.path(namespace, task.metadata.name, "status")
        await api.patch(status, offers.claiming(Offer(task.metadata), "bench", "claim", now), into=Task)
        answering = offers.answering(task, "claim", {"output": '{"n":1}'}, now)
        await api.request("PATCH", status, None, answering, JSON_PATCH, accept=METADATA_ALONE)
        seconds.append(time.perf_counter() - began)
    return seconds


async def _behind_a_service(api: Api, namespace: str, cluster: Cluster, port: int) -> str:
    """Its cluster IP."""
    service: Object = {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": {"name": "bench"},
        "spec": {"ports": [{"port": PORT, "targetPort": port}]},
    }
    endpoints: Object = {
        "apiVersion": "discovery.k8s.io/v1",
        "kind": "EndpointSlice",
        "metadata": {"name": "bench", "labels": {"kubernetes.io/service-name": "bench"}},
        "addressType": "IPv4",
        "ports": [{"port": port}],
        "endpoints": [{"addresses": [cluster.host_address], "conditions": {"ready": True}}],
    }
    template: Object = {
        "apiVersion": "stepwright.dev/v1",
        "kind": "TaskTemplate",
        "metadata": {"name": "bench"},
        "spec": {"http": {"service": {"name": "bench"}}},
    }
    made = await api.create(path_of("v1", "services", namespace), service)
    await api.create(path_of("discovery.k8s.io/v1", "endpointslices", namespace), endpoints)
    await api.create(path_of("stepwright.dev/v1", "tasktemplates", namespace), template)
    address: str = made["spec"]["clusterIP"]
    return address
