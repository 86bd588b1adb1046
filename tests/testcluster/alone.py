"""An API server and an etcd of their own, without nodes and mostly without controllers: room for 100,000 objects that no other test
or benchmark has to carry, gone with its folder."""

from __future__ import annotations

import json
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.testcluster import binaries, certificates, control_plane, kwok, processes
from tests.testcluster.control_plane import answers, await_true
from tests.testcluster.interface import Cluster
from tests.testcluster.ports import free_port
from tests.testcluster.processes import Process
from tests.testcluster.progress import say

# etcd keeps what was overwritten for five minutes more; its own quota of 2 GiB would end the run.
QUOTA_BYTES = 8 * 2**30
ADDRESS = "127.0.0.1"
_FOR_JOBS = ("kube-controller-manager", "kube-scheduler", "kwok")
# Services of it are reached by nobody, so the range may be in use elsewhere.
SERVICES, SERVICE_ADDRESS = "10.96.0.0/16", "10.96.0.1"


class ControlPlane(Cluster):
    """As far as the operator needs it, a cluster: definitions of resources, objects, watches, leases."""

    kind = "API server and etcd alone"

    def __init__(self, kubeconfig: Path, kubectl: Path, etcd_url: str, servers: dict[str, Process]) -> None:
        super().__init__(kubeconfig, kubectl, None)
        self.etcd_url = etcd_url
        self.servers = servers
        """By name, for what they use."""


def kubernetes_version(cluster: Cluster) -> str:
    text: str = json.loads(cluster.kubectl("version", "-o", "json"))["serverVersion"]["gitVersion"]
    return text


@contextmanager
def control_plane_of_its_own(
    *,
    with_simulated_node: bool = False,
    quota_bytes: int = QUOTA_BYTES,
    apiserver: str = "kube-apiserver",
) -> Iterator[ControlPlane]:
    """``with_simulated_node``: with the controllers, the scheduler, and KWOK's node, so that Jobs run. ``quota_bytes``:
    what etcd's file may have. ``apiserver``: which of ``binaries``."""
    names = ("etcd", apiserver, "kubectl")
    paths = binaries.ensure((*names, *_FOR_JOBS) if with_simulated_node else names)
    with tempfile.TemporaryDirectory(prefix="stepwright-bench-") as name:
        folder = Path(name)
        (folder / "pki").mkdir()
        etcd_port, port = free_port(), free_port()
        etcd_url = f"http://127.0.0.1:{etcd_port}"
        certificates.issue(folder / "pki", [ADDRESS, SERVICE_ADDRESS])
        certificates.write_tokens(folder / "pki", f"https://{ADDRESS}:{port}")
        started: dict[str, Process] = {}

        def start(name: str, command: list[str]) -> list[Process]:
            started[name] = processes.start(name, command, folder / f"{name}.log")
            return list(started.values())

        plane = ControlPlane(folder / "pki" / "admin.kubeconfig", paths["kubectl"], etcd_url, started)
        try:
            etcd = control_plane.etcd(paths["etcd"], folder, etcd_port, free_port(), durable=False)
            needs = start("etcd", [*etcd, f"--quota-backend-bytes={quota_bytes}"])
            await_true("etcd", lambda: answers(f"{etcd_url}/health"), needs)
            needs = start(
                "kube-apiserver",
                control_plane.apiserver(paths[apiserver], folder, etcd_port, ADDRESS, port, SERVICES),
            )
            ready = f"https://{ADDRESS}:{port}/readyz"
            await_true("the API server", lambda: answers(ready, folder / "pki" / "ca.crt"), needs)
            if with_simulated_node:
                manager = "kube-controller-manager"
                start(manager, control_plane.controller_manager(paths[manager], folder))
                start("kube-scheduler", control_plane.scheduler(paths["kube-scheduler"], folder))
                started["kwok"] = kwok.start(
                    folder / "pki" / "kwok.kubeconfig", plane.kubectl, log=folder / "kwok.log"
                )
            yield plane
        except BaseException:
            _keep_logs(folder)
            raise
        finally:
            for process in reversed(started.values()):
                processes.end(process, grace_seconds=1)


def _keep_logs(folder: Path) -> None:
    """What its servers said would go with the folder: after an hour's run that failed, one wants to know."""
    logs = Path(tempfile.gettempdir()) / "stepwright-alone-failed-logs"
    shutil.rmtree(logs, ignore_errors=True)
    logs.mkdir(mode=0o700)
    for log in folder.glob("*.log"):
        if log.name != "audit.log":  # each request of an hour
            shutil.copy(log, logs)
    say(f"the logs of its servers are in {logs}")
