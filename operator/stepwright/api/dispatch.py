"""From a request's target and body to its answer; unforeseen errors are reported as AWS reports them, and
logged here."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from functools import partial
from typing import Final, NamedTuple, TypeVar

import msgspec
import structlog

from stepwright.api import constraints, errors, model, store_errors
from stepwright.api.errors import ApiError
from stepwright.api.operations import OPERATIONS
from stepwright.api.service import Answer, Basis, NotHere, Operation, Service
from stepwright.asl.json_types import Json
from stepwright.asl.text import jsontext
from stepwright.asl.text.jsontext import InvalidJson

_AT_ONCE_BYTES: Final = 1024 * 1024
"""Bodies up to this size take at most a few hundredths of a second to read, whatever they contain."""

_MOST_BYTES_OUTSIDE_TEXTS: Final = 256 * 1024
"""Of a body. What is large in a request, an input or a definition, is the text of one member; elsewhere each three bytes may become a
value of seventy."""
_MOST_MEMBERS: Final = 100

_QUOTE: Final = ord('"')
_MEMBERS: Final = msgspec.json.Decoder(dict[str, msgspec.Raw])

S = TypeVar("S", bound=Basis)

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
    if name == target:
        raise errors.unknown_operation(target)
    if name not in OPERATIONS or not service.serves(name):
        raise errors.not_served(name, service.where)
    try:
        if len(body) <= _AT_ONCE_BYTES:
            given = _read(body) if body else {}
        else:
            given = await service.beside.call(partial(_read, body))
    except InvalidJson as error:
        raise errors.serialization(str(error)) from error
    return await perform(OPERATIONS, service, name, given)


def _read(body: bytes) -> Json:
    """Raises InvalidJson, SerializationException."""
    if len(body) > _MOST_BYTES_OUTSIDE_TEXTS and _bytes_outside_texts(body) > _MOST_BYTES_OUTSIDE_TEXTS:
        raise errors.serialization(
            f"More than {_MOST_BYTES_OUTSIDE_TEXTS} bytes of the body are outside of its strings: inputs and definitions are given as strings"
        )
    return jsontext.parse(body)


def _bytes_outside_texts(body: bytes) -> int:
    """Of members that are not texts; their names do not count, of which there are few. Raises InvalidJson."""
    try:
        members = _MEMBERS.decode(body)
    except msgspec.ValidationError:  # no object
        return len(body)
    except msgspec.DecodeError as error:
        raise InvalidJson(str(error), 0) from None
    except RecursionError:
        return 0  # which jsontext says in words
    if len(members) > _MOST_MEMBERS:
        return len(body)
    return sum(len(value) for value in members.values() if memoryview(value)[0] != _QUOTE)


async def model_loaded(service: Basis) -> None:
    """Before anything is asked of ``api.model``."""
    if not model.is_loaded():
        await service.beside.call(model.service)


async def perform(operations: Mapping[str, Operation[S]], service: S, operation: str, given: Json) -> Answer:
    """One of ``operations``. Raises ApiError."""
    if not isinstance(given, dict):
        raise errors.serialization("The body of a request must be a JSON object")
    check = partial(constraints.check, model.input_shape(operation), given)
    try:
        request = await service.beside.call(check) if constraints.is_long(given) else check()
        act, on, also = operations[operation]
        subject = on(service, request)
        await _require_access(service, operation, subject)
        if (more := also(request)) is not None:
            await _require_access(service, more, subject)
        return await act(service, request)
    except NotHere:
        raise errors.not_served(operation, service.where) from None
    except store_errors.CONDITIONS as condition:
        raise store_errors.answer(condition) from condition


async def _require_access(service: Basis, action: str, resource: str) -> None:
    """Raises AccessDeniedException, and what the port raises."""
    if not await service.access.allows(service.caller, action, resource):
        raise errors.access_denied(service.caller, action, resource, service.access.needs(action))
