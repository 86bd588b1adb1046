"""kind, where a Docker engine answers and the kind command is installed.

Not run where the rest of this package was written (no Docker engine there): written from kind's documentation.
"""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path

from tests.testcluster import binaries, kwok, processes, state
from tests.testcluster.control_plane import AUDIT_POLICY
from tests.testcluster.interface import Cluster, ClusterUnavailable
from tests.testcluster.locations import run_folder
from tests.testcluster.progress import say
from tests.testcluster.slots import slot
from tests.testcluster.state import State

KIND = "kind"
_BUSYBOX = "docker.io/library/busybox:1.37"


def available() -> bool:
    if shutil.which("kind") is None or shutil.which("docker") is None:
        return False
    return subprocess.run(["docker", "info"], capture_output=True, check=False).returncode == 0


class KindCluster(Cluster):
    kind = KIND
    capabilities = frozenset({"audit", "load-image", "kwok"})

    def __init__(self) -> None:
        folder = run_folder()
        super().__init__(
            kubeconfig=folder / "kubeconfig",
            kubectl_path=binaries.client("kubectl"),
            find_helm=lambda: binaries.client("helm"),
            audit_log=folder / "audit" / "audit.log",
        )

    def load_image(self, archive: Path) -> None:
        _run("kind", "load", "image-archive", str(archive), "--name", slot().kind_name)

    def start_kwok(self) -> None:
        current = state.load() or State(kind=KIND)
        running = current.processes.get("kwok")
        if running is None or not running.alive:
            current.processes["kwok"] = kwok.start(self.kubeconfig, self.kubectl)
            current.save()

    def stop_kwok(self) -> None:
        current = state.load() or State(kind=KIND)
        running = current.processes.pop("kwok", None)
        if running is not None:
            kwok.stop(running, self.kubectl)
            current.save()


def up(*, kept: bool) -> KindCluster:
    """Its etcd always syncs to disk, so there is nothing to ask for."""
    current = state.load()
    if current is not None and current.ready:
        return KindCluster()
    down()
    folder = state.create_run_folder()
    say("kind creates a cluster")
    current = State(kind=KIND, durable=True, kept=kept)
    current.save()
    config = folder / "kind.json"
    config.write_text(json.dumps(_config(folder)))
    _run("kind", "create", "cluster", "--name", slot().kind_name, "--config", str(config),
         "--kubeconfig", str(folder / "kubeconfig"), "--wait", "120s")  # fmt: skip
    # The examples' image under the names the native cluster has it, so that they run unchanged on both.
    _run("docker", "pull", _BUSYBOX)
    _run("docker", "tag", _BUSYBOX, "localhost/busybox:1.37")
    _run("kind", "load", "docker-image", _BUSYBOX, "localhost/busybox:1.37", "--name", slot().kind_name)
    current.ready = True
    current.save()
    return KindCluster()


def down() -> None:
    current = state.load()
    if current is None:
        return
    for process in reversed(list(current.processes.values())):
        processes.end(process)
    _run("kind", "delete", "cluster", "--name", slot().kind_name)
    shutil.rmtree(run_folder())


def _config(folder: Path) -> dict[str, object]:
    """One node, its API server told to write the audit log into a folder of this machine."""
    audit = folder / "audit"
    audit.mkdir()
    (audit / "policy.json").write_text(json.dumps(AUDIT_POLICY))
    inside = "/etc/kubernetes/audit"
    options = {
        "audit-policy-file": f"{inside}/policy.json",
        "audit-log-path": f"{inside}/audit.log",
        "audit-log-mode": "blocking-strict",
        "audit-log-maxsize": "1000000",
    }
    volume = {
        "name": "audit",
        "hostPath": inside,
        "mountPath": inside,
        "readOnly": False,
        "pathType": "Directory",
    }
    patch = {"kind": "ClusterConfiguration", "apiServer": {"extraArgs": options, "extraVolumes": [volume]}}
    mount = {"hostPath": str(audit), "containerPath": inside}
    node = {"role": "control-plane", "extraMounts": [mount], "kubeadmConfigPatches": [json.dumps(patch)]}
    return {"kind": "Cluster", "apiVersion": "kind.x-k8s.io/v1alpha4", "nodes": [node]}


def _run(*command: str) -> None:
    done = subprocess.run(command, text=True, capture_output=True, check=False)
    if done.returncode != 0:
        raise ClusterUnavailable(f"`{' '.join(command)}` failed: {done.stderr.strip()[-1500:]}")
