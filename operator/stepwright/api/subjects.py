"""What a request is about: the ARN on which its caller needs the right to perform it.

It is read from the request alone, before anything is looked up, so that missing and forbidden things are
refused alike. Source:
https://docs.aws.amazon.com/service-authorization/latest/reference/list_awsstepfunctions.html
"""

from __future__ import annotations

from typing import Final

from stepwright.api.service import Basis, Request, Subject
from stepwright.catalog import arns

_ALL: Final = "*"


def named(member: str) -> Subject:
    """The ARN in this member of the request."""

    def subject(service: Basis, request: Request) -> str:  # noqa: ARG001
        arn: str = request[member]
        return arn

    return subject


def started(service: Basis, request: Request) -> str:  # noqa: ARG001
    """The state machine, version or alias, without the test case that may follow it."""
    arn: str = request["stateMachineArn"].partition("#")[0]
    return arn


def new_machine(service: Basis, request: Request) -> str:
    return service.place.state_machine(request["name"])


def new_activity(service: Basis, request: Request) -> str:
    return service.place.activity(request["name"])


def new_alias(service: Basis, request: Request) -> str:  # noqa: ARG001
    version: str = request["routingConfiguration"][0]["stateMachineVersionArn"]
    return f"{arns.unqualified(version)[0]}:{request['name']}"


def listed_executions(service: Basis, request: Request) -> str:
    """Those of a Map Run or of a state machine; a request that names neither or both is refused later."""
    arn: str | None = request.get("mapRunArn", request.get("stateMachineArn"))
    return arn or executions(service, request)


# --- All that are here ------------------------------------------------------------------------------------------------


def machines(service: Basis, request: Request) -> str:  # noqa: ARG001
    return service.place.state_machine(_ALL)


def activities(service: Basis, request: Request) -> str:  # noqa: ARG001
    return service.place.activity(_ALL)


def executions(service: Basis, request: Request) -> str:  # noqa: ARG001
    """Also for a task's token, which itself proves that the caller knows the task."""
    return service.place.execution(_ALL, _ALL)
