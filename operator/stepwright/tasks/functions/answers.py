"""What a function's answer means for its task.

Whatever the other side says or does not say, the task fails under a name that the retriers of AWS's samples know
(``Lambda.ServiceException``, ``Lambda.AWSLambdaException``, ``Lambda.SdkClientException``,
``Lambda.TooManyRequestsException``), or that says that trying again does not help; or under the name that the function itself
gives (``errorType``). The names are those of https://docs.aws.amazon.com/lambda/latest/api/API_Invoke.html#API_Invoke_Errors
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, Final

from stepwright.asl.failure.errors import DATA_LIMIT_EXCEEDED
from stepwright.asl.json_types import Json, JsonText
from stepwright.asl.text import jsontext
from stepwright.asl.text.jsontext import InvalidJson
from stepwright.aws import http_metadata
from stepwright.catalog.ports import Function
from stepwright.tasks.calls.integration import Answered, CallFailed
from stepwright.tasks.functions.sending import Reply

NO_CLIENT: Final = "Lambda.SdkClientException"
UNKNOWN: Final = "Lambda.Unknown"
NO_FUNCTION: Final = "Lambda.ResourceNotFoundException"
NO_SERVICE: Final = "Lambda.ServiceException"
TOO_LARGE: Final = "Lambda.RequestTooLargeException"
TOO_MANY: Final = "Lambda.TooManyRequestsException"
INVALID: Final = "Lambda.InvalidRequestContentException"
INVALID_PARAMETER: Final = "Lambda.InvalidParameterValueException"

_BAD_REQUEST: Final = 400
_BY_STATUS: Final[Mapping[int, str]] = {
    404: "ResourceNotFoundException",
    408: "ServiceException",
    413: "RequestTooLargeException",
    429: "TooManyRequestsException",
}
_BUSY: Final = (
    "It is busy with another call: the emulator of Lambda's runtime serves one at a time (maxConcurrency)"
)

_SHOWN_CHARACTERS: Final = 500
"""Of a body that says nothing in Lambda's way."""


def read(function: Function, reply: Reply, *, direct: bool, request_id: str) -> Answered:
    """The task's result. ``direct``: the function's own answer is, without what lambda:invoke adds. Raises CallFailed."""
    own = _own_error(function, reply)
    if own is not None:
        raise _failed(*own, reply.body, as_said=direct)
    if not _is_well(reply.status):
        raise _refused(function, reply, request_id)
    try:
        payload = jsontext.parse(reply.body) if reply.body else None
    except InvalidJson as error:
        said = f". It begins: {_shown(reply.body)}" if function.stands_in else ""
        raise CallFailed(UNKNOWN, f"The function's answer is not JSON: {error}{said}") from error
    if direct:
        return Answered(payload, JsonText(reply.body.decode()) if reply.body else None)
    return Answered(_wrapped(function, reply, payload, request_id))


def too_large(function: Function) -> CallFailed:
    return CallFailed(
        DATA_LIMIT_EXCEEDED, f"The function's answer is larger than {function.largest_bytes:,} bytes."
    )


def _is_well(status: int) -> bool:
    return 200 <= status < 300


def _own_error(function: Function, reply: Reply) -> tuple[Json] | None:
    """What the function itself says if it has failed, in a tuple: it may be null. Lambda says so in a header. The emulator of
    its runtime that images for Lambda contain does not, and answers an error of the function like any result, or, if the
    runtime has died, with a status of its own."""
    marked = "x-amz-function-error" in reply.headers and _is_well(reply.status)
    if not marked and not function.stands_in:
        return None
    try:
        said = jsontext.parse(reply.body)
    except InvalidJson:
        if marked:
            raise CallFailed(UNKNOWN, reply.body.decode("utf-8", "replace")) from None
        return None
    if marked:
        return (said,)
    is_error = isinstance(said, dict) and isinstance(said.get("errorType"), str)
    # With Lambda's own protocol a result may have such a member; an error there always has both.
    if is_error and function.speech == "lambda":
        is_error = isinstance(said, dict) and "errorMessage" in said
    return (said,) if is_error else None


def _failed(said: Json, body: bytes, *, as_said: bool) -> CallFailed:
    """The function itself failed: AWS takes the error's name from its answer and passes on the whole answer
    as the cause: unchanged (``as_said``) for a function called by its ARN, without spaces for
    lambda:invoke."""
    error = said.get("errorType") if isinstance(said, dict) else None
    cause = body.decode() if as_said else jsontext.dump(said)
    return CallFailed(error if isinstance(error, str) and error else UNKNOWN, cause)


def _refused(function: Function, reply: Reply, request_id: str) -> CallFailed:
    """The call was refused, by Lambda or by what stands in for it."""
    code = reply.headers.get("x-amzn-errortype", "").split(":")[0] or _code(reply.status)
    message = _message(reply.body)
    if function.stands_in and reply.status == _BAD_REQUEST and not reply.body and function.speech == "lambda":
        code, message = "TooManyRequestsException", _BUSY
    elif function.stands_in and not message:
        message = f"{function.shown} answered {reply.status}: {_shown(reply.body) or 'nothing'}"
    cause = (
        f"{message} (Service: AWSLambda; Status Code: {reply.status}; Error Code: {code}; "
        f"Request ID: {reply.headers.get('x-amzn-requestid', request_id)}; Proxy: null)"
    )
    return CallFailed(f"Lambda.{code}", cause)


def _code(status: int) -> str:
    if status in _BY_STATUS:
        return _BY_STATUS[status]
    return "InvalidRequestContentException" if 400 <= status < 500 else "ServiceException"


def _message(body: bytes) -> str:
    try:
        said: Any = jsontext.parse(body)
    except InvalidJson:
        return ""
    return str(said.get("Message") or said.get("message") or "") if isinstance(said, Mapping) else ""


def _shown(body: bytes) -> str:
    return body[:_SHOWN_CHARACTERS].decode("utf-8", "replace")


def _wrapped(function: Function, reply: Reply, payload: Json, request_id: str) -> Json:
    version = reply.headers.get("x-amz-executed-version", "$LATEST" if function.stands_in else None)
    request_id = reply.headers.get("x-amzn-requestid", request_id if function.stands_in else "")
    return invoked(payload, request_id, version, reply.status, dict(reply.raw_headers))


def invoked(
    payload: Json,
    request_id: str,
    version: str | None = "$LATEST",
    status: int = 200,
    headers: Mapping[str, Json] = MappingProxyType({}),
) -> Json:
    """The result of ``lambda:invoke``, with the members and in the order that AWS records."""
    answer: dict[str, Json] = {} if version is None else {"ExecutedVersion": version}
    metadata = http_metadata.of(headers, status, request_id)
    return {**answer, "Payload": payload, **metadata, "StatusCode": status}
