"""Step Functions itself as a service: nested executions (``arn:aws:states:::states:startExecution`` in its four patterns),
and ``arn:aws:states:::aws-sdk:sfn``.

Source: https://docs.aws.amazon.com/step-functions/latest/dg/connect-stepfunctions.html

The integration is imported when it is made, which who only checks definitions never does.
"""

from typing import Final

from stepwright.asl.resource import Resource
from stepwright.tasks.calls.integration import Integration
from stepwright.tasks.calls.means import Means

_START: Final = ("states", "startExecution")
_SDK: Final = "aws-sdk:sfn"


def starts(resource: Resource) -> bool:
    return resource.kind == "integration" and (resource.service, resource.action) == _START


def calls_sdk(resource: Resource) -> bool:
    return resource.kind == "integration" and resource.service == _SDK


def serves(resource: Resource) -> bool:
    return starts(resource) or calls_sdk(resource)


def make(means: Means) -> Integration:
    from stepwright.tasks.step_functions.integration import StepFunctions  # noqa: PLC0415 - as above

    assert means.step_functions is not None
    return StepFunctions(means.step_functions, means.clock)
