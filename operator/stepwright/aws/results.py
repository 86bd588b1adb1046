"""Whether a mocked result looks like what an AWS service answers, by botocore's model of that service.

STRICT demands required fields, PRESENT checks those that are there, NONE checks nothing. Fields that the
model does not have are accepted. Names are those of Step Functions (``aws.names``).

Source: https://docs.aws.amazon.com/step-functions/latest/dg/test-state-isolation.html
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from functools import lru_cache
from types import MappingProxyType
from typing import Any, Final

from stepwright.asl.json_types import Json
from stepwright.asl.resource import Resource
from stepwright.aws import models, optimized, shapes

_POLLED: Final[Mapping[str, str]] = MappingProxyType(
    {
        "states:startExecution": "describeExecution",
        "glue:startJobRun": "getJobRun",
        "athena:startQueryExecution": "getQueryExecution",
    }
)
"""``.sync`` returns the final answer of another operation of the service. Others are not known, so not
checked."""

_READ: Final[Mapping[str, frozenset[str]]] = MappingProxyType(
    {
        "lambda:invoke": frozenset({"Payload"}),
        "bedrock:invokeModel": frozenset({"Body"}),
        "states:startExecution.sync:2": frozenset({"Input", "Output"}),
    }
)
"""Fields in which Step Functions returns parsed JSON of any type, where the service returns its text."""

_NARROWER: Final[Mapping[str, int]] = MappingProxyType({"lambda.MemorySize": 10_240})
"""Maxima that Step Functions applies although newer models of botocore have raised them: a function's limit,
documented in https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html, and recorded."""


def problem(resource: Resource, result: Json, *, strict: bool) -> str | None:
    """The first field that the service would not return like this; None if there is none, or if nothing is
    known about it."""
    shape = _output(resource)
    if shape is None:
        return None
    return next(_Check(strict, resource).value(shape, result, ""), None)


@lru_cache(maxsize=64)
def _output(resource: Resource) -> Any:
    """The structure that the operation of a Resource answers with."""
    if resource.kind != "integration" or resource.waits_for_token:
        return None  # a callback may answer anything
    action = resource.action
    if resource.waits_for_end:
        action = _POLLED.get(f"{resource.service}:{action}", "")
    name = _botocore_name(resource, action)
    operation = None if name is None else models.operations(name).get(action)
    return None if operation is None else models.service(str(name)).operation_model(operation).output_shape


def _botocore_name(resource: Resource, action: str) -> str | None:
    sdk, service = _service(resource)
    if sdk:
        return models.services().get(service)
    optimized_service = optimized.find(resource)
    return None if optimized_service is None else optimized_service.model_of(action)


def _service(resource: Resource) -> tuple[bool, str]:
    """Whether it is called through the SDK, and its name."""
    sdk, _, name = resource.service.rpartition(":")
    return bool(sdk), name


class _Check:
    def __init__(self, strict: bool, resource: Resource) -> None:
        self._strict = strict
        sdk, self._service = _service(resource)
        self._spelling = shapes.SDK if sdk else shapes.OPTIMIZED
        self._read = _READ.get(resource.text.partition(":::")[2], frozenset())

    def value(self, shape: Any, value: Json, field: str) -> Iterator[str]:
        """``field`` is the name of the nearest field above, "" for the result itself."""
        kind, fits = _KINDS.get(shape.type_name, _TEXT)
        if not fits(value):
            yield f"Field '{field}' must be {kind}" if field else f"Mock result must be {kind}"
            return
        yield from _bounds(shape, value, field, self._service)
        if isinstance(value, dict) and shape.type_name == "structure":
            yield from self._structure(shape, value)
        elif isinstance(value, dict):
            for item in value.values():
                yield from self.value(shape.value, item, field)
        elif isinstance(value, list):
            for item in value:
                yield from self.value(shape.member, item, field)

    def _structure(self, shape: Any, value: Mapping[str, Json]) -> Iterator[str]:
        names = shapes.members_of(shape, self._spelling)
        if self._strict:
            for shown, name in names.items():
                if name in shape.required_members and shown not in value:
                    yield f"Required field '{shown}' is missing"
        for shown, item in value.items():
            name = names.get(shown, "")
            if name and shown not in self._read:
                yield from self.value(shape.members[name], item, shown)


def _bounds(shape: Any, value: Json, field: str, service: str) -> Iterator[str]:
    """Lengths of texts and lists, ranges of numbers, enumerations."""
    limits = shape.metadata
    least = limits.get("min")
    most = _NARROWER.get(f"{service}.{shape.name}", limits.get("max"))
    if isinstance(value, (str, list)) and shape.type_name in ("string", "blob", "list"):
        if least is not None and len(value) < least:
            yield f"Field '{field}' is smaller than the minimum length"
        if most is not None and len(value) > most:
            yield f"Field '{field}' exceeds the maximum length"
    elif isinstance(value, (int, float)) and not isinstance(value, bool):
        if least is not None and value < least:
            yield f"Field '{field}' is smaller than the minimum value"
        if most is not None and value > most:
            yield f"Field '{field}' exceeds the maximum value"
    if limits.get("enum") and value not in limits["enum"]:
        yield f"Field '{field}' is not an expected value"


def _is_number(value: Json) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)


_Kind = tuple[str, Callable[[Json], bool]]

_TEXT: Final[_Kind] = ("a string", lambda value: isinstance(value, str))
"""Timestamps and blobs, too."""
_NUMBER: Final[_Kind] = ("a number", _is_number)
_OBJECT: Final[_Kind] = ("an object", lambda value: isinstance(value, dict))
_KINDS: Final[Mapping[str, _Kind]] = MappingProxyType(
    {
        "structure": _OBJECT,
        "map": _OBJECT,
        "list": ("an array", lambda value: isinstance(value, list)),
        "boolean": ("a boolean", lambda value: isinstance(value, bool)),
        "integer": _NUMBER,
        "long": _NUMBER,
        "float": _NUMBER,
        "double": _NUMBER,
    }
)
