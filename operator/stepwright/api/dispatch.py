"""From a request's target and body to its answer; unforeseen errors are reported as AWS reports them, and
logged here."""

from __future__ import annotations

import uuid
from functools import partial
from typing import Final, NamedTuple

import msgspec
import structlog

from stepwright.api import constraints, errors, model, store_errors
from stepwright.api.errors import ApiError
from stepwright.api.operations import OPERATIONS
from stepwright.api.service import Answer, Service
from stepwright.asl.json_types import Json
from stepwright.asl.text import jsontext
from stepwright.asl.text.jsontext import InvalidJson

_AT_ONCE_BYTES: Final = 1024 * 1024
"""Bodies up to this size take at most a few hundredths of a second to read, whatever they contain."""

log = structlog.get_logger(__name__)


class Reply(NamedTuple):
    status: int
    body: bytes
    error: str | None = None


async def dispatch(service: Service, target: str, body: bytes) -> Reply:
    """Never raises."""
    try:
        answer = await _answer(service, target, body)
        return Reply(200, msgspec.json.encode(answer))
    except ApiError as error:
        return refusal(error)
    except Exception as error:
        error_id = uuid.uuid4().hex
        log.exception("request failed", target=target, error_id=error_id)
        return refusal(errors.internal(error, error_id))


def refusal(error: ApiError) -> Reply:
    body = {"__type": error.code, "message": error.message, **error.members}
    return Reply(error.status, msgspec.json.encode(body), error.code)


async def _answer(service: Service, target: str, body: bytes) -> Answer:
    name = target.removeprefix(model.TARGET)
    await model_loaded(service)
    try:
        model.input_shape(name)
    except KeyError:
        raise errors.unknown_operation(target) from None
    if name == target or name not in OPERATIONS:
        raise errors.not_served(name) if name != target else errors.unknown_operation(target)
    try:
        if len(body) <= _AT_ONCE_BYTES:
            given = jsontext.parse(body) if body else {}
        else:
            given = await service.beside.call(partial(jsontext.parse, body))
    except InvalidJson as error:
        raise errors.serialization(str(error)) from error
    return await perform(service, name, given)


async def model_loaded(service: Service) -> None:
    """Before anything is asked of ``api.model``."""
    if not model.is_loaded():
        await service.beside.call(model.service)


async def perform(service: Service, operation: str, given: Json) -> Answer:
    """One of ``OPERATIONS``. Raises ApiError."""
    if not isinstance(given, dict):
        raise errors.serialization("The body of a request must be a JSON object")
    check = partial(constraints.check, model.input_shape(operation), given)
    try:
        request = await service.beside.call(check) if constraints.is_long(given) else check()
        act, on = OPERATIONS[operation]
        await _require_access(service, operation, on(service, request))
        return await act(service, request)
    except store_errors.CONDITIONS as condition:
        raise store_errors.answer(condition) from condition


async def _require_access(service: Service, action: str, resource: str) -> None:
    """Raises AccessDeniedException, and what the port raises."""
    if not await service.access.allows(service.caller, action, resource):
        raise errors.access_denied(service.caller, action, resource)
