"""JSON of what PostgreSQL's columns hold, and what its parameters take of JSON, by the types that the statement gives them.

What JSON has no type for is a text: numeric too, since a number of JSON may be read as a binary fraction by whoever takes it next.
"""

from __future__ import annotations

import base64
import binascii
import uuid
from collections.abc import Mapping
from datetime import date, datetime, time, timedelta
from decimal import Decimal, InvalidOperation
from math import isfinite
from typing import Any, Final, Protocol

from stepwright.asl.json_types import Json
from stepwright.asl.text import jsontext


class Type(Protocol):
    """As asyncpg has it. ``kind``: ``scalar``, ``array`` and others; an array's name ends in ``[]``."""

    @property
    def name(self) -> str: ...

    @property
    def kind(self) -> str: ...


class Unfit(ValueError):  # noqa: N818 - it names a condition
    """What a parameter must be, as the end of a sentence."""


_WHOLE: Final = frozenset({"int2", "int4", "int8", "oid"})
_FRACTIONS: Final = frozenset({"float4", "float8"})
_JSON: Final = frozenset({"json", "jsonb"})


def bound(value: Json, type: Type) -> Any:
    """What asyncpg binds. Raises Unfit."""
    if value is None:
        return None
    name = type.name
    if type.kind == "array":
        return _array(value, name.removesuffix("[]"))
    return _scalar(value, name)


def _array(value: Json, of: str) -> Any:
    if not isinstance(value, list):
        raise Unfit(f"must be a list for {of}[]")
    return [
        _array(each, of)
        if isinstance(each, list) and of not in _JSON
        else None
        if each is None
        else _scalar(each, of)
        for each in value
    ]


def _scalar(value: Any, name: str) -> Any:
    if name in _JSON:
        return jsontext.dump(value)
    if name in _WHOLE:
        return _of(value, int, f"must be a whole number for {name}")
    if name == "bool":
        return _of(value, bool, "must be true or false for bool")
    if name in _FRACTIONS:
        return float(_of(value, int | float, f"must be a number for {name}"))
    if name == "interval":
        return timedelta(seconds=_of(value, int | float, "must be a number of seconds for interval"))
    if name == "numeric":
        return _numeric(value)
    text = _of(value, str, f"must be a text for {name}")
    try:
        return _FROM_TEXT[name](text) if name in _FROM_TEXT else text
    except (ValueError, binascii.Error):
        raise Unfit(f"is not a text that {name} could be read from") from None


def _of(value: Any, kind: Any, words: str) -> Any:
    if not isinstance(value, kind) or (isinstance(value, bool) and kind is not bool):
        raise Unfit(words)
    return value


def _numeric(value: Any) -> Decimal:
    _of(value, int | float | str, "must be a number or the text of one for numeric")
    try:
        return Decimal(str(value))
    except InvalidOperation:
        raise Unfit("must be a number or the text of one for numeric") from None


def _moment(text: str) -> datetime:
    found = datetime.fromisoformat(text)
    if found.tzinfo is None:
        raise ValueError
    return found


def _local(text: str) -> datetime:
    found = datetime.fromisoformat(text)
    if found.tzinfo is not None:
        raise ValueError
    return found


_FROM_TEXT: Final[Mapping[str, Any]] = {
    "uuid": uuid.UUID,
    "date": date.fromisoformat,
    "time": time.fromisoformat,
    "timetz": time.fromisoformat,
    "timestamp": _local,
    "timestamptz": _moment,
    "bytea": lambda text: base64.b64decode(text, validate=True),
}


def shown(value: Any, type: Type) -> Json:
    """As JSON."""
    of = type.name.removesuffix("[]")
    return _shown(value, is_json=of in _JSON)


def _shown(value: Any, *, is_json: bool = False) -> Json:
    match value:
        case None | bool() | int():
            return value
        case float():
            return value if isfinite(value) else str(value)
        case str():
            return jsontext.parse(value) if is_json else value
        case bytes():
            return base64.b64encode(value).decode()
        case datetime() | date() | time():
            return value.isoformat()
        case timedelta():
            return value.total_seconds()
        case list():
            return [_shown(each, is_json=is_json) for each in value]
        case _ if hasattr(value, "items") and hasattr(value, "keys"):  # a composite
            return {str(name): _shown(each) for name, each in value.items()}
    return str(value)
