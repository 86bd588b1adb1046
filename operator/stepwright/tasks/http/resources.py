"""The Resource of an HTTP task."""

from typing import Final

from stepwright.asl.resource import Resource, parse

INVOKE: Final = parse("arn:aws:states:::http:invoke")


def serves(resource: Resource) -> bool:
    return resource == INVOKE
