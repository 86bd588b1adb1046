"""The AWS API over HTTP: one path, one method."""

from __future__ import annotations

import uuid

from msgspec import structs

from stepwright.api import dispatch, errors, identity, signatures
from stepwright.api.admission import CONTENT_TYPE, check_content_type, check_sender
from stepwright.api.dispatch import Reply
from stepwright.api.errors import ApiError
from stepwright.api.regions import Regions
from stepwright.api.service import Service
from stepwright.api.signatures import Claim, Keys, Signed
from stepwright.engine.beside import on_behalf_of
from stepwright.http.bodies import Bodies
from stepwright.http.connection import Handler
from stepwright.http.messages import Refused, Request, Response
from stepwright.http.names import Names


def handler(service: Service, regions: Regions, names: Names, keys: Keys | None = None) -> Handler:
    """``service`` is the template: each request gets it with its caller and place. ``names``: what clients may call this
    server by. ``keys``: requests must be signed with one of them; without them any signature, or none, will do."""
    bodies = Bodies()

    async def answer(request: Request, body: bytes, claimed: Claim | None, *, is_form: bool) -> Response:
        caller = service.caller
        if keys is not None and claimed is not None:
            caller = signatures.check_signature(claimed, _signed(request, body), keys[claimed.key])
        place = regions.of(caller.account, None if claimed is None else claimed.region)
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
            check_sender(request, names)
            if request.method != "POST" or request.path != "/":
                raise errors.unknown_operation(f"{request.method} {request.path}", 404)
            is_form = check_content_type(request) == identity.FORM
            claimed = claim(request, is_form=is_form)
            if (body := bodies.at_hand(request)) is not None:
                return await answer(request, body, claimed, is_form=is_form)
            async with bodies.read(request) as body:
                return await answer(request, body, claimed, is_form=is_form)
        except Refused as refused:
            error = ApiError(refused.code, refused.message, refused.status)
        except ApiError as api_error:
            error = api_error
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
