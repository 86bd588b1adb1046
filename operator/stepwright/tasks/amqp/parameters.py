"""The parameters of ``amqp:publish`` and ``amqp:request``, by the names that AMQP has for them.

Source: https://www.rabbitmq.com/docs/publishers#message-properties
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final

from stepwright.asl.json_types import Json
from stepwright.asl.text import jsontext
from stepwright.tasks.calls.fields import Field, Fields, truth, whole
from stepwright.tasks.calls.named_connections import FIELD as CONNECTION
from stepwright.tasks.calls.offered import Offered

LONGEST_NAME: Final = 255
"""Bytes of a short string of AMQP."""
_LONGEST_VALUE: Final = 4096
_LARGEST_NUMBER: Final = 2**63
_LONGEST_EXPIRATION_SECONDS: Final = 2**32 // 1000 - 1
_MOST_HEADERS: Final = 100

_HEADER: Final = re.compile(r"[A-Za-z0-9#$_.-]{1,128}")
_OF_THE_SERVER: Final = frozenset({"CC", "BCC"})
"""Headers by which RabbitMQ sends a message elsewhere, too."""


def _is_text(value: Any, most_bytes: int) -> bool:
    if not isinstance(value, str) or "\0" in value:
        return False
    try:
        return len(value.encode()) <= most_bytes
    except UnicodeEncodeError:
        return False


def _is_name(value: Any) -> bool:
    return _is_text(value, LONGEST_NAME)


def _is_header(name: str, value: Any) -> bool:
    if _HEADER.fullmatch(name) is None or name.upper() in _OF_THE_SERVER:
        return False
    if isinstance(value, int):  # a boolean, too
        return -_LARGEST_NUMBER <= value < _LARGEST_NUMBER
    return _is_text(value, _LONGEST_VALUE)


def _leads_nowhere(given: Mapping[str, Any]) -> str | None:
    if not given.get("Exchange", "") and not given.get("RoutingKey", ""):
        return "without an Exchange, the RoutingKey names the queue, and it has neither"
    return None


_NAME: Final = f"a text of {LONGEST_NAME} bytes at most"

_MEANT: Final = {"Body": "Message", "Payload": "Message", "Queue": "RoutingKey"}

_OF_ALL: Final = {
    "Connection": CONNECTION,
    "Exchange": Field(f"the name of an exchange, {_NAME}", _is_name),
    "RoutingKey": Field(f"a routing key, {_NAME}; without an Exchange a queue's name", _is_name),
    "Message": Field("any value; a text is sent as it is", lambda _: True),
    "Headers": Field(
        f"an object of {_MOST_HEADERS} headers at most, with texts, whole numbers and booleans; not CC or BCC",
        lambda value: (
            isinstance(value, dict)
            and len(value) <= _MOST_HEADERS
            and all(_is_header(name, given) for name, given in value.items())
        ),
    ),
    "ContentType": Field(_NAME, _is_name),
    "Type": Field(_NAME, _is_name),
    "Priority": whole("a whole number from 0 to 255", 0, 255),
}
_PUBLISH: Final = Fields(
    {
        **_OF_ALL,
        "CorrelationId": Field(_NAME, _is_name),
        "ReplyTo": Field(_NAME, _is_name),
        "ExpirationSeconds": whole("a whole number of seconds", 0, _LONGEST_EXPIRATION_SECONDS),
        "Persistent": truth(),
        "Mandatory": truth(),
    },
    meant={**_MEANT, "Expiration": "ExpirationSeconds"},
    also=_leads_nowhere,
)
_REQUEST: Final = Fields(_OF_ALL, meant=_MEANT, also=_leads_nowhere)

OFFERED: Final = Offered.of(
    "amqp", {"publish": _PUBLISH, "publish.waitForTaskToken": _PUBLISH, "request": _REQUEST}
)


def payload(value: Json) -> tuple[bytes, str]:
    """What is sent, and its content type. Raises UnicodeEncodeError for half of a character."""
    if isinstance(value, str):
        return value.encode(), "text/plain"
    return jsontext.dump(value).encode(), "application/json"
