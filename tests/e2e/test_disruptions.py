"""Pods are evicted, nodes drained and killed, Jobs and pods deleted by hand: a task runs again within its Job where
the cluster took its pod away, and fails with a name of its own where somebody took its Job."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from tests.on_cluster.kubectl import IMAGE, Kube, Object, job, one, output, phase
from tests.processes.operators import OperatorProcess
from tests.testcluster import Cluster
from tests.testcluster.audit import Audit
from tests.testcluster.locations import run_lock

pytestmark = pytest.mark.cluster

NODE = "node-1"
#: Where it fails, the execution goes on with what is known of the error.
CAUGHT = {
    "Catch": [{"ErrorEquals": ["States.TaskFailed", "States.Timeout"], "Next": "Caught"}],
    "Next": "Done",
}
ENDS: Object = {"Caught": {"Type": "Pass", "End": True}, "Done": {"Type": "Succeed"}}


def caught(state: Object) -> Object:
    return {"StartAt": "Only", "States": {"Only": state, **ENDS}}


def pod_of(kube: Kube, name: str, *, running: bool = True) -> str:
    """The pod of an execution's only task, once it runs, or is there at least."""
    selector = f"stepwright.dev/execution={name}"
    kube("wait", "--for=create", "pod", "-l", selector, "--timeout=30s")
    if running:
        kube("wait", "--for=jsonpath={.status.phase}=Running", "pod", "-l", selector, "--timeout=60s")
    [pod] = kube.list("pods", "-l", selector)
    found: str = pod["metadata"]["name"]
    return found


def job_of(kube: Kube, name: str) -> str:
    [found] = kube.list("jobs", "-l", f"stepwright.dev/execution={name}")
    named: str = found["metadata"]["name"]
    return named


def created(kube: Kube, audit: Audit, since: int, resource: str) -> Counter[str]:
    """How often each object was created. Pods get their names from their Jobs."""
    return Counter(
        write.name
        for write in audit.writes(since, namespace=kube.namespace)
        if write.verb == "create"
        and write.resource == resource
        and not write.subresource
        and write.code == 201
    )


def tasks(kube: Kube, name: str) -> list[str]:
    return [event["type"] for event in kube.history(name) if event["type"].startswith("Task")]


def evict(kube: Kube, pod: str) -> None:
    body = {
        "apiVersion": "policy/v1",
        "kind": "Eviction",
        "metadata": {"name": pod, "namespace": kube.namespace},
        "deleteOptions": {"gracePeriodSeconds": 1},
    }
    path = f"/api/v1/namespaces/{kube.namespace}/pods/{pod}/eviction"
    kube("create", "--raw", path, "-f", "-", input=json.dumps(body))


@contextmanager
def drained(kube: Kube, execution: str) -> Iterator[None]:
    """The node takes no pods, and those of one execution are evicted: others may be using it."""
    selector = f"--pod-selector=stepwright.dev/execution={execution}"
    try:
        kube("drain", NODE, selector, "--force", "--ignore-daemonsets", "--grace-period=1", "--timeout=30s")
        yield
    finally:
        kube("uncordon", NODE)


def test_a_task_whose_pod_is_evicted_or_drained_runs_again_within_its_job(
    stepwright: Kube, audit: Audit
) -> None:
    if not stepwright.exists("node", NODE):
        pytest.skip("the nodes of this cluster are not ours to drain")
    drains = f"drained-{stepwright.namespace}"
    since = audit.mark()
    stepwright.machine("work", one(job('sleep 6; echo "[1]" > $STEPWRIGHT_OUTPUT_FILE')))
    stepwright.start("evicted", "work")
    stepwright.start(drains, "work")
    evict(stepwright, pod_of(stepwright, "evicted"))
    pod_of(stepwright, drains)
    with drained(stepwright, drains):
        pass
    for name in ("evicted", drains):
        ended = stepwright.ended(name)
        assert (phase(ended), output(ended)) == ("Succeeded", [1])
        assert ended["status"]["transitions"][0]["attempts"] == 1
        assert tasks(stepwright, name).count("TaskScheduled") == 1
    assert set(created(stepwright, audit, since, "jobs").values()) == {1}
    assert sum(created(stepwright, audit, since, "pods").values()) == 4


def test_what_is_deleted_by_hand_is_a_failure_that_says_so(stepwright: Kube, audit: Audit) -> None:
    since = audit.mark()
    long = job("sleep 600", **CAUGHT)
    nowhere: dict[str, Any] = {
        "podTemplate": {
            "spec": {
                "nodeSelector": {"nowhere": "to-be-found"},
                "containers": [{"name": "main", "image": IMAGE, "command": ["true"]}],
            }
        }
    }
    pending = {"Type": "Task", "Resource": "k8s:job", "Parameters": nowhere, **CAUGHT}
    stepwright.machine("long", caught(long))
    stepwright.machine("pending", caught(pending))
    again = job(
        'grep -q \'"RetryCount": *1\' $STEPWRIGHT_INPUT_FILE || sleep 600; echo "[2]" > $STEPWRIGHT_OUTPUT_FILE',
        parameters={"input.$": "$$.State"},
    )
    again["Retry"] = [{"ErrorEquals": ["Job.Deleted"], "IntervalSeconds": 1, "MaxAttempts": 1}]
    stepwright.machine("retries", one(again))
    stepwright.machine("short", one(job('echo "[3]" > $STEPWRIGHT_OUTPUT_FILE')))
    machines = {
        "before-its-pod-runs": "pending",
        "while-it-runs": "long",
        "foreground": "long",
        "orphaned": "long",
        "at-once": "long",
        "retried": "retries",
        "after-its-end": "short",
        "pod": "long",
        "pod-at-once": "long",
    }
    for name, machine in machines.items():
        stepwright.start(name, machine)
    pods = {name: pod_of(stepwright, name, running=machines[name] == "long") for name in machines}

    how: dict[str, tuple[str, ...]] = {
        "retried": (),
        "before-its-pod-runs": (),
        "while-it-runs": (),
        "foreground": ("--cascade=foreground",),
        "orphaned": ("--cascade=orphan",),
        "at-once": ("--force", "--grace-period=0"),
        "after-its-end": (),
    }
    for name, options in how.items():
        if name == "after-its-end":
            stepwright.ended(name)
        stepwright("delete", "job", job_of(stepwright, name), "--wait=false", *options)
    stepwright("delete", "pod", pods["pod"], "--wait=false", "--grace-period=1")
    stepwright("delete", "pod", pods["pod-at-once"], "--wait=false", "--force", "--grace-period=0")

    for name in ("before-its-pod-runs", "while-it-runs", "foreground", "orphaned", "at-once"):
        ended = stepwright.ended(name, seconds=30)
        assert phase(ended) == "Succeeded"
        assert output(ended)["Error"] == "Job.Deleted", name
        assert "TaskFailed" in tasks(stepwright, name)
    for name in ("pod", "pod-at-once"):
        assert output(stepwright.ended(name, seconds=45))["Error"] == "Job.Evicted", name
    retried = stepwright.ended("retried")
    assert (phase(retried), output(retried)) == ("Succeeded", [2])
    assert retried["status"]["transitions"][0]["attempts"] == 2
    assert output(stepwright.get("execution", "after-its-end")) == [3]

    for name in ("while-it-runs", "foreground", "at-once"):
        stepwright("wait", "--for=delete", "pod", "-l", f"stepwright.dev/execution={name}", "--timeout=45s")
    # Whoever asks for an orphan gets one.
    assert [
        pod["metadata"]["name"] for pod in stepwright.list("pods", "-l", "stepwright.dev/execution=orphaned")
    ] == [pods["orphaned"]]
    assert set(created(stepwright, audit, since, "jobs").values()) == {1}


@contextmanager
def dead(cluster: Cluster) -> Iterator[None]:
    """The node has no power while the block lasts. Who joins the cluster meanwhile would take it for broken: he waits.

    A second node lives on. Were there none, this would be the death of a whole zone, where Kubernetes stops evicting
    and may take back the taint that it has just set:
    https://kubernetes.io/docs/concepts/architecture/nodes/#rate-limits-on-eviction
    """
    cluster.start_kwok()
    with run_lock():
        cluster.stop_node()
        try:
            yield
        finally:
            cluster.start_node()


@pytest.mark.timeout(600)
def test_a_task_on_a_node_that_dies_runs_again_or_times_out(
    kube: Kube, own_operator: OperatorProcess, audit: Audit, cluster: Cluster
) -> None:
    if not cluster.can("node-faults"):
        pytest.skip("this cluster's nodes cannot be stopped")
    since = audit.mark()
    own_operator.start()
    kube.machine("short", one(on_a_node('sleep 5; echo "[1]" > $STEPWRIGHT_OUTPUT_FILE')))
    kube.machine("times-out", caught(on_a_node("sleep 600", TimeoutSeconds=25, **CAUGHT)))
    retry = [{"ErrorEquals": ["States.Timeout"], "IntervalSeconds": 1, "MaxAttempts": 3}]
    again = on_a_node('sleep 5; echo "[2]" > $STEPWRIGHT_OUTPUT_FILE', TimeoutSeconds=20, Retry=retry)
    kube.machine("retries", one(again))
    names = ("short", "times-out", "retries")
    for name in names:
        kube.start(name, name)
    for name in names:
        pod_of(kube, name)
    lost = pod_of(kube, "short")
    with dead(cluster):
        kube("wait", "--for=condition=Ready=Unknown", f"node/{NODE}", "--timeout=90s")
        # A node that comes back sooner reports its containers itself: they failed, and no disruption was noticed.
        kube.until("pod", lost, lambda found: "deletionTimestamp" in found["metadata"], seconds=90)
        timed_out = kube.ended("times-out", seconds=90)
    kube("wait", "--for=condition=Ready", f"node/{NODE}", "--timeout=90s")

    assert output(timed_out)["Error"] == "States.Timeout"
    ended = {name: kube.ended(name, seconds=180) for name in ("short", "retries")}
    assert phase(ended["short"]) == "Succeeded", ended["short"]["status"]
    assert output(ended["short"]) == [1]
    assert ended["short"]["status"]["transitions"][0]["attempts"] == 1
    assert tasks(kube, "short").count("TaskScheduled") == 1
    assert (phase(ended["retries"]), output(ended["retries"])) == ("Succeeded", [2])
    assert ended["retries"]["status"]["transitions"][0]["attempts"] > 1
    assert set(created(kube, audit, since, "jobs").values()) == {1}
    for name in names:
        kube.until("execution", name, lambda found: found["status"]["settled"], seconds=120)


def test_a_task_whose_node_restarts_unnoticed_fails_as_evicted(
    kube: Kube, own_operator: OperatorProcess, audit: Audit, cluster: Cluster
) -> None:
    if not cluster.can("node-faults"):
        pytest.skip("this cluster's nodes cannot be stopped")
    since = audit.mark()
    own_operator.start()
    kube.machine("long", caught(job("sleep 600", **CAUGHT)))
    kube.start("long", "long")
    pod_of(kube, "long")
    with dead(cluster):
        pass

    ended = kube.ended("long", seconds=60)
    assert phase(ended) == "Succeeded", ended["status"]
    assert output(ended)["Error"] == "Job.Evicted", output(ended)
    assert f"Node {NODE} has lost container main" in output(ended)["Cause"]
    assert set(created(kube, audit, since, "jobs").values()) == {1}


def on_a_node(script: str, **more: Any) -> Object:
    """A task whose pod leaves a node that is not there any more after two seconds, not after five minutes."""
    spec = {
        "terminationGracePeriodSeconds": 1,
        "tolerations": [
            {
                "key": f"node.kubernetes.io/{taint}",
                "operator": "Exists",
                "effect": "NoExecute",
                "tolerationSeconds": 2,
            }
            for taint in ("not-ready", "unreachable")
        ],
        "containers": [{"name": "main", "image": IMAGE, "command": ["sh", "-c", script]}],
    }
    state = {"Type": "Task", "Resource": "k8s:job", "Parameters": {"podTemplate": {"spec": spec}}, **more}
    return state if "Next" in state else {**state, "End": True}
