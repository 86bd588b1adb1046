"""The parameters of ``nats:publish`` and ``nats:request``."""

from __future__ import annotations

import re
from typing import Any, Final

from stepwright.asl.json_types import Json
from stepwright.asl.text import jsontext
from stepwright.tasks.calls.fields import Field, Fields
from stepwright.tasks.calls.named_connections import FIELD as CONNECTION
from stepwright.tasks.calls.offered import Offered

_SUBJECT: Final = re.compile(r"[!-)+,\-/-=?-~]+(?:\.[!-)+,\-/-=?-~]+)*")
"""Parts between dots, of what can be printed in ASCII, without the wildcards * and >."""
_STREAM: Final = re.compile(r"[A-Za-z0-9_-]{1,255}")
_HEADER: Final = re.compile(r"[A-Za-z0-9_-]{1,128}")

_LONGEST_SUBJECT: Final = 255
_LONGEST_VALUE: Final = 4096


def _is_subject(value: Any) -> bool:
    return isinstance(value, str) and len(value) <= _LONGEST_SUBJECT and _SUBJECT.fullmatch(value) is not None


def _of_the_server(value: str) -> str | None:
    if value.startswith(("$", "_INBOX")):
        return f"begins as those of the server itself do ({value.partition('.')[0]})"
    return None


def _is_header(name: str, value: Any) -> bool:
    return (
        _HEADER.fullmatch(name) is not None
        and not name.lower().startswith("nats-")
        and isinstance(value, str)
        and len(value) <= _LONGEST_VALUE
        and all(" " <= character <= "~" for character in value)
    )


SUBJECT: Final = Field(
    f"a subject such as orders.new, without wildcards, of {_LONGEST_SUBJECT} characters at most",
    _is_subject,
    required=True,
    problem=_of_the_server,
)
MESSAGE: Final = Field("any value; a text is sent as it is", lambda _: True)
HEADERS: Final = Field(
    "an object of headers, with texts in ASCII, whose names do not begin with Nats-",
    lambda value: isinstance(value, dict) and all(_is_header(name, given) for name, given in value.items()),
)

_MEANT: Final = {"Body": "Message", "Payload": "Message", "Data": "Message", "Topic": "Subject"}

_PUBLISH: Final = Fields(
    {
        "Connection": CONNECTION,
        "Subject": SUBJECT,
        "Message": MESSAGE,
        "Headers": HEADERS,
        "Stream": Field(
            "the name of the stream that is to take it",
            lambda value: isinstance(value, str) and _STREAM.fullmatch(value) is not None,
        ),
    },
    meant=_MEANT,
)
_REQUEST: Final = Fields(
    {"Connection": CONNECTION, "Subject": SUBJECT, "Message": MESSAGE, "Headers": HEADERS}, meant=_MEANT
)

OFFERED: Final = Offered.of(
    "nats", {"publish": _PUBLISH, "publish.waitForTaskToken": _PUBLISH, "request": _REQUEST}
)


def payload(value: Json) -> bytes:
    """Raises UnicodeEncodeError, for half of a character."""
    if value is None:
        return b""
    return (value if isinstance(value, str) else jsontext.dump(value)).encode()
