"""The console of a server in a cluster: what is too much for one, what the log says, and rights that are taken away."""
# ruff: noqa: ASYNC110 - what is waited for has no event

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web
from structlog.testing import capture_logs

from stepwright.api import bearer
from stepwright.assembly import server
from stepwright.cluster import access
from stepwright.console import stream as streams
from stepwright.http import listening
from tests.console.pages import API, Page
from tests.console.test_console_stream import refusal, stream
from tests.kube.server import says, serving

TOKEN = "danas-token"


class Cluster:
    """An API server that knows one token, and says of everything whether dana ``may``."""

    def __init__(self, *, may: bool = True) -> None:
        self.may = may

    async def __call__(self, request: web.Request) -> web.StreamResponse:
        spec = (await request.json())["spec"]
        status: dict[str, Any] = {"allowed": self.may}
        if request.path.endswith("tokenreviews"):
            user = {"username": "dana", "groups": ["staff"]}
            status = {"authenticated": spec["token"] == TOKEN, "user": user, "audiences": ["stepwright"]}
        return await says(201, {"status": status})(request)


@asynccontextmanager
async def served(folder: Path, cluster: Cluster) -> AsyncIterator[Page]:
    """A page of dana, who has logged in."""
    options = server.Options(folder / "tls.crt", folder / "tls.key", namespaces=["shop"])
    async with serving(folder, cluster) as (_, api):
        listener, port = await listening.start(server.Served(api, options).handler, ["127.0.0.1"], 0)
        try:
            page = Page(port)
            await page.begin()
            assert (await page.log_in(token=TOKEN)).status == 204
            yield page
        finally:
            await listener.cleanup()


@pytest.mark.parametrize(
    ("headers", "refused"),
    [
        ({"Host": "evil.example"}, (403, "AccessDeniedException")),
        ({"Origin": "https://evil.example", "Sec_Fetch_Site": "cross-site"}, (403, "AccessDeniedException")),
        ({"Sec_Fetch_Site": "same-site"}, (403, "AccessDeniedException")),
        ({"Origin": None, "Sec_Fetch_Site": None}, (403, "AccessDeniedException")),
        ({"Content_Type": "text/plain"}, (415, "UnsupportedMediaTypeException")),
        ({"X_Stepwright_Console": "visitor"}, (403, "StaleToken")),
    ],
    ids=["a rebound name", "another page", "a page of a sibling", "a program", "a form", "a cookie alone"],
)
async def test_a_session_is_of_use_to_the_consoles_own_pages_alone(
    tmp_path: Path, headers: dict[str, str | None], refused: tuple[int, str]
) -> None:
    async with served(tmp_path, Cluster()) as page:
        assert (await page.post("aws/ListStateMachines", {}, **headers)).code == refused


async def test_a_token_that_somebody_logs_in_with_is_in_no_log(tmp_path: Path) -> None:
    with capture_logs() as logs:
        async with served(tmp_path, Cluster()) as page:
            assert (await page.log_in(token="forged-token")).code == (403, "WrongKey")
    said = str(logs)
    assert "dana" in said
    assert TOKEN not in said
    assert "forged-token" not in said


async def test_pages_ask_no_more_often_than_programs_may(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bearer, "OTHERS", (3, 0.001))
    monkeypatch.setattr(bearer, "STARTS", (1, 0.001))
    async with served(tmp_path, Cluster(may=False)) as page:
        others = [(await page.get("executions?ns=shop")).code[1] for _ in range(3)]
        starts = [(await page.post("aws/StartExecution")).code[1] for _ in range(2)]

    assert others == [*["AccessDeniedException"] * 2, "ThrottlingException"]  # and one, when it logged in
    assert starts == ["ValidationException", "ThrottlingException"]


async def test_those_who_have_not_logged_in_leave_room_for_those_who_have(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(server, "MOST_OF_ONE", 1)
    async with served(tmp_path, Cluster()) as page:
        visitor = Page(page.port)
        me = await visitor.begin()
        head = {
            "Content-Type": "application/json",
            "Content-Length": "9",
            "X-Stepwright-Console": me["token"],
        }
        _, writer = await visitor.send(
            "POST", f"{API}session", headers={**head, "Origin": f"http://{page.host}"}
        )

        async with asyncio.timeout(30):
            while (await visitor.get("me")).status == 200:
                await asyncio.sleep(0.02)
        assert (await visitor.get("me")).code == (503, "ThrottlingException")
        assert (await page.get("me")).json["person"] == "dana"
        writer.close()
        async with asyncio.timeout(30):
            while (await visitor.get("me")).status != 200:
                await asyncio.sleep(0.02)


async def test_the_log_says_who_has_opened_a_page_and_nothing_of_its_buttons(tmp_path: Path) -> None:
    async with served(tmp_path, Cluster(may=False)) as page:
        with capture_logs() as logs:
            await page.get("me")
            await page.get("executions?ns=shop")
    lines = [line for line in logs if line["event"] == "request"]

    assert [(line["user"], line["operation"], line["allowed"]) for line in lines] == [
        ("dana", None, None),
        ("dana", "ListExecutions", False),
    ]


async def test_figures_are_for_those_who_may_list_executions(tmp_path: Path) -> None:
    async with served(tmp_path, Cluster(may=False)) as page:
        assert (await page.get("metrics?ns=shop")).code == (403, "AccessDeniedException")
        assert (await page.get("metrics?ns=elsewhere")).code == (403, "AccessDeniedException")


async def test_what_a_server_does_not_serve_has_no_page(tmp_path: Path) -> None:
    async with served(tmp_path, Cluster()) as page:
        features = (await page.get("me")).json["features"]

    assert "versions" not in features
    assert features["metrics"]


async def test_a_stream_ends_once_its_right_is_taken_away(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(access, "ALLOWED_SECONDS", 0.0)
    monkeypatch.setattr(streams, "PING_SECONDS", 0.02)
    cluster = Cluster()
    async with served(tmp_path, cluster) as page:
        async with stream(page, "rows:ns=shop") as events:
            assert (await events.next())[0] == "ready"
            cluster.may = False
            assert await events.next() == ("bye", {"reason": "again"})
        assert (await refusal(page, "rows:ns=shop")).code == (403, "AccessDeniedException")
