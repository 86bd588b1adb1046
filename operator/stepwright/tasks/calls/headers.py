"""Which headers of a request a task may set, and what may stand in them."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

_TOKEN: Final = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")


@dataclass(frozen=True, slots=True)
class Forbidden:
    """Names in lower case, and beginnings of names."""

    names: frozenset[str]
    beginnings: tuple[str, ...]


_OF_THE_CONNECTION: Final = frozenset(
    [
        "authorization",
        "connection",
        "content-length",
        "content-md5",
        "expect",
        "forwarded",
        "host",
        "http2-settings",
        "keep-alive",
        "max-forwards",
        "metadata",
        "metadata-flavor",
        "proxy-connection",
        "server",
        "te",
        "trailer",
        "transfer-encoding",
        "upgrade",
        "via",
        "x-real-ip",
    ]
)
"""What belongs to the connection and not to the request, or opens a cloud's metadata service."""
_BEGINNINGS: Final = ("proxy-", "x-amz-", "x-amzn-", "x-aws-ec2-", "x-forwarded-")

OF_HTTP_TASKS: Final = Forbidden(
    _OF_THE_CONNECTION
    | frozenset(
        [
            "a-im",
            "accept-charset",
            "accept-datetime",
            "accept-encoding",
            "cache-control",
            "content-encoding",
            "date",
            "from",
            "if-match",
            "if-modified-since",
            "if-none-match",
            "if-range",
            "if-unmodified-since",
            "origin",
            "pragma",
            "referer",
            "warning",
        ]
    ),
    (*_BEGINNINGS, "impersonate-", "sec-"),
)
"""https://docs.aws.amazon.com/step-functions/latest/dg/call-https-apis.html"""

OF_API_GATEWAY: Final = Forbidden(_OF_THE_CONNECTION | {"www-authenticate"}, _BEGINNINGS)
"""https://docs.aws.amazon.com/step-functions/latest/dg/connect-api-gateway.html"""


def problem(name: str, forbidden: Forbidden) -> str | None:
    """Why a task may not set a header of this name, as a sentence without its stop."""
    if _TOKEN.fullmatch(name) is None:
        return f"Headers has a name that is not valid: {name[:40]!r}"
    lower = name.lower().replace("_", "-")  # to some servers they are the same
    if lower in forbidden.names or lower.startswith(forbidden.beginnings):
        return f"The header {name!r} cannot be set by a state machine"
    return None


def is_value(value: str) -> bool:
    """https://www.rfc-editor.org/rfc/rfc9110#section-5.5; no bytes beyond ASCII, since readers differ."""
    return all(character == "\t" or " " <= character <= "~" for character in value)
