"""The table of the console's API: which path is answered by what, and what every answer has in common."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Mapping
from http import HTTPStatus
from typing import Final, NamedTuple, Protocol, TypeAlias, TypeVar
from urllib.parse import unquote

import msgspec

from stepwright.catalog.callers import Caller
from stepwright.console import headers
from stepwright.console.admission import JSON
from stepwright.console.models import Model, Problem
from stepwright.console.parameters import Parameters, invalid, shown
from stepwright.console.sessions import Session
from stepwright.http.bodies import Bodies
from stepwright.http.messages import Refused, Request, Response, Stream

T = TypeVar("T")

RETRY_SECONDS: Final = 5
"""After how many seconds something that was not possible may be."""


class Call(NamedTuple):
    """One request of a page. ``ids``: what its path has in the places that a pattern leaves open."""

    request: Request
    session: Session
    ids: Mapping[str, str]
    bodies: Bodies

    @property
    def caller(self) -> Caller:
        """Of a route that is not public."""
        assert self.session.caller is not None
        return self.session.caller

    def parameters(self, *known: str, **lists: int) -> Parameters:
        """See ``Parameters.of``. Raises Refused."""
        return Parameters.of(self.request.query, known, lists)

    async def body(self, decoder: msgspec.json.Decoder[T], largest: int) -> T:
        """Raises Refused."""
        async with self.bodies.read(self.request, largest) as body:
            try:
                return decoder.decode(body)
            except msgspec.DecodeError as error:
                raise invalid(str(error)) from None


Answer: TypeAlias = Model | Response | Stream

Act: TypeAlias = Callable[[Call], Awaitable[Answer]]


class Route(NamedTuple):
    """``path``: below ``v1/``, with ``{name}`` for what may be anything. ``public``: served before somebody has logged in.
    ``proves``: reading it needs the token, too. ``bounded``: whether it is given up when it takes too long."""

    method: str
    path: str
    act: Act
    public: bool = False
    proves: bool = False
    bounded: bool = True


class Part(Protocol):
    """Of the API."""

    def routes(self) -> Iterable[Route]: ...


class Table:
    """Finds the route of a request."""

    def __init__(self, routes: Iterable[Route]) -> None:
        self._routes = [(route, route.path.split("/")) for route in routes]

    def find(self, method: str, path: str) -> tuple[Route, dict[str, str]]:
        """``path`` is as it was sent: ids may contain any character, a slash too. Raises Refused."""
        parts = [unquote(part) for part in path.split("/")]
        allowed = set()
        for route, pattern in self._routes:
            if (ids := _matched(pattern, parts)) is not None:
                if route.method == method:
                    return route, ids
                allowed.add(route.method)
        if allowed:
            raise Refused("MethodNotAllowed", f"Only {', '.join(sorted(allowed))} is served here", 405)
        raise Refused("NoSuchRoute", f"This version of the console's API has no route v1/{shown(path)}", 404)


def _matched(pattern: list[str], parts: list[str]) -> dict[str, str] | None:
    if len(pattern) != len(parts):
        return None
    ids = {}
    for wanted, part in zip(pattern, parts, strict=True):
        if wanted.startswith("{"):
            ids[wanted[1:-1]] = part
        elif wanted != part:
            return None
    return ids


def answered(model: Model) -> Response:
    return data(200, msgspec.json.encode(model))


def data(status: int, body: bytes) -> Response:
    return Response(status, body, {**headers.DATA, "Content-Type": JSON})


def refusal(refused: Refused) -> Response:
    told = data(refused.status, msgspec.json.encode(Problem(code=refused.code, message=refused.message)))
    if refused.status != HTTPStatus.SERVICE_UNAVAILABLE:
        return told
    return told._replace(headers={**told.headers, "Retry-After": str(RETRY_SECONDS)})
