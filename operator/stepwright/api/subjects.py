"""What a request is about: the ARN on which its caller must have the right to do what it asks for.

It is read from the request alone, before anything is looked up, so that what is not there and what is not allowed are
refused alike. Source: https://docs.aws.amazon.com/service-authorization/latest/reference/list_awsstepfunctions.html
"""

from __future__ import annotations

from typing import Final

from stepwright.api.service import Request, Service, Subject
from stepwright.catalog import arns

_ALL: Final = "*"


def named(member: str) -> Subject:
    """What the request names by its ARN."""

    def subject(service: Service, request: Request) -> str:  # noqa: ARG001
        arn: str = request[member]
        return arn

    return subject


def started(service: Service, request: Request) -> str:  # noqa: ARG001
    """The state machine, version or alias, without the test case that may follow it."""
    arn: str = request["stateMachineArn"].partition("#")[0]
    return arn


def new_machine(service: Service, request: Request) -> str:
    return service.place.state_machine(request["name"])


def new_activity(service: Service, request: Request) -> str:
    return service.place.activity(request["name"])


def new_alias(service: Service, request: Request) -> str:  # noqa: ARG001
    version: str = request["routingConfiguration"][0]["stateMachineVersionArn"]
    return f"{arns.unqualified(version)[0]}:{request['name']}"


def listed_executions(service: Service, request: Request) -> str:
    """Those of a Map Run or of a state machine; a request that names neither or both is refused later."""
    arn: str | None = request.get("mapRunArn", request.get("stateMachineArn"))
    return arn or executions(service, request)


# --- All that are here ------------------------------------------------------------------------------------------------


def machines(service: Service, request: Request) -> str:  # noqa: ARG001
    return service.place.state_machine(_ALL)


def activities(service: Service, request: Request) -> str:  # noqa: ARG001
    return service.place.activity(_ALL)


def executions(service: Service, request: Request) -> str:  # noqa: ARG001
    """Also of a task's token, which proves what else is asked for: that its task is known to whoever answers."""
    return service.place.execution(_ALL, _ALL)
