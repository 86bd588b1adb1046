"""Signature Version 4: whether a request was signed with a key that is known here, lately, and is as it was signed.

https://docs.aws.amazon.com/IAM/latest/UserGuide/create-signed-request.html
"""

from __future__ import annotations

import hashlib
import hmac
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final
from urllib.parse import parse_qsl, quote

from stepwright.api.errors import ApiError
from stepwright.asl.signals import Millis

SERVICE: Final = "states"
LIFETIME_SECONDS: Final = 15 * 60

_ALGORITHM: Final = "AWS4-HMAC-SHA256"
_HEADER: Final = re.compile(
    rf"{_ALGORITHM} +Credential=([^/, ]+)/(\d{{8}})/([^/, ]+)/([^/, ]+)/aws4_request, *"
    r"SignedHeaders=([^, ]+), *Signature=([0-9a-f]{64})"
)


@dataclass(frozen=True, slots=True)
class Signed:
    """Of a request what a signature covers. ``headers`` by their names in lower case."""

    method: str
    path: str
    query: str
    headers: Mapping[str, str]
    body: bytes


def check(signed: Signed, secrets: Mapping[str, str], now: Millis) -> None:
    """``secrets`` by access key. Raises ApiError."""
    header = signed.headers.get("authorization")
    if header is None:
        raise ApiError("MissingAuthenticationTokenException", "Missing Authentication Token", 403)
    found = _HEADER.fullmatch(header.strip())
    if found is None:
        raise ApiError(
            "IncompleteSignatureException", "The Authorization header is not one of Signature Version 4", 403
        )
    key, date, region, service, names, signature = found.groups()
    secret = secrets.get(key)
    if secret is None:
        raise ApiError(
            "UnrecognizedClientException", "The security token included in the request is invalid.", 403
        )
    moment = signed.headers.get("x-amz-date", "")
    _check_moment(moment, date, now)
    if service != SERVICE or not {"host", "x-amz-date"} <= set(names.split(";")):
        raise _wrong()
    scope = f"{date}/{region}/{service}/aws4_request"
    canonical = hashlib.sha256(_canonical(signed, names).encode()).hexdigest()
    derived = f"AWS4{secret}".encode()
    for part in (date, region, service, "aws4_request", f"{_ALGORITHM}\n{moment}\n{scope}\n{canonical}"):
        derived = hmac.digest(derived, part.encode(), "sha256")
    if not hmac.compare_digest(derived.hex(), signature):
        raise _wrong()


def _canonical(signed: Signed, names: str) -> str:
    query = sorted(
        (quote(name, safe="-_.~"), quote(value, safe="-_.~"))
        for name, value in parse_qsl(signed.query, keep_blank_values=True)
    )
    headers = (f"{name}:{' '.join(signed.headers.get(name, '').split())}\n" for name in names.split(";"))
    return "\n".join(
        (
            signed.method,
            quote(signed.path, safe="/-_.~"),
            "&".join(f"{name}={value}" for name, value in query),
            "".join(headers),
            names,
            hashlib.sha256(signed.body).hexdigest(),
        )
    )


def _check_moment(moment: str, date: str, now: Millis) -> None:
    try:
        signed = datetime.strptime(moment, "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC)
    except ValueError:
        raise ApiError("IncompleteSignatureException", "X-Amz-Date is missing or not a date", 403) from None
    if not moment.startswith(date):
        raise _wrong()
    if abs(signed.timestamp() - now / 1000) > LIFETIME_SECONDS:
        raise ApiError(
            "InvalidSignatureException", f"Signature expired: {moment} is not of the last 15 minutes", 403
        )


def _wrong() -> ApiError:
    return ApiError(
        "InvalidSignatureException",
        "The request signature we calculated does not match the signature you provided. Check your AWS Secret Access "
        "Key and signing method. Consult the service documentation for details.",
        403,
    )
