"""A namespace is deleted in the middle of its executions: all of it goes, the operator forgets it and stays calm, and
the next namespace of that name works."""

from __future__ import annotations

import json
import os
import time
import uuid
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.on_cluster.kubectl import Kube, execution, job, one, output, phase
from tests.processes.account import OperatorAccount
from tests.processes.operators import OperatorProcess
from tests.testcluster import Cluster

pytestmark = pytest.mark.cluster

EXECUTIONS = 10


@pytest.fixture
def operator_of_all(
    installed: Cluster,
    operator_account: OperatorAccount,
    namespace: str,
    tmp_path: Path,
    request: pytest.FixtureRequest,
) -> Iterator[tuple[OperatorProcess, str]]:
    """An operator for a namespace that the test may delete, with its lease in another."""
    if os.environ.get("STEPWRIGHT_TEST_OPERATOR") != "own":
        request.getfixturevalue("shared_operator").stop()
    doomed = f"doomed-{uuid.uuid4().hex[:10]}"
    installed.kubectl("create", "namespace", doomed)
    process = OperatorProcess(
        installed,
        tmp_path / "operator.log",
        f"--namespace={doomed}",
        lease_namespace=namespace,
        account=operator_account,
    )
    process.start()
    yield process, doomed
    installed.kubectl(
        "delete", "executions,statemachines", "--all", "-n", doomed, "--timeout=20s", check=False
    )
    process.stop()
    installed.kubectl("delete", "namespace", doomed, "--wait=false", "--ignore-not-found")


def metric(operator: OperatorProcess, name: str) -> float:
    return next(
        float(line.split()[1]) for line in operator.metrics().splitlines() if line.startswith(f"{name} ")
    )


@pytest.mark.timeout(300)
def test_a_namespace_deleted_in_the_middle_goes_with_all_its_executions(
    installed: Cluster, operator_of_all: tuple[OperatorProcess, str]
) -> None:
    operator, name = operator_of_all
    kube = Kube(installed, name)
    each = {
        "Type": "Map",
        "ItemsPath": "$.items",
        "MaxConcurrency": 1,
        "ItemProcessor": {"StartAt": "Item", "States": {"Item": job("sleep 2")}},
        "End": True,
    }
    kube.machine("waits", one({"Type": "Wait", "Seconds": 3600, "End": True}))
    kube.machine("tasks", one(job("trap 'exit 0' TERM; sleep 600 & wait")))
    kube.machine("maps", one(each))
    machines = ["tasks"] * 4 + ["waits"] * 3 + ["maps"] * 3
    kube.apply(
        *(execution(f"e-{n}", machine, input={"items": [1, 2, 3]}) for n, machine in enumerate(machines)),
        execution("waits-for-its-machine", "none"),
    )
    for n in range(EXECUTIONS):
        kube.until("execution", f"e-{n}", lambda found: found["status"].get("currentState"))
    kube(
        "wait",
        "--for=jsonpath={.status.phase}=Running",
        "pod",
        "-l",
        "stepwright.dev/execution=e-0",
        "--timeout=60s",
    )
    assert metric(operator, "stepwright_executions_live") == EXECUTIONS

    installed.kubectl("delete", "namespace", name, "--timeout=150s")

    deadline = time.monotonic() + 60
    while metric(operator, "stepwright_executions_live") or metric(operator, "stepwright_timers"):
        assert time.monotonic() < deadline, operator.log_tail()
        time.sleep(0.2)
    lines = [json.loads(line) for line in operator.log_path.read_text().splitlines()]
    loud = Counter(line["event"] for line in lines if line["level"] in ("warning", "error", "critical"))
    assert loud.total() <= 3 * EXECUTIONS, loud
    assert not [line for line in lines if "exception" in line], "a defect"

    installed.kubectl("create", "namespace", name)
    again = kube.run("again", one(job('echo "[1]" > $STEPWRIGHT_OUTPUT_FILE')))
    assert (phase(again), output(again)) == ("Succeeded", [1])
    assert operator.alive
