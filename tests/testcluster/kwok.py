"""KWOK beside the control plane: the node kwok-0 has room for thousands of pods, which complete in milliseconds.

Pods land there when they select `type: kwok` and tolerate the taint `kwok.x-k8s.io/node=fake:NoSchedule`.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from pathlib import Path

from tests.testcluster import binaries, processes
from tests.testcluster.control_plane import NODE_LEASE_SECONDS
from tests.testcluster.interface import ClusterUnavailable
from tests.testcluster.processes import Process
from tests.testcluster.state import log_file

NAME = "kwok-0"
_ANNOTATION = "kwok.x-k8s.io/node"
_SIZE = {"cpu": "10k", "memory": "10Ti", "pods": "100k"}
_NODE = {
    "apiVersion": "v1",
    "kind": "Node",
    "metadata": {
        "name": NAME,
        "labels": {"type": "kwok", "kubernetes.io/hostname": NAME, "kubernetes.io/os": "linux"},
        "annotations": {_ANNOTATION: "fake"},
    },
    "spec": {"taints": [{"key": _ANNOTATION, "value": "fake", "effect": "NoSchedule"}]},
    "status": {"capacity": _SIZE, "allocatable": _SIZE},
}

Kubectl = Callable[..., str]


def start(
    kubeconfig: Path, kubectl: Kubectl, addresses: str = "10.246.0.0/16", log: Path | None = None
) -> Process:
    command = [
        str(binaries.binary("kwok")),
        f"--kubeconfig={kubeconfig}",
        f"--config={binaries.kwok_stages()}",
        "--manage-all-nodes=false",
        f"--manage-nodes-with-annotation-selector={_ANNOTATION}=fake",
        f"--node-lease-duration-seconds={NODE_LEASE_SECONDS}",
        f"--cidr={addresses}",
    ]
    process = processes.start("kwok", command, log or log_file("kwok"))
    kubectl("apply", "-f", "-", input=json.dumps(_NODE))
    deadline = time.monotonic() + 30
    while "True" not in kubectl(
        "get", "node", NAME, "-o", "jsonpath={.status.conditions[?(@.type=='Ready')].status}", check=False
    ):
        if not process.alive or time.monotonic() > deadline:
            processes.end(process)
            raise ClusterUnavailable(f"{NAME} did not become ready; KWOK says: {processes.tail(process.log)}")
        time.sleep(0.05)
    return process


def stop(process: Process, kubectl: Kubectl) -> None:
    """Remove its pods and the node while KWOK can still let them go, then end KWOK."""
    kubectl("delete", "pods", "--all-namespaces", f"--field-selector=spec.nodeName={NAME}", check=False)
    kubectl("delete", "node", NAME, "--ignore-not-found", check=False)
    processes.end(process)
