"""Signature Version 4: whether a request was signed recently with a known key, and has not been changed
since.

https://docs.aws.amazon.com/IAM/latest/UserGuide/create-signed-request.html
"""

from __future__ import annotations

import hashlib
import hmac
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final, NamedTuple, TypeAlias
from urllib.parse import parse_qsl, quote

from stepwright.api.errors import ApiError
from stepwright.asl.signals import Millis
from stepwright.catalog.callers import Caller

SERVICE: Final = "states"
SECURITY_TOKENS: Final = "sts"
LIFETIME_SECONDS: Final = 15 * 60

_ALGORITHM: Final = "AWS4-HMAC-SHA256"
_HEADER: Final = re.compile(
    rf"{_ALGORITHM} +Credential=([^/, ]+)/(\d{{8}})/([^/, ]+)/([^/, ]+)/aws4_request, *"
    r"SignedHeaders=([^, ]+), *Signature=([0-9a-f]{64})"
)


@dataclass(frozen=True, slots=True)
class Signed:
    """The parts of a request that a signature covers. ``headers`` by lower-case name."""

    method: str
    path: str
    query: str
    headers: Mapping[str, str]
    body: bytes


class Claim(NamedTuple):
    """What an Authorization header says: signed with this key, for this region and service, over these headers."""

    key: str
    date: str
    region: str
    service: str
    signed_headers: str
    signature: str


class Key(NamedTuple):
    """What an access key stands for: the secret to sign with, and its owner."""

    secret: str
    caller: Caller


Keys: TypeAlias = Mapping[str, Key]
"""By access key."""


def claim(header: str) -> Claim | None:
    """None if the header is not one of Signature Version 4."""
    found = _HEADER.fullmatch(header.strip())
    return None if found is None else Claim(*found.groups())


def check(signed: Signed, keys: Keys, now: Millis, service: str = SERVICE) -> Caller:
    """Who has signed it. Raises ApiError."""
    claimed = check_head(signed.headers, keys, now, service)
    return check_signature(claimed, signed, keys[claimed.key])


def check_head(headers: Mapping[str, str], keys: Keys, now: Millis, service: str) -> Claim:
    """Checks everything possible before the body arrives: the form, the key, the date, and that the signature
    covers every header that matters. Raises ApiError.

    Content-Type may be left out, as the SDK for JavaScript before version 3 does: here it can have one value only.
    """
    header = headers.get("authorization")
    if header is None:
        raise ApiError("MissingAuthenticationTokenException", "Missing Authentication Token", 403)
    claimed = claim(header)
    if claimed is None:
        raise ApiError(
            "IncompleteSignatureException", "The Authorization header is not one of Signature Version 4", 403
        )
    if claimed.key not in keys:
        raise ApiError(
            "UnrecognizedClientException", "The security token included in the request is invalid.", 403
        )
    _check_moment(headers.get("x-amz-date", ""), claimed.date, now)
    names = set(claimed.signed_headers.split(";"))
    needed = {"host", "x-amz-date", *(name for name in headers if name.startswith("x-amz-"))}
    if missing := sorted(needed - names):
        raise ApiError(
            "InvalidSignatureException", f"The signature does not cover the headers {', '.join(missing)}", 403
        )
    if claimed.service != service:
        raise _wrong()
    return claimed


def check_signature(claimed: Claim, signed: Signed, key: Key) -> Caller:
    """Who has signed it. Raises ApiError."""
    date, region, service = claimed.date, claimed.region, claimed.service
    scope = f"{date}/{region}/{service}/aws4_request"
    moment = signed.headers["x-amz-date"]
    derived = f"AWS4{key.secret}".encode()
    try:
        canonical = hashlib.sha256(_canonical(signed, claimed.signed_headers).encode()).hexdigest()
        for part in (date, region, service, "aws4_request", f"{_ALGORITHM}\n{moment}\n{scope}\n{canonical}"):
            derived = hmac.digest(derived, part.encode(), "sha256")
    except UnicodeEncodeError:  # bytes that are not UTF-8, in a path or a header: no client signs such
        raise _wrong() from None
    if not hmac.compare_digest(derived.hex(), claimed.signature):
        raise _wrong()
    return key.caller


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
