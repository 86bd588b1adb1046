"""Objects that nest too deeply for Python are cut off before kopf reads them.

An untyped field (an execution's input, a definition) may nest 10,000 levels; the API server takes that. kopf parses
and copies every object recursively, so a single such object would end the watch for everybody. What is left of one
that was cut still nests deeper than all that Stepwright takes, so its owner is told so, and nobody else notices.
"""

from __future__ import annotations

import json
import re
from collections.abc import AsyncIterator
from typing import Any, Final

import aiohttp

LEVELS: Final = 430
"""Just beyond what an input may have (``jsontext.MAX_DEPTH`` = 400, and five for the object around it). Copying
takes two Python frames a level, of which there are a thousand."""

CUT: Final = b'"nested too deeply"'

# A status with a full page of history takes 0.4 ms; with a choice for each character of a text it took eight times that.
_TOKENS: Final = re.compile(rb'"[^"\\]*+(?:\\.[^"\\]*+)*+"|[\[\]{}]', re.DOTALL)
_LEVEL: Final = {ord("["): 1, ord("{"): 1, ord("]"): -1, ord("}"): -1}


def cut(text: bytes) -> bytes:
    """The JSON text with what stands deeper than LEVELS replaced; nearly always the text itself."""
    if text.count(b"{") + text.count(b"[") <= LEVELS:
        return text
    brackets = (match for match in _TOKENS.finditer(text) if text[match.start()] in _LEVEL)
    kept: list[bytes] = []
    depth = end = 0
    for match in brackets:
        step = _LEVEL[text[match.start()]]
        if step > 0 and depth == LEVELS:
            kept += (text[end : match.start()], CUT)
        if step < 0 and depth == LEVELS + 1:
            end = match.end()
        depth += step
    return b"".join((*kept, text[end:])) if kept else text


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
