"""Pages of long lists. A token says where the next page begins, and of which list it is."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable, Sequence
from typing import Any, Final, TypeVar

import msgspec

from stepwright.api import errors
from stepwright.api.service import Request
from stepwright.catalog.records import Listed

T = TypeVar("T")
W = TypeVar("W", int, str, Listed)

_LARGEST: Final = 2**63

DEFAULT: Final = 100
"""Of ``maxResults``, also where it is 0."""


def size(request: Request) -> int:
    return request.get("maxResults") or DEFAULT


def begin(request: Request, of: str, kind: type[W]) -> W | None:
    """Where the page begins, None for the first; ``kind`` is what the places of this list are. Raises InvalidToken."""
    token = request.get("nextToken")
    if token is None:
        return None
    try:
        whose, given = msgspec.json.decode(base64.urlsafe_b64decode(token))
        where: W = msgspec.convert(given, kind)
    except (binascii.Error, ValueError, TypeError, msgspec.DecodeError):
        raise errors.invalid_token() from None
    if whose != of or any(abs(number) >= _LARGEST for number in _numbers(where)):
        raise errors.invalid_token()
    return where


def _numbers(where: int | str | Listed) -> tuple[int, ...]:
    match where:
        case int():
            return (where,)
        case str():
            return ()
        case _:
            return where


def page(found: Sequence[T], request: Request, of: str, where: Callable[[T], Any]) -> tuple[Sequence[T], Any]:
    """The page and what is to be added to the answer. ``found`` holds one more than fits where there is more."""
    limit = size(request)
    if len(found) <= limit:
        return found, {}
    token = msgspec.json.encode([of, where(found[limit - 1])])
    return found[:limit], {"nextToken": base64.urlsafe_b64encode(token).decode()}
