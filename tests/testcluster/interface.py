"""What every cluster under test offers, whichever step of the ladder it was found on.

A test asks `cluster.can("node-faults")` before it uses something that only some clusters have; what a cluster
cannot do raises `Unsupported`, so a test never mistakes silence for success.
"""

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable
from pathlib import Path

CAPABILITIES = ("audit", "load-image", "kwok", "node-faults", "control-plane-faults")


class ClusterUnavailable(Exception):  # noqa: N818 - reads as a sentence where raised
    """No cluster can be had here; the message says what is missing and what to do."""


class Unsupported(Exception):  # noqa: N818 - reads as a sentence where raised
    """This kind of cluster cannot do what was asked of it."""


class CommandFailed(Exception):  # noqa: N818 - reads as a sentence where raised
    """kubectl or helm ended with an error; the message holds the command and what it wrote."""

    def __init__(self, command: list[str], code: int, output: str) -> None:
        super().__init__(f"`{' '.join(command)}` ended with {code}: {output.strip()}")
        self.code = code
        self.output = output


class Cluster:
    """A running Kubernetes: its admin kubeconfig, its clients, and the faults it can be given."""

    kind: str
    capabilities: frozenset[str] = frozenset()
    #: Where pods reach a server that a test starts on this machine; None where there is no such address.
    host_address: str | None = None

    def __init__(
        self,
        kubeconfig: Path,
        kubectl_path: Path,
        find_helm: Callable[[], Path] | None,
        audit_log: Path | None = None,
    ) -> None:
        self.kubeconfig = kubeconfig
        self.kubectl_path = kubectl_path
        #: Asked for when helm is used: building it takes a minute and a half, and the demo needs none.
        self.find_helm = find_helm
        self.audit_log = audit_log

    def can(self, what: str) -> bool:
        if what not in CAPABILITIES:
            raise ValueError(f"{what!r} is not a capability; they are {', '.join(CAPABILITIES)}")
        return what in self.capabilities

    def kubectl(self, *args: str, input: str | None = None, check: bool = True) -> str:
        """Standard output of kubectl; with check=False also that of a failed call, its errors included."""
        return self._client(self.kubectl_path, args, input, check)

    def helm(self, *args: str, check: bool = True) -> str:
        if self.find_helm is None:
            raise Unsupported("this cluster comes without helm")
        return self._client(self.find_helm(), args, None, check)

    def load_image(self, archive: Path) -> None:  # noqa: ARG002 - the shape that others fill
        """Put the images of a docker-archive or OCI tar into every node."""
        raise self._unsupported("load an image into the nodes")

    def start_kwok(self) -> None:
        """Add the simulated node kwok-0, whose pods complete in milliseconds without containers."""
        raise self._unsupported("simulate a node")

    def stop_kwok(self) -> None:
        raise self._unsupported("simulate a node")

    def restart_apiserver(self, away_seconds: float = 0) -> None:  # noqa: ARG002 - likewise
        raise self._unsupported("restart the API server")

    def restart_etcd(self, away_seconds: float = 0) -> None:  # noqa: ARG002 - likewise
        raise self._unsupported("restart etcd")

    def stop_node(self) -> None:
        """Cut the power of node-1: kubelet, container runtime and all its pods are gone at once."""
        raise self._unsupported("stop a node")

    def start_node(self) -> None:
        raise self._unsupported("start a node")

    def mend(self) -> None:
        """Start again what has ended without being told to. Raises ClusterUnavailable where it still does not answer."""
        answer = self.kubectl("get", "--raw=/readyz", "--request-timeout=10s", check=False).strip()
        if answer != "ok":
            raise ClusterUnavailable(f"the cluster does not answer: {answer}")

    def _client(self, binary: Path, args: tuple[str, ...], input: str | None, check: bool) -> str:
        command = [str(binary), *args]
        # Helm keeps caches in the home folder unless told otherwise; a test run should leave nothing there.
        home = self.kubeconfig.parent / "helm"
        env = {
            **os.environ,
            "KUBECONFIG": str(self.kubeconfig),
            "HELM_CACHE_HOME": str(home / "cache"),
            "HELM_CONFIG_HOME": str(home / "config"),
            "HELM_DATA_HOME": str(home / "data"),
        }
        done = subprocess.run(command, input=input, env=env, text=True, capture_output=True, check=False)
        if done.returncode == 0:
            return done.stdout
        if check:
            raise CommandFailed([binary.name, *args], done.returncode, done.stderr + done.stdout)
        return done.stdout + done.stderr

    def _unsupported(self, what: str) -> Unsupported:
        return Unsupported(f"a cluster of kind {self.kind!r} cannot {what}")
