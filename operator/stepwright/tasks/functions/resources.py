"""The Resources that name a Lambda function."""

from typing import Final

from stepwright.asl.resource import Resource, parse

INVOKE: Final = parse("arn:aws:states:::lambda:invoke")
WITH_TOKEN: Final = parse("arn:aws:states:::lambda:invoke.waitForTaskToken")


def serves(resource: Resource) -> bool:
    return resource in (INVOKE, WITH_TOKEN) or resource.kind == "lambda_function"
