"""An API server of which only Executions are asked, as tables: lists in pages, watches, what is gone."""

# ruff: noqa: ARG002 - whatever is asked for, the answer is Executions

from __future__ import annotations

import asyncio
import itertools
import uuid
from collections import deque
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import Any

import msgspec

from stepwright.kube.api import Api, Params
from stepwright.kube.api_errors import Expired, Unreachable
from tests.simulation import tables

Body = dict[str, Any]


def execution(name: str, machine: str = "order", *, namespace: str = "shop", **status: Any) -> Body:
    """``own_name`` and ``labels`` in ``status`` are not of the status."""
    own_name, labels = status.pop("own_name", None), status.pop("labels", {})
    spec: Body = {"stateMachineRef": {"name": machine}} | ({} if own_name is None else {"name": own_name})
    metadata = {"name": name, "namespace": namespace, "uid": str(uuid.uuid4()), "labels": labels}
    created = datetime.now(UTC).isoformat(timespec="seconds").removesuffix("+00:00") + "Z"
    return {"metadata": {**metadata, "creationTimestamp": created}, "spec": spec, "status": status}


class ExecutionsServed(Api):
    """``put`` and ``remove`` are what others do. ``away``: nobody answers."""

    def __init__(self) -> None:
        self._versions = itertools.count(1)
        self._version = 0
        self._stored: dict[tuple[str, str], Body] = {}
        self._events: deque[tuple[int, str, Body]] = deque(maxlen=100_000)
        self._oldest = 0
        self._happened = asyncio.Event()
        self._cuts = 0
        self.away = False
        self.columns_missing = False
        self.lists = 0
        self.selectors: set[str] = set()
        self.hold_lists: asyncio.Event | None = None

    def put(self, body: Body) -> Body:
        key = (body["metadata"]["namespace"], body["metadata"]["name"])
        before = self._stored.get(key)
        known = before is not None and before["metadata"]["uid"] == body["metadata"]["uid"]
        self._version = next(self._versions)
        stored = {**body, "metadata": {**body["metadata"], "resourceVersion": str(self._version)}}
        self._stored[key] = stored
        self._tell("MODIFIED" if known else "ADDED", stored)
        return stored

    def status(self, body: Body, **status: Any) -> Body:
        seq = body["status"].get("seq", 0) + 1
        return self.put({**body, "status": {**body["status"], "seq": seq, **status}})

    def remove(self, body: Body) -> None:
        last = self._stored.pop((body["metadata"]["namespace"], body["metadata"]["name"]))
        self._version = next(self._versions)
        self._tell(
            "DELETED", {**last, "metadata": {**last["metadata"], "resourceVersion": str(self._version)}}
        )

    def cut(self, *, compacted: bool = False) -> None:
        """All watches end. ``compacted``: none goes on from a version of before."""
        self._cuts += 1
        if compacted:
            self._oldest = self._version = next(self._versions)
        self._wake()

    def _tell(self, kind: str, body: Body) -> None:
        self._events.append((self._version, kind, body))
        self._wake()

    def _wake(self) -> None:
        self._happened.set()
        self._happened = asyncio.Event()

    async def request(
        self, method: str, path: str, params: Any = None, *_: Any, accept: str | None = None, **__: Any
    ) -> bytes:
        assert (method, tables.is_asked_for(accept)) == ("GET", True)
        await asyncio.sleep(0)
        if self.hold_lists is not None:
            await self.hold_lists.wait()
        if self.away:
            raise Unreachable("nobody answers", outcome_unknown=False)
        self.selectors.add(params["labelSelector"])
        at = int(params.get("continue", 0))
        self.lists += not at
        end = at + params["limit"]
        found = [body for _, body in sorted(self._stored.items())]
        metadata = {
            "resourceVersion": str(self._version),
            "continue": str(end) if end < len(found) else "",
        }
        answer = tables.answer("executions", found[at:end], metadata=metadata)
        return answer.replace(b'"Began"', b'"Age"') if self.columns_missing else answer

    def as_service_account(self, *_: Any) -> Api:
        raise AssertionError("nobody else asks here")

    @asynccontextmanager
    async def stream(
        self, path: str, params: Params, *, idle_seconds: float, accept: str | None = None
    ) -> AsyncGenerator[AsyncIterator[bytes]]:
        assert tables.is_asked_for(accept)
        if self.away:
            raise Unreachable("nobody answers", outcome_unknown=False)
        since = int(params["resourceVersion"])
        if since < self._oldest:
            raise Expired(410, "Expired", "too old resource version")
        yield self._pieces(since)

    async def _pieces(self, version: int) -> AsyncIterator[bytes]:
        cuts, first = self._cuts, True
        while cuts == self._cuts and not self.away:
            happened = self._happened
            for at, kind, body in [event for event in self._events if event[0] > version]:
                table = tables.answer("executions", [body], metadata={"resourceVersion": str(at)})
                told = msgspec.json.decode(table)
                if not first:  # a real one names columns in the first event alone
                    told["columnDefinitions"] = None
                first, version = False, at
                yield msgspec.json.encode({"type": kind, "object": told}) + b"\n"
            await happened.wait()
