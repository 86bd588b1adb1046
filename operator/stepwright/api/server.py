"""The HTTP server: one path, one method, and strict time-outs."""

from __future__ import annotations

import asyncio
import errno
import uuid
from collections.abc import Sequence
from typing import Final

from msgspec import structs

from stepwright.api import dispatch, errors, identity, signatures
from stepwright.api.admission import CONTENT_TYPE, Admission, check_content_type
from stepwright.api.bodies import Bodies
from stepwright.api.dispatch import Reply
from stepwright.api.errors import ApiError
from stepwright.api.http import Connection, Handler
from stepwright.api.http_messages import Request, Response
from stepwright.api.regions import Regions
from stepwright.api.service import Service
from stepwright.api.signatures import Claim, Keys, Signed
from stepwright.engine.beside import on_behalf_of

_PORT_ATTEMPTS: Final = 10

SHUTDOWN_SECONDS: Final = 2.0
"""How long requests on their way may take when the server ends; GetActivityTask may wait for a minute."""


def handler(service: Service, regions: Regions, admission: Admission, keys: Keys | None = None) -> Handler:
    """``service`` is the template: each request gets it with its caller and place. ``keys``: requests must be
    signed with one of them; without them any signature, or none, will do."""
    bodies = Bodies()

    async def answer(request: Request, body: bytes, claimed: Claim | None, *, is_form: bool) -> Response:
        caller = service.caller
        if keys is not None and claimed is not None:
            caller = signatures.check_signature(claimed, _signed(request, body), keys[claimed.key])
        place = regions.of(caller.account, claimed)
        if is_form:
            return _response(Reply(200, identity.answer(body, caller, place)), content_type=identity.XML)
        own = structs.replace(service, caller=caller, place=place)
        return _response(await dispatch.dispatch(own, request.headers.get("x-amz-target", ""), body))

    def claim(request: Request, *, is_form: bool) -> Claim | None:
        if keys is None:
            header = request.headers.get("authorization")
            return None if header is None else signatures.claim(header)
        signed_for = signatures.SECURITY_TOKENS if is_form else signatures.SERVICE
        return signatures.check_head(request.headers, keys, service.clock.now(), signed_for)

    async def serve(request: Request) -> Response:
        is_form = False
        on_behalf_of.set(request.client)
        try:
            admission.check(request)
            if request.method != "POST" or request.path != "/":
                raise errors.unknown_operation(f"{request.method} {request.path}", 404)
            is_form = check_content_type(request) == identity.FORM
            claimed = claim(request, is_form=is_form)
            if (body := bodies.at_hand(request)) is not None:
                return await answer(request, body, claimed, is_form=is_form)
            async with bodies.read(request) as body:
                return await answer(request, body, claimed, is_form=is_form)
        except ApiError as error:
            if is_form:
                told = Reply(error.status, identity.refusal(error), error.code)
                return _response(told, content_type=identity.XML)
            return _response(dispatch.refusal(error))

    return serve


def _signed(request: Request, body: bytes) -> Signed:
    return Signed(request.method, request.path, request.query, request.headers, body)


def _response(reply: Reply, *, content_type: str = CONTENT_TYPE) -> Response:
    headers = {"x-amzn-RequestId": str(uuid.uuid4()), "Content-Type": content_type}
    if reply.error is not None:
        headers["x-amzn-ErrorType"] = reply.error
    return Response(reply.status, reply.body, headers)


class Server:
    """The listening sockets and the open connections."""

    def __init__(self, handler: Handler) -> None:
        self._handler = handler
        self._connections: set[Connection] = set()
        self._listening: list[asyncio.Server] = []

    async def listen(self, hosts: Sequence[str], port: int) -> int:
        """On the same port of each host, which the system chooses for 0; IPv6's loopback is left out where the machine
        has none. Raises OSError."""
        for attempt in range(_PORT_ATTEMPTS):
            bound = port
            try:
                for host in hosts:
                    bound = await self._listen(host, bound)
            except OSError:
                # The system chose a port that is free on the first host and not on the next.
                chosen = bool(self._listening) and not port
                await self._deafen()
                if not chosen or attempt == _PORT_ATTEMPTS - 1:
                    raise
            else:
                return bound
        raise AssertionError

    async def _listen(self, host: str, port: int) -> int:
        loop = asyncio.get_running_loop()
        try:
            server = await loop.create_server(
                lambda: Connection(self._handler, self._connections), host, port, backlog=1024
            )
        except OSError as error:
            if host == "::1" and error.errno != errno.EADDRINUSE:
                return port
            raise
        self._listening.append(server)
        bound: int = server.sockets[0].getsockname()[1]
        return bound

    async def _deafen(self) -> None:
        for server in self._listening:
            server.close()
        self._listening.clear()

    async def cleanup(self) -> None:
        """Listen no more; requests under way may take a moment, then they are abandoned."""
        await self._deafen()
        for connection in [connection for connection in self._connections if connection.task is None]:
            connection.close()
        if under_way := {connection.task for connection in self._connections if connection.task is not None}:
            await asyncio.wait(under_way, timeout=SHUTDOWN_SECONDS)
            for task in under_way:
                task.cancel()
            await asyncio.gather(*under_way, return_exceptions=True)
        for connection in list(self._connections):
            connection.close()


async def start(
    service: Service,
    regions: Regions,
    hosts: Sequence[str],
    port: int,
    admission: Admission,
    keys: Keys | None = None,
) -> tuple[Server, int]:
    """Serve on all ``hosts`` until it is cleaned up; the port, which the system chooses for 0. Raises OSError."""
    server = Server(handler(service, regions, admission, keys))
    return server, await server.listen(hosts, port)
