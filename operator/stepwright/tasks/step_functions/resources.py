"""The Resources that name Step Functions itself."""

from typing import Final

from stepwright.asl.resource import Resource

_START: Final = ("states", "startExecution")
_SDK: Final = "aws-sdk:sfn"


def starts(resource: Resource) -> bool:
    return resource.kind == "integration" and (resource.service, resource.action) == _START


def calls_sdk(resource: Resource) -> bool:
    return resource.kind == "integration" and resource.service == _SDK


def serves(resource: Resource) -> bool:
    return starts(resource) or calls_sdk(resource)
