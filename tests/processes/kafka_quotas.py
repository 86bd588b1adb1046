"""Quotas of Kafka's clients, which aiokafka's admin client does not set. Source: AlterClientQuotas (KIP-546)."""

from __future__ import annotations

from typing import Final

from aiokafka.protocol.api import Request, RequestStruct, Response
from aiokafka.protocol.types import Array, Boolean, Float64, Int16, Int32, Schema, String

_KEY: Final = 49
_ENTITY: Final = Array(("type", String("utf-8")), ("name", String("utf-8")))


class _Told(Response):  # type: ignore[misc] # aiokafka has no types
    API_KEY = _KEY
    API_VERSION = 0
    SCHEMA = Schema(
        ("throttle_time_ms", Int32),
        (
            "entries",
            Array(("error_code", Int16), ("error_message", String("utf-8")), ("entity", _ENTITY)),
        ),
    )


class _Asked(RequestStruct):  # type: ignore[misc]
    API_KEY = _KEY
    API_VERSION = 0
    RESPONSE_TYPE = _Told
    SCHEMA = Schema(
        (
            "entries",
            Array(
                ("entity", _ENTITY),
                ("ops", Array(("key", String("utf-8")), ("value", Float64), ("remove", Boolean))),
            ),
        ),
        ("validate_only", Boolean),
    )


class QuotaOfClients(Request[_Asked]):  # type: ignore[misc]
    """How many bytes a second clients of a name may produce; None: as many as they like."""

    API_KEY = _KEY

    def __init__(self, client: str, bytes_per_second: float | None) -> None:
        self._client = client
        self._bytes = bytes_per_second

    def build(self, struct: type[_Asked]) -> _Asked:
        operation = ("producer_byte_rate", self._bytes or 0.0, self._bytes is None)
        return struct([([("client-id", self._client)], [operation])], False)
