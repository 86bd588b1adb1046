"""GetCallerIdentity of AWS's Security Token Service, which many tools ask before anything else.

Its requests are forms and its answers XML, at the same path as the requests of Step Functions.
https://docs.aws.amazon.com/STS/latest/APIReference/API_GetCallerIdentity.html
"""

from __future__ import annotations

from html import escape
from typing import Final
from urllib.parse import parse_qs

from stepwright.api.errors import ApiError
from stepwright.catalog.arns import Place
from stepwright.catalog.callers import Caller

FORM: Final = "application/x-www-form-urlencoded"
XML: Final = "text/xml"

_NAMESPACE: Final = "https://sts.amazonaws.com/doc/2011-06-15/"


def answer(body: bytes, caller: Caller, place: Place) -> bytes:
    """The document that answers a form. Raises ApiError."""
    asked = parse_qs(body.decode("latin-1"), max_num_fields=20).get("Action")
    if asked != ["GetCallerIdentity"]:
        raise ApiError("InvalidAction", "Of STS, Stepwright serves only GetCallerIdentity")
    return _document(
        "GetCallerIdentityResponse",
        f"<GetCallerIdentityResult><Arn>arn:{place.partition}:iam::{caller.account}:root</Arn>"
        f"<UserId>{caller.account}</UserId><Account>{caller.account}</Account></GetCallerIdentityResult>",
    )


def refusal(error: ApiError) -> bytes:
    """An error in STS's form."""
    said = f"<Code>{escape(error.code, quote=False)}</Code><Message>{escape(error.message, quote=False)}</Message>"
    return _document("ErrorResponse", f"<Error><Type>Sender</Type>{said}</Error>")


def _document(name: str, content: str) -> bytes:
    return f'<{name} xmlns="{_NAMESPACE}">{content}</{name}>'.encode()
