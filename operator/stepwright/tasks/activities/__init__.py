"""Activities: tasks that workers ask for (``GetActivityTask``) and answer with their token."""

from stepwright.asl.resource import Resource


def serves(resource: Resource) -> bool:
    return resource.kind == "activity"
