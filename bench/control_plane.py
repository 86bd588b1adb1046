"""An API server and an etcd of their own, without nodes or controllers: room for 100,000 objects that no other test
or benchmark has to carry, gone with its folder."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.cluster import Cluster, binaries, certificates, control_plane, processes
from tests.cluster.control_plane import answers, await_true
from tests.cluster.ports import free_port

# etcd keeps what was overwritten for five minutes more; its own quota of 2 GiB would end the run.
QUOTA_BYTES = 8 * 2**30
ADDRESS = "127.0.0.1"
# Services of it are reached by nobody, so the range may be in use elsewhere.
SERVICES, SERVICE_ADDRESS = "10.96.0.0/16", "10.96.0.1"


class ControlPlane(Cluster):
    """As far as the operator needs it, a cluster: definitions of resources, objects, watches, leases."""

    kind = "API server and etcd alone"


def kubernetes_version(cluster: Cluster) -> str:
    text: str = json.loads(cluster.kubectl("version", "-o", "json"))["serverVersion"]["gitVersion"]
    return text


@contextmanager
def control_plane_of_its_own() -> Iterator[ControlPlane]:
    paths = binaries.ensure(("etcd", "kube-apiserver", "kubectl"))
    with tempfile.TemporaryDirectory(prefix="stepwright-bench-") as name:
        folder = Path(name)
        (folder / "pki").mkdir()
        etcd_port, port = free_port(), free_port()
        certificates.issue(folder / "pki", [ADDRESS, SERVICE_ADDRESS])
        certificates.write_tokens(folder / "pki", f"https://{ADDRESS}:{port}")
        etcd = processes.start(
            "etcd",
            [
                *control_plane.etcd(paths["etcd"], folder, etcd_port, free_port(), durable=False),
                f"--quota-backend-bytes={QUOTA_BYTES}",
            ],
            folder / "etcd.log",
        )
        started = [etcd]
        try:
            await_true("etcd", lambda: answers(f"http://127.0.0.1:{etcd_port}/health"), started)
            apiserver = processes.start(
                "kube-apiserver",
                control_plane.apiserver(paths["kube-apiserver"], folder, etcd_port, ADDRESS, port, SERVICES),
                folder / "kube-apiserver.log",
            )
            started.append(apiserver)
            ready = f"https://{ADDRESS}:{port}/readyz"
            await_true("the API server", lambda: answers(ready, folder / "pki" / "ca.crt"), started)
            yield ControlPlane(folder / "pki" / "admin.kubeconfig", paths["kubectl"], None)
        finally:
            for process in reversed(started):
                processes.end(process, grace_seconds=1)
