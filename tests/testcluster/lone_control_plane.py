"""etcd and an API server alone, on this machine's loopback: no controllers, no node, nothing that others share.

For tests that take etcd away, back it up and put it back. Whoever needs a Job to end says so in its status.
"""

from __future__ import annotations

import subprocess
from pathlib import Path
from types import TracebackType
from typing import Self

from tests.testcluster import binaries, certificates, control_plane, processes
from tests.testcluster.control_plane import answers, await_true
from tests.testcluster.interface import Cluster, ClusterUnavailable
from tests.testcluster.ports import free_port
from tests.testcluster.processes import Process

_ADDRESS = "127.0.0.1"
_SERVICES = "10.254.0.0/24"
_SERVICE = "10.254.0.1"
REVISIONS_AHEAD = 1_000_000_000
"""By how many a restored etcd's revisions go on, so that none that a client has seen comes twice."""


class LoneControlPlane(Cluster):
    kind = "control plane"

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._paths = binaries.ensure(("etcd", "etcdctl", "etcdutl", "kube-apiserver", "kubectl"))
        self._ports = free_port(), free_port(), free_port()
        self._running: dict[str, Process] = {}
        super().__init__(folder / "pki" / "admin.kubeconfig", self._paths["kubectl"], None)

    def __enter__(self) -> Self:
        pki = self._folder / "pki"
        pki.mkdir()
        certificates.issue(pki, [_ADDRESS, _SERVICE])
        certificates.write_tokens(pki, f"https://{_ADDRESS}:{self._ports[2]}")
        try:
            self.start()
        except BaseException:
            self.stop()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def start(self) -> None:
        client, peer, secure = self._ports
        self._run("etcd", control_plane.etcd(self._paths["etcd"], self._folder, client, peer, durable=False))
        await_true("etcd", lambda: answers(f"http://{_ADDRESS}:{client}/health"), [self._running["etcd"]])
        self._run(
            "kube-apiserver",
            control_plane.apiserver(
                self._paths["kube-apiserver"], self._folder, client, _ADDRESS, secure, _SERVICES
            ),
        )
        authority = self._folder / "pki" / "ca.crt"
        await_true(
            "the API server",
            lambda: answers(f"https://{_ADDRESS}:{secure}/readyz", authority),
            list(self._running.values()),
            timeout_seconds=180,
        )

    def stop(self) -> None:
        for process in reversed(self._running.values()):
            processes.end(process, grace_seconds=1)
        self._running.clear()

    def save(self) -> Path:
        """A snapshot of etcd, as ``etcdctl snapshot save`` makes it of one that runs."""
        snapshot = self._folder / "snapshot.db"
        self._do(
            "etcdctl", f"--endpoints=http://{_ADDRESS}:{self._ports[0]}", "snapshot", "save", str(snapshot)
        )
        return snapshot

    def restore(self, snapshot: Path) -> None:
        """As docs/operations.md says it; both servers must be stopped."""
        data = self._folder / "etcd"
        data.rename(self._folder / "etcd-lost")
        peer = f"http://{_ADDRESS}:{self._ports[1]}"
        self._do(
            "etcdutl",
            "snapshot",
            "restore",
            str(snapshot),
            f"--bump-revision={REVISIONS_AHEAD}",
            "--mark-compacted",
            f"--data-dir={data}",
            f"--initial-cluster=default={peer}",
            f"--initial-advertise-peer-urls={peer}",
        )

    def _run(self, name: str, command: list[str]) -> None:
        self._running[name] = processes.start(name, command, self._folder / f"{name}.log")

    def _do(self, name: str, *arguments: str) -> None:
        done = subprocess.run(
            [str(self._paths[name]), *arguments], text=True, capture_output=True, check=False
        )
        if done.returncode != 0:
            raise ClusterUnavailable(f"`{name} {' '.join(arguments)}` failed: {done.stderr[-1500:]}")
