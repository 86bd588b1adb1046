"""Shared by the operations that start executions: reading the request and making an execution of it."""

from __future__ import annotations

from collections.abc import Awaitable

from stepwright.api import errors, references
from stepwright.api.service import ForExecutions, Request
from stepwright.asl.json_types import JsonText
from stepwright.asl.text import jsontext
from stepwright.asl.text.jsontext import InvalidJson
from stepwright.catalog import arns
from stepwright.catalog.records import Execution
from stepwright.engine.ports import Uid


def target(service: ForExecutions, request: Request) -> Awaitable[references.Target]:
    """Raises InvalidArn, StateMachineDoesNotExist."""
    return references.target(service, _split(request)[0])


def _split(request: Request) -> tuple[str, str | None]:
    """The ARN, and the test case that follows it if a file of mocks answers tasks
    (``...:order#HappyPath``)."""
    arn, hash, case = request["stateMachineArn"].partition("#")
    return arn, case if hash else None


def new(service: ForExecutions, request: Request, target: references.Target) -> Execution:
    """Raises InvalidName, InvalidExecutionInput, StateMachineDeleting."""
    machine = target.machine
    references.require_active(machine)
    run = service.new_id()
    name = request.get("name")
    if name is None:
        name = service.new_id()
    else:
        references.check(name)
    input = checked_input(request.get("input", "{}"))
    place = arns.place_of(machine.arn)
    if machine.type == "EXPRESS":
        arn = place.express(machine.name, name, run)
    else:
        arn = place.execution(machine.name, name)
    return Execution(
        arn=arn,
        uid=Uid(run),
        name=name,
        machine_arn=machine.arn,
        revision_id=target.revision.id,
        status="RUNNING",
        input=input,
        started=service.clock.now(),
        trace_header=request.get("traceHeader"),
        version_arn=target.version_arn,
        alias_arn=target.alias_arn,
        test_case=_split(request)[1],
    )


def checked_input(text: str) -> JsonText:
    """Raises InvalidExecutionInput."""
    try:
        jsontext.parse(text)
    except InvalidJson as error:
        raise errors.invalid_input(str(error)) from error
    return JsonText(text)
