"""The parameters of ``smtp:send``."""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Mapping, Sequence
from typing import Any, Final

from stepwright.tasks.calls.fields import Field, Fields
from stepwright.tasks.calls.named_connections import FIELD as CONNECTION
from stepwright.tasks.calls.offered import Offered
from stepwright.tasks.mail.addresses import is_address

MOST_RECIPIENTS: Final = 100
MOST_ATTACHMENTS: Final = 20
_LONGEST_LINE: Final = 900

_HEADER: Final = re.compile(r"X-[A-Za-z0-9-]{1,64}")
_MEDIA: Final = re.compile(r"(?:application|audio|font|image|model|text|video)/[A-Za-z0-9!#$&^_.+-]{1,100}")
"""What is content: what holds other parts of a mail (multipart, message) would be read as some of it."""


def listed(given: Any) -> Sequence[str]:
    """One address, or a list of them."""
    return [given] if isinstance(given, str) else list(given or ())


def _are_addresses(value: Any) -> bool:
    if isinstance(value, str):
        return is_address(value)
    return isinstance(value, list) and 0 < len(value) <= MOST_RECIPIENTS and all(map(is_address, value))


def is_line(value: Any) -> bool:
    """What a header may hold."""
    return (
        isinstance(value, str)
        and 0 < len(value) <= _LONGEST_LINE
        and not any(
            character < " " or character == "\x7f" or "\ud800" <= character <= "\udfff" for character in value
        )
    )


def _is_text(value: Any) -> bool:
    return isinstance(value, str) and not any("\ud800" <= character <= "\udfff" for character in value)


def _are_headers(value: Any) -> bool:
    return isinstance(value, dict) and all(
        _HEADER.fullmatch(name) and is_line(given) for name, given in value.items()
    )


def _bad_attachment(value: Any) -> str | None:
    for at, each in enumerate(value):
        if not isinstance(each, Mapping) or each.keys() - {"Name", "ContentType", "Text", "Base64"}:
            return f"has something else at {at} than Name, ContentType, and Text or Base64"
        if not is_line(each.get("Name")) or not set(each["Name"]).isdisjoint("/\\"):
            return f"has at {at} no Name, or one that no file can have"
        if _MEDIA.fullmatch(str(each.get("ContentType", "text/plain"))) is None:
            return f"has at {at} a ContentType that is not valid (text/csv is)"
        if ("Text" in each) == ("Base64" in each):
            return f"must have at {at} either Text or Base64"
        if "Text" in each and not _is_text(each["Text"]):
            return f"has at {at} a Text that is not a text"
        if "Base64" in each and content(each) is None:
            return f"has at {at} a Base64 that is not base64"
    return None


def content(attachment: Mapping[str, Any]) -> bytes | None:
    """None if it is not valid."""
    if "Text" in attachment:
        return str(attachment["Text"]).encode()
    try:
        return base64.b64decode(attachment["Base64"], validate=True)
    except (binascii.Error, ValueError, TypeError):
        return None


def _too_many(given: Mapping[str, Any]) -> str | None:
    recipients = sum(len(listed(given.get(name))) for name in ("To", "Cc", "Bcc"))
    if recipients > MOST_RECIPIENTS:
        return f"there are {recipients} recipients, and {MOST_RECIPIENTS} at most are written to at once"
    return None


_ADDRESSES: Final = f"an address such as orders@example.com, or a list of {MOST_RECIPIENTS} at most"

_SEND: Final = Fields(
    {
        "Connection": CONNECTION,
        "To": Field(_ADDRESSES, _are_addresses, required=True),
        "Cc": Field(_ADDRESSES, _are_addresses),
        "Bcc": Field(_ADDRESSES, _are_addresses),
        "ReplyTo": Field(_ADDRESSES, _are_addresses),
        "Subject": Field("a text of one line", is_line, required=True),
        "Text": Field("a text", _is_text),
        "Html": Field("a text in HTML", _is_text),
        "Headers": Field(
            "an object of headers whose names begin with X-, with texts of one line", _are_headers
        ),
        "Attachments": Field(
            f"a list of {MOST_ATTACHMENTS} at most",
            lambda value: isinstance(value, list) and len(value) <= MOST_ATTACHMENTS,
            problem=_bad_attachment,
        ),
    },
    meant={"Body": "Text", "Message": "Text", "HTML": "Html", "Recipients": "To"},
    also=_too_many,
)


OFFERED: Final = Offered.of("smtp", {"send": _SEND, "send.waitForTaskToken": _SEND})
