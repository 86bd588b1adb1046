"""Whose a bearer token is, as the API server says; remembered for a while, by the token's hash."""

from __future__ import annotations

import time
from base64 import urlsafe_b64decode
from collections.abc import Callable, Sequence
from functools import partial
from hashlib import sha256
from typing import Final

import msgspec

from stepwright.catalog.callers import User
from stepwright.catalog.remembered import Answer, Remembered
from stepwright.engine.ports import Unavailable
from stepwright.kube import reviews
from stepwright.kube.api import Api
from stepwright.kube.api_errors import ApiError

KNOWN_SECONDS: Final = 60.0
"""How long a token counts after it was checked: it may have been revoked since."""
UNKNOWN_SECONDS: Final = 10.0
MOST_REMEMBERED: Final = 10_000
LONGEST_TOKEN: Final = 8 * 1024


class _Claims(msgspec.Struct):
    exp: float = float("inf")


class Tokens:
    """``audiences``: a token must have been made for one of them."""

    def __init__(
        self,
        api: Api,
        audiences: Sequence[str],
        monotonic: Callable[[], float] = time.monotonic,
        wall: Callable[[], float] = time.time,
    ) -> None:
        self._api: Final = api
        self._audiences: Final = tuple(audiences)
        self._wall: Final = wall
        self._remembered: Final = Remembered[bytes, User | None](MOST_REMEMBERED, monotonic)

    def remembers(self, token: str) -> bool:
        """Whether it is known that it is nobody's, or whose it is, or was when it was shown last: who comes again is not new."""
        key = _digest(token)
        return self._remembered.recall(key) is not None or self._remembered.last(key) not in (None, (None,))

    async def user(self, token: str) -> User | None:
        """None if it is nobody's, or not any more. Raises Unavailable."""
        if len(token) > LONGEST_TOKEN or not token.isascii():
            return None
        return await self._remembered.answer(_digest(token), partial(self._ask, token))

    async def _ask(self, token: str) -> Answer[User | None]:
        try:
            found = await reviews.holder(self._api, token, self._audiences)
        except ApiError as error:
            raise Unavailable(f"tokens cannot be checked now: {error}") from error
        if found is None:
            return Answer(None, UNKNOWN_SECONDS)
        return Answer(_user(found), min(KNOWN_SECONDS, _left(token, self._wall())))


def _digest(token: str) -> bytes:
    return sha256(token.encode(errors="surrogateescape")).digest()


def _user(found: reviews.User) -> User:
    return User(found.username, found.uid, found.groups or (), found.extra or {})


def _left(token: str, now: float) -> float:
    """For how many seconds a token is valid, that the API server has just taken, if it says so itself."""
    _, _, rest = token.partition(".")
    claims = rest.partition(".")[0]
    try:
        read = msgspec.json.decode(urlsafe_b64decode(claims + "=" * (-len(claims) % 4)), type=_Claims)
    except (ValueError, msgspec.DecodeError):
        return KNOWN_SECONDS
    return max(0.0, read.exp - now)
