"""The way to the login provider and back, ``v1/oidc/login`` and ``v1/oidc/callback``, and to where one logs out there,
``v1/oidc/logout``.

What has to be the same on both ways is sealed in a cookie of the browser that went: so nobody is logged in by the link of another
(login CSRF), a code that was caught is worth nothing (PKCE), and any replica may be the one that people come back to.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import secrets
from collections.abc import Iterator, Mapping
from typing import Final, Literal
from urllib.parse import urlencode

import structlog
from msgspec import Struct

from stepwright.console import headers
from stepwright.console.cookies import cookie, set_cookie
from stepwright.console.oidc import id_tokens
from stepwright.console.oidc.id_tokens import NobodyKnown
from stepwright.console.oidc.provider import CodeRefused, NoProvider, Provider
from stepwright.console.oidc.settings import OidcSettings
from stepwright.console.routes import Answer, Call, Route
from stepwright.console.seal import Seal
from stepwright.console.sealed_sessions import SealedSessions
from stepwright.engine.ports import Clock
from stepwright.http.buckets import Buckets
from stepwright.http.messages import Refused, Response

COOKIE: Final = "__Host-stepwright-login"
LASTS_SECONDS: Final = 600
"""How long somebody may take at the provider."""

COMING_BACK: Final = 20, 2.0
"""How many may come back from one address at once, and each second: the provider is asked about each."""

_HOME: Final = "/console/"
_SEALED_AS: Final = "login"

log = structlog.get_logger(__name__)


class _Begun(Struct, frozen=True):
    state: str
    nonce: str
    verifier: str
    next: str
    at: int


class OidcLogin:
    """A part of the API."""

    def __init__(
        self,
        settings: OidcSettings,
        provider: Provider,
        sessions: SealedSessions,
        seal: Seal,
        clock: Clock,
    ) -> None:
        self._settings: Final = settings
        self._provider: Final = provider
        self._sessions: Final = sessions
        self._seal: Final = seal
        self._clock: Final = clock
        self._coming_back = Buckets(*COMING_BACK)

    def routes(self) -> Iterator[Route]:
        yield Route("GET", "oidc/login", self.begin, public=True)
        yield Route("GET", "oidc/callback", self.come_back, public=True)
        yield Route("GET", "oidc/logout", self.leave, public=True)

    async def begin(self, call: Call) -> Answer:
        page = _own_page(call.parameters("next").text("next"))
        state, nonce, verifier = (secrets.token_urlsafe(32) for _ in range(3))
        try:
            metadata = await self._provider.metadata()
        except NoProvider as error:
            return _away(error, page)
        asked = {
            "response_type": "code",
            "client_id": self._settings.client_id,
            "redirect_uri": self._settings.redirect_uri,
            "scope": " ".join(self._settings.scopes),
            "state": state,
            "nonce": nonce,
            "code_challenge": _challenge(verifier),
            "code_challenge_method": "S256",
        }
        begun = _Begun(state, nonce, verifier, page, int(self._clock.now()))
        where = _with(metadata.authorization_endpoint, asked)
        return _redirect(where, set_cookie(COOKIE, self._seal.close(_SEALED_AS, begun), LASTS_SECONDS))

    async def come_back(self, call: Call) -> Answer:
        given = call.parameters(
            "code", "state", "iss", "error", "error_description", "error_uri", "session_state", "scope"
        )
        begun = self._begun(call)
        state = given.text("state") or ""
        # Before anything else that it says: it may be the link of somebody else.
        if begun is None or not hmac.compare_digest(state.encode(), begun.state.encode()):
            return _refused(call, "stale", "it was not begun in this browser, or too long ago")
        page = begun.next
        if given.text("iss") not in (None, self._settings.issuer):
            return _refused(call, "refused", "the answer is of another provider", page)
        if (said := given.text("error")) is not None:
            return _refused(call, "denied", f"the provider says {said[:100]!r}", page)
        if not self._coming_back.take(call.request.address):
            return _refused(call, "stale", "too many come back from this address", page)
        try:
            token = await self._provider.id_token(given.text("code") or "", begun.verifier)
            person = await id_tokens.person(
                token, begun.nonce, self._settings, self._provider, self._clock.now()
            )
            session = self._sessions.begun(call.request, person)
        except CodeRefused:
            return _refused(call, "stale", "the provider gives no token for the code", page)
        except (NobodyKnown, Refused) as reason:
            return _refused(call, "refused", str(reason), page)
        except NoProvider as error:
            return _away(error, page)
        log.info("logged in", person=person.name, source=call.request.address)
        return _redirect(page, session)

    async def leave(self, call: Call) -> Answer:
        """The provider asks whether one wants to log out: anybody's link may lead here."""
        call.parameters()
        try:
            metadata = await self._provider.metadata()
        except NoProvider as error:
            return _away(error, _HOME)
        if metadata.end_session_endpoint is None:
            return _back_to_login(_HOME, "stays")
        where = _with(metadata.end_session_endpoint, {"client_id": self._settings.client_id})
        return _redirect(where, set_cookie(COOKIE, "", seconds=0))

    def _begun(self, call: Call) -> _Begun | None:
        sealed = cookie(call.request, COOKIE)
        begun = None if sealed is None else self._seal.open(_SEALED_AS, sealed, _Begun)
        late = begun is not None and self._clock.now() - begun.at > LASTS_SECONDS * 1000
        return None if late else begun


def _challenge(verifier: str) -> str:
    """https://datatracker.ietf.org/doc/html/rfc7636#section-4.2"""
    return base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).decode().rstrip("=")


def _own_page(wanted: str | None) -> str:
    """Of the console alone: nobody is sent elsewhere once logged in."""
    if wanted is None or not wanted.startswith(_HOME) or not wanted.isascii() or not wanted.isprintable():
        return _HOME
    return _HOME if "\\" in wanted or "//" in wanted.partition("?")[0] or "/.." in wanted else wanted


def _refused(
    call: Call, word: Literal["stale", "denied", "refused"], why: str, page: str = _HOME
) -> Response:
    log.info("nobody was logged in", reason=why, source=call.request.address)
    return _back_to_login(page, word)


def _away(error: NoProvider, page: str) -> Response:
    log.warning("nobody can log in now", reason=str(error))
    return _back_to_login(page, "away")


def _back_to_login(page: str, word: str) -> Response:
    """The login page has words of its own for it, as the address may be somebody else's, and lets one try again. ``page``: where one
    wanted to go."""
    return _redirect(_with(page, {"login": word}), set_cookie(COOKIE, "", seconds=0))


def _with(address: str, parameters: Mapping[str, str]) -> str:
    return f"{address}{'&' if '?' in address else '?'}{urlencode(parameters)}"


def _redirect(where: str, cookie: str) -> Response:
    return Response(303, b"", {**headers.DATA, "Location": where, "Set-Cookie": cookie})
