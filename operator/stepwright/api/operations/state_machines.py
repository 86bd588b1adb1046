"""State machines: create, describe, list, update, delete."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Any, Final

import structlog
from msgspec import structs

from stepwright.api import errors, labels, paging, references, settings, subjects, wire
from stepwright.api.operations import definitions, tags
from stepwright.api.service import Answer, Operation, Request, Service, needed
from stepwright.asl import definition
from stepwright.asl.definition.variable_references import variable_references
from stepwright.asl.diagnostics import InvalidDefinition
from stepwright.asl.text import jsontext
from stepwright.catalog import arns
from stepwright.catalog.records import MachineType, Revision, StateMachine, Version

_SETTINGS: Final = ("loggingConfiguration", "tracingConfiguration", "encryptionConfiguration")
_DEFAULTS: Final[Mapping[str, Any]] = {
    "loggingConfiguration": {},
    "tracingConfiguration": {"enabled": False},
    "encryptionConfiguration": settings.OWNED_KEY,
}

_MOST_TOLD: Final = 5
"""The most findings of one definition in the log."""

log = structlog.get_logger(__name__)


async def create(service: Service, request: Request) -> Answer:
    """Idempotent: the same name with the same definition, type, settings and publication returns the existing
    machine, whatever its role and tags."""
    name: str = request["name"]
    kind: MachineType = request.get("type", "STANDARD")
    references.check(name)
    settings.check_role(request["roleArn"])
    own = _settings(request, _DEFAULTS)
    _check_publication(service, request)
    arn = service.place.state_machine(name)
    own_tags = tags.given(request.get("tags", ()), arn)
    await _compile(service, request["definition"], kind, arn)
    now = service.clock.now()
    machine = StateMachine(
        arn=arn,
        name=name,
        type=kind,
        created=now,
        revision=Revision(service.new_id(), request["definition"], request["roleArn"], now, own, first=True),
        tags=own_tags,
    )
    version = None
    if request.get("publish"):
        version = Version(arn, 1, machine.revision, now, request.get("versionDescription"))
    stored = await service.machines.add(machine, version)
    references.require_active(stored)
    if stored is not machine and not (
        _is_same(stored, machine) and await _is_published_as(service, stored, version)
    ):
        raise errors.machine_exists(arn)
    answer = {"stateMachineArn": arn, "creationDate": wire.moment(stored.created)}
    return answer if version is None else answer | {"stateMachineVersionArn": version.arn}


async def describe(service: Service, request: Request) -> Answer:
    """Also describes a version, and a distributed Map by its label; an alias has its own operation."""
    text = request["stateMachineArn"]
    references.parse(text, "stateMachine")
    _, label = arns.unlabelled(text)
    if label is not None:
        return await _describe_labelled(service, text)
    arn, number = arns.unqualified(text)
    machine = await service.machines.machine(arn)
    version = None
    if machine is not None and number is not None and references.is_number(number):
        version = await references.known_version(service, text)
    if machine is None or (number is not None and version is None):
        raise errors.no_such_machine(text)
    answer = {
        "stateMachineArn": text,
        "name": machine.name,
        "status": "DELETING" if machine.deleting else "ACTIVE",
        "type": machine.type,
        "creationDate": wire.moment(machine.created if version is None else version.created),
        **await _content(service, machine.revision if version is None else version.revision, request),
    }
    if version is not None and version.description is not None:
        answer["description"] = version.description
    return answer


async def _describe_labelled(service: Service, text: str) -> Answer:
    """It includes the definition even if only metadata is asked for, as AWS has it."""
    arn, label = arns.unlabelled(text)
    assert label is not None
    machine = await service.machines.machine(arn)
    part = (
        None
        if machine is None
        else await labels.part(service.beside, arn, machine.revision.definition, label)
    )
    if machine is None or part is None:
        raise errors.no_such_machine(text)
    return {
        "stateMachineArn": text,
        "name": f"{machine.name}/{label}",
        "label": label,
        "status": "ACTIVE",
        "type": part.type,
        "creationDate": wire.moment(machine.created),
        **await _content(service, structs.replace(machine.revision, definition=part.definition), {}),
    }


async def describe_for_execution(service: Service, request: Request) -> Answer:
    """For a child execution: the part of the definition that it runs."""
    execution = await references.execution(service, request["executionArn"])
    revision = await service.machines.revision(execution.revision_id)
    if revision is None:  # it went with the state machine, where a store lets it go
        raise errors.no_such_machine(execution.machine_arn)
    answer = {
        "stateMachineArn": execution.machine_arn,
        "name": arns.machine_name(execution.machine_arn),
        "updateDate": wire.moment(revision.created),
    }
    if execution.map_run_arn is not None:
        arn, label = arns.unlabelled(execution.machine_arn)
        assert label is not None
        part = await labels.part(service.beside, arn, revision.definition, label)
        assert part is not None
        answer |= {"mapRunArn": execution.map_run_arn, "label": label}
        revision = structs.replace(revision, definition=part.definition)
    return answer | await _content(service, revision, request)


async def list_(service: Service, request: Request) -> Answer:
    of = f"machines of {service.place.region}"
    look = partial(service.machines.machines, service.place)
    page, more = await paging.read(service, request, of, look)
    return {
        "stateMachines": [
            {
                "stateMachineArn": machine.arn,
                "name": machine.name,
                "type": machine.type,
                "creationDate": wire.moment(machine.created),
            }
            for machine in page
        ],
        **more,
    }


async def update(service: Service, request: Request) -> Answer:
    """What is not given stays unchanged; if nothing changes, no new revision is made."""
    if not request.keys() & {"definition", "roleArn", *_SETTINGS}:
        raise errors.ApiError(
            "MissingRequiredParameter",
            "Either the definition, the role ARN, the LoggingConfiguration, or the TracingConfiguration "
            "must be specified",
        )
    _check_publication(service, request)
    machine = await references.machine(service, request["stateMachineArn"])
    references.require_active(machine)
    now, old = service.clock.now(), machine.revision
    text = request.get("definition", old.definition)
    role = request.get("roleArn", old.role_arn)
    if "roleArn" in request:
        settings.check_role(role)
    own = _settings(request, old.settings)
    revision = old
    if (text, role, own) != (old.definition, old.role_arn, old.settings):
        if text != old.definition:
            await _compile(service, text, machine.type, machine.arn)
        revision = Revision(service.new_id(), text, role, now, own)
        revision = await service.machines.revise(machine.arn, revision)
    answer = {"updateDate": wire.moment(now), **_revision_id(revision)}
    if request.get("publish"):
        revised = structs.replace(machine, revision=revision)
        version = await needed(service.versions).publish(revised, request.get("versionDescription"), now)
        answer["stateMachineVersionArn"] = version.arn
    return answer


async def delete(service: Service, request: Request) -> Answer:
    """Deleting a missing state machine is not an error. Running Express executions continue; all others fail
    at their next transition, and the state machine exists until then."""
    arn = request["stateMachineArn"]
    references.parse_machine(arn)
    if arns.unqualified(arn)[1] is not None:
        raise errors.validation(
            f"DeleteStateMachine takes the ARN of a state machine, not of a version or an alias: {arn}"
        )
    await service.machines.delete(arn)
    return {}


def _is_same(one: StateMachine, other: StateMachine) -> bool:
    return (one.type, one.revision.definition, one.revision.settings) == (
        other.type,
        other.revision.definition,
        other.revision.settings,
    )


async def _is_published_as(service: Service, stored: StateMachine, version: Version | None) -> bool:
    """Whether it was created with this version, or with none."""
    first = await references.known_version(service, f"{stored.arn}:1")
    if first is None or first.created != stored.created:
        return version is None
    return version is not None and first.description == version.description


async def _content(service: Service, revision: Revision, request: Request) -> Answer:
    """The definition is left out if the request wants only metadata."""
    answer = {"roleArn": revision.role_arn, **revision.settings, **_revision_id(revision)}
    if request.get("includedData") == wire.METADATA_ONLY:
        return answer | {"definition": "{}"}
    text = revision.definition
    references = await service.beside.unless_short(len(text), partial(_variable_references, text))
    answer["definition"] = revision.definition
    return answer | ({"variableReferences": references} if references else {})


def _variable_references(text: str) -> dict[str, list[str]]:
    """Some stores keep definitions, too, that nobody has checked."""
    try:
        definition = jsontext.parse(text)
    except jsontext.InvalidJson:
        return {}
    return variable_references(definition) if isinstance(definition, dict) else {}


def _revision_id(revision: Revision) -> Answer:
    return {} if revision.first else {"revisionId": revision.id}


def _check_publication(service: Service, request: Request) -> None:
    if request.get("publish") and not service.serves("PublishStateMachineVersion"):
        raise errors.not_served("PublishStateMachineVersion", service.where)
    if "versionDescription" in request and not request.get("publish"):
        raise errors.validation("Version description can only be set when publish is true")


def _settings(request: Request, before: Mapping[str, Any]) -> dict[str, Any]:
    """What is given is checked; the rest stays unchanged. Raises InvalidLoggingConfiguration,
    InvalidEncryptionConfiguration."""
    own = dict(before) | {name: request[name] for name in _SETTINGS if name in request}
    if "loggingConfiguration" in request or before is _DEFAULTS:
        own["loggingConfiguration"] = settings.logging(own["loggingConfiguration"])
    if "encryptionConfiguration" in request or before is _DEFAULTS:
        own["encryptionConfiguration"] = settings.encryption(own["encryptionConfiguration"])
    return own


async def _compile(service: Service, text: str, kind: MachineType, arn: str) -> None:
    """Logs what nothing here can run: AWS's answers have no warnings."""
    compile = partial(
        definition.compile_definition,
        text,
        express=kind == "EXPRESS",
        task_check=service.new_task_check(),
        installation=service.installation,
    )
    try:
        _, found = await service.beside.unless_short(definitions.length(text), compile)
    except InvalidDefinition as error:
        raise errors.invalid_definition(error.diagnostics) from error
    unserved = [f"{each.message} ({each.pointer})" for each in found if each.code == definition.NO_DRIVER]
    if unserved:
        more = len(unserved) - _MOST_TOLD
        log.warning(
            "a definition has what nothing here can run",
            state_machine=arn,
            found="; ".join(unserved[:_MOST_TOLD]) + (f"; and {more} more" if more > 0 else ""),
        )


OPERATIONS: Final[dict[str, Operation[Service]]] = {
    "CreateStateMachine": Operation(create, subjects.new_machine),
    "DescribeStateMachine": Operation(describe, subjects.named("stateMachineArn")),
    "DescribeStateMachineForExecution": Operation(describe_for_execution, subjects.named("executionArn")),
    "ListStateMachines": Operation(list_, subjects.machines),
    "UpdateStateMachine": Operation(update, subjects.named("stateMachineArn")),
    "DeleteStateMachine": Operation(delete, subjects.named("stateMachineArn")),
}
