"""Those who come back from a login provider: how often it is asked about them, and what the log says."""

from __future__ import annotations

from typing import cast
from urllib.parse import urlencode

import pytest
from joserfc.jwk import KeySet
from structlog.testing import capture_logs

from stepwright.console.oidc import login
from stepwright.console.oidc.login import OidcLogin
from stepwright.console.oidc.provider import CodeRefused, Metadata, NoProvider, Provider
from stepwright.console.oidc.settings import OidcSettings
from stepwright.console.routes import Act, Call
from stepwright.console.seal import Seal
from stepwright.http.bodies import Bodies
from stepwright.http.messages import Request, Response
from tests.console.logins import query_of
from tests.console.test_console_sessions import Clock, Connected
from tests.console.test_sealed_sessions import KEY, of

ISSUER = "https://id.example"
SETTINGS = OidcSettings(ISSUER, "stepwright", "https://steps.example/console/api/v1/oidc/callback")


class Refusing:
    """In the place of a provider: it gives no token for any code."""

    def __init__(self) -> None:
        self.codes: list[str] = []

    async def metadata(self) -> Metadata:
        return Metadata(ISSUER, f"{ISSUER}/authorize", f"{ISSUER}/token", f"{ISSUER}/keys")

    async def id_token(self, code: str, verifier: str) -> str:  # noqa: ARG002
        self.codes.append(code)
        raise CodeRefused


class WithoutKeys(Refusing):
    """One whose keys cannot be had when somebody comes back."""

    async def id_token(self, code: str, verifier: str) -> str:  # noqa: ARG002
        return "a.b.c"

    async def keys(self, *, unknown: bool = False) -> KeySet:  # noqa: ARG002
        raise NoProvider("its keys are away")


class Way:
    """Of one browser to a provider and back."""

    def __init__(self, provider: Refusing) -> None:
        clock = Clock()
        self._sessions = of(clock)
        self._login = OidcLogin(SETTINGS, cast(Provider, provider), self._sessions, Seal([KEY]), clock)
        self._cookie = ""
        self._state = ""

    async def go(self, next: str = "/console/") -> None:
        begun = await self.ask(self._login.begin, next=next)
        self._cookie = begun.headers["Set-Cookie"].partition(";")[0]
        self._state = query_of(begun.headers["Location"])["state"]

    async def come_back(self, code: str) -> Response:
        return await self.ask(self._login.come_back, code=code, state=self._state)

    async def leave(self) -> str:
        return (await self.ask(self._login.leave)).headers["Location"]

    async def ask(self, act: Act, **query: str) -> Response:
        headers = {"host": "steps.example", "cookie": self._cookie}
        target = f"/x?{urlencode(query)}" if query else "/x"
        request = Request(Connected(), "GET", target, headers, frozenset(), keep_alive=True)
        return cast(Response, await act(Call(request, self._sessions.of(request), {}, Bodies())))


async def test_whoever_makes_up_codes_is_asked_about_only_so_often(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(login, "COMING_BACK", (3, 0.001))
    provider = Refusing()
    way = Way(provider)
    await way.go()
    with capture_logs() as logs:
        for number in range(5):
            answer = await way.come_back(str(number))
            assert answer.headers["Location"] == "/console/?login=stale"

    assert provider.codes == ["0", "1", "2"]
    assert {line["source"] for line in logs} == {"127.0.0.1"}


async def test_while_a_providers_keys_cannot_be_had_nobody_comes_in_and_the_page_is_not_lost() -> None:
    way = Way(WithoutKeys())
    await way.go("/console/shop/executions?status=FAILED")

    answer = await way.come_back("code")

    assert answer.headers["Location"] == "/console/shop/executions?status=FAILED&login=away"
    assert (
        answer.headers["Set-Cookie"]
        == "__Host-stepwright-login=; Path=/; Secure; HttpOnly; SameSite=Lax; Max-Age=0"
    )


async def test_a_provider_without_a_way_out_is_said_to_have_none() -> None:
    assert await Way(Refusing()).leave() == "/console/?login=stays"
