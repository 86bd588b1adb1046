"""More requests than a server can serve at once are refused at once: their SDKs repeat them, elsewhere perhaps. So are more of one
caller than leave room for others.
"""

from __future__ import annotations

from collections import Counter
from contextvars import ContextVar
from typing import Final

from stepwright.api import dispatch, errors
from stepwright.api.admission import CONTENT_TYPE
from stepwright.http.connection import Handler
from stepwright.http.messages import Request, Response, Stream


class _UnderWay:
    """A request. ``callers``: how many there are of each."""

    def __init__(self, callers: Counter[str], most: int) -> None:
        self._callers = callers
        self._most = most
        self._caller: str | None = None

    def is_of(self, caller: str) -> None:
        """Raises ApiError."""
        self.end()
        if self._callers[caller] >= self._most:
            whose = "this caller" if caller else "callers who are not known yet"
            raise errors.throttled(f"{self._most} requests of {whose} are already under way")
        self._callers[caller] += 1
        self._caller = caller

    def end(self) -> None:
        if self._caller is not None:
            self._callers[self._caller] -= 1
            if not self._callers[self._caller]:
                del self._callers[self._caller]
            self._caller = None


_under_way: Final[ContextVar[_UnderWay | None]] = ContextVar("under way", default=None)


def is_of(caller: str) -> None:
    """Whose the request is that is served now; empty while nobody knows. Raises ApiError if too many of theirs are under way."""
    served = _under_way.get()
    if served is not None:
        served.is_of(caller)


def bounded(handler: Handler, most: int, most_of_one: int) -> Handler:
    """``most_of_one``: of each caller, as far as it is known. Streams do not count once they have begun."""
    under_way = 0
    callers: Counter[str] = Counter()

    async def serve(request: Request) -> Response | Stream:
        nonlocal under_way
        if under_way >= most:
            reply = dispatch.refusal(errors.throttled(f"This server already has {most} requests under way"))
            return Response(reply.status, reply.body, {"Content-Type": CONTENT_TYPE}, close=True)
        under_way += 1
        one = _UnderWay(callers, most_of_one)
        _under_way.set(one)
        try:
            return await handler(request)
        finally:
            under_way -= 1
            one.end()

    return serve
