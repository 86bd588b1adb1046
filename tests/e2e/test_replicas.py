"""Several replicas of the operator share the executions: all are at work, and none does what another has done."""

from __future__ import annotations

import asyncio
import re
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from stepwright.kube.connection import connect
from stepwright.kube.paths import path_of
from tests.on_cluster import exactly_once
from tests.on_cluster.installed_chart import Requests, installation
from tests.on_cluster.kubectl import ENDED, Kube, execution, job, machine, one, phase
from tests.processes.account import OperatorAccount
from tests.processes.operators import OperatorProcess
from tests.testcluster import Cluster
from tests.testcluster.audit import Audit

pytestmark = [pytest.mark.cluster, pytest.mark.timeout(400)]

COUNT = 60
FEWEST = {2: 12, 3: 6}
"""Of 60 executions each of so many replicas carries at least these, but for one time in ten thousand."""
ON_KWOK = {
    "nodeSelector": {"type": "kwok"},
    "tolerations": [{"key": "kwok.x-k8s.io/node", "operator": "Exists", "effect": "NoSchedule"}],
}


def workflow(seconds: int) -> dict[str, Any]:
    """A Job, a wait, another Job."""
    return {
        "StartAt": "Before",
        "States": {
            "Before": job("true", Next="Pause"),
            "Pause": {"Type": "Wait", "Seconds": seconds, "Next": "After"},
            "After": job("true"),
        },
    }


class Replicas:
    def __init__(self, cluster: Cluster, account: OperatorAccount, kube: Kube, folder: Path) -> None:
        self._cluster, self._account, self._kube, self._folder = cluster, account, kube, folder
        self._names = 0
        self.running: list[OperatorProcess] = []

    def join(self, *arguments: str) -> OperatorProcess:
        self._names += 1
        process = OperatorProcess(
            self._cluster,
            self._folder / f"operator-{self._names}.log",
            f"--namespace={self._kube.namespace}",
            *arguments,
            lease_namespace=self._kube.namespace,
            account=self._account,
        )
        process.start()
        self.running.append(process)
        return process

    def end(self) -> None:
        if not self.running:
            self.join()  # state machines leave the namespace only with an operator's consent
        self._kube("delete", "executions,statemachines", "--all", "--timeout=40s", check=False)
        for process in self.running:
            process.stop()

    def carried(self) -> list[int]:
        """How many executions each carries."""
        return [total(process, "stepwright_executions_live") for process in self.running]

    def ended(self) -> list[int]:
        """How many executions have ended with each."""
        return [total(process, "stepwright_executions_ended_total") for process in self.running]

    def have_begun(self) -> bool:
        return sum(self.carried()) + sum(self.ended()) == COUNT

    def members(self) -> int:
        leases = self._kube.list("leases", "-l", "stepwright.dev/component=operator")
        return len(leases)


def total(process: OperatorProcess, name: str) -> int:
    """Of a metric, whatever its labels."""
    values = re.findall(rf"^{name}(?:{{.*}})? ([0-9.e+]+)$", process.metrics(), re.MULTILINE)
    return sum(int(float(value)) for value in values)


@pytest.fixture
def replicas(
    installed: Cluster, operator_account: OperatorAccount, kube: Kube, tmp_path: Path
) -> Iterator[Replicas]:
    if not installed.can("kwok"):
        pytest.skip("this cluster cannot simulate a node")
    installed.start_kwok()
    made = Replicas(installed, operator_account, kube, tmp_path)
    yield made
    made.end()


def begin(kube: Kube, *, seconds: int) -> None:
    kube.apply(machine("m", workflow(seconds), taskDefaults=ON_KWOK))
    kube.until("sm", "m", lambda found: (found.get("status") or {}).get("revision"))

    async def create() -> None:
        async with await connect(kube.cluster.kubeconfig) as api:
            path = path_of("stepwright.dev/v1", "executions", kube.namespace)
            await asyncio.gather(
                *(api.create(path, execution(f"e{number:02}", "m")) for number in range(COUNT))
            )

    asyncio.run(create())


def until(holds: Callable[[], bool], tell: Callable[[], object], *, seconds: float) -> None:
    deadline = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < deadline, tell()
        time.sleep(0.2)


def all_begun(replicas: Replicas) -> None:
    until(replicas.have_begun, lambda: (replicas.carried(), replicas.ended()), seconds=60)


def check_every_execution(kube: Kube, audit: Audit, since: int, *, seconds: float) -> None:
    """All succeed; each history is one that an undisturbed run has; each Job was created once."""
    until(
        lambda: all(phase(found) in ENDED for found in kube.list("executions")),
        lambda: [phase(found) for found in kube.list("executions")],
        seconds=seconds,
    )
    creates = exactly_once.job_creates(audit.writes(since, namespace=kube.namespace))
    found = kube.list("executions")

    async def check() -> None:
        async with await connect(kube.cluster.kubeconfig) as api:
            for body in found:
                exactly_once.check_creates(body, await exactly_once.events_of(api, body), creates)

    asyncio.run(check())
    assert [phase(body) for body in found] == ["Succeeded"] * COUNT
    assert len(creates.done) == 2 * COUNT


@pytest.mark.parametrize("count", [2, 3])
def test_replicas_carry_fair_shares_and_do_everything_once(
    replicas: Replicas, kube: Kube, audit: Audit, count: int
) -> None:
    since = audit.mark()
    for _ in range(count):
        replicas.join()
    until(lambda: replicas.members() == count, replicas.members, seconds=10)

    begin(kube, seconds=1)
    check_every_execution(kube, audit, since, seconds=120)

    until(
        lambda: sum(replicas.ended()) == COUNT, replicas.ended, seconds=30
    )  # metrics are a second old at times
    assert min(replicas.ended()) >= FEWEST[count]


def test_what_a_killed_replica_carried_goes_on_with_another(
    replicas: Replicas, kube: Kube, audit: Audit
) -> None:
    since = audit.mark()
    replicas.join()
    replicas.join()
    begin(kube, seconds=30)
    all_begun(replicas)
    assert min(replicas.carried()) > 0

    replicas.running.pop(0).kill()
    check_every_execution(kube, audit, since, seconds=120)


def test_a_replica_that_joins_takes_its_share_in_the_middle(
    replicas: Replicas, kube: Kube, audit: Audit
) -> None:
    since = audit.mark()
    replicas.join()
    begin(kube, seconds=30)
    all_begun(replicas)

    replicas.join()
    check_every_execution(kube, audit, since, seconds=120)

    until(
        lambda: sum(replicas.ended()) == COUNT, replicas.ended, seconds=30
    )  # metrics are a second old at times
    assert min(replicas.ended()) > 0


def test_a_replica_that_is_told_to_stop_hands_over_at_once(
    replicas: Replicas, kube: Kube, audit: Audit
) -> None:
    """Its Lease would have lasted for longer than the test."""
    since = audit.mark()
    for _ in range(2):
        replicas.join("--lease-seconds=600")
    begin(kube, seconds=30)
    all_begun(replicas)
    assert min(replicas.carried()) > 0

    assert replicas.running.pop(0).stop() == 0
    check_every_execution(kube, audit, since, seconds=120)


def test_a_replica_whose_lease_was_deleted_ends(replicas: Replicas, kube: Kube) -> None:
    first = replicas.join()
    until(lambda: replicas.members() == 1, replicas.members, seconds=10)

    kube("delete", "leases", "--all")

    assert first.wait(10) == 1
    assert "was deleted: others may have taken over its executions" in first.log_tail()
    first.stop()
    replicas.running.clear()


def test_three_replicas_of_the_chart_run_executions_of_each_others_state_machines(
    vacant: Cluster, tmp_path: Path, audit: Audit
) -> None:
    """With the rights that the chart gives: a replica reads the state machines that others look after."""
    since = audit.mark()
    with installation(vacant, tmp_path, replicas=3) as installed:
        kube = Kube(vacant, installed.watched[0])
        names = [f"m{number}" for number in range(4)]
        kube.apply(*(machine(name, one({"Type": "Pass", "End": True})) for name in names))
        for name in names:
            kube.until("sm", name, lambda found: (found.get("status") or {}).get("revision"))
        kube.apply(*(execution(f"{name}-{number}", name) for name in names for number in range(6)))
        until(
            lambda: all(phase(found) in ENDED for found in kube.list("executions")),
            lambda: [(found["metadata"]["name"], found.get("status")) for found in kube.list("executions")],
            seconds=60,
        )

        assert [phase(found) for found in kube.list("executions")] == ["Succeeded"] * 24
        assert Requests(audit, installed.user, since).refused() == []
