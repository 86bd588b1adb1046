"""Watches: the changes of objects as the API server streams them, one event a line.

https://kubernetes.io/docs/reference/using-api/api-concepts/#efficient-detection-of-changes
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable
from typing import Literal, NamedTuple

import msgspec

from stepwright.kube.api import Api, Params
from stepwright.kube.api_errors import Status, Unreachable, from_status
from stepwright.kube.decoders import decoder
from stepwright.kube.depth import decoded


class Event(NamedTuple):
    """One event of a watch. ``object`` is JSON, not decoded yet."""

    type: Literal["ADDED", "MODIFIED", "DELETED", "BOOKMARK"]
    object: msgspec.Raw


class _WireEvent(msgspec.Struct):
    type: str
    object: msgspec.Raw


async def watch(
    api: Api,
    path: str,
    params: Params | None = None,
    *,
    accept: str | None = None,
    idle_seconds: float = 150,
    opened: Callable[[], None] = lambda: None,
) -> AsyncGenerator[Event, None]:
    """Events until the server ends the stream (``timeoutSeconds`` in ``params``), which is not an error.

    ``accept``: the form of their objects, if it is not plain JSON (``lists.AS_TABLE``). ``idle_seconds``: how long it may be
    silent before the connection counts as lost; the API server sends a bookmark each minute, give or take. ``opened`` is called when the server has accepted the watch,
    before any event. Raises Expired for a resourceVersion that is too old.
    """
    query = {**(params or {}), "watch": "1", "allowWatchBookmarks": "true"}
    decode = decoder(_WireEvent).decode
    try:
        async with api.stream(path, query, idle_seconds=idle_seconds, accept=accept) as pieces:
            opened()
            # Lines are split here: aiohttp's readline refuses lines longer than its buffer.
            rest = b""
            async for piece in pieces:
                *lines, rest = (rest + piece).split(b"\n") if b"\n" in piece else (rest + piece,)
                for line in lines:
                    event = decoded(decode, line)
                    if event.type == "ERROR":
                        raise from_status(decoder(Status).decode(event.object))
                    yield Event(event.type, event.object)
    except msgspec.DecodeError as error:
        raise Unreachable(f"the watch of {path} was cut: {error}", outcome_unknown=False) from error
