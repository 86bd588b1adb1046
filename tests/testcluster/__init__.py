"""A real Kubernetes under test: found (STEPWRIGHT_KUBECONFIG), made by kind, or started from our own binaries.

What belongs here: finding, starting, breaking and ending a cluster, and images for it. What must not: anything that
knows Stepwright, or any package beside the standard library, since `python -m tests.testcluster` runs before there is a
virtual environment (what pytest loads of it aside, which is imported by nothing else).
"""

from tests.testcluster.interface import Cluster, ClusterUnavailable, CommandFailed, Unsupported
from tests.testcluster.ladder import down, up

__all__ = ["Cluster", "ClusterUnavailable", "CommandFailed", "Unsupported", "down", "up"]
