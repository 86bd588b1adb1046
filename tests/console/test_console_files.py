"""The console's files: kept by browsers as long as they may be, sent small, and nothing else of the disk."""

from __future__ import annotations

import os
import re
from collections.abc import AsyncIterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from stepwright.api.regions import Regions
from stepwright.assembly.console import console
from stepwright.console import face
from stepwright.console.assets import Assets
from stepwright.http import listening
from stepwright.http.messages import Request, Response
from stepwright.http.names import Names
from tests.api.services import service
from tests.console.pages import Page

SCRIPT = "assets/main-a1b2c3.js"


async def _elsewhere(request: Request) -> Response:
    return Response(418, request.path.encode(), {})


def built(folder: Path) -> Path:
    """As ``make console`` leaves it."""
    dist = folder / "dist"
    (dist / "assets").mkdir(parents=True)
    (dist / "index.html").write_text(
        '<!doctype html><html><head><meta name="nonce" content="NONCE"><style nonce="NONCE"></style>'
        "<title>Console</title></head></html>"
    )
    (dist / "icon.svg").write_text("<svg/>")
    (dist / SCRIPT).write_text("script()")
    (dist / f"{SCRIPT}.gz").write_bytes(b"zipped")
    (dist / f"{SCRIPT}.br").write_bytes(b"smaller")
    return dist


@pytest.fixture
async def empty(tmp_path: Path) -> AsyncIterator[Page]:
    """Nothing was built."""
    nothing: Any = SimpleNamespace(
        execution_rows=None, overviews=None, visits=None, watching=None
    )  # files need no store
    regions, assets = Regions("us-east-1", fixed=True), Assets(tmp_path / "dist")
    made = console(service(), nothing, regions, Names.of(), None, "dev", assets)
    web, port = await listening.start(made.before(_elsewhere), ["127.0.0.1"], 0)
    yield Page(port)
    await web.cleanup()


@pytest.fixture
def serving(empty: Page, tmp_path: Path) -> Page:
    built(tmp_path)
    return empty


async def test_the_page_has_a_nonce_of_its_own_each_time(serving: Page) -> None:
    first, second = [await serving.ask("GET", "/console/") for _ in range(2)]

    nonces = [
        re.search(rb'<meta name="nonce" content="([\w-]{20,})"><style nonce="\1">', answer.body)
        for answer in (first, second)
    ]
    assert nonces[0] is not None
    assert nonces[1] is not None
    assert nonces[0][1] != nonces[1][1]
    assert f"style-src 'self' 'nonce-{nonces[0][1].decode()}'" in first.headers["content-security-policy"]
    assert first.headers["cache-control"] == "no-cache"
    assert first.headers["content-type"] == "text/html; charset=utf-8"


async def test_what_is_named_by_its_content_is_kept_for_ever(serving: Page) -> None:
    answer = await serving.ask("GET", f"/console/{SCRIPT}")

    assert answer.body == b"script()"
    assert answer.headers["cache-control"] == "public, max-age=31536000, immutable"
    assert answer.headers["content-type"] == "text/javascript; charset=utf-8"
    assert answer.headers["vary"] == "Accept-Encoding"


@pytest.mark.parametrize(
    ("accepted", "body", "encoding"),
    [
        ("gzip, deflate, br, zstd", b"smaller", "br"),
        ("gzip, deflate", b"zipped", "gzip"),
        ("gzip;q=1.0, br;q=0", b"zipped", "gzip"),
        ("GZIP ; q=0.5", b"zipped", "gzip"),
        ("identity", b"script()", None),
        ("br;q=0.000,gzip;q=0", b"script()", None),
        (None, b"script()", None),
    ],
)
async def test_a_file_is_sent_as_small_as_the_browser_reads_it(
    serving: Page, accepted: str | None, body: bytes, encoding: str | None
) -> None:
    answer = await serving.ask("GET", f"/console/{SCRIPT}", headers={"Accept-Encoding": accepted})

    assert (answer.body, answer.headers.get("content-encoding")) == (body, encoding)
    assert answer.headers["content-type"] == "text/javascript; charset=utf-8"


async def test_what_a_browser_has_is_not_sent_again(serving: Page) -> None:
    headers: dict[str, str | None] = {"Accept-Encoding": "gzip"}
    first = await serving.ask("GET", f"/console/{SCRIPT}", headers=headers)
    tag = first.headers["etag"]

    again = await serving.ask(
        "GET", f"/console/{SCRIPT}", headers={**headers, "If-None-Match": f'"x", W/{tag}'}
    )
    other = await serving.ask("GET", f"/console/{SCRIPT}", headers={"If-None-Match": tag})

    assert (again.status, again.body, again.headers["etag"]) == (304, b"", tag)
    assert "content-length" not in again.headers
    assert other.status == 200  # it has the compressed one


async def test_only_the_head_is_sent_to_whoever_asks_for_it(serving: Page) -> None:
    answer = await serving.ask("HEAD", f"/console/{SCRIPT}")

    assert (answer.status, answer.headers["content-length"], answer.body) == (200, "8", b"")


@pytest.mark.parametrize(
    "path",
    [
        "/console/123456789012/executions/order/order-7",
        "/console/acme/machines/v1.2",
        "/console/favicon.ico",
        "/console/api/machines",
        "/console/index.html",
        "/console/../../etc/passwd",
        "/console/..%2f..%2fsecret.txt",
        "/console/%2e%2e/secret.txt",
        "/console//etc/passwd",
        "/console/assets%00/../../secret.txt",
        "/console/.hidden",
        "/console/%ff%fe",
        "/console/link.js",
    ],
)
async def test_every_other_address_is_one_of_the_page(serving: Page, tmp_path: Path, path: str) -> None:
    (tmp_path / "secret.txt").write_text("secret")
    (tmp_path / "dist/link.js").symlink_to(tmp_path / "secret.txt")

    answer = await serving.ask("GET", path)

    assert answer.status == 200
    assert b"<title>Console</title>" in answer.body


@pytest.mark.parametrize(
    "path", ["assets/gone-123.js", "assets/../../secret.txt", "assets/%2e%2e/%2e%2e/secret.txt", "assets/"]
)
async def test_a_file_that_is_not_there_is_no_page(serving: Page, tmp_path: Path, path: str) -> None:
    (tmp_path / "secret.txt").write_text("secret")

    assert (await serving.ask("GET", f"/console/{path}")).code == (404, "NoSuchFile")


async def test_without_a_build_the_page_says_how_to_make_one(empty: Page) -> None:
    answer = await empty.ask("GET", "/console/123456789012/executions")

    assert answer.status == 404
    assert b"<code>make console</code>" in answer.body
    nonce = re.search(rb'<style nonce="([\w-]+)">', answer.body)
    assert nonce is not None
    assert f"'nonce-{nonce[1].decode()}'" in answer.headers["content-security-policy"]
    assert (await empty.ask("GET", "/console/assets/a.js")).code == (404, "NoSuchFile")


async def test_a_new_build_is_seen_without_a_restart(empty: Page, tmp_path: Path) -> None:
    assert (await empty.ask("GET", "/console/")).status == 404

    dist = built(tmp_path)
    assert (await empty.ask("GET", f"/console/{SCRIPT}")).body == b"script()"

    (dist / SCRIPT).unlink()
    (dist / "assets/main-d4e5f6.js").write_text("other()")
    os.utime(dist / "assets", ns=(1, 1))
    assert (await empty.ask("GET", "/console/assets/main-d4e5f6.js")).body == b"other()"
    assert (await empty.ask("GET", f"/console/{SCRIPT}")).status == 404


async def test_the_address_without_its_slash_leads_there(serving: Page) -> None:
    answer = await serving.ask("GET", "/console")

    assert (answer.status, answer.headers["location"]) == (308, "/console/")


@pytest.mark.parametrize("path", ["/", "/consoles/", "/console-x", "/v1/me"])
async def test_everything_else_goes_where_it_went(serving: Page, path: str) -> None:
    answer = await serving.ask("GET", path)

    assert (answer.status, answer.body) == (418, path.encode())


async def test_files_are_only_read(serving: Page) -> None:
    answer = await serving.ask("PUT", f"/console/{SCRIPT}", b"other()", {"Content-Type": "text/javascript"})

    assert answer.code == (405, "MethodNotAllowed")


@pytest.mark.parametrize("path", ["", SCRIPT, "assets/gone.js", "api/v1/me", "api/v1/nothing", "icon.svg"])
async def test_every_answer_is_safe_to_open(serving: Page, path: str) -> None:
    headers = (await serving.ask("GET", f"{face.PREFIX}/{path}")).headers

    assert headers["x-content-type-options"] == "nosniff"
    assert headers["referrer-policy"] == "no-referrer"
    assert headers["cross-origin-opener-policy"] == "same-origin"
    assert headers["cross-origin-resource-policy"] == "same-origin"
    assert headers["x-frame-options"] == "DENY"
    assert not any(name.startswith("access-control-") for name in headers)
    if headers["content-type"].startswith(("text/html", "application/json")):
        assert headers["content-security-policy"].startswith("default-src 'none'; ")
        assert "frame-ancestors 'none'" in headers["content-security-policy"]
        assert "unsafe" not in headers["content-security-policy"]
