"""Requests with a bearer token in the place of a signature. SDKs send one where their user adds it to the request's headers."""

from __future__ import annotations

import re
from typing import Final, Protocol

from stepwright.api import audit, errors, overload
from stepwright.api.server import Known
from stepwright.catalog.arns import Place
from stepwright.catalog.callers import Caller, User
from stepwright.engine.beside import on_behalf_of
from stepwright.http.buckets import Buckets
from stepwright.http.messages import Request

NEW_TOKENS: Final = 20, 2.0
"""How many tokens that nobody has shown before may come from one address at once, and each second: each costs a question."""
ALL_NEW_TOKENS: Final = 200, 50.0
"""And from all addresses together."""
STARTS: Final = 1_300, 300.0
"""How many executions one may start at once, and each second.
https://docs.aws.amazon.com/step-functions/latest/dg/service-quotas.html#service-limits-api-action-throttling-general"""
OTHERS: Final = 1_000, 200.0
"""How many requests one may send at once, and each second, of all other operations together."""

_IN_NAMESPACE: Final = re.compile(r"/ns/([a-z0-9](?:[-a-z0-9]{0,61}[a-z0-9])?)/?")
_TARGET: Final = "AWSStepFunctions."
_STARTS: Final = "StartExecution"
_ACCOUNT: Final = "system:serviceaccount:"


class Holders(Protocol):
    """Whose tokens are."""

    def remembers(self, token: str) -> bool:
        """Whether somebody has shown it before, as far as anybody remembers."""

    async def user(self, token: str) -> User | None:
        """None if it is nobody's. Raises Unavailable."""


class Places(Protocol):
    """Where things are."""

    @property
    def region(self) -> str: ...

    def of(self, namespace: str) -> Place | None:
        """None if it is not served."""


class ByToken:
    """Implements ``api.server.Senders``. What a request names without an ARN is in the namespace that its path names
    (``/ns/shop``), or else in that of the ServiceAccount that sends it."""

    def __init__(self, holders: Holders, places: Places) -> None:
        self._holders: Final = holders
        self._places: Final = places
        self._new = Buckets(*NEW_TOKENS)
        self._all_new = Buckets(*ALL_NEW_TOKENS)
        self._starts = Buckets(*STARTS)
        self._others = Buckets(*OTHERS)

    def serves(self, path: str) -> bool:
        return path == "/" or _IN_NAMESPACE.fullmatch(path) is not None

    async def known(self, request: Request, *, is_form: bool) -> Known:  # noqa: ARG002
        token = _token(request)
        user = await self.holder(request, token)
        self.admit(user.name, request.headers.get("x-amz-target", "").removeprefix(_TARGET))
        place = self._place(request.path, user)
        return lambda _: (Caller(place.account, user=user), place)

    def admit(self, name: str, operation: str | None = None) -> None:
        """A request of somebody is to be served. Raises ApiError if that is too much."""
        audit.note(user=name)
        overload.is_of(name)
        on_behalf_of.set(name)
        bucket = self._starts if operation == _STARTS else self._others
        if not bucket.take(name):
            raise errors.throttled()

    async def holder(self, request: Request, token: str) -> User:
        """Whose it is that a request shows. Raises ApiError, Unavailable."""
        if not self._holders.remembers(token):
            if not (self._new.take(request.address) and self._all_new.take("")):
                raise errors.throttled(
                    "Too many tokens that this server has not seen before were sent at once"
                )
            overload.is_of("")
        user = await self._holders.user(token)
        if user is None:
            raise errors.unauthenticated(
                "The token is not valid: it may have expired, or was not made for this server (docs/server.md says how to make one)"
            )
        audit.note(user=user.name)
        return user

    def _place(self, path: str, user: User) -> Place:
        named = _IN_NAMESPACE.fullmatch(path)
        if named is not None:
            namespace = named[1]
        elif user.name.startswith(_ACCOUNT):
            namespace = user.name.removeprefix(_ACCOUNT).partition(":")[0]
        else:
            namespace = ""
        return self._places.of(namespace) or Place("", self._places.region)


def _token(request: Request) -> str:
    """Raises ApiError."""
    if request.query:
        raise errors.unauthenticated(
            "The API accepts no query string: send the token in the header Authorization"
        )
    given = request.headers.get("authorization", "")
    scheme, _, token = given.partition(" ")
    if scheme.lower() == "bearer" and token.strip() and "authorization" not in request.repeated:
        return token.strip()
    if given.startswith("AWS4-"):
        raise errors.unauthenticated(
            "Signatures with access keys are not accepted in a cluster yet: send the header Authorization: Bearer TOKEN instead "
            "(docs/server.md shows how SDKs do)"
        )
    raise errors.unauthenticated(
        "Exactly one header Authorization: Bearer TOKEN is needed (docs/server.md shows how SDKs send it)"
    )
