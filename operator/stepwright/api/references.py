"""Names and ARNs in requests: what they may look like, and what they refer to."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from stepwright.api import errors
from stepwright.api.service import Service
from stepwright.asl.step import MapRunStatus
from stepwright.catalog import arns
from stepwright.catalog.arns import Arn
from stepwright.catalog.records import Alias, Execution, Revision, StateMachine

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
    """What is to be started: a machine's newest revision, or that of a version, named or chosen by an alias."""

    machine: StateMachine
    revision: Revision
    version_arn: str | None = None
    alias_arn: str | None = None


async def target(service: Service, text: str) -> Target:
    """Raises InvalidArn, ValidationException, StateMachineDoesNotExist."""
    parse_machine(text)
    arn, qualifier = arns.unqualified(text)
    found = await service.machines.machine(arn)
    if found is None:
        raise errors.no_such_machine(text)
    if qualifier is None:
        return Target(found, found.revision)
    version_arn, alias_arn = text, None
    if not is_number(qualifier):
        alias = await service.versions.alias(text)
        if alias is None:
            raise errors.no_such_machine(text)
        version_arn, alias_arn = _chosen(alias, service.chance()), text
    version = await service.versions.version(version_arn)
    if version is None:
        raise errors.no_such_machine(text)
    return Target(found, version.revision, version_arn, alias_arn)


def is_number(qualifier: str) -> bool:
    """Of a version; an alias has a name."""
    return qualifier.isascii() and qualifier.isdigit() and len(qualifier) < 10


def _chosen(alias: Alias, chance: float) -> str:
    below = 0
    for route in alias.routes:
        below += route.weight
        if chance * 100 < below:
            break
    return route.version_arn


async def machine(service: Service, text: str) -> StateMachine:
    """Raises InvalidArn, ValidationException, StateMachineDoesNotExist."""
    parse_machine(text)
    found = await service.machines.machine(text)
    if found is None:
        raise errors.no_such_machine(text)
    return found


def require_active(machine: StateMachine) -> None:
    """Raises StateMachineDeleting."""
    if machine.deleting:
        raise errors.machine_deleting(machine.arn)


async def map_run(service: Service, text: str) -> MapRunStatus:
    """Raises InvalidArn, ResourceNotFound."""
    parse(text, "mapRun")
    found = await service.map_runs.map_run(text)
    if found is None:
        raise errors.no_such_resource(text)
    return found


async def execution(service: Service, text: str) -> Execution:
    """Raises InvalidArn, ExecutionDoesNotExist."""
    parse(text, "execution")
    found = await service.executions.execution(text)
    if found is None:
        raise errors.no_such_execution(text)
    return found
