"""The AWS API over HTTP: one path, one method."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from typing import Protocol, TypeAlias

from msgspec import structs

from stepwright.api import dispatch, errors, identity, signatures, store_errors
from stepwright.api.admission import CONTENT_TYPE, check_content_type, check_sender
from stepwright.api.dispatch import Reply
from stepwright.api.errors import ApiError
from stepwright.api.regions import Regions
from stepwright.api.service import Service
from stepwright.api.signatures import Claim, Keys, Signed
from stepwright.catalog.arns import Place
from stepwright.catalog.callers import Caller
from stepwright.engine.beside import on_behalf_of
from stepwright.engine.ports import Clock
from stepwright.http.bodies import Bodies
from stepwright.http.connection import Handler
from stepwright.http.messages import Refused, Request, Response
from stepwright.http.names import Names

ServiceOf: TypeAlias = Callable[[Caller, Place], Service]
"""What a request is served with: of this caller, with what it names without an ARN in this place."""

Sender: TypeAlias = tuple[Caller, Place]

Known: TypeAlias = Callable[[bytes], Sender]
"""Given the body of a request. Raises ApiError."""


class Senders(Protocol):
    """Who sends requests."""

    def serves(self, path: str) -> bool:
        """Whether the API is at this path, too."""

    async def known(self, request: Request, *, is_form: bool) -> Known:
        """By the head of a request, before its body is read. Raises ApiError, Unavailable."""


def handler(service_of: ServiceOf, senders: Senders, names: Names) -> Handler:
    """``names``: what clients may call this server by."""
    bodies = Bodies()

    async def answer(request: Request, body: bytes, known: Known, *, is_form: bool) -> Response:
        caller, place = known(body)
        if is_form:
            return _response(Reply(200, identity.answer(body, caller, place)), content_type=identity.XML)
        target = request.headers.get("x-amz-target", "")
        return _response(await dispatch.dispatch(service_of(caller, place), target, body))

    async def serve(request: Request) -> Response:
        is_form = False
        on_behalf_of.set(request.client)
        try:
            check_sender(request, names)
            if request.method != "POST" or not senders.serves(request.path):
                raise errors.unknown_operation(f"{request.method} {request.path}", 404)
            is_form = check_content_type(request) == identity.FORM
            known = await senders.known(request, is_form=is_form)
            if (body := bodies.at_hand(request)) is not None:
                return await answer(request, body, known, is_form=is_form)
            async with bodies.read(request) as body:
                return await answer(request, body, known, is_form=is_form)
        except Refused as refused:
            error = ApiError(refused.code, refused.message, refused.status)
        except ApiError as api_error:
            error = api_error
        except store_errors.CONDITIONS as condition:
            error = store_errors.answer(condition)
        if is_form:
            told = Reply(error.status, identity.refusal(error), error.code)
            return _response(told, content_type=identity.XML)
        return _response(dispatch.refusal(error))

    return serve


def sharing(service: Service) -> ServiceOf:
    """All are served with the same, but for whose and where they are."""

    def of(caller: Caller, place: Place) -> Service:
        return structs.replace(service, caller=caller, place=place)

    return of


class BySignature:
    """Implements ``Senders``. ``keys``: requests must be signed with one of them; without them any signature, or none, will
    do, and all are the ``caller``'s."""

    def __init__(self, caller: Caller, regions: Regions, clock: Clock, keys: Keys | None = None) -> None:
        self._caller = caller
        self._regions = regions
        self._clock = clock
        self._keys = keys

    def serves(self, path: str) -> bool:
        return path == "/"

    async def known(self, request: Request, *, is_form: bool) -> Known:
        claimed = self._claim(request, is_form=is_form)

        def sender(body: bytes) -> Sender:
            caller = self._caller
            if self._keys is not None and claimed is not None:
                caller = signatures.check_signature(claimed, _signed(request, body), self._keys[claimed.key])
            return caller, self._regions.of(caller.account, None if claimed is None else claimed.region)

        return sender

    def _claim(self, request: Request, *, is_form: bool) -> Claim | None:
        if self._keys is None:
            header = request.headers.get("authorization")
            return None if header is None else signatures.claim(header)
        signed_for = signatures.SECURITY_TOKENS if is_form else signatures.SERVICE
        return signatures.check_head(request.headers, self._keys, self._clock.now(), signed_for)


def _signed(request: Request, body: bytes) -> Signed:
    return Signed(request.method, request.path, request.query, request.headers, body)


def _response(reply: Reply, *, content_type: str = CONTENT_TYPE) -> Response:
    headers = {"x-amzn-RequestId": str(uuid.uuid4()), "Content-Type": content_type}
    if reply.error is not None:
        headers["x-amzn-ErrorType"] = reply.error
    return Response(reply.status, reply.body, headers)
