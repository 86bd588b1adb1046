"""Where calls go that tasks make of others, and what proves there who calls."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

from stepwright.catalog.callers import Caller


class Connection(Protocol):
    """To one service, in one region, for one caller. It may be kept for as long as a call takes."""

    @property
    def url(self) -> str:
        """``http`` or ``https``, a host, and what all paths there begin with; without a slash at its end."""

    async def signed(self, url: str, headers: Mapping[str, str], body: bytes) -> dict[str, str]:
        """The headers of a POST to a ``url`` there, with what proves who calls. Raises ValueError for text that cannot be
        sent so, Unavailable."""


class Connections(Protocol):
    """All of them; an integration knows no endpoint and no credentials of its own."""

    async def find(self, service: str, region: str | None, caller: Caller) -> Connection:
        """To one of AWS's services, called as its SDKs do (``lambda``), or to what stands in for it. ``region``: None where
        the call is for none. Raises NoConnection, Unavailable."""
