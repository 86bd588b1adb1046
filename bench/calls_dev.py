"""What steps that call something cost in ``stepwright dev``, beside the bare calls: a function, an HTTP task, an action of AWS.

All call one server in this process, which answers at once and sees when calls come, one after another within one execution: the
time between two is one step, which is a call, its answer, and the write to disk that has to be stored before the next call.
"""

from __future__ import annotations

import asyncio
import json
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from itertools import pairwise
from pathlib import Path
from statistics import median
from typing import Any, Final, Self

import boto3
import requests
from aiohttp import web

from bench import table
from bench.servers import STEPWRIGHT, Absent, Connection, Server, serving

STEPS: Final = 100
ROUNDS: Final = 5
SECONDS: Final = 60.0
"""An execution of so many steps is over long before."""

_INVOKE: Final = "/2015-03-31/functions/function/invocations"
_QUEUE: Final = "/123456789012/orders"
_ANSWER: Final = b'{"MessageId":"1","MD5OfMessageBody":"0cc175b9c0f1b6a831c399e269772661"}'
_AWS: Final = {
    "AWS_ACCESS_KEY_ID": "bench",
    "AWS_SECRET_ACCESS_KEY": "bench",
    "AWS_REGION": "us-east-1",
    "AWS_DEFAULT_REGION": "us-east-1",
}


@dataclass(frozen=True, slots=True)
class Subject:
    """``state``: a Task that makes the call. ``bare``: the same call without Stepwright."""

    name: str
    state: Mapping[str, Any]
    bare: Callable[[], object]


def run(folder: Path) -> None:
    with Answering() as answering, _dev(folder, answering.url) as server:
        rows = [asyncio.run(_measured(subject, answering, server)) for subject in _subjects(answering.url)]
    table.show(
        f"Steps of stepwright dev that call something, one after another ({ROUNDS} times {STEPS}; medians)",
        ["what", "bare call, ms", "step, ms", "above the bare call"],
        rows,
    )


class Answering:
    """A server in a thread of its own. ``came``: when each call came, in seconds."""

    def __init__(self) -> None:
        self.came: list[float] = []
        self.url = ""
        self._loop = asyncio.new_event_loop()
        self._serving = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._wanted = 0
        self._all_came = threading.Event()

    def expect(self, calls: int) -> None:
        self.came.clear()
        self._wanted = calls
        self._all_came.clear()

    def wait(self) -> None:
        if not self._all_came.wait(SECONDS):
            raise Absent(f"of {self._wanted} calls {len(self.came)} have come")

    def __enter__(self) -> Self:
        self._serving.start()
        asyncio.run_coroutine_threadsafe(self._serve(), self._loop).result()
        return self

    def __exit__(self, *_: object) -> None:
        asyncio.run_coroutine_threadsafe(self._runner.cleanup(), self._loop).result()
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._serving.join()
        self._loop.close()

    async def _serve(self) -> None:
        app = web.Application()
        app.router.add_route("*", "/{path:.*}", self._answer)
        self._runner = web.AppRunner(app, access_log=None)
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", 0).start()
        self.url = f"http://127.0.0.1:{self._runner.addresses[0][1]}"

    async def _answer(self, request: web.Request) -> web.Response:
        self.came.append(time.perf_counter())
        if len(self.came) == self._wanted:
            self._all_came.set()
        await request.read()
        return web.Response(body=_ANSWER, content_type="application/json")


@contextmanager
def _dev(folder: Path, url: str) -> Iterator[Server]:
    functions, connections = folder / "functions.yaml", folder / "connections.yaml"
    functions.write_text(json.dumps({"functions": {"bench": {"url": url}}}))
    connections.write_text(
        json.dumps(
            {
                "apiVersion": "stepwright.dev/v1",
                "kind": "Connection",
                "metadata": {"name": "bench"},
                "spec": {"http": {"allow": [f"{url}/"]}},
            }
        )
    )
    given = ("--functions", str(functions), "--connections", str(connections))
    dev = replace(
        STEPWRIGHT,
        command=lambda port, at: (*STEPWRIGHT.command(port, at), *given),
        environment=lambda port: {**STEPWRIGHT.environment(port), **_AWS, "AWS_ENDPOINT_URL": url},
    )
    with serving(dev, folder) as server:
        yield server


def _subjects(url: str) -> list[Subject]:
    session = requests.Session()
    session.trust_env = False
    keys = {"aws_access_key_id": "bench", "aws_secret_access_key": "bench"}
    sqs = boto3.client("sqs", region_name="us-east-1", endpoint_url=url, **keys)
    message = {"QueueUrl": url + _QUEUE, "MessageBody": "a"}
    invoke = {"ApiEndpoint": f"{url}/", "Method": "POST", "RequestBody": {"n": 1}}
    return [
        Subject(
            "function",
            {"Resource": "k8s:task/bench", "Parameters": {"n": 1}},
            lambda: session.post(url + _INVOKE, json={"n": 1}).json(),
        ),
        Subject(
            "http-invoke",
            {
                "Resource": "arn:aws:states:::http:invoke",
                "Parameters": {**invoke, "Authentication": {"ConnectionArn": "bench"}},
            },
            lambda: session.post(f"{url}/", json={"n": 1}).json(),
        ),
        Subject(
            "aws-sdk-sqs-sendMessage",
            {"Resource": "arn:aws:states:::aws-sdk:sqs:sendMessage", "Parameters": message},
            lambda: sqs.send_message(**message),
        ),
    ]


async def _measured(subject: Subject, answering: Answering, server: Server) -> list[object]:
    client = await Connection.open(server.port)
    arn = await client.create(subject.name, "STANDARD", _calls(subject))
    bare: list[float] = []
    steps: list[float] = []
    for _ in range(ROUNDS):
        for _ in range(STEPS):
            began = time.perf_counter()
            subject.bare()
            bare.append(time.perf_counter() - began)
        answering.expect(STEPS)
        await client.call("StartExecution", {"stateMachineArn": arn})
        await asyncio.to_thread(answering.wait)
        came = answering.came
        steps += [later - earlier for earlier, later in pairwise(came)]
    client.close()
    call, step = median(bare) * 1000, median(steps) * 1000
    return [subject.name, call, step, step - call]


def _calls(subject: Subject) -> dict[str, Any]:
    state = {"Type": "Task", **subject.state, "ResultPath": "$.r"}
    states = {f"C{n}": {**state, "Next": f"C{n + 1}"} for n in range(STEPS - 1)}
    return {"StartAt": "C0", "States": {**states, f"C{STEPS - 1}": {**state, "End": True}}}
