"""What the native cluster needs from Debian, in one place."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

from tests.testcluster.interface import ClusterUnavailable
from tests.testcluster.locations import cache_folder, locked
from tests.testcluster.progress import say

#: Package to a file or command that proves it is there.
NODE_PACKAGES = {
    "containerd": "containerd",
    "runc": "runc",
    "containernetworking-plugins": "/usr/lib/cni/bridge",
    "conntrack": "conntrack",
    "iptables": "iptables",
    "iproute2": "ip",
    "busybox-static": "busybox",
    "openssl": "openssl",
}
IMAGE_PACKAGES = {"buildah": "buildah", "mmdebstrap": "mmdebstrap"}


def ensure(packages: dict[str, str]) -> None:
    """Install what is missing, or say in a sentence why it cannot be done here."""
    missing = [package for package, proof in packages.items() if not _present(proof)]
    if not missing:
        return
    names = " ".join(missing)
    if shutil.which("apt-get") is None:
        raise ClusterUnavailable(
            f"missing here: {names}. They are installed by apt on Debian and Ubuntu only; install them by "
            "hand, start a Docker engine and kind, or point STEPWRIGHT_KUBECONFIG at a cluster of yours."
        )
    if os.geteuid() != 0:
        raise ClusterUnavailable(f"missing here: {names}. Run `sudo apt-get install {names}`.")
    with locked(cache_folder() / "packages.lock"):
        _install(missing)


def _install(names: list[str]) -> None:
    say(f"installing from Debian: {' '.join(names)}")
    for command in (
        ["apt-get", "update", "-q"],
        ["apt-get", "install", "-q", "-y", "--no-install-recommends", *names],
    ):
        done = subprocess.run(
            command,
            env={**os.environ, "DEBIAN_FRONTEND": "noninteractive"},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
        )
        if done.returncode != 0:
            raise ClusterUnavailable(f"`{' '.join(command)}` failed: {done.stdout[-1500:]}")


def _present(proof: str) -> bool:
    return Path(proof).exists() if proof.startswith("/") else shutil.which(proof) is not None
