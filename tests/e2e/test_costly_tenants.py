"""Two of three tenants have definitions that compute as much as they may, all the time. Nobody else notices much of it."""

from __future__ import annotations

import asyncio
from contextlib import ExitStack
from pathlib import Path

import pytest

from stepwright.kube.api import Api
from tests.data import costly_tenants
from tests.on_cluster.kubectl import Kube, Object, condition, job, one, phase
from tests.on_cluster.place import KWOK
from tests.processes.account import OperatorAccount
from tests.processes.operators import OperatorProcess
from tests.testcluster import Cluster

pytestmark = [pytest.mark.cluster, pytest.mark.timeout(600)]

COUNT = 15
LONGEST_SECONDS = 60.0
"""Until an execution has started. On an idle machine it is to take two; here, that it does not wait for minutes."""
SECONDS = 300.0


async def test_definitions_of_two_tenants_that_compute_all_the_time_stop_neither_operators_nor_a_third_tenant(
    cluster: Cluster, operator_account: OperatorAccount, api: Api, namespaces: list[str], tmp_path: Path
) -> None:
    cluster.start_kwok()
    *costly, quiet, leases = namespaces
    with ExitStack() as stack:
        operators = [
            OperatorProcess(
                cluster,
                tmp_path / f"operator-{number}.log",
                *(f"--namespace={name}" for name in (*costly, quiet)),
                "--lease-seconds=15",
                lease_namespace=leases,
                account=operator_account,
            )
            for number in range(2)
        ]
        for operator in operators:
            stack.callback(operator.stop)
            await asyncio.to_thread(operator.start, ready_seconds=180)
        kube = Kube(cluster, quiet)
        kube.machine("one", one(job("true")), taskDefaults=KWOK.defaults)
        await asyncio.to_thread(
            kube.until,
            "sm",
            "one",
            lambda found: condition(found, "Ready").get("status") == "True",
            seconds=120,
        )
        async with (
            costly_tenants.watched_leases(api, leases) as watched,
            costly_tenants.busy(api, costly[0]),
            costly_tenants.busy(api, costly[1]),
        ):
            starts = [await third_tenants(api, quiet, number) for number in range(COUNT)]
            async with asyncio.timeout(SECONDS):
                failures = await asyncio.gather(*(first_failure(api, namespace) for namespace in costly))
        print(f"until an execution of the third tenant had started: {described(starts)}")
        logs = [operator.log_tail() for operator in operators]
        assert [operator.alive for operator in operators] == [True, True], logs
        assert watched.gone == []
        assert len(watched.longest) == 2
        assert watched.lapsed == [], watched.longest
        for failed in failures:
            assert failed["status"]["error"] in ("States.QueryEvaluationError", "States.Runtime")
        for namespace in costly:
            found = Kube(cluster, namespace).list("executions")
            assert not any(condition(each, "Stalled").get("reason") == "Quarantined" for each in found)
    assert max(starts) < LONGEST_SECONDS


async def third_tenants(api: Api, namespace: str, number: int) -> float:
    seconds, ended = await costly_tenants.started_and_ended(api, namespace, f"e{number}", "one")
    assert ended["status"]["phase"] == "Succeeded", ended["status"]
    return seconds


async def first_failure(api: Api, namespace: str) -> Object:
    """Of the executions that ask for more than a state may cost: they come to their end, too."""
    return await costly_tenants.reached(api, namespace, lambda found: phase(found) == "Failed")


def described(seconds: list[float]) -> str:
    ordered = sorted(seconds)
    p50, p99 = (ordered[min(int(len(ordered) * share), len(ordered) - 1)] for share in (0.5, 0.99))
    return f"p50 {p50:.2f} s, p99 {p99:.2f} s of {len(ordered)}"
