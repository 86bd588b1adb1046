"""Executions of a cluster in lists: on a real API server, while an operator runs them."""
# ruff: noqa: ASYNC110 - what is waited for has no event

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import replace

import pytest

from stepwright.catalog.arns import Place
from stepwright.catalog.ports import ExecutionQuery
from stepwright.catalog.records import ExecutionRow
from stepwright.cluster.execution_index import AsInContexts, ExecutionIndex
from stepwright.kube.connection import connect
from tests.on_cluster.kubectl import Kube, execution, machine, one

pytestmark = pytest.mark.cluster

PASS = one({"Type": "Pass", "End": True})
FAIL = one({"Type": "Fail", "Error": "<img src=x>", "Cause": "by design"})
WAITS = one({"Type": "Wait", "Seconds": 600, "End": True})


@asynccontextmanager
async def indexed(kube: Kube) -> AsyncIterator[ExecutionIndex]:
    async with await connect(kube.cluster.kubeconfig, user_agent="stepwright-test") as api:
        index = ExecutionIndex(api, AsInContexts(), [kube.namespace])
        running = asyncio.create_task(index.run())
        try:
            async with asyncio.timeout(60):
                await index.synced.wait()
            yield index
        finally:
            running.cancel()
            await asyncio.gather(running, return_exceptions=True)


async def until(
    index: ExecutionIndex, query: ExecutionQuery, holds: Callable[[dict[str, ExecutionRow]], bool]
) -> dict[str, ExecutionRow]:
    async with asyncio.timeout(120):
        while not holds(rows := {row.name: row for row in (await index.find(query, None, 100)).items}):
            await asyncio.sleep(0.05)
    return rows


async def test_lists_show_what_is_there_and_follow_what_happens(stepwright: Kube) -> None:
    place = Place(stepwright.namespace, "kubernetes")
    query = ExecutionQuery(place)
    stepwright.apply(machine("f", FAIL), machine("w", WAITS), execution("failed", "f"))
    stepwright.ended("failed")
    async with indexed(stepwright) as index:
        listed = await until(index, query, lambda rows: "failed" in rows)
        failed = listed["failed"]
        assert (failed.status, failed.error) == ("FAILED", "<img src=x>")
        assert failed.arn == place.execution("f", "failed")
        assert failed.stopped is not None
        assert failed.stopped >= failed.started > 1_700_000_000_000
        # From now on by a watch, whose events are tables, too.
        with index.follow([], all_of_them=True) as follower:
            stepwright.apply(execution("waits", "w"), execution("pending", "nobody"))
            rows = await until(
                index, query, lambda rows: "waits" in rows and rows["waits"].waiting_until is not None
            )
            assert (rows["waits"].status, rows["waits"].paths) == ("RUNNING", ("Only",))
            assert (await until(index, query, lambda rows: "pending" in rows))["pending"].status == "RUNNING"
            stepwright("patch", "exec", "waits", "--type=merge", "-p", '{"spec":{"stop":{}}}')
            rows = await until(index, query, lambda rows: rows["waits"].status == "ABORTED")
            stepwright("delete", "exec", "pending")
            await until(index, query, lambda rows: "pending" not in rows)
            arns = {change.arn for change in (follower.take() or {}).values()}
            assert arns == {place.execution("w", "waits"), place.execution("nobody", "pending")}
        stepwright("label", "exec", "failed", "team=shop", "order=7")
        with_label = replace(query, labels=["team=shop", "order=7"])
        assert list(await until(index, with_label, bool)) == ["failed"]
        assert (await index.count(replace(query, labels=["team=shop", "order=8"]))).statuses == {}
        counts = await index.count(query)
        assert (counts.statuses, counts.errors) == ({"FAILED": 1, "ABORTED": 1}, {"<img src=x>": 1})
        named = index.named(place.state_machine("w"), "waits")
        assert named is not None
        assert named.uid == rows["waits"].uid
