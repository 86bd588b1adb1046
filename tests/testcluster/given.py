"""A cluster that somebody else runs: STEPWRIGHT_KUBECONFIG names its kubeconfig. Nothing is started or stopped."""

from __future__ import annotations

from pathlib import Path

from tests.testcluster import binaries
from tests.testcluster.interface import Cluster, ClusterUnavailable

KIND = "given"


class GivenCluster(Cluster):
    kind = KIND


def attach(kubeconfig: Path) -> GivenCluster:
    if not kubeconfig.is_file():
        raise ClusterUnavailable(f"STEPWRIGHT_KUBECONFIG names {kubeconfig}, which is not a file")
    cluster = GivenCluster(kubeconfig.resolve(), binaries.client("kubectl"), lambda: binaries.client("helm"))
    answer = cluster.kubectl("get", "--raw", "/readyz", check=False).strip()
    if answer != "ok":
        raise ClusterUnavailable(f"the cluster that STEPWRIGHT_KUBECONFIG names does not answer: {answer}")
    return cluster
