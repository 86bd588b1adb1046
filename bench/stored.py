"""Executions put into etcd below the API server, as copies of some that ran here: to run as many would take days. An API server reads
them as it reads those that it has written itself."""

from __future__ import annotations

import asyncio
import base64
import json
from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import Any, NamedTuple, Self

import aiohttp
import msgspec

from bench.watching import EXECUTIONS, Object
from stepwright.cluster import seal
from stepwright.kube.api import Api
from stepwright.kube.api_errors import ApiError
from stepwright.kube.paths import path_of
from tests.testcluster.alone import ControlPlane

#: etcd takes 128 operations in a request, and 1.5 MiB.
MOST_AT_ONCE = 100
MOST_BYTES_AT_ONCE = 1_200_000


class Copy(NamedTuple):
    """``name``: of the object."""

    namespace: str
    name: str
    text: bytes


class Pattern(NamedTuple):
    """An execution that ran here, as etcd has it. ``called``: a word that stands for it, in the name of its object, too, and for nothing
    else."""

    text: str
    called: str
    namespace: str
    machine: str
    uid: str
    name: str
    started: str
    ended: str | None
    seal: str

    @classmethod
    async def of(cls, plane: ControlPlane, namespace: str, name: str, called: str) -> Self:
        """``name``: of the object."""
        answer = await _etcd(plane, "range", {"key": _encoded(_key(namespace, name).encode())})
        text = base64.b64decode(answer["kvs"][0]["value"])
        found: Object = json.loads(text)
        status = found["status"]
        return cls(
            text=json.dumps(found, separators=(",", ":")),
            called=called,
            namespace=namespace,
            machine=found["spec"]["stateMachineRef"]["name"],
            uid=found["metadata"]["uid"],
            name=name,
            started=status["startTime"],
            ended=status.get("endTime"),
            seal=status["seal"],
        )

    def copy(
        self,
        called: str,
        uid: str,
        started: datetime,
        ended: datetime,
        *,
        namespace: str | None = None,
        machine: str | None = None,
    ) -> Copy:
        """``ended``: where the pattern has. In the same namespace and of the same state machine, unless others are given."""
        namespace, machine = namespace or self.namespace, machine or self.machine
        name = self.name.replace(self.machine, machine).replace(self.called, called)
        text = self.text.replace(self.uid, uid).replace(self.started, _moment(started))
        if self.ended is not None:
            text = text.replace(self.ended, _moment(ended))
        text = text.replace(f'"namespace":"{self.namespace}"', f'"namespace":"{namespace}"')
        text = text.replace(f'"name":"{self.machine}"', f'"name":"{machine}"')
        text = text.replace(self.name, name).replace(self.called, called)
        # An operator would otherwise take each for one that somebody has edited, and write it.
        status = msgspec.json.decode(text)["status"]
        text = text.replace(self.seal, str(seal.of(uid, status)))
        return Copy(namespace, name, text.encode())


async def put(plane: ControlPlane, copies: Iterable[Copy]) -> None:
    async with aiohttp.ClientSession() as session:
        for some in _batches(copies):
            puts = [
                {
                    "request_put": {
                        "key": _encoded(_key(one.namespace, one.name).encode()),
                        "value": _encoded(one.text),
                    }
                }
                for one in some
            ]
            async with session.post(f"{plane.etcd_url}/v3/kv/txn", json={"success": puts}) as answer:
                if answer.status != 200:
                    raise SystemExit(f"etcd: {answer.status}: {await answer.text()}")


async def until_read(api: Api, last: Copy) -> None:
    """Until the API server has read what was put below it, the last one, too."""
    path = path_of(*EXECUTIONS, last.namespace)
    newest = (await api.get(path, {"limit": 1}))["metadata"]["resourceVersion"]
    while True:
        try:
            await api.get(path_of(*EXECUTIONS, last.namespace, last.name), {"resourceVersion": newest})
        except ApiError:  # it waits for three seconds
            await asyncio.sleep(1)
        else:
            return


def _batches(copies: Iterable[Copy]) -> Iterator[list[Copy]]:
    batch: list[Copy] = []
    size = 0
    for copy in copies:
        if batch and (len(batch) == MOST_AT_ONCE or size + len(copy.text) > MOST_BYTES_AT_ONCE):
            yield batch
            batch, size = [], 0
        batch.append(copy)
        size += len(copy.text)
    if batch:
        yield batch


def _moment(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def _key(namespace: str, name: str) -> str:
    return f"/registry/stepwright.dev/executions/{namespace}/{name}"


def _encoded(text: bytes) -> str:
    return base64.b64encode(text).decode()


async def _etcd(plane: ControlPlane, method: str, body: dict[str, Any]) -> dict[str, Any]:
    async with (
        aiohttp.ClientSession() as session,
        session.post(f"{plane.etcd_url}/v3/kv/{method}", json=body) as answer,
    ):
        found: dict[str, Any] = await answer.json(content_type=None)
        return found
