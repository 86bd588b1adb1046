"""What kopf reads of the API server, with what nests too deeply cut off: kopf parses and copies recursively."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from typing import Any

import aiohttp

from stepwright.cluster.nesting import cut


class Response(aiohttp.ClientResponse):
    """An answer whose JSON, whole or line by line, nests no deeper than LEVELS."""

    async def start(self, connection: Any) -> aiohttp.ClientResponse:
        started = await super().start(connection)
        self.content = _Lines(self.content)  # type: ignore[assignment] # kopf uses iter_chunked alone
        return started

    async def read(self) -> bytes:
        if isinstance(self.content, _Lines):
            self.content = self.content.whole
        return await super().read()

    async def json(self, **options: Any) -> Any:
        return await super().json(**{**options, "loads": _loads})


def _loads(text: str) -> Any:
    return json.loads(cut(text.encode()))


class _Lines:
    """The lines of a stream, cut: kopf reads watches by ``iter_chunked``."""

    def __init__(self, whole: aiohttp.StreamReader) -> None:
        self.whole = whole

    def __getattr__(self, name: str) -> Any:
        return getattr(self.whole, name)

    async def iter_chunked(self, size: int) -> AsyncIterator[bytes]:
        pending: list[bytes] = []
        async for chunk in self.whole.iter_chunked(size):
            *lines, rest = chunk.split(b"\n")
            for line in lines:
                yield cut(b"".join((*pending, line))) + b"\n"
                pending.clear()
            pending.append(rest)
        if any(pending):
            yield cut(b"".join(pending))
