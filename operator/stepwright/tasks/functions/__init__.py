"""Lambda functions: ``arn:aws:states:::lambda:invoke``, also ``.waitForTaskToken``, and functions' own ARNs.

The integration is imported when it is made: who only checks definitions need not wait for an HTTP client.
"""

from typing import Final

from stepwright.asl.resource import Resource, parse
from stepwright.tasks.calls.integration import Integration
from stepwright.tasks.calls.means import Means

INVOKE: Final = parse("arn:aws:states:::lambda:invoke")
WITH_TOKEN: Final = parse("arn:aws:states:::lambda:invoke.waitForTaskToken")


def serves(resource: Resource) -> bool:
    return resource in (INVOKE, WITH_TOKEN) or resource.kind == "lambda_function"


def make(means: Means) -> Integration:
    from stepwright.tasks.functions.integration import Functions  # noqa: PLC0415 - as above

    assert means.connections is not None
    return Functions(means.connections)
