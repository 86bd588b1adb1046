"""The API server and etcd are away for a while: no step is lost, none is done twice, what fell due meanwhile happens
afterwards, and the operator's log stays readable."""

from __future__ import annotations

import json
import os
import signal
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.on_cluster.kubectl import Kube, Object, Objects, execution, job, machine, one, output
from tests.processes.account import OperatorAccount
from tests.processes.kept_running import KeptRunning
from tests.processes.operators import OperatorProcess
from tests.processes.wire import Wire
from tests.testcluster import Cluster
from tests.testcluster.audit import Audit

pytestmark = pytest.mark.cluster

#: Recorded when another write takes them along; a restart may leave them out.
INFORMATIVE = ("TaskStarted", "TaskSubmitted")

CATCH = [{"ErrorEquals": ["States.ALL"], "ResultPath": "$.caught", "Next": "Caught"}]

#: Most of them are in the middle of something when the API server goes, and fall due while it is away.
MACHINES: dict[str, Object] = {
    "chain": {
        "StartAt": "A",
        "States": {
            "A": job("sleep 2", Next="B"),
            "B": job("sleep 2", Next="C"),
            "C": job('echo "[3]" > $STEPWRIGHT_OUTPUT_FILE'),
        },
    },
    "ends-meanwhile": one(job('sleep 15; echo "7" > $STEPWRIGHT_OUTPUT_FILE')),
    "waits": {
        "StartAt": "Wait",
        "States": {"Wait": {"Type": "Wait", "Seconds": 25, "Next": "Work"}, "Work": job("true")},
    },
    "waits-longer": one({"Type": "Wait", "Seconds": 45, "End": True}),
    "times-out": {
        "StartAt": "Work",
        "States": {
            "Work": job("sleep 600", TimeoutSeconds=20, Catch=CATCH, Next="Caught"),
            "Caught": {"Type": "Pass", "OutputPath": "$.caught", "End": True},
        },
    },
    "retries": {
        "StartAt": "Work",
        "States": {
            "Work": job(
                "exit 3",
                Retry=[{"ErrorEquals": ["Job.Failed"], "IntervalSeconds": 15, "MaxAttempts": 1}],
                Catch=CATCH,
                Next="Caught",
            ),
            "Caught": {"Type": "Pass", "OutputPath": "$.caught", "End": True},
        },
    },
    "fans-out": one(
        {
            "Type": "Map",
            "ItemsPath": "$.items",
            "MaxConcurrency": 2,
            "ItemProcessor": {
                "StartAt": "Item",
                "States": {"Item": job("sleep 3; cat $STEPWRIGHT_INPUT_FILE > $STEPWRIGHT_OUTPUT_FILE")},
            },
            "End": True,
        }
    ),
}

#: The events that a run without any trouble has, without the informative ones.
TASK = ["TaskStateEntered", "TaskScheduled", "TaskSucceeded", "TaskStateExited"]
WAIT = ["WaitStateEntered", "WaitStateExited"]
PASS = ["PassStateEntered", "PassStateExited"]
UNDISTURBED = {
    "chain": [*TASK, *TASK, *TASK],
    "ends-meanwhile": TASK,
    "waits": [*WAIT, *TASK],
    "waits-longer": WAIT,
    "times-out": ["TaskStateEntered", "TaskScheduled", "TaskTimedOut", "TaskStateExited", *PASS],
    "retries": [
        "TaskStateEntered",
        *("TaskScheduled", "TaskFailed"),
        *("TaskScheduled", "TaskFailed"),
        "TaskStateExited",
        *PASS,
    ],
}


def steps(history: Objects) -> list[str]:
    return [event["type"] for event in history if event["type"] not in INFORMATIVE]


def begin(kube: Kube) -> None:
    kube.apply(*(machine(name, definition) for name, definition in MACHINES.items()))
    kube.apply(*(execution(name, name, input={"items": [1, 2, 3, 4, 5]}) for name in MACHINES))
    for name in MACHINES:
        kube.until("execution", name, lambda found: found["status"].get("currentState"))


def check_every_execution(kube: Kube, audit: Audit, since: int, *, seconds: float) -> None:
    """All have ended as they would have without trouble, and each Job was created once."""
    ended = {name: kube.ended(name, seconds=seconds) for name in MACHINES}
    histories = {name: kube.history(name) for name in MACHINES}

    assert {name: found["status"]["phase"] for name, found in ended.items()} == dict.fromkeys(
        MACHINES, "Succeeded"
    ), {name: found["status"].get("cause") for name, found in ended.items()}
    for name, expected in UNDISTURBED.items():
        assert steps(histories[name]) == ["ExecutionStarted", *expected, "ExecutionSucceeded"], name
    for history in histories.values():
        assert [event["id"] for event in history] == list(range(1, len(history) + 1))
    assert output(ended["chain"]) == [3]
    assert output(ended["ends-meanwhile"]) == 7
    assert output(ended["times-out"])["Error"] == "States.Timeout"
    assert output(ended["retries"])["Error"] == "Job.Failed"
    assert output(ended["fans-out"]) == [1, 2, 3, 4, 5]

    scheduled = sum(event["type"] == "TaskScheduled" for history in histories.values() for event in history)
    created = Counter(
        write.name
        for write in audit.writes(since, namespace=kube.namespace)
        if write.verb == "create" and write.resource == "jobs" and write.code == 201
    )
    assert len(created) == scheduled
    assert set(created.values()) == {1}, created


def check_log(operator: OperatorProcess, *, most_loud: int) -> None:
    """People can read it: each line says what it is about, none is a traceback, and there are not too many."""
    loud = []
    for text in operator.log_path.read_text().splitlines():
        if not text.startswith("{"):
            continue  # the last words of a process that ended, for its kubelet
        line = json.loads(text)
        if line["level"] in ("warning", "error", "critical"):
            loud.append(line)
            assert "Traceback" not in text, text
            assert len(text) < 2_000, text
    assert len(loud) <= most_loud, Counter(f"{line['level']} {line['event'][:60]}" for line in loud)


@pytest.fixture
def second(
    installed: Cluster, new_namespace: Callable[[], str], operator_account: OperatorAccount, tmp_path: Path
) -> Iterator[tuple[Kube, OperatorProcess]]:
    """Another namespace with an operator of its own, which lives through the trouble."""
    name = new_namespace()
    process = OperatorProcess(
        installed,
        tmp_path / "second-operator.log",
        f"--namespace={name}",
        "--lease-seconds=15",
        lease_namespace=name,
        account=operator_account,
    )
    process.start()
    yield Kube(installed, name), process
    installed.kubectl("delete", "executions,statemachines", "--all", "-n", name, "--timeout=20s", check=False)
    process.stop()


@pytest.mark.timeout(600)
def test_away_for_a_minute_the_api_server_finds_every_step_done_once(
    kube: Kube,
    own_operator: OperatorProcess,
    second: tuple[Kube, OperatorProcess],
    audit: Audit,
    cluster: Cluster,
) -> None:
    """With one operator that lives through it, and with one that dies meanwhile and cannot start at first."""
    if not cluster.can("control-plane-faults"):
        pytest.skip("this cluster's API server cannot be stopped")
    since = audit.mark()
    patient_kube, patient = second
    pid = patient.pid
    with KeptRunning(own_operator) as kept:
        begin(kube)
        begin(patient_kube)
        cluster.restart_etcd()
        death = threading.Timer(20, own_operator.send, [signal.SIGKILL])
        death.start()
        cluster.restart_apiserver(away_seconds=60)
        death.join()
        check_every_execution(patient_kube, audit, since, seconds=100)
        check_every_execution(kube, audit, since, seconds=60)
        assert kept.starts > 1

    assert (patient.alive, patient.pid) == (True, pid)
    check_log(own_operator, most_loud=300)
    check_log(patient, most_loud=300)
    cluster.kubectl("wait", "--for=condition=Ready", "nodes", "--all", "--timeout=60s")


def test_with_its_connections_cut_blocked_and_dead_an_operator_does_every_step_once(
    kube: Kube,
    audit: Audit,
    cluster: Cluster,
    operator_account: OperatorAccount,
    tmp_path: Path,
    request: pytest.FixtureRequest,
) -> None:
    if os.environ.get("STEPWRIGHT_TEST_OPERATOR") != "own":
        request.getfixturevalue("shared_operator").stop()
    since = audit.mark()
    with Wire(cluster.kubeconfig, tmp_path) as wire:
        through = Through(cluster, wire)
        operator = OperatorProcess(
            through,
            tmp_path / "operator.log",
            f"--namespace={kube.namespace}",
            "--lease-seconds=15",
            lease_namespace=kube.namespace,
            account=operator_account,
        )
        with operator:
            pid = operator.pid
            begin(kube)
            for _ in range(10):
                wire.cut()
                time.sleep(0.4)
            for trouble in (wire.block, wire.freeze):
                trouble()
                time.sleep(5)
                wire.mend()
                time.sleep(1)
            check_every_execution(kube, audit, since, seconds=60)
            assert (operator.alive, operator.pid) == (True, pid)
            assert wire.connections > 20
            kube("delete", "executions,statemachines", "--all", "--timeout=20s")
    check_log(operator, most_loud=100)


class Through(Cluster):
    """The cluster as it is seen through a wire."""

    def __init__(self, cluster: Cluster, wire: Wire) -> None:
        super().__init__(wire.kubeconfig, cluster.kubectl_path, cluster.find_helm)
