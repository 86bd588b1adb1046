"""Logging in at a real provider, and what does not get anybody in."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from stepwright.console.oidc.settings import OidcSettings
from tests.console.logins import Browser, query_of, serving
from tests.console.pages import API
from tests.processes.oidc import CLIENT_ID, CLIENT_SECRET, OidcProvider
from tests.testcluster.ports import free_port

pytestmark = pytest.mark.slow  # it needs Node.js, and npm once


@pytest.fixture(scope="module")
def console_port() -> int:
    return free_port()


@pytest.fixture(scope="module")
def provider(console_port: int) -> Iterator[OidcProvider]:
    with OidcProvider(f"http://127.0.0.1:{console_port}{API}oidc/callback") as started:
        yield started


@pytest.fixture
def settings(provider: OidcProvider, console_port: int) -> OidcSettings:
    return OidcSettings(
        provider.issuer,
        CLIENT_ID,
        f"http://127.0.0.1:{console_port}{API}oidc/callback",
        CLIENT_SECRET,
        scopes=("openid", "email", "groups"),
    )


@pytest.fixture
async def port(settings: OidcSettings, console_port: int, tmp_path: Path) -> AsyncIterator[int]:
    async with serving(tmp_path, settings, console_port) as bound:
        yield bound


async def test_somebody_logs_in_at_the_provider_and_out_again(port: int) -> None:
    browser = Browser(port)
    assert (await browser.me())["login"] == "oidc"
    assert (await browser.page.get("executions")).code == (401, "LoginRequired")

    there = await browser.log_in("ana+buyers", "/console/shop/executions?status=FAILED")

    assert (there.status, there.headers["location"]) == (303, "/console/shop/executions?status=FAILED")
    assert there.headers["set-cookie"].startswith("__Host-stepwright=")
    assert there.headers["set-cookie"].endswith("; Path=/; Secure; HttpOnly; SameSite=Lax")
    me = await browser.me()
    assert me["person"] == "oidc:ana+buyers"
    assert (await browser.page.get("executions")).status == 200
    assert (await browser.page.post("aws/ListStateMachines")).status == 200
    out = await browser.page.change("DELETE", "session")
    assert (out.status, "Max-Age=0" in out.headers["set-cookie"]) == (204, True)
    assert (await browser.me())["person"] is None  # the cookie opens nothing any more


async def test_whoever_has_logged_out_can_log_out_at_the_provider_too(
    port: int, provider: OidcProvider
) -> None:
    answer = await Browser(port).open(f"{API}oidc/logout")

    assert answer.status == 303
    assert answer.headers["location"] == f"{provider.issuer}/session/end?client_id={CLIENT_ID}"


async def test_two_people_have_two_sessions(port: int) -> None:
    ana, ben = Browser(port), Browser(port)
    await ana.log_in("ana")
    await ben.log_in("ben")
    assert [(await each.me())["person"] for each in (ana, ben)] == ["oidc:ana", "oidc:ben"]
    ana.page.token = ben.page.token
    assert (await ana.page.post("aws/ListStateMachines")).code == (403, "StaleToken")


async def test_a_link_of_somebody_else_logs_nobody_in(port: int) -> None:
    """Login CSRF: whoever follows it would work in the account of its author."""
    mallory, ana = Browser(port), Browser(port)
    back = await mallory.at_provider(await mallory.go(), "mallory")

    for cookies in ({}, ana.cookies):
        ana.cookies = dict(cookies)
        answer = await ana.open(back)
        assert (answer.status, answer.headers["location"]) == (303, "/console/?login=stale")
        assert (await ana.me())["person"] is None
    await ana.go()
    assert (await ana.open(back)).headers["location"] == "/console/?login=stale"


async def test_a_code_that_was_caught_is_worth_nothing(port: int) -> None:
    """Neither in another login, which has another verifier, nor twice."""
    ana, mallory = Browser(port), Browser(port)
    back = await ana.at_provider(await ana.go(), "ana")
    state = query_of(await mallory.go())["state"]
    caught = f"{API}oidc/callback?code={query_of(back)['code']}&state={state}"

    assert (await mallory.open(caught)).headers["location"] == "/console/?login=stale"
    assert (await mallory.me())["person"] is None
    ana_too = await ana.open(back)
    assert ana_too.headers["location"] in (
        "/console/",
        "/console/?login=stale",
    )  # the provider may have taken it for stolen
    assert (await ana.open(back)).headers["location"] == "/console/?login=stale"


async def test_what_the_provider_refuses_is_said(port: int) -> None:
    browser = Browser(port)
    asked = query_of(await browser.go())
    answer = await browser.open(f"{API}oidc/callback?error=access_denied&state={asked['state']}")
    assert answer.headers["location"] == "/console/?login=denied"
    assert "__Host-stepwright-login" not in browser.cookies
    assert (asked["response_type"], asked["code_challenge_method"]) == ("code", "S256")
    asked = query_of(await browser.go())
    other = f"{API}oidc/callback?code=x&state={asked['state']}&iss=https://evil.example"
    assert (await browser.open(other)).headers["location"] == "/console/?login=refused"
    asked = query_of(await browser.go("/console/shop/machines"))
    answer = await browser.open(f"{API}oidc/callback?error=access_denied&state={asked['state']}")
    assert answer.headers["location"] == "/console/shop/machines?login=denied"


@pytest.mark.parametrize(
    "next",
    [
        "https://evil.example/",
        "//evil.example",
        "/console//evil.example",
        "/console/../x",
        "/console/\\evil.example",
        "/console/\r\nSet-Cookie: x=1",
        "/other",
        "javascript:alert(1)",
        "/console/\u202e",
    ],
)
async def test_nobody_is_sent_elsewhere_once_logged_in(port: int, next: str) -> None:
    answer = await Browser(port).log_in("ana", next)
    assert answer.headers["location"] == "/console/"


async def test_a_token_of_the_cluster_logs_in_too(port: int) -> None:
    browser = Browser(port)
    await browser.me()
    assert (await browser.page.log_in(token="another")).code == (403, "WrongKey")
    assert (await browser.page.log_in(accessKeyId="a", secretAccessKey="b")).code == (
        400,
        "ValidationException",
    )
    assert (await browser.page.log_in(token="clerks-token\n")).status == 204
    assert (await browser.page.begin())["person"] == "system:serviceaccount:shop:clerk"


async def test_a_cookie_that_was_changed_is_none(port: int) -> None:
    browser = Browser(port)
    await browser.log_in("ana")
    sealed = browser.cookies["__Host-stepwright"]
    for other in (sealed[:-1], sealed + "A", "A" + sealed[1:], "", "A" * 4_000, "é", sealed[:40]):
        browser.cookies = {"__Host-stepwright": other}
        assert (await browser.me())["person"] is None, other
    # What is sealed for one thing is nothing else.
    await browser.go()
    browser.cookies = {"__Host-stepwright": browser.cookies["__Host-stepwright-login"]}
    assert (await browser.me())["person"] is None


async def test_a_provider_that_is_away_is_said_plainly(settings: OidcSettings, tmp_path: Path) -> None:
    away = replace(settings, issuer=f"http://127.0.0.1:{free_port()}")
    async with serving(tmp_path, away) as port:
        answer = await Browser(port).open(f"{API}oidc/login?next=/console/shop/executions?status=FAILED")
        assert answer.status == 303
        # To the login page, which has words for it.
        assert answer.headers["location"] == "/console/shop/executions?status=FAILED&login=away"
