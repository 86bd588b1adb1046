"""Requests to AWS's services, and their answers, in the spelling of tasks and in that of botocore.

A ``Spelling`` is that of ``aws-sdk`` tasks or that of optimised integrations. ``request`` makes of a task's Parameters what
botocore takes, ``answer`` of what it gives a task's result, and ``problems`` says what a service would not accept. All of them
read botocore's models; none calls anybody.
"""

from __future__ import annotations

import base64
import binascii
import difflib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache
from types import MappingProxyType
from typing import Any, Final

from stepwright.asl.json_types import Json
from stepwright.asl.signals import Millis
from stepwright.asl.text import jsontext, timestamps
from stepwright.aws import exceptional, names


@dataclass(frozen=True, slots=True)
class Spelling:
    """``sdk``: of ``aws-sdk`` tasks, whose moments are texts; those of optimised integrations are numbers (milliseconds).
    ``has_all_lists``: lists that the service has left out are there and empty."""

    sdk: bool
    has_all_lists: bool = False

    def name(self, structure: str, member: str) -> str:
        """How a task spells a member of a structure of the model."""
        if not self.sdk:
            return names.optimized_member(member)
        return exceptional.MEMBERS.get((structure, member)) or _sdk_member(member)


SDK: Final = Spelling(sdk=True)
OPTIMIZED: Final = Spelling(sdk=False)
OPTIMIZED_WITH_LISTS: Final = Spelling(sdk=False, has_all_lists=True)

_sdk_member: Final = lru_cache(maxsize=8192)(names.member)


@dataclass(frozen=True, slots=True)
class Problem:
    """``field``: the names and indexes on the way to the value, or to the structure that lacks the member or has one too many.
    ``member``: that one, else None."""

    kind: str
    message: str
    field: tuple[str | int, ...]
    member: str | None = None


UNKNOWN: Final = "unknown"
MISSING: Final = "missing"
TYPE: Final = "type"


# --- What a service would not take ----------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Template:
    """Which parts of a value are computed when the task runs. ``name``: the member that a key stands for, ``computed``: whether
    its value is computed; ``expression``: whether a text is one."""

    name: Callable[[str], str]
    computed: Callable[[str], bool]
    expression: Callable[[str], bool]


WHOLE: Final = Template(lambda key: key, lambda _: False, lambda _: False)
"""Nothing is computed any more."""


def problems(shape: Any, value: Json, spelling: Spelling, template: Template = WHOLE) -> Iterator[Problem]:
    """Of a request."""
    return _Check(spelling, template).value(shape, value, ())


class _Check:
    def __init__(self, spelling: Spelling, template: Template) -> None:
        self._spelling = spelling
        self._template = template

    def value(self, shape: Any, value: Json, field: tuple[str | int, ...]) -> Iterator[Problem]:
        if (
            value is None
            or (isinstance(value, str) and self._template.expression(value))
            or _is_document(shape)
        ):
            return
        kind = shape.type_name
        if _is_plain_text(shape, value, self._spelling):
            return
        words, fits = _KINDS.get(kind, _ANY)
        if not fits(value):
            yield Problem(TYPE, f"must be {words}", field)
        elif kind == "structure":
            assert isinstance(value, dict)
            yield from self._structure(shape, value, field)
        elif kind == "list":
            assert isinstance(value, list)
            for index, item in enumerate(value):
                yield from self.value(shape.member, item, (*field, index))
        elif kind == "map":
            assert isinstance(value, dict)
            for key, item in value.items():
                if not self._template.computed(key):
                    yield from self.value(shape.value, item, (*field, key))

    def _structure(
        self, shape: Any, value: Mapping[str, Json], field: tuple[str | int, ...]
    ) -> Iterator[Problem]:
        members = members_of(shape, self._spelling)
        others = _others(shape, self._spelling)
        given: set[str] = set()
        for key, item in value.items():
            name = self._template.name(key)
            member = members.get(name)
            given.add(member or others.get(name, ""))
            if member is not None:
                if not self._template.computed(key):
                    yield from self.value(shape.members[member], item, (*field, key))
            elif name not in others:
                yield Problem(UNKNOWN, _unknown(name, members), field, key)
        for name, member in members.items():
            if member in shape.required_members and member not in given:
                yield Problem(MISSING, f"The field '{name}' is required but was missing", field, name)


def _unknown(name: str, members: Mapping[str, str]) -> str:
    """As AWS has it, and what it may have been meant to be."""
    said = f"The field '{name}' is not supported by Step Functions"
    near = nearest(name, members)
    return said if near is None else f"{said}; did you mean '{near}'?"


def nearest(name: str, known: Any) -> str | None:
    """The name that was probably meant; one that differs in nothing but capitals before all others."""
    for one in known:
        if one.lower() == name.lower():
            return str(one)
    found = difflib.get_close_matches(name, known, n=1, cutoff=0.7)
    return found[0] if found else None


def members_of(shape: Any, spelling: Spelling) -> dict[str, str]:
    """The members of a structure, by how tasks spell them."""
    return {spelling.name(shape.name, member): member for member in shape.members}


def _others(shape: Any, spelling: Spelling) -> Mapping[str, str]:
    """Members by other names that a task may use: those of the model for types of DynamoDB, those of the SDK for S3's."""
    if shape.name == exceptional.ATTRIBUTE_VALUE:
        return {name: name for name in shape.members}
    if spelling.sdk and shape.name in exceptional.COPIES:
        parts = dict.fromkeys(exceptional.SOURCE_PARTS, exceptional.COPY_SOURCE)
        return {**exceptional.ALSO[shape.name], **parts}
    return {}


def _is_plain_text(shape: Any, value: Json, spelling: Spelling) -> bool:
    """The SDK's first version makes of a text a value of DynamoDB."""
    return not spelling.sdk and isinstance(value, str) and shape.name == exceptional.ATTRIBUTE_VALUE


def _is_document(shape: Any) -> bool:
    """Whether any JSON will do."""
    return bool(getattr(shape, "is_document_type", False) or shape.serialization.get("jsonvalue"))


def _is_number(value: Json) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def _is_whole(value: Json) -> bool:
    if isinstance(value, str):
        return value.strip().lstrip("+-").isdecimal()
    return _is_number(value) and (isinstance(value, int) or float(value).is_integer())  # type: ignore[arg-type]


def _is_numeric(value: Json) -> bool:
    if isinstance(value, str):
        try:
            float(value)
        except ValueError:
            return False
        return True
    return _is_number(value)


def _is_moment(value: Json) -> bool:
    return (isinstance(value, str) and _moment_of(value) is not None) or _is_number(value)


_Fits = Callable[[Json], bool]

_ANY: Final[tuple[str, _Fits]] = ("any value", lambda _: True)
"""Texts and bytes take any JSON, as its text."""
_OBJECT: Final[tuple[str, _Fits]] = ("an object", lambda value: isinstance(value, dict))
_WHOLE_NUMBER: Final[tuple[str, _Fits]] = ("a whole number", _is_whole)
_NUMBER: Final[tuple[str, _Fits]] = ("a number", _is_numeric)
_KINDS: Final[Mapping[str, tuple[str, _Fits]]] = MappingProxyType(
    {
        "structure": _OBJECT,
        "map": _OBJECT,
        "list": ("an array", lambda value: isinstance(value, list)),
        "boolean": ("true or false", lambda value: isinstance(value, bool) or value in ("true", "false")),
        "integer": _WHOLE_NUMBER,
        "long": _WHOLE_NUMBER,
        "float": _NUMBER,
        "double": _NUMBER,
        "timestamp": ("a moment (ISO 8601)", _is_moment),
    }
)


# --- Requests -------------------------------------------------------------------------------------------------------------


def request(shape: Any, value: Json, spelling: Spelling, service: str) -> Any:
    """What botocore takes, of a value that has no ``problems``. Members that are null are not sent. ``service``: botocore's name
    of it. Raises ValueError with a sentence for bytes and moments that are not valid."""
    return _Request(spelling, service).value(shape, value, "")


class _Request:
    def __init__(self, spelling: Spelling, service: str) -> None:
        self._spelling = spelling
        self._service = service

    def value(self, shape: Any, value: Json, member: str) -> Any:
        if _is_document(shape):
            return value
        match shape.type_name:
            case "structure":
                if _is_plain_text(shape, value, self._spelling):
                    return {"S": value}
                assert isinstance(value, dict)
                return self._structure(shape, value)
            case "list":
                assert isinstance(value, list)
                return [self.value(shape.member, item, member) for item in value if item is not None]
            case "map":
                assert isinstance(value, dict)
                given = {key: item for key, item in value.items() if item is not None}
                return {key: self.value(shape.value, item, key) for key, item in given.items()}
            case "blob":
                return self._bytes(value, member)
            case "string" | "char" | "character":
                return value if isinstance(value, str) else jsontext.dump(value)
            case "timestamp":
                return self._moment(value)
            case kind:
                return _scalar(kind, value)

    def _structure(self, shape: Any, value: Mapping[str, Json]) -> dict[str, Any]:
        members, others = members_of(shape, self._spelling), _others(shape, self._spelling)
        sent: dict[str, Any] = {}
        for key, item in value.items():
            if item is None or (key in exceptional.SOURCE_PARTS and key in others):
                continue
            member = members.get(key) or others[key]
            sent[member] = self.value(shape.members[member], item, member)
        if exceptional.SOURCE_PARTS[0] in others and exceptional.COPY_SOURCE not in sent:
            source = _source(value)
            if source:
                sent[exceptional.COPY_SOURCE] = source
        return sent

    def _bytes(self, value: Json, member: str) -> bytes:
        text = value if isinstance(value, str) else jsontext.dump(value)
        if (self._service, member) not in exceptional.BYTES:
            return text.encode()
        try:
            return base64.b64decode(text, validate=True)
        except (binascii.Error, ValueError) as error:
            raise ValueError(f"The value of the field '{member}' must be base64") from error

    def _moment(self, value: Json) -> datetime:
        if isinstance(value, str):
            moment = _moment_of(value)
            assert moment is not None
            return moment
        assert isinstance(value, (int, float))
        try:
            return datetime.fromtimestamp(value if self._spelling.sdk else value / 1000, UTC)
        except (OverflowError, OSError, ValueError) as error:
            raise ValueError(f"{value} is not a moment") from error


def _source(value: Mapping[str, Json]) -> dict[str, str]:
    bucket, key, version = (value.get(part) for part in exceptional.SOURCE_PARTS)
    parts = {"Bucket": bucket, "Key": key, "VersionId": version}
    return {name: str(part) for name, part in parts.items() if part is not None}


def _scalar(kind: str, value: Json) -> Any:
    """Texts are taken for what they spell."""
    if kind == "boolean":
        return value if isinstance(value, bool) else value == "true"
    if kind in ("integer", "long"):
        return int(value)  # type: ignore[arg-type]
    return float(value) if isinstance(value, str) else value


def _moment_of(text: str) -> datetime | None:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return None
    return moment if moment.tzinfo is not None else moment.replace(tzinfo=UTC)


# --- Answers --------------------------------------------------------------------------------------------------------------


def answer(shape: Any, value: Any, spelling: Spelling, service: str) -> Json:
    """A task's result, of what botocore has parsed: members in alphabetical order, a body that the service streams at last.
    Streamed bodies are bytes here. ``service``: botocore's name of it."""
    return _Answer(spelling, service).value(shape, value, "")


class _Answer:
    def __init__(self, spelling: Spelling, service: str) -> None:
        self._spelling = spelling
        self._service = service

    def value(self, shape: Any, value: Any, member: str) -> Json:
        if _is_document(shape):
            return value  # type: ignore[no-any-return]
        match shape.type_name:
            case "structure":
                return self._structure(shape, value)
            case "list":
                return [self.value(shape.member, item, member) for item in value]
            case "map":
                return {str(key): self.value(shape.value, item, str(key)) for key, item in value.items()}
            case "blob":
                return self._bytes(value, member)
            case "timestamp":
                return self._moment(value)
            case "string":
                return value if isinstance(value, str) else jsontext.dump(value)
            case _:
                return value  # type: ignore[no-any-return]

    def _structure(self, shape: Any, value: Mapping[str, Any]) -> dict[str, Json]:
        shown: dict[str, Json] = {}
        last: dict[str, Json] = {}
        for name, member in sorted(members_of(shape, self._spelling).items()):
            inner = shape.members[member]
            if value.get(member) is None:
                if self._spelling.has_all_lists and inner.type_name == "list":
                    shown[name] = []
                continue
            into = last if _is_body(shape, member, inner) else shown
            into[name] = self.value(inner, value[member], member)
        return shown | last

    def _bytes(self, value: bytes | str, member: str) -> str:
        raw = value.encode() if isinstance(value, str) else value
        if (self._service, member) not in exceptional.BYTES:
            try:
                return raw.decode()
            except UnicodeDecodeError:
                pass
        return base64.b64encode(raw).decode()

    def _moment(self, value: datetime) -> Json:
        # Moments are exact to the microsecond; float would not be.
        millis = Millis((value - _EPOCH) // _MILLISECOND)
        if not self._spelling.sdk:
            return millis
        text = timestamps.text(millis)
        return text.replace(".000Z", "Z")


def _is_body(shape: Any, member: str, inner: Any) -> bool:
    if inner.serialization.get("streaming"):
        return True
    return bool(inner.type_name == "blob" and shape.serialization.get("payload") == member)


_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_MILLISECOND: Final = datetime(1970, 1, 1, 0, 0, 0, 1000, tzinfo=UTC) - _EPOCH
