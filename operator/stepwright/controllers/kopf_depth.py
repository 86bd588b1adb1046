"""Reduces what kopf reads from the API server: kopf parses, copies and keeps whole objects, recursively.

It gets StateMachines without their definitions, settings and diagnostics, which nobody needs from kopf; in
everything else, values that nest too deeply are cut off.
"""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from typing import Any, Final

import aiohttp
import msgspec

from stepwright.controllers import state_machine_watch
from stepwright.kube.depth import cut, decoded

_KIND: Final = "StateMachine"


class Response(aiohttp.ClientResponse):
    """An answer whose JSON, whole or line by line, nests no deeper than LEVELS and holds no definitions."""

    async def start(self, connection: Any) -> aiohttp.ClientResponse:
        started = await super().start(connection)
        self.content = _Lines(self.content)  # type: ignore[assignment] # kopf uses iter_chunked alone
        return started

    async def read(self) -> bytes:
        if isinstance(self.content, _Lines):
            self.content = self.content.whole
        return await super().read()

    async def json(self, **_: Any) -> Any:
        return json.loads(thin(await self.read()))


class _List(msgspec.Struct):
    kind: str = ""
    apiVersion: str = ""  # noqa: N815 - the fields' names on the wire
    metadata: msgspec.Raw = msgspec.Raw(b"{}")
    items: list[msgspec.Raw] = []


class _Event(msgspec.Struct):
    type: str = ""
    object: msgspec.Raw = msgspec.Raw(b"{}")


class _Kind(msgspec.Struct):
    kind: str = ""
    apiVersion: str = ""  # noqa: N815


_list: Final = msgspec.json.Decoder(_List).decode
_event: Final = msgspec.json.Decoder(_Event).decode
_kind: Final = msgspec.json.Decoder(_Kind).decode


def thin(text: bytes) -> bytes:
    """A list, an event or any other answer, with the StateMachines in it thinned."""
    try:
        found = decoded(_list, text)
        if found.kind == f"{_KIND}List":
            found.items = [msgspec.Raw(_thinned(item)) for item in found.items]
            return msgspec.json.encode(found)
        event = decoded(_event, text)
        if event.type and decoded(_kind, event.object).kind == _KIND:
            event.object = msgspec.Raw(_thinned(event.object))
            return msgspec.json.encode(event)
    except msgspec.DecodeError:
        pass  # not as expected: kopf will report it
    return cut(text)


def _thinned(item: msgspec.Raw) -> bytes:
    """Raises msgspec.DecodeError."""
    kind = decoded(_kind, item)
    seen: dict[str, Any] = msgspec.to_builtins(state_machine_watch.read(item))
    return msgspec.json.encode({"apiVersion": kind.apiVersion, "kind": kind.kind, **seen})


class _Lines:
    """The reduced lines of a stream: kopf reads watches by ``iter_chunked``."""

    def __init__(self, whole: aiohttp.StreamReader) -> None:
        self.whole = whole

    def __getattr__(self, name: str) -> Any:
        return getattr(self.whole, name)

    async def iter_chunked(self, size: int) -> AsyncIterator[bytes]:
        pending: list[bytes] = []
        async for chunk in self.whole.iter_chunked(size):
            *lines, rest = chunk.split(b"\n")
            for line in lines:
                yield thin(b"".join((*pending, line))) + b"\n"
                pending.clear()
            pending.append(rest)
        if any(pending):
            yield thin(b"".join(pending))
