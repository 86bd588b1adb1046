"""The Kubernetes API as a service: ``k8s:get``, ``k8s:create`` and their like.

Each verb is a module of ``verbs``: its parameters, its request, and what makes a repeat of it harmless. ``discovery`` finds the
path of a kind, ``answers`` makes results of objects, ``errors`` names what the API refuses, and ``marks`` recognises what a
task has made. ``integration`` is what the host of calls calls.

Every request is made as the ServiceAccount of the state machine, never with the operator's own rights.

The integration is imported when it is made: a process that only checks definitions need not wait for an HTTP client.
"""

from typing import Any

from stepwright.asl.resource import Resource
from stepwright.tasks.calls.as_tasks import AsTasks
from stepwright.tasks.calls.integration import Integration
from stepwright.tasks.calls.means import Means
from stepwright.tasks.calls.remote_files import RemoteObjects
from stepwright.tasks.kubernetes import parameters
from stepwright.tasks.kubernetes.checking import check_for
from stepwright.tasks.kubernetes.resources import claims, serves

__all__ = ["check_for", "claims", "make", "remote_objects", "schema", "serves"]


def schema(resource: Resource) -> dict[str, Any]:
    """Of the parameters, as JSON Schema."""
    return parameters.OF[resource].schema()


def make(means: Means) -> Integration:
    from stepwright.tasks.kubernetes.integration import Kubernetes  # noqa: PLC0415 - as above

    assert means.kubernetes is not None
    return Kubernetes(means.kubernetes, means.clock)


def remote_objects(means: Means) -> RemoteObjects | None:
    """Those that ItemReaders of Maps name; None where there is no cluster."""
    if means.kubernetes is None:
        return None
    from stepwright.tasks.kubernetes.integration import Kubernetes  # noqa: PLC0415 - as above

    return AsTasks(Kubernetes(means.kubernetes, means.clock).read)
