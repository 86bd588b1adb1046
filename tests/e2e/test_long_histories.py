"""Histories without a ceiling and long waits, on a real API server: what is stored stays small and flat, and comes back
whole, in order and exact, however often the operator dies."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from tests.on_cluster.exactly_once import job_creates
from tests.on_cluster.kubectl import Kube, Object, execution, machine, one
from tests.processes.operators import ROOT, UNLIMITED_HISTORIES, OperatorProcess
from tests.testcluster.audit import Audit

unlimited = pytest.mark.operator_arguments(*UNLIMITED_HISTORIES)
pytestmark = [pytest.mark.cluster, pytest.mark.timeout(300)]

LARGEST_BYTES = 768 * 1024
"""Half of what etcd takes."""
LARGEST_PAYLOAD_BYTES = 262_144
KWOK: Object = {
    "nodeSelector": {"type": "kwok"},
    "tolerations": [{"key": "kwok.x-k8s.io/node", "operator": "Exists", "effect": "NoSchedule"}],
}


@dataclass(frozen=True, slots=True)
class Version:
    name: str
    seq: int
    size_bytes: int


@dataclass
class Versions:
    """Each version of each object of a kind as the API server sends it to a watch."""

    seen: list[Version] = field(default_factory=list)

    def until(self, name: str, seq: int, seconds: float = 60) -> None:
        """Wait until an object has been written that often."""
        deadline = time.monotonic() + seconds
        while not any(version.name == name and version.seq >= seq for version in self.seen):
            assert time.monotonic() < deadline, f"{name} was not written {seq} times: {self.seen[-3:]}"
            time.sleep(0.005)

    def sizes(self, name: str | None = None) -> list[int]:
        return [version.size_bytes for version in self.seen if name in (None, version.name)]

    def read(self, lines: Iterator[bytes]) -> None:
        for line in lines:
            if not line.endswith(b"\n"):
                return  # cut in the middle, when enough was seen
            event = json.loads(line)
            if event["type"] == "ERROR":
                return  # an API server that has just learnt of a kind may end a watch of it at once
            found = event["object"]
            size_bytes = len(json.dumps(found, separators=(",", ":"), ensure_ascii=False).encode())
            seq = (found.get("status") or {}).get("seq", 0)
            self.seen.append(Version(found["metadata"]["name"], seq, size_bytes))


@contextmanager
def watched(kube: Kube, plural: str) -> Iterator[Versions]:
    path = f"/apis/stepwright.dev/v1/namespaces/{kube.namespace}/{plural}?watch=1&timeoutSeconds=300"
    kubectl = [
        str(kube.cluster.kubectl_path),
        f"--kubeconfig={kube.cluster.kubeconfig}",
        "get",
        "--raw",
        path,
    ]
    versions, over = Versions(), threading.Event()
    processes: list[subprocess.Popen[bytes]] = []

    def follow() -> None:
        while not over.is_set():
            with subprocess.Popen(kubectl, stdout=subprocess.PIPE) as process:
                processes.append(process)
                if not over.is_set():
                    assert process.stdout is not None
                    versions.read(iter(process.stdout))
                process.kill()
            over.wait(0.1)

    reader = threading.Thread(target=follow)
    reader.start()
    try:
        yield versions
    finally:
        over.set()
        for process in processes:
            process.kill()
        reader.join()


def documented(beginning: str) -> str:
    """The block of shell in docs/status.md that follows a sentence."""
    page = (ROOT / "docs" / "status.md").read_text(encoding="utf-8")
    found = re.search(re.escape(beginning) + r".*?```sh\n(.*?)```", page, re.DOTALL)
    assert found is not None, beginning
    return found[1]


def typed(kube: Kube, folder: Path, *commands: str) -> str:
    """What a shell prints in which somebody types these commands, with kubectl in the test's namespace."""
    kubectl = folder / "kubectl"
    options = f"--kubeconfig={kube.cluster.kubeconfig} --namespace={kube.namespace}"
    kubectl.write_text(f'#!/bin/sh\nexec {kube.cluster.kubectl_path} {options} "$@"\n')
    kubectl.chmod(0o755)
    environment = {**os.environ, "PATH": f"{folder}:{os.environ['PATH']}"}
    shell = ["bash", "-euo", "pipefail", "-c", "\n".join(commands)]
    return subprocess.run(
        shell, cwd=folder, env=environment, check=True, stdout=subprocess.PIPE, timeout=200
    ).stdout.decode()


def mapping(state: Object) -> Object:
    """A machine of one Map, 40 at a time, whose items go through one state."""
    processor = {"StartAt": "Each", "States": {"Each": {**state, "End": True}}}
    return one({"Type": "Map", "MaxConcurrency": 40, "ItemProcessor": processor, "End": True})


def read_back(kube: Kube, folder: Path) -> list[Object]:
    """The history of order-7 by the commands of docs/status.md, word for word."""
    pages, whole = documented("The pages, in order:"), documented("The whole history, oldest first")
    uid = pages.splitlines()[0]
    return [json.loads(line) for line in typed(kube, folder, uid, whole).splitlines()]


def killed_at(kube: Kube, operator: OperatorProcess, executions: Versions, writes: list[int]) -> Object:
    """Execution order-7, whose operator is killed once it was written that often."""
    for seq in writes:
        executions.until("order-7", seq)
        operator.kill()
        operator.start()
    ended = kube.ended("order-7", seconds=200)
    assert ended["status"]["seq"] > max(writes) + 1, "killed too late"
    return ended


def is_whole(history: list[Object]) -> bool:
    return [event["id"] for event in history] == list(range(1, len(history) + 1))


@unlimited
def test_100_000_events_through_kills_are_read_back_whole_and_in_order(
    kube: Kube, own_operator: OperatorProcess, tmp_path: Path
) -> None:
    rounds = 25_000
    states = {
        "Count": {"Type": "Pass", "Parameters": {"count.$": "States.MathAdd($.count, 1)"}, "Next": "Enough"},
        "Enough": {
            "Type": "Choice",
            "Choices": [{"Variable": "$.count", "NumericLessThan": rounds, "Next": "Count"}],
            "Default": "Done",
        },
        "Done": {"Type": "Succeed"},
    }
    own_operator.start()
    kube.machine("order", {"StartAt": "Count", "States": states})
    with watched(kube, "executions") as executions, watched(kube, "executionhistories") as histories:
        kube.start("order-7", "order", input={"count": 0})
        ended = killed_at(kube, own_operator, executions, [8, 20, 32])
        history = read_back(kube, tmp_path)

        assert ended["status"]["phase"] == "Succeeded", ended["status"].get("cause")
        assert ended["status"]["output"] == '{"count":25000}'
        assert len(history) == 4 * rounds + 4
        assert is_whole(history)
        counted = [
            event["stateEnteredEventDetails"]["input"]
            for event in history
            if event["type"] == "PassStateEntered"
        ]
        assert counted == [f'{{"count":{count}}}' for count in range(rounds)]
        for sizes in (executions.sizes(), histories.sizes()):
            middle = len(sizes) // 2
            assert max(sizes) < LARGEST_BYTES
            assert max(sizes[middle:]) < 1.1 * max(sizes[:middle])
    pages = typed(kube, tmp_path, documented("The pages, in order:")).splitlines()
    firsts = [int(line.split()[3]) for line in pages[1:]]
    assert firsts == sorted(firsts)
    assert len(firsts) >= 50


EXACT = '"z":1.0,"a":{"big":18446744073709551616,"none":null,"tiny":1e-7},"text":"漢 \\" < é \\u0000"'


def filled(size_bytes: int, number: int) -> str:
    """A JSON text of exactly that many bytes."""
    head, tail = f'{{"number":{number},{EXACT},"filling":"', '"}'
    rest = size_bytes - len(head.encode()) - len(tail.encode())
    return head + "漢<" * (rest // 4) + "x" * (rest % 4) + tail


def renumbering(states: int, first: int) -> Object:
    """Each state changes the payload, keeping its size."""
    row: Object = {
        f"Number{n}": {"Type": "Pass", "Result": n, "ResultPath": "$.number", "Next": f"Number{n + 1}"}
        for n in range(first, first + states)
    }
    row[f"Number{first + states}"] = {"Type": "Succeed"}
    return {"StartAt": f"Number{first}", "States": row}


@unlimited
def test_100_states_with_256_kib_each_leave_the_execution_small_and_come_back_exactly(
    kube: Kube, own_operator: OperatorProcess, tmp_path: Path
) -> None:
    if shutil.which("jq") is None:
        pytest.skip("the documented command needs jq")
    own_operator.start()
    kube.machine("order", renumbering(100, 101))
    given = filled(LARGEST_PAYLOAD_BYTES, 100)
    with watched(kube, "executions") as executions, watched(kube, "executionhistories") as histories:
        kube("create", "-f", "-", input=json.dumps(execution("order-7", "order", inputJson=given)))
        ended = killed_at(kube, own_operator, executions, [30])
        without = read_back(kube, tmp_path)
        history = [
            json.loads(line)
            for line in typed(
                kube,
                tmp_path,
                documented("The pages, in order:").splitlines()[0],
                documented("To put all of them back:"),
            ).splitlines()
        ]

        assert ended["status"]["phase"] == "Succeeded", ended["status"].get("cause")
        assert is_whole(without)
        assert len(history) == len(without)
        entered = [
            event["stateEnteredEventDetails"]["input"]
            for event in history
            if event["type"] == "PassStateEntered"
        ]
        assert entered == [filled(LARGEST_PAYLOAD_BYTES, number) for number in range(100, 200)]
        kept = kube.get("executionhistory", ended["status"]["outputRef"]["name"])
        assert kept["payload"] == filled(LARGEST_PAYLOAD_BYTES, 200)
        # The input is in the spec; what the engine writes is small beside it.
        assert max(executions.sizes()) < len(given.encode()) + 128 * 1024
        assert max(histories.sizes()) < LARGEST_BYTES
        payloads = [item for item in kube.list("executionhistories") if item["content"] == "Payload"]
        assert len(payloads) == 101


@unlimited
def test_a_map_of_10_000_items_through_kills_leaves_the_execution_flat(
    kube: Kube, own_operator: OperatorProcess
) -> None:
    items = 10_000
    own_operator.start()
    definition = mapping({"Type": "Pass", "Parameters": {"item.$": "$"}})
    kube.machine("order", definition)
    with watched(kube, "executions") as executions, watched(kube, "executionhistories") as histories:
        kube.start("order-7", "order", inputJson=json.dumps(list(range(items))))
        ended = killed_at(kube, own_operator, executions, [5, 15])

        assert ended["status"]["phase"] == "Succeeded", ended["status"].get("cause")
        kept = kube.get("executionhistory", ended["status"]["outputRef"]["name"])
        assert kept["payload"] == json.dumps([{"item": n} for n in range(items)], separators=(",", ":"))
        history = kube.history("order-7")
        assert is_whole(history)
        assert len(history) == 4 * items + 6
        # The first write has one step more than room for what is done, the last has let go of all.
        sizes = executions.sizes()[4:-1]
        assert max(sizes) < LARGEST_BYTES
        assert max(sizes[len(sizes) // 2 :]) < 1.1 * max(sizes[: len(sizes) // 2])
        assert max(histories.sizes()) < LARGEST_BYTES


@unlimited
def test_a_map_of_jobs_through_a_kill_runs_each_once(
    kube: Kube, own_operator: OperatorProcess, audit: Audit
) -> None:
    if not kube.cluster.can("kwok"):
        pytest.skip("this cluster cannot simulate a node, and a real one takes minutes for these Jobs")
    kube.cluster.start_kwok()
    items = 300
    since = audit.mark()
    own_operator.start()
    task = {
        "Type": "Task",
        "Resource": "k8s:job",
        "Parameters": {"image": "busybox:1.37"},
        "ResultSelector": {"job.$": "$.jobName"},
    }
    kube.machine("order", mapping(task), taskDefaults=KWOK)
    with watched(kube, "executions") as executions:
        kube.start("order-7", "order", inputJson=json.dumps(list(range(items))))
        ended = killed_at(kube, own_operator, executions, [8])

        assert ended["status"]["phase"] == "Succeeded", ended["status"].get("cause")
        creates = job_creates(audit.writes(since, namespace=kube.namespace))
        reference = ended["status"].get("outputRef")
        text = (
            kube.get("executionhistory", reference["name"])["payload"]
            if reference
            else ended["status"]["output"]
        )
        made = {result["job"] for result in json.loads(text)}
        assert len(made) == items
        # The log does not show what the killed operator's last requests have come to.
        assert set(+creates.done) <= made <= set(+creates.done) | set(+creates.unknown)
        assert max(creates.done.values()) == 1
        assert is_whole(kube.history("order-7"))
        assert max(executions.sizes()) < LARGEST_BYTES


def test_one_byte_above_256_kib_ends_the_execution_with_the_limit_of_aws(stepwright: Kube) -> None:
    """Also where a Catch stands for States.ALL: that one does not catch it."""
    definition = renumbering(1, 1000)
    definition["States"]["Number1000"]["Result"] = 1000
    stepwright.machine("order", definition)
    given = filled(LARGEST_PAYLOAD_BYTES, 999)
    stepwright("create", "-f", "-", input=json.dumps(execution("order-7", "order", inputJson=given)))
    ended = stepwright.ended("order-7")

    assert (ended["status"]["phase"], ended["status"]["error"]) == ("Failed", "States.DataLimitExceeded")
    assert ended["status"]["cause"] == (
        "The state/task 'Number1000' returned a result with a size exceeding the maximum number of bytes service limit."
    )
    assert [event["type"] for event in stepwright.history("order-7")] == [
        "ExecutionStarted",
        "PassStateEntered",
        "ExecutionFailed",
    ]


def test_events_that_the_api_server_makes_six_times_as_long_are_recorded(stepwright: Kube) -> None:
    """It writes < as \\u003c: what is a small write to its sender is not one to etcd."""
    states: Object = {f"Say{n}": {"Type": "Pass", "Next": f"Say{n + 1}"} for n in range(200)}
    states["Say200"] = {"Type": "Succeed"}
    stepwright.machine("order", {"StartAt": "Say0", "States": states})
    stepwright.start("order-7", "order", input={"text": "<" * 4_000})
    ended = stepwright.ended("order-7")

    assert ended["status"]["phase"] == "Succeeded", ended["status"].get("cause")
    assert is_whole(stepwright.history("order-7"))


def waiting(kube: Kube, name: str, state: Object, **spec: Any) -> None:
    kube.apply(machine(name, one({"Type": "Wait", **state, "End": True})), execution(name, name, **spec))


def moment(text: str) -> datetime:
    return datetime.fromisoformat(text)


def timers(operator: OperatorProcess) -> float:
    """How many timers an operator keeps."""
    found = re.search(r"^stepwright_timers (.*)$", operator.metrics(), re.MULTILINE)
    assert found is not None
    return float(found[1])


def until_timers(operator: OperatorProcess, count: int, seconds: float = 60) -> None:
    """Wait until an operator that was started has taken up all that wait."""
    deadline = time.monotonic() + seconds
    while (found := timers(operator)) != count:
        assert time.monotonic() < deadline, f"{found} of {count} timers are kept."
        time.sleep(0.1)


LONG = ("a-year", "seconds-most", "leap-day", "other-zone", "by-path")


def test_an_execution_that_waits_a_year_costs_its_checkpoint_and_nothing_else(
    kube: Kube, own_operator: OperatorProcess
) -> None:
    own_operator.start()
    waiting(kube, "a-year", {"Seconds": 31_536_000})
    waiting(kube, "seconds-most", {"Seconds": 99_999_999})
    waiting(kube, "leap-day", {"Timestamp": "2028-02-29T12:00:00Z"})
    waiting(kube, "other-zone", {"Timestamp": "2028-03-01T00:30:00+01:00"})
    waiting(kube, "by-path", {"TimestampPath": "$.at"}, input={"at": "2028-02-29T23:59:59.5-11:00"})

    def as_stored() -> dict[str, Object]:
        return {name: kube.get("execution", name) for name in LONG}

    for name in LONG:
        kube.until("execution", name, lambda found: "waitingUntil" in (found.get("status") or {}))
    before = as_stored()
    time.sleep(3)
    own_operator.kill()
    own_operator.start()
    until_timers(own_operator, len(LONG))
    time.sleep(3)
    after = as_stored()

    # Not written once, neither while it waits nor when it is taken up again.
    assert after == before
    assert timers(own_operator) == len(LONG)
    for found in before.values():
        assert (found["status"]["phase"], found["status"]["seq"]) == ("Running", 1)
        assert len(json.dumps(found)) < 8 * 1024
    until = {name: moment(found["status"]["waitingUntil"]) for name, found in before.items()}
    started = {name: moment(found["status"]["startTime"]) for name, found in before.items()}
    assert until["a-year"] - started["a-year"] == timedelta(days=365)
    assert until["seconds-most"] - started["seconds-most"] == timedelta(seconds=99_999_999)
    assert until["leap-day"] == datetime(2028, 2, 29, 12, tzinfo=UTC)
    assert until["other-zone"] == datetime(2028, 2, 29, 23, 30, tzinfo=UTC)
    assert until["by-path"] == datetime(2028, 3, 1, 10, 59, 59, 500_000, tzinfo=UTC)


def test_a_wait_whose_end_comes_while_no_operator_is_there_ends_when_one_is(
    kube: Kube, own_operator: OperatorProcess
) -> None:
    own_operator.start()
    now = datetime.now(UTC)
    at = {
        "past": "1970-01-01T00:00:00Z",
        "missed": (now + timedelta(seconds=10)).isoformat(),
        # In another zone, and long enough after it to be waited for by the next operator.
        "later": (now + timedelta(seconds=40)).astimezone().isoformat(),
    }
    for name, text in at.items():
        waiting(kube, name, {"TimestampPath": "$.at"}, input={"at": text})
    past = kube.ended("past")
    for name in ("missed", "later"):
        kube.until("execution", name, lambda found: "waitingUntil" in (found.get("status") or {}))
    own_operator.kill()
    time.sleep(max(0, (moment(at["missed"]) - datetime.now(UTC)).total_seconds()))
    assert kube.get("execution", "missed")["status"]["phase"] == "Running"
    own_operator.start()

    assert past["status"]["seq"] == 1
    assert kube.ended("missed")["status"]["phase"] == "Succeeded"
    ended = kube.ended("later", seconds=90)
    assert ended["status"]["phase"] == "Succeeded"
    assert moment(ended["status"]["endTime"]) >= moment(at["later"]).replace(microsecond=0)
