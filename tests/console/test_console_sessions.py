"""Who one is to the console: everybody on a machine that demands no key, and whoever has shown one elsewhere."""

from __future__ import annotations

import pytest

from stepwright import __version__
from stepwright.asl.signals import Millis
from stepwright.catalog.callers import Caller
from stepwright.console.models import Credentials
from stepwright.console.sessions import IDLE_MINUTES, LIFETIME_MINUTES, MOST, ByAccessKey
from stepwright.console.who import BUTTONS
from stepwright.http.messages import Refused, Request
from tests.console.pages import Page
from tests.processes.dev import DevProcess

MINUTE = 60_000
KEY = {"accessKeyId": "AKIDANA", "secretAccessKey": "swordfish"}


async def test_nobody_has_to_log_in_where_no_key_is_demanded(page: Page) -> None:
    me = await page.begin()

    assert me["person"] == "an access key of account 123456789012"
    assert me["login"] is None
    assert me["version"] == __version__
    assert me["region"] == "us-east-1"
    [tenant] = me["tenants"]
    assert tenant["name"] == tenant["account"] == "123456789012"
    assert tenant["rights"] == {operation: {"allowed": True} for operation in BUTTONS}
    assert (await page.post("session", KEY)).code == (400, "NoLogin")


async def test_nothing_is_served_until_one_has_logged_in(locked: DevProcess) -> None:
    page = Page(locked.port)
    me = await page.begin()

    assert (me["person"], me["login"], me["tenants"]) == (None, "accessKey", [])
    assert (await page.post("aws/ListStateMachines")).code == (401, "LoginRequired")

    assert (await page.log_in(**KEY)).status == 204
    assert (await page.begin())["person"] == "AKIDANA"
    assert "stateMachines" in await page.aws("ListStateMachines")


async def test_the_cookie_is_for_this_server_alone_and_no_script_reads_it(locked: DevProcess) -> None:
    page = Page(locked.port)
    await page.begin()

    cookie = (await page.log_in(**KEY)).headers["set-cookie"]

    assert cookie.startswith(f"stepwright-console-{locked.port}=")
    assert cookie.partition("; ")[2] == "Path=/console/; HttpOnly; SameSite=Strict"


@pytest.mark.parametrize(
    "key",
    [
        {"secretAccessKey": "Swordfish"},
        {"secretAccessKey": ""},
        {"accessKeyId": "AKIDBEN"},
        {"accessKeyId": ""},
        {"accessKeyId": "\u202e'; DROP TABLE keys"},
    ],
)
async def test_a_wrong_key_opens_nothing(locked: DevProcess, key: dict[str, str]) -> None:
    page = Page(locked.port)
    await page.begin()

    assert (await page.log_in(**{**KEY, **key})).code == (403, "WrongKey")
    assert (await page.post("aws/ListStateMachines")).code == (401, "LoginRequired")


@pytest.mark.parametrize(
    "body",
    [b"{", b"[]", b'{"accessKeyId": 7}', b'{"accessKeyId": "a", "secretAccessKey": "\\ud800"}', b"\xff"],
)
async def test_what_is_no_key_is_refused(locked: DevProcess, body: bytes) -> None:
    page = Page(locked.port)
    await page.begin()

    assert (await page.post("session", body)).code == (400, "ValidationException")


async def test_a_secret_is_in_no_log(locked: DevProcess) -> None:
    page = Page(locked.port)
    await page.begin()
    await page.log_in(**KEY)
    await page.log_in(**{**KEY, "secretAccessKey": "swordfish2"})

    assert "swordfish" not in locked.log.read_text(encoding="utf-8")


async def test_the_token_of_one_session_is_none_of_another(locked: DevProcess) -> None:
    ana, ben = Page(locked.port), Page(locked.port)
    for page, key in ((ana, KEY), (ben, {"accessKeyId": "AKIDBEN", "secretAccessKey": "halibut"})):
        await page.begin()
        await page.log_in(**{**KEY, **key})

    assert ana.token != ben.token
    ana.token = ben.token
    assert (await ana.post("aws/ListStateMachines")).code == (403, "StaleToken")


async def test_whoever_logs_out_is_out(locked: DevProcess) -> None:
    page = Page(locked.port)
    await page.begin()
    await page.log_in(**KEY)

    out = await page.change("DELETE", "session")

    assert out.status == 204
    assert "Max-Age=0" in out.headers["set-cookie"]
    assert (await page.begin())["person"] is None  # the cookie opens nothing any more


async def test_a_page_of_an_earlier_process_asks_who_it_is_again(locked: DevProcess) -> None:
    page = Page(locked.port)
    await page.begin()
    page.cookie = f"stepwright-console-{locked.port}=of-an-earlier-process"
    page.token = "of an earlier process"

    assert (await page.post("session", KEY)).code == (403, "StaleToken")
    await page.begin()
    assert (await page.log_in(**KEY)).status == 204


# --- How long ---------------------------------------------------------------------------------------------------------


class Clock:
    longest_sleep_seconds = 1.0

    def __init__(self) -> None:
        self.minutes = 0

    def now(self) -> Millis:
        return Millis(self.minutes * MINUTE)

    async def sleep(self, seconds: float) -> None:  # noqa: ARG002
        raise AssertionError


class Connected:
    name = "connection 1"
    address = "127.0.0.1"

    def ask_for_body(self, request: Request) -> None: ...

    def resume_reading(self) -> None: ...


def request(cookie: str) -> Request:
    headers = {"host": "localhost:8083", "cookie": cookie}
    return Request(Connected(), "GET", "/console/api/v1/me", headers, frozenset(), keep_alive=True)


def key(secret: str = "swordfish") -> Credentials:
    return Credentials(access_key_id="AKIDANA", secret_access_key=secret)


async def begun(sessions: ByAccessKey) -> Request:
    return request((await sessions.begin(request("other=1; ; x"), key())).partition(";")[0])


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def sessions(clock: Clock) -> ByAccessKey:
    return ByAccessKey(lambda key, secret: Caller("1", key) if secret == "swordfish" else None, clock)


async def test_a_session_that_is_not_used_ends(sessions: ByAccessKey, clock: Clock) -> None:
    mine = await begun(sessions)
    clock.minutes = IDLE_MINUTES
    assert sessions.of(mine).caller is not None
    clock.minutes = 2 * IDLE_MINUTES
    assert sessions.of(mine).caller is not None
    clock.minutes = 3 * IDLE_MINUTES + 1
    assert sessions.of(mine).caller is None


async def test_a_session_ends_however_much_it_is_used(sessions: ByAccessKey, clock: Clock) -> None:
    mine = await begun(sessions)
    for clock.minutes in range(LIFETIME_MINUTES + 1):
        assert sessions.of(mine).caller is not None
    clock.minutes += 1

    assert sessions.of(mine).caller is None


async def test_the_session_that_was_not_used_for_longest_gives_way(sessions: ByAccessKey) -> None:
    first, second = await begun(sessions), await begun(sessions)
    sessions.of(first)
    for _ in range(MOST - 1):
        await begun(sessions)

    assert sessions.of(first).caller is not None
    assert sessions.of(second).caller is None


async def test_a_new_session_ends_the_one_that_the_browser_had(sessions: ByAccessKey) -> None:
    mine = await begun(sessions)
    await sessions.begin(mine, key())

    assert sessions.of(mine).caller is None


async def test_a_wrong_secret_leaves_the_session_that_there_is(sessions: ByAccessKey) -> None:
    mine = await begun(sessions)
    with pytest.raises(Refused):
        await sessions.begin(mine, key("wrong"))

    assert sessions.of(mine).caller is not None
