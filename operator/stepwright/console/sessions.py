"""Who uses the console: whoever is at this machine, or whoever has shown a key."""

from __future__ import annotations

import secrets
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Final, Literal, Protocol

from stepwright.asl.signals import Millis
from stepwright.catalog.callers import Caller
from stepwright.console.cookies import cookie
from stepwright.console.models import Credentials
from stepwright.engine.ports import Clock
from stepwright.http.messages import Refused, Request

MINUTE: Final = 60_000

IDLE_MINUTES: Final = 30
LIFETIME_MINUTES: Final = 8 * 60

MOST: Final = 1_000
"""Sessions at a time. When there are more, the one that was not used for longest ends."""

Login = Literal["accessKey", "token", "oidc"]
"""``oidc``: at a provider, or with a token."""

CheckKey = Callable[[str, str], Caller | None]
"""Whose an access key with this secret is; None if there is no such key."""


@dataclass(frozen=True, slots=True)
class Session:
    """``token`` proves that one of the console's pages asks. Without a ``caller`` nobody has logged in. ``until``: when it ends at
    the latest, where nobody but the browser keeps it."""

    id: str
    token: str
    caller: Caller | None
    until: Millis | None = None

    @property
    def person(self) -> str | None:
        return None if self.caller is None else self.caller.named


class Sessions(Protocol):
    """``login``: how one logs in, if one has to."""

    login: Login | None

    def of(self, request: Request) -> Session:
        """Of whoever sent it."""

    def lives(self, session: Session) -> bool:
        """Whether it has not ended."""

    async def begin(self, request: Request, shown: Credentials) -> str:
        """Log in; the value of Set-Cookie. Raises Refused."""

    def end(self, request: Request) -> str:
        """Log out; the value of Set-Cookie."""

    def renewed(self, request: Request) -> str | None:
        """A value of Set-Cookie with which the session of a request goes on, if it needs one."""


def _new_session(caller: Caller | None) -> Session:
    return Session(secrets.token_urlsafe(24), secrets.token_urlsafe(24), caller)


class Everybody:
    """Implements ``Sessions`` where nobody has to log in: all share one."""

    login: Login | None = None

    def __init__(self, caller: Caller) -> None:
        self._session = _new_session(caller)

    def of(self, request: Request) -> Session:  # noqa: ARG002
        return self._session

    def lives(self, session: Session) -> bool:
        return session == self._session

    async def begin(self, request: Request, shown: Credentials) -> str:  # noqa: ARG002
        raise Refused("NoLogin", "This server has no login: nobody needs one", 400)

    def end(self, request: Request) -> str:  # noqa: ARG002
        raise Refused("NoLogin", "This server has no login, so there is none to end", 400)

    def renewed(self, request: Request) -> str | None:  # noqa: ARG002
        return None


@dataclass(frozen=True, slots=True)
class _Kept:
    session: Session
    began: Millis
    used: Millis


class ByAccessKey:
    """Implements ``Sessions`` where requests need a key. They are kept in memory: those of a process end with it."""

    login: Login | None = "accessKey"

    def __init__(self, check: CheckKey, clock: Clock) -> None:
        self._check = check
        self._clock = clock
        self._visitor = _new_session(None)
        self._kept: OrderedDict[str, _Kept] = OrderedDict()
        """By what the cookie holds, the last used at the end."""

    def of(self, request: Request) -> Session:
        id = _cookie(request)
        if id is None or (kept := self._kept.pop(id, None)) is None or self._is_over(kept):
            return self._visitor
        self._kept[id] = replace(kept, used=self._clock.now())
        return kept.session

    def lives(self, session: Session) -> bool:
        kept = self._kept.get(session.id)
        return kept is not None and not self._is_over(kept)

    def _is_over(self, kept: _Kept) -> bool:
        now = self._clock.now()
        return now - kept.used > IDLE_MINUTES * MINUTE or now - kept.began > LIFETIME_MINUTES * MINUTE

    async def begin(self, request: Request, shown: Credentials) -> str:
        caller = self._check(shown.access_key_id, shown.secret_access_key)
        if caller is None:
            raise Refused("WrongKey", "There is no such access key, or its secret is wrong", 403)
        self.end(request)
        session, now = _new_session(caller), self._clock.now()
        self._kept[session.id] = _Kept(session, now, now)
        if len(self._kept) > MOST:
            self._kept.popitem(last=False)
        return _set_cookie(request, session.id)

    def end(self, request: Request) -> str:
        if (id := _cookie(request)) is not None:
            self._kept.pop(id, None)
        return _set_cookie(request, "", "; Max-Age=0")

    def renewed(self, request: Request) -> str | None:  # noqa: ARG002
        return None


def _cookie_name(request: Request) -> str:
    """Browsers send one cookie to all ports of a machine, where several servers may be."""
    _, _, port = request.headers.get("host", "").rpartition(":")
    return f"stepwright-console-{port if port.isdigit() else '80'}"


def _cookie(request: Request) -> str | None:
    return cookie(request, _cookie_name(request))


def _set_cookie(request: Request, value: str, lifetime: str = "") -> str:
    """For this session of the browser, for no script, and for no request that another page begins."""
    return f"{_cookie_name(request)}={value}; Path=/console/; HttpOnly; SameSite=Strict{lifetime}"
