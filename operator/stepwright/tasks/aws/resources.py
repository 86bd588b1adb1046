"""The Resources that name an action of one of AWS's services."""

from __future__ import annotations

from typing import Final

from stepwright.asl.resource import Resource
from stepwright.aws import optimized
from stepwright.tasks.aws import jobs

SDK: Final = "aws-sdk:"

_ELSEWHERE: Final = frozenset({"aws-sdk:sfn", "lambda", "states"})
"""Services of other integrations."""


def is_sdk(resource: Resource) -> bool:
    return resource.kind == "integration" and resource.service.startswith(SDK)


def sdk_service(resource: Resource) -> str:
    """``s3`` of ``aws-sdk:s3``."""
    return resource.service.removeprefix(SDK)


def claims(resource: Resource) -> bool:
    """Whether it names an action here, if there is one."""
    if resource.service in _ELSEWHERE:
        return False
    return is_sdk(resource) or optimized.find(resource) is not None


def serves(resource: Resource) -> bool:
    if not claims(resource) or not resource.action:
        return False
    if is_sdk(resource):
        return resource.pattern in ("", ".waitForTaskToken")
    service = optimized.find(resource)
    assert service is not None
    if resource.pattern not in service.actions.get(resource.action, ()):
        return False
    return not resource.waits_for_end or jobs.of(resource) is not None
