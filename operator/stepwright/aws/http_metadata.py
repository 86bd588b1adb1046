"""What AWS adds to the answers of optimized integrations: metadata of their HTTP response."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from stepwright.asl.json_types import Json

_MEMBERS: Final = ("SdkHttpMetadata", "SdkResponseMetadata")


def of(headers: Mapping[str, Json], status: int, request_id: str) -> dict[str, Json]:
    """The members in the order that AWS records."""
    return {
        "SdkHttpMetadata": {
            "AllHttpHeaders": {name: [value] for name, value in headers.items()},
            "HttpHeaders": dict(headers),
            "HttpStatusCode": status,
        },
        "SdkResponseMetadata": {"RequestId": request_id},
    }


def without(answer: Mapping[str, Json]) -> dict[str, Json]:
    """An answer as the service gave it."""
    return {name: value for name, value in answer.items() if name not in _MEMBERS}
