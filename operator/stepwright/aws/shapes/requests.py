"""What botocore takes, of a task's Parameters."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from stepwright.asl.json_types import Json
from stepwright.asl.text import jsontext
from stepwright.aws import exceptional
from stepwright.aws.shapes.spelling import Spelling, is_document, is_plain_text, members_of, others_of


def request(shape: Any, value: Json, spelling: Spelling, service: str) -> Any:
    """What botocore takes, of a value that has no ``problems``. Members that are null are not sent. ``service``: botocore's name
    of it. Raises ValueError with a sentence for bytes and moments that are not valid."""
    return _Request(spelling, service).value(shape, value, "")


class _Request:
    def __init__(self, spelling: Spelling, service: str) -> None:
        self._spelling = spelling
        self._service = service

    def value(self, shape: Any, value: Json, member: str) -> Any:
        if is_document(shape):
            return value
        match shape.type_name:
            case "structure":
                if is_plain_text(shape, value, self._spelling):
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
        members, others = members_of(shape, self._spelling), others_of(shape, self._spelling)
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
            moment = moment_of(value)
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
        return int(value)  # type: ignore[arg-type]  # checks have found it whole
    return float(value) if isinstance(value, str) else value


def moment_of(text: str) -> datetime | None:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return None
    return moment if moment.tzinfo is not None else moment.replace(tzinfo=UTC)
