"""HTTP: one path, one method, bounded bodies, and patience with nobody."""

from __future__ import annotations

import asyncio
import logging
import uuid
from collections.abc import Mapping
from typing import Final

from aiohttp import web
from aiohttp.http_exceptions import HttpProcessingError

from stepwright.api import dispatch, errors, signatures
from stepwright.api.dispatch import Reply
from stepwright.api.errors import ApiError
from stepwright.api.service import Service
from stepwright.api.signatures import Signed

CONTENT_TYPE: Final = "application/x-amz-json-1.0"

LARGEST_BODY_BYTES: Final = 8 * 1024 * 1024
"""A definition of 1 MiB, each of its characters escaped, and its tags."""

BODY_SECONDS: Final = 30.0
"""How long a client may take to send a body."""

IDLE_SECONDS: Final = 75.0
"""How long a connection may be silent between requests."""

SHUTDOWN_SECONDS: Final = 2.0
"""How long requests on their way may take when the server ends; GetActivityTask may wait for a minute."""


_log: Final = logging.getLogger("stepwright.api.http")
_log.addFilter(lambda record: not _is_rubbish(record))


def _is_rubbish(record: logging.LogRecord) -> bool:
    """What is no HTTP is answered with 400. In the log anybody could fill it with that, and with what it holds."""
    return record.exc_info is not None and isinstance(record.exc_info[1], HttpProcessingError)


def application(service: Service, secrets: Mapping[str, str] | None = None) -> web.Application:
    """``secrets`` by access key: what requests must be signed with; without them any signature, or none, will do."""

    async def serve(request: web.Request) -> web.Response:
        target = request.headers.get("X-Amz-Target", "")
        if "Content-Encoding" in request.headers:
            # No client compresses requests of this API, and what is compressed may be a thousand times as large.
            refused = ApiError(
                "UnsupportedMediaTypeException", "The body of a request must not be encoded", 415
            )
            return _response(dispatch.refusal(refused), close=True)
        try:
            async with asyncio.timeout(BODY_SECONDS):
                body = await request.read()
        except TimeoutError:
            refused = ApiError("RequestTimeoutException", "The body did not arrive in time", 408)
            return _response(dispatch.refusal(refused), close=True)
        except web.HTTPRequestEntityTooLarge:
            refused = ApiError(
                "RequestEntityTooLargeException",
                f"The body of a request must not be larger than {LARGEST_BODY_BYTES} bytes",
                413,
            )
            return _response(dispatch.refusal(refused), close=True)
        if secrets is not None:
            try:
                signatures.check(_signed(request, body), secrets, service.clock.now())
            except ApiError as error:
                return _response(dispatch.refusal(error))
        return _response(await dispatch.dispatch(service, target, body))

    app = web.Application(client_max_size=LARGEST_BODY_BYTES)
    app.router.add_post("/", serve)
    app.router.add_route("*", "/{anything:.*}", _elsewhere)
    return app


async def _elsewhere(request: web.Request) -> web.Response:
    what = f"{request.method} {request.path}"
    return _response(dispatch.refusal(errors.unknown_operation(what, 404)), close=True)


def _signed(request: web.Request, body: bytes) -> Signed:
    return Signed(
        request.method,
        request.path,
        request.query_string,
        {name.lower(): ",".join(request.headers.getall(name)) for name in request.headers},
        body,
    )


def _response(reply: Reply, *, close: bool = False) -> web.Response:
    headers = {"x-amzn-RequestId": str(uuid.uuid4()), "Content-Type": CONTENT_TYPE}
    if reply.error is not None:
        headers["x-amzn-ErrorType"] = reply.error
    response = web.Response(status=reply.status, body=reply.body, headers=headers)
    if close:
        response.force_close()
    return response


async def start(
    service: Service, host: str, port: int, secrets: Mapping[str, str] | None = None
) -> tuple[web.AppRunner, int]:
    """Serve until the runner is cleaned up; the port, which the system chooses for 0. Raises OSError."""
    runner = web.AppRunner(
        application(service, secrets),
        access_log=None,
        keepalive_timeout=IDLE_SECONDS,
        handler_cancellation=True,
        shutdown_timeout=SHUTDOWN_SECONDS,
        auto_decompress=False,
        logger=_log,
    )
    await runner.setup()
    site = web.TCPSite(runner, host, port, backlog=1024)
    try:
        await site.start()
    except BaseException:
        await runner.cleanup()
        raise
    bound: int = runner.addresses[0][1]
    return runner, bound
