"""What steps that call something cost in ``stepwright dev``, beside the bare calls: a function, an HTTP task, an action of AWS.

All call one server in this process, which answers at once. A step is a call, its answer, and the write to disk that has to be stored
before the next call.
"""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from statistics import median
from typing import Any, Final

import boto3
import requests

from bench import table
from bench.answering import INVOKE, Answering
from bench.chains import chain
from bench.servers import STEPWRIGHT, Connection, Server, serving
from tests.testcluster.ports import free_port

STEPS: Final = 100
ROUNDS: Final = 5

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
    port = free_port()
    with _dev(folder, f"http://127.0.0.1:{port}") as server:
        rows = asyncio.run(_rows(port, server))
    table.show(
        f"Steps of stepwright dev that call something, one after another ({ROUNDS} times {STEPS}; medians)",
        ["what", "bare call, ms", "step, ms", "above the bare call"],
        rows,
    )


async def _rows(port: int, server: Server) -> list[list[object]]:
    async with Answering("127.0.0.1", port, _ANSWER) as answering:
        return [
            await _measured(subject, answering, server) for subject in _subjects(f"http://127.0.0.1:{port}")
        ]


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
            lambda: session.post(url + INVOKE, json={"n": 1}).json(),
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
    state = {"Type": "Task", **subject.state, "ResultPath": "$.r"}
    arn = await client.create(subject.name, "STANDARD", chain(state, STEPS))
    bare: list[float] = []
    steps: list[float] = []
    for _ in range(ROUNDS):
        bare += await asyncio.to_thread(_bare_calls, subject)
        answering.forget()
        await client.call("StartExecution", {"stateMachineArn": arn})
        await answering.until(STEPS)
        steps += answering.steps()
    client.close()
    call, step = median(bare) * 1000, median(steps) * 1000
    return [subject.name, call, step, step - call]


def _bare_calls(subject: Subject) -> list[float]:
    seconds = []
    for _ in range(STEPS):
        began = time.perf_counter()
        subject.bare()
        seconds.append(time.perf_counter() - began)
    return seconds
