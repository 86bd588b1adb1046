"""Lists of objects of any size fit into memory."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest
from aiohttp import web

from stepwright.kube import connection, lists
from stepwright.kube.api_errors import AnswerTooLong
from stepwright.kube.paging import FIRST, WANTED_BYTES, PageSize
from tests.kube.server import Answer, says, serving

KIB = 2**10
MIB = 2**20


def test_pages_of_small_objects_grow_to_the_most_that_is_asked_for() -> None:
    size = PageSize(500)
    limits = [size.limit]
    for _ in range(4):
        size.read(size.limit, size.limit * 2 * KIB)
        limits.append(size.limit)

    assert limits == [20, 100, 500, 500, 500]


def test_pages_of_large_objects_stay_below_some_mebibytes() -> None:
    size = PageSize(500)
    for _ in range(4):
        size.read(size.limit, size.limit * 1400 * KIB)

        assert size.limit * 1400 * KIB <= WANTED_BYTES


def test_an_answer_that_was_too_long_is_asked_for_in_smaller_pieces_down_to_one_object() -> None:
    size = PageSize(500)
    size.read(FIRST, FIRST)
    size.read(100, 100)
    limits = []
    while size.too_long():
        limits.append(size.limit)

    assert limits == [62, 7, 1]


def test_an_empty_page_says_nothing_about_sizes() -> None:
    size = PageSize(500)
    size.read(0, 100)

    assert size.limit == FIRST


class Store:
    """Serves objects of these sizes in pages, without saying how long an answer is."""

    def __init__(self, sizes: list[int]) -> None:
        self._objects = [b'{"x":"%s"}' % (b"x" * size) for size in sizes]
        self.longest = 0

    async def answer(self, request: web.Request) -> web.StreamResponse:
        start, limit = int(request.query.get("continue", 0)), int(request.query["limit"])
        end = min(start + limit, len(self._objects))
        token = str(end) if end < len(self._objects) else ""
        body = b'{"metadata":{"resourceVersion":"7","continue":"%s"},"items":[%s]}' % (
            token.encode(),
            b",".join(self._objects[start:end]),
        )
        response = web.StreamResponse()
        response.enable_chunked_encoding()
        await response.prepare(request)
        await response.write(body)
        return response


async def test_no_page_has_more_bytes_than_fit_though_the_objects_grow_large_in_the_middle(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connection, "LONGEST_ANSWER_BYTES", 256 * KIB)
    store = Store([10] * 300 + [100 * KIB] * 30)
    pages = []
    async with serving(tmp_path, store.answer) as (_, api):
        async for items, version in lists.pages(api, "/things", page_size=500):
            assert version == "7"
            pages.append((len(items), sum(map(len, items))))

    assert sum(count for count, _ in pages) == 330
    assert max(size for _, size in pages) <= 256 * KIB


async def test_an_answer_that_no_page_makes_shorter_is_an_error(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connection, "LONGEST_ANSWER_BYTES", 1 * KIB)
    async with serving(tmp_path, Store([5 * KIB]).answer) as (_, api):
        with pytest.raises(AnswerTooLong, match="GET /things is answered with more than 1,024 bytes"):
            _ = [page async for page in lists.pages(api, "/things", page_size=500)]


async def test_a_list_is_read_page_by_page(tmp_path: Path) -> None:
    def page(names: list[str], token: str) -> Answer:
        return says(200, {"metadata": {"resourceVersion": "7", "continue": token}, "items": names})

    async with serving(tmp_path, page(["a", "b"], "next"), page(["c"], "")) as (server, api):
        items, version = await lists.whole(api, "/x", {"labelSelector": "a in (b)"}, page_size=2)

    assert ([msgspec.json.decode(item) for item in items], version) == (["a", "b", "c"], "7")
    assert [dict(request.query) for request in server.requests] == [
        {"labelSelector": "a in (b)", "limit": "2"},
        {"labelSelector": "a in (b)", "limit": "2", "continue": "next"},
    ]


async def test_an_empty_list_may_have_null_items(tmp_path: Path) -> None:
    async with serving(tmp_path, says(200, {"metadata": {"resourceVersion": "7"}, "items": None})) as (
        _,
        api,
    ):
        assert await lists.whole(api, "/x") == ([], "7")
