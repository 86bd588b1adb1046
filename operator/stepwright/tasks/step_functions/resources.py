"""The Resources that name Step Functions itself."""

from typing import Final

from stepwright.asl.resource import Resource

_START: Final = ("states", "startExecution")
_SDK: Final = "aws-sdk:sfn"

IN_A_CLUSTER: Final = frozenset(
    {
        "startExecution",
        "startExecution.sync",
        "startExecution.sync:2",
        "describeExecution",
        "listExecutions",
        "stopExecution",
    }
)
"""What tasks can call there, as ``Resource.name``: what needs no more than Executions."""


def starts(resource: Resource) -> bool:
    return resource.kind == "integration" and (resource.service, resource.action) == _START


def calls_sdk(resource: Resource) -> bool:
    return resource.kind == "integration" and resource.service == _SDK


def serves(resource: Resource) -> bool:
    return starts(resource) or calls_sdk(resource)


def serves_in_a_cluster(resource: Resource) -> bool:
    known = starts(resource) or (calls_sdk(resource) and not resource.pattern)
    return known and resource.name in IN_A_CLUSTER
