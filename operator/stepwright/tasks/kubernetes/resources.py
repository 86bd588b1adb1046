"""The Resources that name a verb of the Kubernetes API."""

from __future__ import annotations

from typing import Final

from stepwright.asl.resource import Resource, parse
from stepwright.tasks.kubernetes import parameters

SCHEME: Final = "k8s"

RESOURCES: Final = frozenset(parse(f"{SCHEME}:{verb}") for verb in parameters.OF_VERBS)


def serves(resource: Resource) -> bool:
    return resource in RESOURCES


def claims(resource: Resource) -> bool:
    """Whether it names a verb that there is not. What has a slash names something else (``k8s:task/NAME``)."""
    return resource.service == SCHEME and "/" not in resource.action and not serves(resource)
