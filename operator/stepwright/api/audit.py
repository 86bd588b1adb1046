"""A line in the log for each request: who has asked for what, and what was decided. Never what is in it."""

from __future__ import annotations

import time
import uuid
from collections.abc import Mapping
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Final

import structlog

from stepwright.catalog.callers import Caller
from stepwright.catalog.ports import Access
from stepwright.http.connection import Handler
from stepwright.http.messages import Request, Response, Stream

_LONGEST: Final = 2_048
"""Characters of what a client has sent, in a line."""

log = structlog.get_logger("stepwright.audit")


@dataclass(slots=True)
class _Entry:
    user: str | None = None
    operation: str | None = None
    resource: str | None = None
    allowed: bool | None = None


_entry: Final[ContextVar[_Entry | None]] = ContextVar("audit", default=None)


def note(
    *,
    user: str | None = None,
    operation: str | None = None,
    resource: str | None = None,
    allowed: bool | None = None,
) -> None:
    """Of the request that is served now. What was noted first stays, but for a refusal."""
    entry = _entry.get()
    if entry is None:
        return
    entry.user = entry.user or user
    if entry.operation is None or allowed is False:
        entry.operation, entry.resource, entry.allowed = operation, resource, allowed


class NotedAccess:
    """Implements ``catalog.ports.Access``: another one, whose decisions are noted."""

    def __init__(self, access: Access) -> None:
        self._access: Final = access

    async def allows(self, caller: Caller, action: str, resource: str) -> bool:
        allowed = await self._access.allows(caller, action, resource)
        note(user=caller.named, operation=action, resource=resource, allowed=allowed)
        return allowed

    def needs(self, action: str) -> str:
        return self._access.needs(action)


def audited(handler: Handler) -> Handler:
    """Files that everybody gets are not reported."""

    async def serve(request: Request) -> Response | Stream:
        entry = _Entry()
        _entry.set(entry)
        began = time.monotonic()
        response: Response | Stream | None = None
        try:
            response = await handler(request)
            return response
        finally:  # whoever has gone before the answer has asked all the same
            _tell(request, entry, response, time.monotonic() - began)

    return serve


def _tell(request: Request, entry: _Entry, response: Response | Stream | None, seconds: float) -> None:
    """Without a response: the client has gone, or the server ends."""
    is_refused = response is not None and response.status >= 400
    if entry.user is None and entry.operation is None and not is_refused:
        return
    headers: Mapping[str, str] = {} if response is None else response.headers
    log.info(
        "request",
        request_id=headers.get("x-amzn-RequestId") or str(uuid.uuid4()),
        source=request.address,
        user=entry.user,
        operation=entry.operation or _cut(request.headers.get("x-amz-target")),
        resource=_cut(entry.resource),
        allowed=entry.allowed,
        method=request.method,
        path=_cut(request.path),
        status=None if response is None else response.status,
        error="NotAnswered" if response is None else headers.get("x-amzn-ErrorType"),
        milliseconds=round(seconds * 1000),
    )


def _cut(text: str | None) -> str | None:
    return text if text is None or len(text) <= _LONGEST else f"{text[:_LONGEST]}..."
