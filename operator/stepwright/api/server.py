"""HTTP: one path, one method, and patience with nobody."""

from __future__ import annotations

import errno
import logging
import uuid
from collections.abc import Mapping, Sequence
from typing import Final

from aiohttp import web
from aiohttp.http_exceptions import HttpProcessingError

from stepwright.api import dispatch, errors, identity, signatures
from stepwright.api.admission import CONTENT_TYPE, Admission, check_content_type
from stepwright.api.bodies import LARGEST_BODY_BYTES, Bodies
from stepwright.api.dispatch import Reply
from stepwright.api.errors import ApiError
from stepwright.api.regions import Regions
from stepwright.api.signatures import Signed
from stepwright.engine.ports import Clock

IDLE_SECONDS: Final = 75.0
"""How long a connection may be silent between requests."""

_PORT_ATTEMPTS: Final = 10

SHUTDOWN_SECONDS: Final = 2.0
"""How long requests on their way may take when the server ends; GetActivityTask may wait for a minute."""


_log: Final = logging.getLogger("stepwright.api.http")
_log.addFilter(lambda record: not _is_rubbish(record))


def _is_rubbish(record: logging.LogRecord) -> bool:
    """What is no HTTP is answered with 400. In the log anybody could fill it with that, and with what it holds."""
    return record.exc_info is not None and isinstance(record.exc_info[1], HttpProcessingError)


def application(
    regions: Regions, clock: Clock, admission: Admission, secrets: Mapping[str, str] | None = None
) -> web.Application:
    """``secrets`` by access key: what requests must be signed with; without them any signature, or none, will do."""
    bodies = Bodies()

    async def serve(request: web.Request) -> web.Response:
        is_form = False
        try:
            admission.check(request)
            is_form = check_content_type(request) == identity.FORM
            claimed = None
            if secrets is not None:
                signed_for = signatures.SECURITY_TOKENS if is_form else signatures.SERVICE
                claimed = signatures.check_head(_headers(request), secrets, clock.now(), signed_for)
            async with bodies.read(request) as body:
                if secrets is not None and claimed is not None:
                    signatures.check_signature(claimed, _signed(request, body), secrets[claimed.key])
                service = regions.of(request.headers.get("Authorization"))
                if is_form:
                    return _response(
                        Reply(200, identity.answer(body, service.place)), content_type=identity.XML
                    )
                return _response(
                    await dispatch.dispatch(service, request.headers.get("X-Amz-Target", ""), body)
                )
        except ApiError as error:
            # Where the body was not read the connection is of no more use.
            close = not request.content.at_eof()
            if is_form:
                told = Reply(error.status, identity.refusal(error), error.code)
                return _response(told, close=close, content_type=identity.XML)
            return _response(dispatch.refusal(error), close=close)

    async def elsewhere(request: web.Request) -> web.Response:
        try:
            admission.check(request)
        except ApiError as error:
            return _response(dispatch.refusal(error), close=True)
        what = f"{request.method} {request.path}"
        return _response(dispatch.refusal(errors.unknown_operation(what, 404)), close=True)

    app = web.Application(client_max_size=LARGEST_BODY_BYTES)
    app.router.add_post("/", serve)
    app.router.add_route("*", "/{anything:.*}", elsewhere)
    return app


def _headers(request: web.Request) -> Mapping[str, str]:
    return {name.lower(): ",".join(request.headers.getall(name)) for name in request.headers}


def _signed(request: web.Request, body: bytes) -> Signed:
    return Signed(request.method, request.path, request.query_string, _headers(request), body)


def _response(reply: Reply, *, close: bool = False, content_type: str = CONTENT_TYPE) -> web.Response:
    headers = {"x-amzn-RequestId": str(uuid.uuid4()), "Content-Type": content_type}
    if reply.error is not None:
        headers["x-amzn-ErrorType"] = reply.error
    response = web.Response(status=reply.status, body=reply.body, headers=headers)
    if close:
        response.force_close()
    return response


async def start(
    regions: Regions,
    clock: Clock,
    hosts: Sequence[str],
    port: int,
    admission: Admission,
    secrets: Mapping[str, str] | None = None,
) -> tuple[web.AppRunner, int]:
    """Serve on all ``hosts`` until the runner is cleaned up; the port, which the system chooses for 0. Raises OSError."""
    runner = web.AppRunner(
        application(regions, clock, admission, secrets),
        access_log=None,
        keepalive_timeout=IDLE_SECONDS,
        handler_cancellation=True,
        shutdown_timeout=SHUTDOWN_SECONDS,
        auto_decompress=False,
        logger=_log,
    )
    await runner.setup()
    try:
        return runner, await _listen(runner, hosts, port)
    except BaseException:
        await runner.cleanup()
        raise


async def _listen(runner: web.AppRunner, hosts: Sequence[str], port: int) -> int:
    """On the same port of each host; IPv6's loopback is left out where the machine has none."""
    for attempt in range(_PORT_ATTEMPTS):
        sites = []
        bound = port
        try:
            for host in hosts:
                site = web.TCPSite(runner, host, bound, backlog=1024)
                try:
                    await site.start()
                except OSError as error:
                    if host == "::1" and error.errno != errno.EADDRINUSE:
                        continue
                    raise
                sites.append(site)
                bound = bound or runner.addresses[0][1]
        except OSError:
            # The system chose a port that is free on the first host and not on the next.
            for site in sites:
                await site.stop()
            if port or not sites or attempt == _PORT_ATTEMPTS - 1:
                raise
        else:
            return bound
    raise AssertionError
