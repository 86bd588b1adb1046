"""Lists of objects, read page by page: the objects themselves, or the rows that kubectl shows of them."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import aclosing
from typing import Final, NamedTuple

import msgspec

from stepwright.kube.api import Api, Params, read
from stepwright.kube.api_errors import AnswerTooLong
from stepwright.kube.paging import PageSize

AS_TABLE: Final = "application/json;as=Table;v=v1;g=meta.k8s.io"


class Table(NamedTuple):
    """A page of a table. ``rows`` are JSON, not decoded yet: ``cells``, as many as ``columns`` has names, and
    ``object``, the object with nothing but its metadata. ``version``: the resourceVersion of the whole list."""

    columns: tuple[str, ...]
    rows: list[msgspec.Raw]
    version: str = ""


async def whole(
    api: Api, path: str, params: Params | None = None, *, page_size: int | None = None
) -> tuple[list[msgspec.Raw], str]:
    """All items, not decoded yet, and the resourceVersion of the list.

    Without ``page_size`` one request. A page's continue token that expires raises Expired: begin again.
    """
    items: list[msgspec.Raw] = []
    version = ""
    async for page, version in pages(api, path, params, page_size=page_size):  # noqa: B007 - the last one's
        items += page
    return items, version


async def pages(
    api: Api, path: str, params: Params | None = None, *, page_size: int | None = None
) -> AsyncGenerator[tuple[list[msgspec.Raw], str], None]:
    """``whole`` page by page, each with the resourceVersion of the whole list, so that pages already read
    need no memory. A page has ``page_size`` objects at most, and fewer where they are large."""
    async with aclosing(_pages(api, path, params, page_size, None)) as found:
        async for page in found:
            yield page.items or [], page.metadata.resourceVersion


async def tables(
    api: Api, path: str, params: Params | None = None, *, page_size: int | None = None
) -> AsyncGenerator[Table, None]:
    """``pages`` of what ``kubectl get -o wide`` shows, beside each object's metadata: a small part of
    large objects
    (https://kubernetes.io/docs/reference/using-api/api-concepts/#receiving-resources-as-tables)."""
    columns: tuple[str, ...] = ()
    async with aclosing(_pages(api, path, params, page_size, AS_TABLE)) as found:
        async for page in found:
            # Only the first page names them.
            columns = _names(page) or columns
            yield Table(columns, page.rows or [], page.metadata.resourceVersion)


def table_of_event(text: msgspec.Raw) -> Table:
    """The table that is the object of a watch's event: one row, and columns in the first event alone. Raises Unreachable."""
    page: _Page = read(bytes(text), _Page)
    return Table(_names(page), page.rows or [], page.metadata.resourceVersion)


def _names(page: _Page) -> tuple[str, ...]:
    return tuple(column.name for column in page.columnDefinitions or ())


async def _pages(
    api: Api, path: str, params: Params | None, page_size: int | None, accept: str | None
) -> AsyncGenerator[_Page, None]:
    query = dict(params or {})
    size = PageSize(page_size) if page_size else None
    while True:
        if size is not None:
            query["limit"] = size.limit
        try:
            answer = await api.request("GET", path, query, accept=accept)
        except AnswerTooLong:
            if size is None or not size.too_long():
                raise
            continue
        page: _Page = read(answer, _Page)
        if size is not None:
            size.read(len(page.items or page.rows or ()), len(answer))
        del answer  # it is as large as all that is decoded of it
        yield page
        if not page.metadata.continue_:
            return
        query["continue"] = page.metadata.continue_


class _ListMeta(msgspec.Struct, rename={"continue_": "continue"}):
    resourceVersion: str = ""  # noqa: N815 - the field's name on the wire
    continue_: str = ""


class _Column(msgspec.Struct):
    name: str


class _Page(msgspec.Struct):
    """A page of objects, or of a table's rows."""

    metadata: _ListMeta
    items: list[msgspec.Raw] | None = None
    columnDefinitions: list[_Column] | None = None  # noqa: N815
    rows: list[msgspec.Raw] | None = None
