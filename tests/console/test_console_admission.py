"""Who may use the console: its own pages, and no other page that a browser has open."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from tests.console.pages import API, Page

EVIL = "http://evil.example"
SERVED = 200
DENIED = (403, "AccessDeniedException")

READING: Mapping[str, tuple[Mapping[str, str | None], int | tuple[int, str]]] = {
    "a page of ours": ({}, SERVED),
    "an older browser": ({"Sec-Fetch-Site": None}, SERVED),
    "typed by hand": ({"Sec-Fetch-Site": "none"}, SERVED),
    "localhost": ({"Host": "localhost:8083", "Origin": "http://localhost:8083"}, SERVED),
    "TLS ended before": ({"Host": "localhost", "Origin": "https://localhost"}, SERVED),
    "a rebound name": ({"Host": "evil.example:8083"}, DENIED),
    "a rebound name with its origin": ({"Host": "evil.example", "Origin": EVIL}, DENIED),
    "a name that begins alike": ({"Host": "127.0.0.1.nip.io"}, DENIED),
    "no name": ({"Host": ""}, DENIED),
    "another page": ({"Origin": EVIL, "Sec-Fetch-Site": "cross-site"}, DENIED),
    "another page in an older browser": ({"Origin": EVIL, "Sec-Fetch-Site": None}, DENIED),
    "another port of this machine": ({"Origin": "http://127.0.0.1:1", "Sec-Fetch-Site": "same-site"}, DENIED),
    "another page without an origin": ({"Origin": "null"}, DENIED),
    "an image in another page": ({"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Dest": "image"}, DENIED),
    "a frame in another page": (
        {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "navigate", "Sec-Fetch-Dest": "iframe"},
        DENIED,
    ),
    "a link in another page": (
        {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "navigate", "Sec-Fetch-Dest": "document"},
        SERVED,
    ),
}


@pytest.mark.parametrize("path", ["api/v1/me", "api/v1/nothing", "assets/a.js", ""])
@pytest.mark.parametrize(("headers", "answer"), READING.values(), ids=READING.keys())
async def test_a_request_is_served_or_refused_by_its_headers(
    page: Page, headers: Mapping[str, str | None], answer: int | tuple[int, str], path: str
) -> None:
    got = await page.ask("GET", f"/console/{path}", headers=headers)

    if answer == DENIED:
        assert got.code == DENIED
    else:
        assert got.status in (200, 404)
        assert b"AccessDenied" not in got.body


CHANGING: Mapping[str, tuple[Mapping[str, str | None], int | tuple[int, str]]] = {
    "a page of ours": ({}, SERVED),
    "without an origin": ({"Origin": None}, SERVED),
    "an older browser": ({"Sec-Fetch-Site": None}, SERVED),
    "with a character set": ({"Content-Type": "application/json; charset=utf-8"}, SERVED),
    "a program": ({"Origin": None, "Sec-Fetch-Site": None}, DENIED),
    "typed by hand": ({"Origin": None, "Sec-Fetch-Site": "none"}, DENIED),
    "another page": ({"Origin": EVIL, "Sec-Fetch-Site": "cross-site"}, DENIED),
    "another port of this machine": ({"Origin": "http://127.0.0.1:1", "Sec-Fetch-Site": "same-site"}, DENIED),
    "a form of another page": (
        {
            "Origin": None,
            "Content-Type": "application/x-www-form-urlencoded",
            "Sec-Fetch-Site": "cross-site",
            "Sec-Fetch-Mode": "navigate",
            "Sec-Fetch-Dest": "document",
        },
        (415, "UnsupportedMediaTypeException"),
    ),
    "JSON of another page": (
        {
            "Origin": None,
            "Sec-Fetch-Site": "cross-site",
            "Sec-Fetch-Mode": "navigate",
            "Sec-Fetch-Dest": "document",
        },
        DENIED,
    ),
    "text, as pages may send": ({"Content-Type": "text/plain"}, (415, "UnsupportedMediaTypeException")),
    "no type": ({"Content-Type": None}, (415, "UnsupportedMediaTypeException")),
    "without the token": ({"X-Stepwright-Console": None}, (403, "StaleToken")),
    "with an earlier token": ({"X-Stepwright-Console": "earlier"}, (403, "StaleToken")),
    "with no text for a token": ({"X-Stepwright-Console": "\xff"}, (403, "StaleToken")),
    "a rebound name": ({"Host": "evil.example", "Origin": EVIL}, DENIED),
}


@pytest.mark.parametrize(("headers", "answer"), CHANGING.values(), ids=CHANGING.keys())
async def test_a_change_is_made_or_refused_by_its_headers(
    page: Page, headers: Mapping[str, str | None], answer: int | tuple[int, str]
) -> None:
    got = await page.post("aws/ListStateMachines", {}, **headers)

    assert (got.status if isinstance(answer, int) else got.code) == answer


@pytest.mark.parametrize("method", ["OPTIONS", "PUT", "DELETE", "PATCH", "TRACE"])
async def test_a_browser_that_asks_first_is_refused(page: Page, method: str) -> None:
    asking: dict[str, str | None] = {"Origin": EVIL, "Access-Control-Request-Method": "POST"}

    got = await page.ask(method, f"{API}aws/ListStateMachines", headers=asking)

    assert got.status == 403
    assert not any(name.startswith("access-control") for name in got.headers)


async def test_the_doors_of_pages_and_of_programs_are_two(page: Page) -> None:
    """What the console's pages send is refused where SDKs ask, whatever they know."""
    at_the_other = await page.ask(
        "POST",
        "/",
        b"{}",
        {
            "Content-Type": "application/x-amz-json-1.0",
            "X-Amz-Target": "AWSStepFunctions.ListStateMachines",
            "Origin": f"http://{page.host}",
            "X-Stepwright-Console": page.token,
        },
    )

    assert at_the_other.status == 403
