"""Whether a request fits the model: types first, then presence, lengths, ranges and enumerations.

A wrong type is a SerializationException on AWS; all other mistakes are reported together in one
ValidationException, in the words of recorded answers.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from functools import lru_cache
from itertools import islice
from typing import Any, Final

from stepwright.api import errors

_MOST_TOLD: Final = 100
"""The most mistakes listed for one request: a body has room for millions."""

_LONG: Final = 1_000

_TOKENS: Final = {bool: "boolean", int: "NUMBER_VALUE", float: "NUMBER_VALUE", str: "STRING_VALUE"}


def check(shape: Any, value: dict[str, Any]) -> dict[str, Any]:
    """The request without members that are null or unknown. Raises ApiError."""
    read: dict[str, Any] = _read(shape, value)
    found = list(islice(_violations(shape, read, ""), _MOST_TOLD))
    if found:
        count = f"{len(found)} validation error{'s' if len(found) > 1 else ''} detected: "
        raise errors.validation(count + "; ".join(found))
    return read


def is_long(given: dict[str, Any]) -> bool:
    """Whether it has a list that takes some time to check."""
    return any(
        len(value) > _LONG if isinstance(value, list) else isinstance(value, dict) and is_long(value)
        for value in given.values()
    )


# --- Types ------------------------------------------------------------------------------------------------------------


def _read(shape: Any, value: Any) -> Any:
    match shape.type_name:
        case "structure":
            members = _require(value, dict, "Object").items()
            return {
                name: _read(shape.members[name], member)
                for name, member in members
                if name in shape.members and member is not None
            }
        case "list":
            return [
                None if item is None else _read(shape.member, item) for item in _require(value, list, "List")
            ]
        case "map":
            return {key: _read(shape.value, item) for key, item in _require(value, dict, "Map").items()}
        case "integer" | "long":
            if isinstance(value, float) and value.is_integer():
                return int(value)
            return _require(value, int, shape.type_name.capitalize())
        case "boolean":
            return _require(value, bool, "Boolean")
        case "float" | "double":
            return _require(value, (int, float), "Double")
        case _:
            return _require(value, str, "String")


def _require(value: Any, kind: Any, name: str) -> Any:
    if isinstance(value, kind) and (not isinstance(value, bool) or kind is bool):
        return value
    if isinstance(value, dict | list):
        raise errors.serialization("Start of structure or map found where not expected.")
    if isinstance(value, bool):
        raise errors.serialization(f"{'TRUE' if value else 'FALSE'}_VALUE can not be converted to {_a(name)}")
    raise errors.serialization(f"{_TOKENS.get(type(value), 'VALUE')} can not be converted to {_a(name)}")


def _a(name: str) -> str:
    return f"{'an' if name[0] in 'AEIO' else 'a'} {name}"


# --- Constraints ------------------------------------------------------------------------------------------------------


def _violations(shape: Any, value: Any, path: str) -> Iterator[str]:
    if value is None:
        yield f"Value null at '{path}' failed to satisfy constraint: Member must not be null"
        return
    for constraint in _broken(shape, value):
        shown = "Value" if shape.metadata.get("sensitive") else f"Value '{_shown(shape, value)}'"
        yield f"{shown} at '{path}' failed to satisfy constraint: {constraint}"
    match shape.type_name:
        case "structure":
            for name, member in shape.members.items():
                if name in value or name in shape.required_members:
                    yield from _violations(member, value.get(name), f"{path}.{name}" if path else name)
        case "list":
            for index, item in enumerate(value):
                yield from _violations(shape.member, item, f"{path}.{index + 1}.member")


def _broken(shape: Any, value: Any) -> Iterator[str]:
    least, most = shape.metadata.get("min"), shape.metadata.get("max")
    kind = shape.type_name
    if kind in ("string", "list", "map"):
        if least is not None and len(value) < least:
            yield f"Member must have length greater than or equal to {least}"
        if most is not None and len(value) > most:
            yield f"Member must have length less than or equal to {most}"
    elif kind in ("integer", "long", "float", "double"):
        if least is not None and value < least:
            yield f"Member must have value greater than or equal to {least}"
        if most is not None and value > most:
            yield f"Member must have value less than or equal to {most}"
    enumeration = getattr(shape, "enum", None)
    if enumeration and value not in enumeration:
        yield f"Member must satisfy enum value set: [{', '.join(enumeration)}]"
    pattern = shape.metadata.get("pattern")
    if pattern is not None and kind == "string" and not _pattern(pattern)(value):
        yield f"Member must satisfy regular expression pattern: {pattern}"


@lru_cache(maxsize=64)
def _pattern(pattern: str) -> Callable[[str], Any]:
    """The model's patterns are Java's, which has classes that Python does not."""
    return re.compile(pattern.replace(r"\p{ASCII}", r"[\x00-\x7f]")).fullmatch


def _shown(shape: Any, value: Any) -> str:
    """A value as AWS's Java shows it: ``[RoutingConfigurationListItem(stateMachineVersionArn=..., weight=100)]``."""
    if value is None:
        return "null"
    match shape.type_name:
        case "list":
            return f"[{', '.join(_shown(shape.member, item) for item in value)}]"
        case "structure":
            members = (
                f"{name}={_shown(member, value[name])}"
                for name, member in shape.members.items()
                if name in value
            )
            return f"{shape.name}({', '.join(members)})"
        case "boolean":
            return "true" if value else "false"
        case _:
            return str(value)
