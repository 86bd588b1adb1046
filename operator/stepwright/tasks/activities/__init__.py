"""Activities: tasks that workers come for, ``GetActivityTask``, and answer by their token."""

from stepwright.asl.resource import Resource


def serves(resource: Resource) -> bool:
    return resource.kind == "activity"
