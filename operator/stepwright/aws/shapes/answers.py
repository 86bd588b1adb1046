"""A task's result, of what botocore has parsed."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, Final

from stepwright.asl.json_types import Json
from stepwright.asl.signals import Millis
from stepwright.asl.text import jsontext, timestamps
from stepwright.aws import exceptional
from stepwright.aws.shapes.spelling import Spelling, is_document, members_of


def answer(shape: Any, value: Any, spelling: Spelling, service: str) -> Json:
    """A task's result, of what botocore has parsed: members in alphabetical order, a body that the service streams at last.
    Streamed bodies are bytes here. ``service``: botocore's name of it."""
    return _Answer(spelling, service).value(shape, value, "")


class _Answer:
    def __init__(self, spelling: Spelling, service: str) -> None:
        self._spelling = spelling
        self._service = service

    def value(self, shape: Any, value: Any, member: str) -> Json:
        if is_document(shape):
            return value  # type: ignore[no-any-return]  # botocore has read JSON
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
                return value  # type: ignore[no-any-return]  # botocore has read JSON

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
