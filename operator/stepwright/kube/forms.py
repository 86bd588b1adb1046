"""In which form the objects of a kind are listed and watched: as they are, or as rows of the table that ``kubectl get -o wide``
shows of them, which of large objects are a small part."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import aclosing
from typing import Any, Generic, Protocol, TypeVar

import msgspec

from stepwright.kube import lists
from stepwright.kube.api import Api, Params
from stepwright.kube.api_errors import ApiError, Unreachable
from stepwright.kube.decoders import decoder

T = TypeVar("T")
T_co = TypeVar("T_co", covariant=True)

Reader = Callable[[msgspec.Raw], T]
"""Raises msgspec.DecodeError."""


class Form(Protocol[T_co]):
    @property
    def accept(self) -> str | None:
        """What is asked for; None: plain JSON."""

    def pages(
        self, api: Api, path: str, params: Params, page_size: int
    ) -> AsyncGenerator[tuple[list[msgspec.Raw], str], None]:
        """Texts for ``read``, as ``lists.pages``. Raises ApiError."""

    def of_event(self, object: msgspec.Raw) -> msgspec.Raw:
        """The text for ``read`` in an event of a watch. Raises ApiError."""

    def read(self, text: msgspec.Raw) -> T_co:
        """Raises msgspec.DecodeError."""


class Whole(Generic[T]):
    """Implements ``Form``: objects, of which only the fields of a ``msgspec.Struct`` are decoded."""

    accept: str | None = None

    def __init__(self, into: Any) -> None:
        """``into``: the type."""
        self.read: Reader[T] = decoder(into).decode

    def pages(
        self, api: Api, path: str, params: Params, page_size: int
    ) -> AsyncGenerator[tuple[list[msgspec.Raw], str], None]:
        return lists.pages(api, path, params, page_size=page_size)

    def of_event(self, object: msgspec.Raw) -> msgspec.Raw:
        return object


class Rows(Generic[T]):
    """Implements ``Form``. ``reader``: makes, of the names of a table's columns, what reads its rows; None if columns are
    missing."""

    accept: str | None = lists.AS_TABLE

    def __init__(self, reader: Callable[[Sequence[str]], Reader[T] | None]) -> None:
        self._reader = reader
        self._columns: Sequence[str] = ()
        self._read: Reader[T] | None = None

    async def pages(
        self, api: Api, path: str, params: Params, page_size: int
    ) -> AsyncGenerator[tuple[list[msgspec.Raw], str], None]:
        async with aclosing(lists.tables(api, path, params, page_size=page_size)) as tables:
            async for columns, rows, version in tables:
                self._require(columns)
                yield rows, version

    def of_event(self, object: msgspec.Raw) -> msgspec.Raw:
        table = lists.table_of_event(object)
        if table.columns:
            self._require(table.columns)
        if len(table.rows) != 1:
            raise Unreachable(f"an event of a watch has {len(table.rows)} rows", outcome_unknown=False)
        return table.rows[0]

    def read(self, text: msgspec.Raw) -> T:
        assert self._read is not None, "columns come first"
        return self._read(text)

    def _require(self, columns: Sequence[str]) -> None:
        if columns == self._columns:
            return
        read = self._reader(columns)
        if read is None:  # streams of other namespaces go on with the columns that they have
            raise ApiError(
                0,
                "ColumnsMissing",
                "the kind's definition lacks columns that are needed: apply the custom resource definitions of this version",
            )
        self._columns, self._read = columns, read
