"""Names and ARNs in requests: what they may look like, and what they refer to."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Final, TypeVar

from stepwright.api import errors
from stepwright.api.errors import ApiError
from stepwright.api.service import ForExecutions, Service, needed
from stepwright.asl.step import MapRunStatus
from stepwright.catalog import arns
from stepwright.catalog.arns import Arn
from stepwright.catalog.records import Activity, Alias, Execution, Revision, StateMachine, Version

T = TypeVar("T")

# https://docs.aws.amazon.com/step-functions/latest/apireference/API_CreateStateMachine.html#API_CreateStateMachine_RequestSyntax
_FORBIDDEN: Final = re.compile(r"[\s<>{}\[\]?*\"#%\\^|~`$&,;:/\x00-\x1f\x7f-\x9f\ufffe\uffff\ud800-\udfff]")


def check(name: str) -> None:
    """Raises InvalidName."""
    if _FORBIDDEN.search(name):
        raise errors.invalid_name(name)


def parse(text: str, *kinds: str) -> Arn:
    """An ARN of one of these kinds. Raises InvalidArn."""
    if not text.startswith("arn:"):
        raise errors.invalid_arn(f"Invalid ARN prefix: {text}")
    arn = arns.parse(text)
    if arn is None or arn.service != "states":
        raise errors.invalid_arn(f"Resource type not valid in this context: {text}")
    if arn.kind not in kinds:
        raise errors.invalid_arn(f"Resource type not valid in this context: {arn.kind}")
    return arn


def parse_machine(text: str) -> Arn:
    """The ARN of a state machine, a version or an alias. Raises InvalidArn, and ValidationException for a Map's."""
    arn = parse(text, "stateMachine")
    if arns.unlabelled(text)[1] is not None:
        raise errors.labelled(text)
    return arn


@dataclass(frozen=True, slots=True)
class Target:
    """What to start: a machine's newest revision, or that of a version, named or chosen by an alias."""

    machine: StateMachine
    revision: Revision
    version_arn: str | None = None
    alias_arn: str | None = None


async def target(service: ForExecutions, text: str) -> Target:
    """Raises InvalidArn, ValidationException, StateMachineDoesNotExist."""
    parse_machine(text)
    arn, qualifier = arns.unqualified(text)

    def missing(_: str) -> ApiError:
        return errors.no_such_machine(text)

    found = await _found(arn, service.machines.machine, missing)
    if qualifier is None:
        return Target(found, found.revision)
    versions = service.versions
    if versions is None:
        raise missing(text)
    version_arn, alias_arn = text, None
    if not is_number(qualifier):
        version_arn = _chosen(await _found(text, versions.alias, missing), service.chance())
        alias_arn = text
    chosen = await _found(version_arn, versions.version, missing)
    return Target(found, chosen.revision, version_arn, alias_arn)


def is_number(qualifier: str) -> bool:
    """Whether it names a version; an alias has a name."""
    return qualifier.isascii() and qualifier.isdigit() and len(qualifier) < 10


def _chosen(alias: Alias, chance: float) -> str:
    below = 0
    for route in alias.routes:
        below += route.weight
        if chance * 100 < below:
            break
    return route.version_arn


async def _found(
    arn: str, find: Callable[[str], Awaitable[T | None]], missing: Callable[[str], ApiError]
) -> T:
    """Raises ``missing(arn)`` if there is nothing."""
    found = await find(arn)
    if found is None:
        raise missing(arn)
    return found


async def machine(service: ForExecutions, text: str) -> StateMachine:
    """Raises InvalidArn, ValidationException, StateMachineDoesNotExist."""
    parse_machine(text)
    return await _found(text, service.machines.machine, errors.no_such_machine)


def require_active(machine: StateMachine) -> None:
    """Raises StateMachineDeleting."""
    if machine.deleting:
        raise errors.machine_deleting(machine.arn)


async def map_run(service: ForExecutions, text: str) -> MapRunStatus:
    """Raises InvalidArn, ResourceNotFound."""
    parse(text, "mapRun")
    if service.map_runs is None:
        raise errors.no_such_resource(text)
    return await _found(text, service.map_runs.map_run, errors.no_such_resource)


async def execution(service: ForExecutions, text: str) -> Execution:
    """Raises InvalidArn, ExecutionDoesNotExist."""
    parse(text, "execution")
    return await _found(text, service.executions.execution, errors.no_such_execution)


async def activity(service: Service, text: str) -> Activity:
    """Raises InvalidArn, ActivityDoesNotExist."""
    parse(text, "activity")
    return await _found(text, needed(service.activities).activity, errors.no_such_activity)


def parse_qualified(text: str) -> tuple[str, str]:
    """The ARN of a state machine, and the version's number or the alias' name that follows it. Raises InvalidArn."""
    parse_machine(text)
    arn, qualifier = arns.unqualified(text)
    if not qualifier:
        raise errors.invalid_arn(f"Resource type not valid in this context: {text}")
    return arn, qualifier


async def alias(service: Service, text: str) -> Alias:
    """Raises InvalidArn, ResourceNotFound."""
    parse_qualified(text)
    return await _found(text, needed(service.versions).alias, errors.no_such_reference)


async def version(service: Service, text: str) -> Version:
    """Raises InvalidArn, ResourceNotFound."""
    parse_qualified(text)
    return await _found(text, needed(service.versions).version, errors.no_such_reference)


async def known_version(service: Service, arn: str) -> Version | None:
    """None where there are no versions at all, too."""
    return None if service.versions is None else await service.versions.version(arn)
