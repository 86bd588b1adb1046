"""AWS's services: all of ``arn:aws:states:::aws-sdk:``, and the optimised integrations that are operations of services.

Everything follows from botocore's models (``stepwright.aws``); what an optimised integration does beyond its operation is in
``extras``. Source: https://docs.aws.amazon.com/step-functions/latest/dg/integrate-services.html

The integration is imported when it is made: a process that only checks definitions needs none. The check is imported with the
first definition that has such a task.
"""

from collections.abc import Iterable, Mapping
from typing import Any

from stepwright.asl.definition import TaskCheck
from stepwright.asl.diagnostics import Diagnostic
from stepwright.asl.json_types import Json, Pointer
from stepwright.asl.resource import Resource
from stepwright.tasks.aws.connection import read as read_connection
from stepwright.tasks.aws.resources import APIS, claims, serves
from stepwright.tasks.calls.integration import Integration
from stepwright.tasks.calls.means import Means
from stepwright.tasks.calls.surroundings import Surroundings

__all__ = [
    "check_allowed",
    "check_for",
    "check_within",
    "claims",
    "errors_of",
    "make",
    "read_connection",
    "schema",
    "serves",
    "unusable",
]


def check_for(spec: Mapping[str, Any]) -> TaskCheck:
    """``spec``: of a StateMachine; empty for a definition by itself."""
    checks: list[TaskCheck] = []
    lacks_connection = bool(spec) and not spec.get("connections")

    def check(resource: Resource, state: Mapping[str, Json], pointer: Pointer) -> Iterable[Diagnostic]:
        if not checks:
            from stepwright.tasks.aws.checking import Check  # noqa: PLC0415 - as above

            checks.append(Check(lacks_connection=lacks_connection))
        return checks[0](resource, state, pointer)

    return check


def check_allowed(
    named: Mapping[str, Mapping[str, Any] | None],
    resource: Resource,
    state: Mapping[str, Json],
    pointer: Pointer,
) -> Iterable[Diagnostic]:
    """What the Connections that a StateMachine names, as far as they are known, say of its tasks that call AWS."""
    if not claims(resource):
        return ()
    from stepwright.tasks.aws import allowed  # noqa: PLC0415 - as above

    return allowed.check(named, resource, state, pointer)


def check_within(surroundings: Surroundings) -> TaskCheck:
    """Also whether what is to stand for jobs of AWS is there."""

    def check(resource: Resource, state: Mapping[str, Json], pointer: Pointer) -> Iterable[Diagnostic]:
        if not claims(resource):
            return ()
        from stepwright.tasks.aws.mapped import checking  # noqa: PLC0415 - as above

        named, task = surroundings.connections, (resource, state, pointer)
        of_jobs = checking.check(surroundings.functions, surroundings.namespace, named, *task)
        return (*check_allowed(named, *task), *of_jobs)

    return check


def schema(resource: Resource) -> dict[str, Any] | None:
    """Of the parameters, as JSON Schema; None if there is no such operation. Reads the service's model, if it is not in memory."""
    from stepwright.aws import parameter_schema  # noqa: PLC0415 - as above
    from stepwright.tasks.aws import operations  # noqa: PLC0415

    try:
        operation = operations.of(resource)
    except operations.NoOperation:
        return None
    return parameter_schema.of(operation.model.input_shape, operation.spelling)


def errors_of(resource: Resource) -> list[str]:
    """Those that its service's model knows. Reads it, if it is not in memory."""
    from stepwright.tasks.aws import failures, operations  # noqa: PLC0415 - as above

    try:
        return failures.known(operations.of(resource))
    except operations.NoOperation:
        return []


def unusable(resource: Resource, parameters: Json) -> str | None:
    """What AWS finds wrong with parameters before it schedules their task: with those of API Gateway. The models of other services
    are too large to be read while an execution takes a step, so what they say is said when the task runs."""
    if (resource.kind, resource.service) != ("integration", APIS):
        return None
    from stepwright.tasks.aws import scheduling  # noqa: PLC0415 - as above

    return scheduling.problem(resource, parameters)


def make(means: Means) -> Integration:
    from stepwright.tasks.aws.integration import AwsServices  # noqa: PLC0415 - as above

    return AwsServices(means.services, means.clock)
