"""The Resources that name a verb of the Kubernetes API."""

from __future__ import annotations

from stepwright.asl.resource import Resource
from stepwright.tasks.kubernetes import parameters

SCHEME = "k8s"


def serves(resource: Resource) -> bool:
    return resource in parameters.OF


def claims(resource: Resource) -> bool:
    """Whether it names a verb that there is not. What has a slash names something else (``k8s:task/NAME``)."""
    return resource.service == SCHEME and "/" not in resource.action and not serves(resource)
