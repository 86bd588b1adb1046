"""Published versions of state machines, and aliases that name them."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Any, Final

from msgspec import structs

from stepwright.api import errors, paging, references, subjects, wire
from stepwright.api.service import Answer, Operation, Request, Service, needed
from stepwright.catalog import arns
from stepwright.catalog.ports import VersionInUse
from stepwright.catalog.records import Alias, Route

_INITIAL: Final = "INITIAL"
"""The name of a revision without one: that of a state machine that was never updated."""

# --- Versions ---------------------------------------------------------------------------------------------------------


async def publish(service: Service, request: Request) -> Answer:
    """Idempotent: a revision is published once under each description, and without one not again.
    ``revisionId`` must be the newest revision."""
    machine = await references.machine(service, request["stateMachineArn"])
    references.require_active(machine)
    wanted = request.get("revisionId")
    current = _INITIAL if machine.revision.first else machine.revision.id
    if wanted is not None and wanted != current:
        raise errors.conflict(
            f"Failed to publish the State Machine version for revision {wanted}. "
            f"The current State Machine revision is {current}."
        )
    version = await needed(service.versions).publish(machine, request.get("description"), service.clock.now())
    return {"stateMachineVersionArn": version.arn, "creationDate": wire.moment(version.created)}


async def list_versions(service: Service, request: Request) -> Answer:
    machine = await references.machine(service, request["stateMachineArn"])
    of = f"versions of {machine.arn}"
    page, more = await paging.read(
        service, request, of, partial(needed(service.versions).versions, machine.arn)
    )
    return {
        "stateMachineVersions": [
            {"stateMachineVersionArn": version.arn, "creationDate": wire.moment(version.created)}
            for version in page
        ],
        **more,
    }


async def delete_version(service: Service, request: Request) -> Answer:
    """Deleting a missing version is not an error."""
    arn = request["stateMachineVersionArn"]
    _, number = references.parse_qualified(arn)
    if not references.is_number(number):
        raise errors.invalid_arn(f"Resource type not valid in this context: {arn}")
    try:
        await needed(service.versions).delete_version(arn)
    except VersionInUse as error:
        raise errors.conflict(
            "Version to be deleted must not be referenced by an alias. "
            f"Current list of aliases referencing this version: [{', '.join(error.aliases)}]"
        ) from error
    return {}


# --- Aliases ----------------------------------------------------------------------------------------------------------


async def create_alias(service: Service, request: Request) -> Answer:
    """Idempotent: the same name with the same description and routes returns the existing alias."""
    name = request["name"]
    routes = await _routes(service, request["routingConfiguration"])
    machine_arn, _ = arns.unqualified(routes[0].version_arn)
    if references.is_number(name):
        raise errors.invalid_name(name)
    references.check(name)
    now = service.clock.now()
    references.require_active(await references.machine(service, machine_arn))
    alias = Alias(machine_arn, name, routes, now, now, request.get("description"))
    stored = await needed(service.versions).add_alias(alias)
    if (stored.routes, stored.description) != (alias.routes, alias.description):
        raise errors.conflict(
            "Failed to create alias because an alias with the same name and a different routing configuration "
            "already exists."
        )
    return {"stateMachineAliasArn": stored.arn, "creationDate": wire.moment(stored.created)}


async def describe_alias(service: Service, request: Request) -> Answer:
    alias = await references.alias(service, request["stateMachineAliasArn"])
    answer: dict[str, Any] = {
        "stateMachineAliasArn": alias.arn,
        "name": alias.name,
        "routingConfiguration": [
            {"stateMachineVersionArn": route.version_arn, "weight": route.weight} for route in alias.routes
        ],
        "creationDate": wire.moment(alias.created),
        "updateDate": wire.moment(alias.updated),
    }
    if alias.description is not None:
        answer["description"] = alias.description
    return answer


async def update_alias(service: Service, request: Request) -> Answer:
    alias = await references.alias(service, request["stateMachineAliasArn"])
    if not request.keys() & {"description", "routingConfiguration"}:
        raise errors.nothing_given("description", "routingConfiguration")
    references.require_active(await references.machine(service, alias.machine_arn))
    routes = alias.routes
    if "routingConfiguration" in request:
        routes = await _routes(service, request["routingConfiguration"])
        if any(arns.unqualified(route.version_arn)[0] != alias.machine_arn for route in routes):
            raise _misrouted("Routing configuration must name versions of the alias' own state machine")
    now = service.clock.now()
    description = request.get("description", alias.description)
    await needed(service.versions).replace_alias(
        structs.replace(alias, routes=routes, description=description, updated=now)
    )
    return {"updateDate": wire.moment(now)}


async def list_aliases(service: Service, request: Request) -> Answer:
    """Of a state machine, or of one of its versions."""
    references.parse_machine(request["stateMachineArn"])
    arn, number = arns.unqualified(request["stateMachineArn"])
    await references.machine(service, arn)
    of = f"aliases of {request['stateMachineArn']}"
    version_arn = request["stateMachineArn"] if number else None
    page, more = await paging.read(
        service, request, of, partial(needed(service.versions).aliases, arn, version_arn)
    )
    return {
        "stateMachineAliases": [
            {"stateMachineAliasArn": alias.arn, "creationDate": wire.moment(alias.created)} for alias in page
        ],
        **more,
    }


async def delete_alias(service: Service, request: Request) -> Answer:
    alias = await references.alias(service, request["stateMachineAliasArn"])
    await needed(service.versions).delete_alias(alias.arn)
    return {}


async def _routes(service: Service, given: Sequence[Request]) -> tuple[Route, ...]:
    """Raises ValidationException, InvalidArn, ResourceNotFound."""
    routes = tuple(Route(route["stateMachineVersionArn"], route["weight"]) for route in given)
    received = f"Received: [{', '.join(route.version_arn for route in routes)}]"
    split = [arns.unqualified(route.version_arn) for route in routes]
    if not all(number is not None and references.is_number(number) for _, number in split):
        raise _misrouted(f"Routing configuration must contain state machine version ARNs. {received}")
    if len({route.version_arn for route in routes}) < len(routes):
        raise _misrouted(
            f"Routing configuration must contain distinct state machine version ARNs. {received}"
        )
    if len({arn for arn, _ in split}) > 1:
        raise _misrouted("Routing configuration must name versions of one state machine")
    weights = [route.weight for route in routes]
    if sum(weights) != 100:
        raise _misrouted(f"Sum of routing configuration weights must equal 100. Received: {weights}")
    for route in routes:
        await references.version(service, route.version_arn)
    return routes


def _misrouted(why: str) -> errors.ApiError:
    return errors.validation(why, "INVALID_ROUTING_CONFIGURATION")


OPERATIONS: Final[dict[str, Operation[Service]]] = {
    "PublishStateMachineVersion": Operation(publish, subjects.named("stateMachineArn")),
    "ListStateMachineVersions": Operation(list_versions, subjects.named("stateMachineArn")),
    "DeleteStateMachineVersion": Operation(delete_version, subjects.named("stateMachineVersionArn")),
    "CreateStateMachineAlias": Operation(create_alias, subjects.new_alias),
    "DescribeStateMachineAlias": Operation(describe_alias, subjects.named("stateMachineAliasArn")),
    "UpdateStateMachineAlias": Operation(update_alias, subjects.named("stateMachineAliasArn")),
    "ListStateMachineAliases": Operation(list_aliases, subjects.named("stateMachineArn")),
    "DeleteStateMachineAlias": Operation(delete_alias, subjects.named("stateMachineAliasArn")),
}
