"""What AWS adds to the answers of optimized integrations: metadata of their HTTP response."""

from __future__ import annotations

from collections.abc import Mapping

from stepwright.asl.json_types import Json


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
