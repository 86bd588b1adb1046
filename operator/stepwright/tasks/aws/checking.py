"""What is wrong with tasks that call AWS's services, and with Maps that read or write objects of S3, as far as it can be seen in a
definition.

AWS refuses a definition with an unknown service, action or parameter, and one that lacks a required parameter or has a value of
another type; so does this. What is computed when a task runs is checked then.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

from stepwright.asl.definition import placeholders
from stepwright.asl.definition.pointers import child
from stepwright.asl.diagnostics import Diagnostic, Severity
from stepwright.asl.json_types import Json, Pointer
from stepwright.asl.resource import Resource
from stepwright.aws import models, optimized, shapes
from stepwright.aws.shapes import Problem, Template
from stepwright.tasks.aws import operations, resources
from stepwright.tasks.aws.operations import NoOperation, Operation

MOST_SERVICES: Final = 16
"""Of one definition. The models of more are not read: each may take tenths of a second and megabytes."""

NO_CONNECTION: Final = "NO_CONNECTION"
_NOT_NAMED: Final = (
    "{} is called as a Connection for AWS says, and the StateMachine names none: name it in spec.connections. Stepwright's own "
    "credentials are lent to no task"
)

_OF_WRITERS: Final = frozenset({"Key", "Prefix", "Prefix.$"})
"""A ResultWriter names what the keys of its files begin with; the action takes the key of one object."""

_CODE: Final = "SCHEMA_VALIDATION_FAILED"
_UNRECOGNIZED: Final = (
    "The resource provided ARN is not recognized. The value is not a valid resource ARN, or the resource is not available in this "
    "region. {}"
)


class Check:
    """Implements ``asl.definition.TaskCheck``, for one definition."""

    def __init__(self, *, lacks_connection: bool = False) -> None:
        """``lacks_connection``: it is a StateMachine's, which names no Connection."""
        self._lacks_connection = lacks_connection
        self._read: dict[str, Any] = {}
        """Models by botocore's names of their services, so that each is read once for the definition."""

    def __call__(
        self, resource: Resource, state: Mapping[str, Json], pointer: Pointer
    ) -> Iterator[Diagnostic]:
        if not resources.claims(resource) or placeholders.in_text(resource.text):
            return
        where = child(pointer, "Resource")
        if self._lacks_connection:
            yield Diagnostic("ERROR", NO_CONNECTION, _NOT_NAMED.format(resource), where)
        if (why := _wrong_pattern(resource)) is not None:
            yield Diagnostic("ERROR", _CODE, _UNRECOGNIZED.format(why), where)
            return
        try:
            if not self._may_read(operations.modelled_in(resource)):
                said = f"Parameters of more than {MOST_SERVICES} services of AWS are not checked before tasks run"
                yield Diagnostic("WARNING", _CODE, said, where)
                return
            operation = operations.of(resource)
        except NoOperation as none:
            if none.retired:
                yield Diagnostic("WARNING", _CODE, str(none), where)
            else:
                yield Diagnostic("ERROR", _CODE, _UNRECOGNIZED.format(none), where)
            return
        yield from _parameters(resource, operation, state, pointer)

    def _may_read(self, service: str) -> bool:
        if service not in self._read:
            if len(self._read) >= MOST_SERVICES:
                return False
            self._read[service] = models.service(service)
        return True


def _wrong_pattern(resource: Resource) -> str | None:
    if resources.is_of_maps(resource):
        return f"Maps do not support '{resource.pattern}'" if resource.pattern else None
    if resources.is_sdk(resource):
        if resource.waits_for_end:
            return f"AWS SDK integrations do not support '{resource.pattern}'"
        return None
    service = optimized.find(resource)
    assert service is not None
    offered = service.actions.get(resource.action)
    if offered is None or resource.pattern in offered:
        return None
    return f"'{resource.service}:{resource.action}' does not support '{resource.pattern}'"


def _parameters(
    resource: Resource, operation: Operation, state: Mapping[str, Json], pointer: Pointer
) -> Iterator[Diagnostic]:
    member = "Arguments" if "Arguments" in state else "Parameters"
    shape = operation.model.input_shape
    if member not in state or shape is None:
        return
    given, where = state[member], child(pointer, member)
    template = JSONATA if member == "Arguments" else JSONPATH
    for problem in shapes.problems(shape, given, operation.spelling, template):
        if (
            resource.action == "putObject"
            and problem.member in _OF_WRITERS
            and resources.is_of_maps(resource)
        ):
            continue
        yield _told(problem, where)


def _told(problem: Problem, where: Pointer) -> Diagnostic:
    at = child(where, *problem.field)
    if problem.kind == shapes.TYPE:
        named = f"The value of the field '{problem.field[-1]}'" if problem.field else "The value"
        return Diagnostic("ERROR", _CODE, f"{named} {problem.message}", at)
    # Whether AWS misses what a structure within a structure lacks is not known.
    severity: Severity = "WARNING" if problem.kind == shapes.MISSING and problem.field else "ERROR"
    return Diagnostic(severity, _CODE, problem.message, at, member=problem.member)


def _is_placeholder(text: str) -> bool:
    return placeholders.in_text(text)


def _is_jsonata(text: str) -> bool:
    return text.startswith("{%") or placeholders.in_text(text)


JSONPATH: Final = Template(
    name=lambda key: key.removesuffix(".$"),
    computed=lambda key: key.endswith(".$"),
    expression=_is_placeholder,
)
JSONATA: Final = Template(name=lambda key: key, computed=lambda _: False, expression=_is_jsonata)
