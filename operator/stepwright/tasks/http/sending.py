"""Sends one request as a Connection allows and says: for HTTP tasks, and for readers of files."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Final

from stepwright.asl.failure.errors import DATA_LIMIT_EXCEEDED, PERMISSIONS, RUNTIME
from stepwright.catalog.ports.connection_objects import ConnectionObject, ConnectionObjects, NoObject
from stepwright.engine.ports import Clock, ExecutionRef
from stepwright.tasks.calls import named_connections, policy, trust
from stepwright.tasks.calls.connection_parts import BadConnection
from stepwright.tasks.calls.integration import CallFailed
from stepwright.tasks.calls.policy import NotAllowed
from stepwright.tasks.calls.secrets import Secrets
from stepwright.tasks.calls.target import Target
from stepwright.tasks.calls.trust import Trust
from stepwright.tasks.http import authentication, connection, forms
from stepwright.tasks.http.authentication import Authenticator
from stepwright.tasks.http.client import (
    LARGEST_BODY_BYTES,
    Answer,
    Client,
    NoAnswer,
    Request,
    TooLarge,
    Unusable,
)
from stepwright.tasks.http.connection import HttpConnection
from stepwright.tasks.http.parameters import Parameters

SOCKET: Final = "States.Http.Socket"

_TOO_LARGE: Final = (
    "The state/task 'http' returned a result with a size exceeding the maximum number of bytes service limit."
)


class Sender:
    """``loopback``: whether this machine is the user's own, so that Connections may name it."""

    def __init__(
        self,
        objects: ConnectionObjects,
        clock: Clock,
        *,
        loopback: bool = False,
        client: Client | None = None,
    ) -> None:
        self._objects = objects
        self._client = client or Client()
        self._authenticator = Authenticator(self._client, clock)
        self._loopback = loopback

    def close(self) -> None:
        self._client.close()

    async def connection(self, ref: ExecutionRef, name: str) -> tuple[ConnectionObject, HttpConnection]:
        """The one that an execution means. Raises CallFailed, Unavailable."""
        try:
            found = await self._objects.find(ref, name)
            return found, connection.read(found.spec, loopback=self._loopback)
        except NoObject as lacking:
            raise named_connections.failed(lacking) from lacking
        except BadConnection as bad:
            raise named_connections.unusable(str(bad)) from bad

    async def send(
        self,
        ref: ExecutionRef,
        given: Parameters,
        identity: str = "",
        more: Sequence[tuple[str, str]] = (),
        most_bytes: int = LARGEST_BODY_BYTES,
    ) -> tuple[Answer, Secrets]:
        """The answer of at most so many bytes, and what must not be shown of it. ``identity``: by which the other side knows a
        repeat; ``more``: headers that no state machine may set. Raises CallFailed, Unavailable."""
        found, http = await self.connection(ref, given.connection)
        secrets = Secrets(found)
        try:
            trusted = await trust.read(http.tls, secrets)
            called = _target(given, http, await authentication.given(http.query, secrets))
            headers, body = await _content(given, http, secrets, identity)
            answer = await self._answer(
                Request(given.method, called, _with(headers, more), body), http, secrets, trusted, most_bytes
            )
        except NoObject as lacking:
            raise named_connections.failed(lacking) from lacking
        except NotAllowed as refused:
            raise CallFailed(PERMISSIONS, str(refused)) from refused
        except NoAnswer as none:
            raise CallFailed(SOCKET, str(none)) from none
        except TooLarge as large:
            raise CallFailed(DATA_LIMIT_EXCEEDED, _TOO_LARGE) from large
        except Unusable as unusable:
            raise CallFailed(RUNTIME, str(unusable)) from unusable
        return answer, secrets

    async def _answer(
        self, request: Request, http: HttpConnection, secrets: Secrets, trusted: Trust, most_bytes: int
    ) -> Answer:
        for renewed in (False, True):
            proof = await self._authenticator.header(http, secrets, trusted, renewed=renewed)
            sent = request if proof is None else replace(request, headers=_with(request.headers, [proof]))
            answer = await self._client.send(sent, http.policy, trusted, http.seconds, most_bytes)
            if answer.status != 401 or not self._authenticator.renews(http):
                break
        return answer


def _target(given: Parameters, http: HttpConnection, own: Sequence[tuple[str, str]]) -> Target:
    """Raises NotAllowed. What the Connection adds to the query stands in place of what the task says."""
    names = {name for name, _ in own}
    pairs = [pair for pair in given.query if pair[0] not in names] + list(own)
    query = "&".join(forms.encoded({name: value}) for name, value in pairs)
    separator = "" if not query else "&" if "?" in given.endpoint else "?"
    return policy.allowed(given.endpoint + separator + query, http.policy)


async def _content(
    given: Parameters, http: HttpConnection, secrets: Secrets, identity: str
) -> tuple[list[tuple[str, str]], bytes | None]:
    """Headers, without the one that says who calls, and body."""
    own = [(part.name, await authentication.for_header(part.value, secrets)) for part in http.headers]
    if http.idempotency_header is not None:
        own.append((http.idempotency_header, identity))
    headers = _with(given.headers, own)
    body = _body(given, await authentication.given(http.body, secrets))
    if body is not None and not any(name.lower() == "content-type" for name, _ in headers):
        media = "application/json" if given.form is None else "application/x-www-form-urlencoded"
        headers.append(("Content-Type", media))
    return headers, body


def _with(headers: Sequence[tuple[str, str]], own: Sequence[tuple[str, str]]) -> list[tuple[str, str]]:
    """What the Connection says stands in place of what the task says, as on AWS."""
    names = {name.lower() for name, _ in own}
    return [header for header in headers if header[0].lower() not in names] + list(own)


def _body(given: Parameters, own: Sequence[tuple[str, str]]) -> bytes | None:
    """A text is sent as it is."""
    body = given.body
    if own:
        if given.has_body and not isinstance(body, Mapping):
            raise CallFailed(
                RUNTIME, "The Connection adds members to RequestBody, which must be an object then."
            )
        body = {**(body if isinstance(body, Mapping) else {}), **dict(own)}
    elif not given.has_body:
        return None
    try:
        if given.form is not None and isinstance(body, Mapping):
            return forms.encoded(body, given.form).encode()
        return forms.text(body).encode()
    except UnicodeEncodeError as error:
        raise CallFailed(
            RUNTIME, "RequestBody has half of a character in it, which cannot be sent."
        ) from error
