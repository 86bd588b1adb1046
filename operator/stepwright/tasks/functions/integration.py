"""Lambda functions: called by Lambda's own Invoke API, signed, at the endpoint that ``AWS_ENDPOINT_URL_LAMBDA`` names, or
at AWS's own if there are credentials for it.

https://docs.aws.amazon.com/lambda/latest/api/API_Invoke.html. A call whose answer was lost with the process is made
again: functions are called at least once, as AWS does it.
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import quote

from stepwright.asl.failure.errors import DATA_LIMIT_EXCEEDED
from stepwright.asl.json_types import Json, JsonText
from stepwright.asl.resource import Resource
from stepwright.asl.signals import TaskId
from stepwright.asl.step import CancelTask, StartTask
from stepwright.asl.text import jsontext
from stepwright.asl.text.jsontext import InvalidJson
from stepwright.aws import http_metadata, signing
from stepwright.aws.signing import Signing
from stepwright.engine.ports import ExecutionRef
from stepwright.tasks import functions
from stepwright.tasks.calls.integration import Again, Answered, Call, CallFailed
from stepwright.tasks.calls.slots import MOST_AT_ONCE, MOST_OF_A_HOST
from stepwright.tasks.functions import INVOKE, WITH_TOKEN

if TYPE_CHECKING:
    import aiohttp

ENDPOINT: Final = "AWS_ENDPOINT_URL_LAMBDA"

NO_CLIENT: Final = "Lambda.SdkClientException"

UNREACHABLE: Final = (
    f"Lambda functions cannot be called: {ENDPOINT} names no endpoint, and there are no credentials for AWS."
)

_REGION: Final = re.compile(r"[a-z]{2,4}(-[a-z]+)+-[0-9]{1,2}")
"""It becomes part of a host's name."""

_URL: Final = re.compile(r"https?://[^/?#\s]+(/[^?#\s]*)?")

CONNECT_SECONDS: Final = 10.0
ANSWER_SECONDS: Final = 15 * 60 + 30.0
"""A function may take 15 minutes. https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html"""

LARGEST_ANSWER_BYTES: Final = 8 * 1024 * 1024
"""More than the 6 MB that a function may answer."""

_HEADERS: Final = {
    "InvocationType": "X-Amz-Invocation-Type",
    "LogType": "X-Amz-Log-Type",
    "ClientContext": "X-Amz-Client-Context",
}


class Functions:
    """Implements ``tasks.calls.integration.Integration``."""

    def __init__(self) -> None:
        self._signing = Signing("lambda")
        self._session: aiohttp.ClientSession | None = None

    async def close(self) -> None:
        if self._session is not None:
            await self._session.close()

    def serves(self, resource: Resource) -> bool:
        return functions.serves(resource)

    def host(self, call: Call) -> str:  # noqa: ARG002
        return _endpoint() or ""

    def again(self, call: Call) -> Again:  # noqa: ARG002
        return Again.REPEAT

    def lost(self, call: Call) -> CallFailed:  # noqa: ARG002
        return CallFailed(NO_CLIENT, "Nobody knows whether the function was called.")

    async def begin(self, call: Call) -> Answered:
        # Imported here: it takes a third of a second of the processor, and many workflows call no function.
        import aiohttp  # noqa: PLC0415

        try:
            return await self._invoke(call.task)
        except (aiohttp.ClientError, OSError) as error:
            why = str(error) or type(error).__name__
            raise CallFailed(NO_CLIENT, f"{_endpoint() or 'Lambda'} cannot be reached: {why}") from error
        except ValueError as error:  # a line break in a header, half of a character
            raise CallFailed(NO_CLIENT, f"What was given cannot be sent to Lambda: {error}") from error

    async def find(self, call: Call) -> Answered | None:  # noqa: ARG002
        return None

    async def follow(self, call: Call, begun: Json) -> Answered:  # noqa: ARG002
        raise AssertionError("no pattern of Lambda's waits for an end")

    async def release(self, ref: ExecutionRef, task: TaskId) -> None:
        """Nothing is kept for it."""

    async def stop(self, ref: ExecutionRef, task: CancelTask) -> None:
        pass

    async def _invoke(self, task: StartTask) -> Answered:
        direct = task.resource not in (INVOKE, WITH_TOKEN)
        given = {"FunctionName": task.resource.text} if direct else task.parameters
        if not isinstance(given, dict) or not isinstance(given.get("FunctionName"), str):
            cause = "The parameters of lambda:invoke must name a function (FunctionName)."
            raise CallFailed("States.Runtime", cause)
        name = str(given["FunctionName"])
        region = _region(name)
        endpoint = _endpoint()
        if endpoint is None:
            if not await self._signing.known():
                raise CallFailed(NO_CLIENT, UNREACHABLE)
            endpoint = _of_aws(region)
        if _URL.fullmatch(endpoint) is None:
            raise CallFailed(NO_CLIENT, f"{ENDPOINT} is no http or https URL: {endpoint}")
        # Half of a character in a header or a query would be sent somehow.
        jsontext.dump(task.parameters).encode()
        if self._session is None:
            import aiohttp  # noqa: PLC0415 - as above

            self._session = aiohttp.ClientSession(
                timeout=aiohttp.ClientTimeout(
                    total=None, sock_connect=CONNECT_SECONDS, sock_read=ANSWER_SECONDS
                ),
                connector=aiohttp.TCPConnector(limit=MOST_AT_ONCE, limit_per_host=MOST_OF_A_HOST),
            )
        url = f"{endpoint.rstrip('/')}/2015-03-31/functions/{quote(name, safe='')}/invocations"
        if "Qualifier" in given:
            url += f"?Qualifier={quote(str(given['Qualifier']), safe='')}"
        sent = jsontext.dump(task.parameters).encode() if direct else _payload(given)
        headers = {"Content-Type": "application/json"}
        headers |= {header: str(given[name]) for name, header in _HEADERS.items() if name in given}
        signed = await self._signing.headers(url, headers, sent, region)
        from yarl import URL  # noqa: PLC0415 - as above

        async with self._session.post(URL(url, encoded=True), data=sent, headers=signed) as response:
            body = await _bounded(response)
            if body is None:
                cause = f"The function's answer is larger than {LARGEST_ANSWER_BYTES:,} bytes."
                raise CallFailed(DATA_LIMIT_EXCEEDED, cause)
            if response.status >= 300:
                raise _refused(response, body)
            if "X-Amz-Function-Error" in response.headers:
                raise _failed(body, as_said=direct)
            try:
                payload = jsontext.parse(body) if body else None
            except InvalidJson as error:
                raise CallFailed("Lambda.Unknown", f"The function's answer is not JSON: {error}") from error
            if direct:
                return Answered(payload, JsonText(body.decode()) if body else None)
            return Answered(_answer(response, payload))


async def _bounded(response: aiohttp.ClientResponse) -> bytes | None:
    """The body; None if it is too large to be one of Lambda's."""
    pieces, size = [], 0
    async for piece in response.content.iter_any():
        size += len(piece)
        if size > LARGEST_ANSWER_BYTES:
            response.close()
            return None
        pieces.append(piece)
    return b"".join(pieces)


def is_reachable() -> bool:
    """Whether there is a Lambda to call, as far as can be said without asking anybody."""
    return _endpoint() is not None or signing.configured()


def _region(name: str) -> str:
    """Of the function's ARN; a function that is called by its name is in the region that SDKs would take."""
    parts = name.split(":")
    if len(parts) > 6 and parts[0] == "arn" and _REGION.fullmatch(parts[3]):
        return parts[3]
    return os.environ.get("AWS_REGION") or os.environ.get("AWS_DEFAULT_REGION") or "us-east-1"


def _of_aws(region: str) -> str:
    return f"https://lambda.{region}.amazonaws.com{'.cn' if region.startswith('cn-') else ''}"


def _endpoint() -> str | None:
    return os.environ.get(ENDPOINT) or None


def _payload(given: Mapping[str, Any]) -> bytes:
    """AWS sends a text as it is, as the JSON that it holds, and nothing for null."""
    payload = given.get("Payload")
    if payload is None:
        return b""
    return (payload if isinstance(payload, str) else jsontext.dump(payload)).encode()


def _answer(response: aiohttp.ClientResponse, payload: Json) -> Json:
    """Of ``lambda:invoke``, with the members and in the order that AWS records."""
    headers: dict[str, Json] = {
        name.decode(): value.decode("latin-1") for name, value in response.raw_headers
    }
    version = response.headers.get("X-Amz-Executed-Version")
    answer: dict[str, Json] = {} if version is None else {"ExecutedVersion": version}
    return {
        **answer,
        "Payload": payload,
        **http_metadata.of(headers, response.status, response.headers.get("x-amzn-RequestId", "")),
        "StatusCode": response.status,
    }


def _failed(body: bytes, *, as_said: bool) -> CallFailed:
    """The function itself has failed: AWS takes the name from what it said, and hands on all of it as the cause: of a
    function called by its ARN ``as_said``, of lambda:invoke without spaces."""
    try:
        said = jsontext.parse(body)
    except InvalidJson:
        return CallFailed("Lambda.Unknown", body.decode("utf-8", "replace"))
    error = said.get("errorType") if isinstance(said, dict) else None
    cause = body.decode() if as_said else jsontext.dump(said)
    return CallFailed(error if isinstance(error, str) else "Lambda.Unknown", cause)


def _refused(response: aiohttp.ClientResponse, body: bytes) -> CallFailed:
    """Lambda has refused the call."""
    code = response.headers.get("x-amzn-ErrorType", "ServiceException").split(":")[0]
    try:
        said: Any = jsontext.parse(body)
    except InvalidJson:
        said = None
    message = _message(said) if isinstance(said, Mapping) else ""
    request = response.headers.get("x-amzn-RequestId", "")
    cause = (
        f"{message} (Service: AWSLambda; Status Code: {response.status}; Error Code: {code}; "
        f"Request ID: {request}; Proxy: null)"
    )
    return CallFailed(f"Lambda.{code}", cause)


def _message(said: Mapping[str, Any]) -> str:
    return str(said.get("Message") or said.get("message") or "")
