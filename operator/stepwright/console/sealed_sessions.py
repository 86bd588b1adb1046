"""Sessions that browsers keep, sealed: who somebody is, as a login has shown, and since when. Their tokens are kept nowhere."""

from __future__ import annotations

import secrets
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Mapping
from typing import Final

from msgspec import Struct

from stepwright.asl.signals import Millis
from stepwright.catalog.callers import Caller
from stepwright.console.cookies import cookie, set_cookie
from stepwright.console.models import Credentials
from stepwright.console.seal import Seal
from stepwright.console.sessions import IDLE_MINUTES, LIFETIME_MINUTES, MINUTE, Login, Session
from stepwright.engine.ports import Clock
from stepwright.http.messages import Refused, Request

COOKIE: Final = "__Host-stepwright"
"""Browsers take it over TLS alone, and from no other host, not even one of the same domain.
https://datatracker.ietf.org/doc/html/draft-ietf-httpbis-rfc6265bis#name-the-__host-prefix"""

LONGEST_COOKIE: Final = 4_000
"""Browsers keep 4,096 characters of one with its name and what is said of it."""

RENEWED_AFTER_MINUTES: Final = 5
"""How old the last use in a cookie is when it is sealed anew."""

MOST_ENDED: Final = 10_000
"""Sessions that somebody has ended: their cookies may have been copied. Other replicas do not know of them."""


class Person(Struct, frozen=True, omit_defaults=True):
    """Somebody as rights in a cluster are given to them."""

    name: str
    uid: str = ""
    groups: tuple[str, ...] = ()
    extra: Mapping[str, tuple[str, ...]] = {}


class _Kept(Struct, frozen=True):
    id: str
    token: str
    person: Person
    began: int
    used: int


class SealedSessions:
    """Implements ``Sessions``. ``caller_of``: as whom a person calls; ``holder``: whose a token is that somebody logs in with; None:
    nobody's."""

    def __init__(
        self,
        login: Login,
        seal: Seal,
        clock: Clock,
        caller_of: Callable[[Person], Caller],
        holder: Callable[[Request, str], Awaitable[Person | None]],
    ) -> None:
        self.login: Login | None = login
        self._seal: Final = seal
        self._clock: Final = clock
        self._caller_of: Final = caller_of
        self._holder: Final = holder
        self._ended: OrderedDict[str, None] = OrderedDict()

    def of(self, request: Request) -> Session:
        kept = self._kept(request)
        if kept is None:
            return _VISITOR
        until = min(kept.began + LIFETIME_MINUTES * MINUTE, self._clock.now() + (IDLE_MINUTES + 1) * MINUTE)
        return Session(kept.id, kept.token, self._caller_of(kept.person), Millis(until))

    def lives(self, session: Session) -> bool:
        return (
            session.id not in self._ended and session.until is not None and self._clock.now() < session.until
        )

    async def begin(self, request: Request, shown: Credentials) -> str:
        if not shown.token:
            raise Refused(
                "ValidationException",
                'This server accepts logins with a token only: send {"token": ...}',
                400,
            )
        person = await self._holder(request, shown.token.strip())
        if person is None:
            raise Refused(
                "WrongKey",
                "The token is not valid: it may have expired, or was not made for this server. Make a new one",
                403,
            )
        return self.begun(request, person)

    def begun(self, request: Request, person: Person) -> str:
        """Somebody has shown who it is; the value of Set-Cookie. Whatever session there was ends. Raises Refused."""
        self.end(request)
        now = self._clock.now()
        return self._closed(
            _Kept(secrets.token_urlsafe(18), secrets.token_urlsafe(18), person, int(now), int(now))
        )

    def end(self, request: Request) -> str:
        if (kept := self._kept(request)) is not None:
            self._ended[kept.id] = None
            if len(self._ended) > MOST_ENDED:
                self._ended.popitem(last=False)
        return set_cookie(COOKIE, "", seconds=0)

    def renewed(self, request: Request) -> str | None:
        kept, now = self._kept(request), self._clock.now()
        if kept is None or now - kept.used < RENEWED_AFTER_MINUTES * MINUTE:
            return None
        return self._closed(_Kept(kept.id, kept.token, kept.person, kept.began, int(now)))

    def _kept(self, request: Request) -> _Kept | None:
        """None if there is no session, or it is over."""
        sealed = cookie(request, COOKIE)
        kept = None if sealed is None else self._seal.open("session", sealed, _Kept)
        if kept is None or kept.id in self._ended:
            return None
        now = self._clock.now()
        idle = now - kept.used > (IDLE_MINUTES + RENEWED_AFTER_MINUTES) * MINUTE
        return None if idle or now - kept.began > LIFETIME_MINUTES * MINUTE else kept

    def _closed(self, kept: _Kept) -> str:
        sealed = self._seal.close("session", kept)
        if len(sealed) > LONGEST_COOKIE:
            raise Refused(
                "TooManyGroups",
                f"{len(kept.person.groups)} groups do not fit into a session's cookie: let the login provider send fewer of them",
                403,
            )
        return set_cookie(COOKIE, sealed)


_VISITOR: Final = Session("", "visitor", None)
"""All replicas know it. Its token proves nothing; who changes something as nobody can only log in, and says from where."""
