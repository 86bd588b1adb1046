"""The parameters of ``kafka:publish``."""

from __future__ import annotations

import re
from typing import Any, Final

from stepwright.asl.json_types import Json
from stepwright.asl.text import jsontext
from stepwright.tasks.calls.fields import Field, Fields, whole
from stepwright.tasks.calls.named_connections import FIELD as CONNECTION
from stepwright.tasks.calls.offered import Offered

IDENTITY: Final = "stepwright-task"
"""The header by which consumers recognise a message that comes twice."""

_TOPIC: Final = re.compile(r"(?!\.{1,2}$)[A-Za-z0-9._-]{1,249}")
_HEADER: Final = re.compile(r"[!-~]{1,256}")
_LONGEST_KEY_BYTES: Final = 4096
_LONGEST_VALUE_BYTES: Final = 4096
_MOST_HEADERS: Final = 100


def _is_text(value: Any, most_bytes: int) -> bool:
    try:
        return isinstance(value, str) and len(value.encode()) <= most_bytes
    except UnicodeEncodeError:
        return False


def _is_header(name: str, value: Any) -> bool:
    return (
        _HEADER.fullmatch(name) is not None
        and name.lower() != IDENTITY
        and _is_text(value, _LONGEST_VALUE_BYTES)
    )


_PUBLISH: Final = Fields(
    {
        "Connection": CONNECTION,
        "Topic": Field(
            "a topic's name: up to 249 letters, digits, dots, hyphens and underscores",
            lambda value: isinstance(value, str) and _TOPIC.fullmatch(value) is not None,
            required=True,
        ),
        "Key": Field(
            f"a text of {_LONGEST_KEY_BYTES} bytes at most", lambda value: _is_text(value, _LONGEST_KEY_BYTES)
        ),
        "Message": Field("any value; a text is sent as it is", lambda _: True),
        "Headers": Field(
            f"an object of {_MOST_HEADERS} headers at most, with texts, none of them {IDENTITY}",
            lambda value: (
                isinstance(value, dict)
                and len(value) <= _MOST_HEADERS
                and all(_is_header(name, given) for name, given in value.items())
            ),
        ),
        "Partition": whole("a whole number", 0),
    },
    meant={"Body": "Message", "Payload": "Message", "Value": "Message", "Subject": "Topic"},
)

OFFERED: Final = Offered.of("kafka", {"publish": _PUBLISH, "publish.waitForTaskToken": _PUBLISH})


def payload(value: Json) -> bytes | None:
    """None is no content: with a key, that deletes in a compacted topic. Raises UnicodeEncodeError for half of a character."""
    if value is None:
        return None
    return (value if isinstance(value, str) else jsontext.dump(value)).encode()
