"""Pages of long lists. A token says where the next page begins, of which list it is, and since when.

Source: https://docs.aws.amazon.com/step-functions/latest/apireference/API_ListExecutions.html (nextToken): a
token is valid for a day, with all other arguments unchanged.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
from collections.abc import Awaitable, Callable, Sequence
from typing import Final, TypeVar

import msgspec

from stepwright.api import errors
from stepwright.api.service import Answer, Basis, Request
from stepwright.asl.signals import Millis
from stepwright.catalog.ports import Cursor, Page

T = TypeVar("T")

DEFAULT: Final = 100
"""The page size, even if ``maxResults`` is 0."""

LIFETIME_MILLIS: Final = 24 * 60 * 60 * 1000

_TOKEN: Final = msgspec.json.Decoder(tuple[int, str, str])
"""When it was issued, the store's cursor, and a digest of both and of the list. Made here, once: if two
threads decode into a type for the first time at once, msgspec crashes the process."""


async def read(
    service: Basis,
    request: Request,
    of: str,
    look: Callable[[Cursor | None, int], Awaitable[Page[T]]],
) -> tuple[Sequence[T], Answer]:
    """The requested page of the list ``of``, and the answer's member for the next one. ``of`` names the list
    by everything in the request that selects it; whose it is, is added. Raises InvalidToken,
    NoSuchCursor."""
    caller = service.caller
    whose = caller.account if caller.user is None else caller.user.name
    token, now, of = request.get("nextToken"), service.clock.now(), f"{of} by {whose}"
    after = None if token is None else _cursor(token, of, now)
    page = await look(after, request.get("maxResults") or DEFAULT)
    return page.items, {} if page.next is None else {"nextToken": _token(of, now, page.next)}


def _token(of: str, now: Millis, cursor: Cursor) -> str:
    return base64.urlsafe_b64encode(msgspec.json.encode((now, cursor, _digest(of, now, cursor)))).decode()


def _cursor(token: str, of: str, now: Millis) -> Cursor:
    """Raises InvalidToken for one that is damaged, too old, or of another list."""
    try:
        given, cursor, digest = _TOKEN.decode(base64.urlsafe_b64decode(token))
    except (binascii.Error, ValueError, msgspec.DecodeError):
        raise errors.invalid_token() from None
    if digest != _digest(of, given, cursor) or now - given > LIFETIME_MILLIS:
        raise errors.invalid_token()
    return Cursor(cursor)


def _digest(of: str, given: int, cursor: str) -> str:
    """It is not secret: a made-up token shows nothing but a list that its maker may read anyway."""
    return hashlib.sha256(msgspec.json.encode((of, given, cursor))).hexdigest()[:32]
