"""Lambda functions: called by Lambda's own Invoke API, where a connection to it is.

https://docs.aws.amazon.com/lambda/latest/api/API_Invoke.html. A call whose answer was lost with the process
is repeated: functions are called at least once, as on AWS.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import quote

from stepwright.asl.failure.errors import DATA_LIMIT_EXCEEDED, RUNTIME
from stepwright.asl.json_types import Json, JsonText
from stepwright.asl.resource import Resource
from stepwright.asl.signals import TaskId
from stepwright.asl.step import CancelTask, StartTask
from stepwright.asl.text import jsontext
from stepwright.asl.text.jsontext import InvalidJson
from stepwright.aws import http_metadata
from stepwright.catalog import arns
from stepwright.catalog.ports import Connection, Connections, NoConnection
from stepwright.engine.ports import ExecutionRef
from stepwright.tasks.calls.integration import Again, Answered, Call, CallFailed
from stepwright.tasks.calls.slots import MOST_AT_ONCE, MOST_OF_A_HOST
from stepwright.tasks.functions import resources
from stepwright.tasks.functions.resources import INVOKE, WITH_TOKEN

if TYPE_CHECKING:
    import aiohttp

SERVICE: Final = "lambda"
"""What AWS's SDKs call it."""

NO_CLIENT: Final = "Lambda.SdkClientException"

UNREACHABLE: Final = "Lambda functions cannot be called"

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

    def __init__(self, connections: Connections) -> None:
        self._connections = connections
        self._session: aiohttp.ClientSession | None = None

    async def close(self) -> None:
        if self._session is not None:
            await self._session.close()

    def serves(self, resource: Resource) -> bool:
        return resources.serves(resource)

    def host(self, call: Call) -> str:  # noqa: ARG002
        """All of Lambda has one, wherever a connection to it leads."""
        return SERVICE

    def again(self, call: Call) -> Again:  # noqa: ARG002
        return Again.REPEAT

    def lost(self, call: Call) -> CallFailed:  # noqa: ARG002
        return CallFailed(NO_CLIENT, "Nobody knows whether the function was called.")

    async def begin(self, call: Call) -> Answered:
        # Imported here: it takes a third of a second of the processor, and many workflows call no function.
        import aiohttp  # noqa: PLC0415

        given = _given(call.task)
        try:
            connection = await self._connections.find(SERVICE, _region(given["FunctionName"]), call.caller)
        except NoConnection as lacking:
            raise CallFailed(NO_CLIENT, f"{UNREACHABLE}: {lacking}") from lacking
        try:
            return await self._invoke(connection, call.task, given)
        except (aiohttp.ClientError, OSError) as error:
            why = str(error) or type(error).__name__
            raise CallFailed(NO_CLIENT, f"{connection.url} cannot be reached: {why}") from error
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

    async def _invoke(self, connection: Connection, task: StartTask, given: Mapping[str, Any]) -> Answered:
        direct = _is_direct(task)
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
        name = quote(given["FunctionName"], safe="")
        url = f"{connection.url}/2015-03-31/functions/{name}/invocations"
        if "Qualifier" in given:
            url += f"?Qualifier={quote(str(given['Qualifier']), safe='')}"
        sent = jsontext.dump(task.parameters).encode() if direct else _payload(given)
        headers = {"Content-Type": "application/json"}
        headers |= {header: str(given[member]) for member, header in _HEADERS.items() if member in given}
        signed = await connection.signed(url, headers, sent)
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
    """The body; None if it is too large to be Lambda's."""
    pieces, size = [], 0
    async for piece in response.content.iter_any():
        size += len(piece)
        if size > LARGEST_ANSWER_BYTES:
            response.close()
            return None
        pieces.append(piece)
    return b"".join(pieces)


def _is_direct(task: StartTask) -> bool:
    """Whether the function's own ARN is the Resource."""
    return task.resource not in (INVOKE, WITH_TOKEN)


def _given(task: StartTask) -> Mapping[str, Any]:
    """What Invoke is to be called with; ``FunctionName`` is a text. Raises CallFailed."""
    given = {"FunctionName": task.resource.text} if _is_direct(task) else task.parameters
    if not isinstance(given, dict) or not isinstance(given.get("FunctionName"), str):
        raise CallFailed(RUNTIME, "The parameters of lambda:invoke must name a function (FunctionName).")
    return given


def _region(name: str) -> str | None:
    """Of the function's ARN; None if it is called by its name."""
    arn = arns.parse(name)
    return None if arn is None else arn.region


def _payload(given: Mapping[str, Any]) -> bytes:
    """AWS sends a text unchanged, as the JSON that it holds, and nothing for null."""
    payload = given.get("Payload")
    if payload is None:
        return b""
    return (payload if isinstance(payload, str) else jsontext.dump(payload)).encode()


def _answer(response: aiohttp.ClientResponse, payload: Json) -> Json:
    """The result of ``lambda:invoke``, with the members and in the order that AWS records."""
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
    """The function itself failed: AWS takes the error's name from its answer and passes on the whole answer
    as the cause: unchanged (``as_said``) for a function called by its ARN, without spaces for
    lambda:invoke."""
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
