"""Operator processes that die while they compute a step of an execution: it is set apart, released, and finishes."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from tests.on_cluster.installed_chart import await_answer
from tests.on_cluster.kubectl import Kube, condition, one
from tests.processes.account import OperatorAccount
from tests.processes.faulty_operator import Fault
from tests.processes.nursery import Nursery
from tests.processes.operators import OperatorProcess
from tests.testcluster import Cluster

pytestmark = [pytest.mark.cluster, pytest.mark.timeout(600)]

DEADLY = "deadly"
SECONDS = 180.0
WHEN_NOTED = Fault("answered", 1, DEADLY, ("PUT leases", "PATCH leases"))
"""Killed as soon as its Lease names the execution that it steps."""


async def test_an_execution_under_which_two_operators_were_killed_waits_until_it_is_released(
    cluster: Cluster,
    operator_account: OperatorAccount,
    nursery: Nursery,
    namespaces: list[str],
    tmp_path: Path,
) -> None:
    kube = Kube(cluster, namespaces[0])
    kube.machine("m", one({"Type": "Pass", "Result": "done", "End": True}))
    kube.start(DEADLY, "m")
    for _ in range(2):
        operator = await nursery.start(kube.namespace, WHEN_NOTED, drags=DEADLY)
        async with asyncio.timeout(SECONDS):
            await operator.ended.wait()
        assert operator.end == "by SIGKILL", operator.log_tail()
        assert operator.struck is not None

    third = OperatorProcess(
        cluster,
        tmp_path / "third.log",
        f"--namespace={kube.namespace}",
        lease_namespace=kube.namespace,
        account=operator_account,
    )
    third.start(ready_seconds=SECONDS)
    try:
        kube.start("another", "m")
        await asyncio.to_thread(kube.ended, "another", seconds=SECONDS)
        found = await asyncio.to_thread(
            kube.until, "execution", DEADLY, lambda found: condition(found, "Stalled"), seconds=SECONDS
        )
        stalled = condition(found, "Stalled")
        assert (stalled["status"], stalled["reason"]) == ("True", "Quarantined")
        await asyncio.to_thread(await_answer, third.metrics, quarantined(1), SECONDS)

        command = stalled["message"].partition("kubectl annotate execution ")[2]
        kube("annotate", "execution", *command.split()[2:])
        released = await asyncio.to_thread(kube.ended, DEADLY, seconds=SECONDS)
        assert released["status"]["phase"] == "Succeeded"
        assert condition(released, "Stalled")["status"] == "False"
        await asyncio.to_thread(
            kube.until, "execution", DEADLY, lambda _: not suspects(kube), seconds=SECONDS
        )
        await asyncio.to_thread(await_answer, third.metrics, quarantined(0), SECONDS)
        assert third.alive
    finally:
        third.stop()


def quarantined(count: int) -> str:
    """The line of the metric, which the operator makes no more than once a second."""
    return f"\nstepwright_executions_quarantined {count}.0\n"


def suspects(kube: Kube) -> list[object]:
    return list(kube.list("leases", "-l", "stepwright.dev/component=suspect"))
