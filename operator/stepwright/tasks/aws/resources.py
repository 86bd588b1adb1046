"""The Resources that name an action of one of AWS's services."""

from __future__ import annotations

from typing import Final

from stepwright.asl.resource import Resource
from stepwright.aws import optimized
from stepwright.tasks.aws import jobs

SDK: Final = "aws-sdk:"
APIS: Final = "apigateway"

_ELSEWHERE: Final = frozenset({"aws-sdk:sfn", "lambda", "states"})
"""Services of other integrations."""
_ELSEWHERE_OF_EKS: Final = frozenset({"call", "runJob"})
"""Those are the Kubernetes API, whosever cluster it is."""
_OF_MAPS: Final = frozenset({"getObject", "listObjectsV2", "putObject"})
"""Actions of ``s3`` that an ItemReader or a ResultWriter names, and no task."""


def is_sdk(resource: Resource) -> bool:
    return resource.kind == "integration" and resource.service.startswith(SDK)


def sdk_service(resource: Resource) -> str:
    """``s3`` of ``aws-sdk:s3``, and of the ``s3`` of Maps."""
    return resource.service.removeprefix(SDK)


def is_of_maps(resource: Resource) -> bool:
    """Whether a Map's items are read by it, or its results written. Tasks cannot call it."""
    return (resource.kind, resource.service) == ("integration", "s3") and resource.action in _OF_MAPS


def claims(resource: Resource) -> bool:
    """Whether it names an action here, if there is one."""
    if resource.service in _ELSEWHERE or (resource.service == "eks" and resource.action in _ELSEWHERE_OF_EKS):
        return False
    return is_sdk(resource) or is_of_maps(resource) or optimized.find(resource) is not None


def serves(resource: Resource) -> bool:
    if not claims(resource) or not resource.action or is_of_maps(resource):
        return False
    if is_sdk(resource):
        return resource.pattern in ("", ".waitForTaskToken")
    service = optimized.find(resource)
    assert service is not None
    if resource.pattern not in service.actions.get(resource.action, ()):
        return False
    return not resource.waits_for_end or jobs.of(resource) is not None
