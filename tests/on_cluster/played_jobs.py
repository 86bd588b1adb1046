"""Jobs where there is an API server and nobody who runs them: what the Job controller and a kubelet would say is said by
the test."""

from __future__ import annotations

import json
import secrets
import time
from typing import Any

from tests.on_cluster.kubectl import Kube

SLOW_SECONDS = 240
"""Of a busy machine: two servers start, and start again."""

COMPLETIONS = 2
TASK = {
    "Type": "Task",
    "Resource": "k8s:job",
    "Parameters": {
        "job": {
            "spec": {
                # More than one completion: no pod's log is read, for which there is no node.
                "completions": COMPLETIONS,
                "template": {"spec": {"containers": [{"name": "main", "image": "example"}]}},
            }
        }
    },
}


def complete(kube: Kube, job: dict[str, Any]) -> None:
    """As the Job controller says it, of pods that it has made and that a node has run."""
    for _ in range(COMPLETIONS):
        pod = make_pod(kube, job)
        patch_status(kube, "pod", pod, {"phase": "Succeeded"})
    now = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
    conditions = [
        {"type": kind, "status": "True", "lastTransitionTime": now, "lastProbeTime": now}
        for kind in ("SuccessCriteriaMet", "Complete")
    ]
    status = {
        "startTime": job["metadata"]["creationTimestamp"],
        "completionTime": now,
        "succeeded": COMPLETIONS,
        "conditions": conditions,
    }
    patch_status(kube, "job", job["metadata"]["name"], status)


def make_pod(kube: Kube, job: dict[str, Any]) -> str:
    metadata, template = job["metadata"], job["spec"]["template"]
    name = f"{metadata['name']}-{secrets.token_hex(3)[:5]}"
    owner = {"apiVersion": "batch/v1", "kind": "Job", "name": metadata["name"], "uid": metadata["uid"]}
    kube.apply(
        {
            "apiVersion": "v1",
            "kind": "Pod",
            "metadata": {
                **template["metadata"],
                "name": name,
                "ownerReferences": [{**owner, "controller": True}],
            },
            "spec": template["spec"],
        }
    )
    return name


def patch_status(kube: Kube, kind: str, name: str, status: dict[str, Any]) -> None:
    patch = json.dumps({"status": status})
    kube("patch", kind, name, "--subresource=status", "--type=merge", "-p", patch)


def job_of(kube: Kube, name: str, state: str) -> dict[str, Any]:
    """The Job of the execution's task in that state, once it is there."""
    deadline = time.monotonic() + SLOW_SECONDS
    selector = f"stepwright.dev/execution={name},stepwright.dev/state={state}"
    while time.monotonic() < deadline:
        found = kube.list("jobs", "-l", selector)
        if found:
            return found[0]
        time.sleep(0.3)
    raise AssertionError(f"no Job of {name} in {state}")
