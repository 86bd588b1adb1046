"""HTTP tasks: ``arn:aws:states:::http:invoke``, with what a Connection allows and says.

One request, one answer, no repeats of its own: whether a request whose answer was lost is made again, the state's Retry says.
Only when the process that made it is gone, the method decides: what may be repeated by its meaning (RFC 9110, 9.2.2) is; a POST
or PATCH where the Connection says that the other side knows a repeat by a header; else the task fails.

Source: https://docs.aws.amazon.com/step-functions/latest/dg/call-https-apis.html
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from stepwright.asl.failure.errors import DATA_LIMIT_EXCEEDED, PERMISSIONS, RUNTIME
from stepwright.asl.resource import Resource
from stepwright.asl.task_token import begun_uid
from stepwright.asl.text import jsontext
from stepwright.catalog.ports.connection_objects import ConnectionObject, ConnectionObjects, NoObject
from stepwright.engine.ports import Clock
from stepwright.tasks.calls import named_connections, policy, trust
from stepwright.tasks.calls.at_once import AtOnce
from stepwright.tasks.calls.connection_parts import BadConnection
from stepwright.tasks.calls.integration import Again, Answered, Call, CallFailed
from stepwright.tasks.calls.policy import NotAllowed
from stepwright.tasks.calls.secrets import Secrets
from stepwright.tasks.calls.target import Target
from stepwright.tasks.calls.trust import Trust
from stepwright.tasks.http import answers, authentication, connection, forms, parameters
from stepwright.tasks.http.authentication import Authenticator
from stepwright.tasks.http.client import Answer, Client, NoAnswer, Request, TooLarge, Unusable
from stepwright.tasks.http.connection import HttpConnection
from stepwright.tasks.http.parameters import BadParameters, Parameters
from stepwright.tasks.http.resources import serves

SOCKET: Final = "States.Http.Socket"
STATUS: Final = "States.Http.StatusCode"

_REPEATABLE: Final = frozenset({"GET", "HEAD", "PUT", "DELETE", "OPTIONS"})


class Http(AtOnce):
    """Implements ``tasks.calls.integration.Integration``. ``loopback``: whether this machine is the user's own, so that
    Connections may name it."""

    def __init__(
        self,
        objects: ConnectionObjects,
        clock: Clock,
        *,
        loopback: bool = False,
        client: Client | None = None,
    ) -> None:
        self._objects = objects
        self._client = client or Client()
        self._authenticator = Authenticator(self._client, clock)
        self._loopback = loopback

    async def close(self) -> None:
        self._client.close()

    def serves(self, resource: Resource) -> bool:
        return serves(resource)

    def again(self, call: Call) -> Again:
        try:
            given = parameters.read(call.task.parameters)
        except BadParameters:
            return Again.HARMLESS
        # Whether the other side knows a repeat is in the Connection, which is read only then.
        return Again.HARMLESS if given.method in _REPEATABLE else Again.FIND

    def lost(self, call: Call) -> CallFailed:  # noqa: ARG002
        return CallFailed(
            SOCKET,
            "The process that made the request ended before its answer was recorded: nobody knows whether it took effect.",
        )

    async def find(self, call: Call) -> Answered | None:
        """Nothing is found; but whether it may be made again is found out. Raises CallFailed if not."""
        given = _parameters(call)
        _, http = await self._connection(call, given)
        if http.idempotency_header is None:
            raise self.lost(call)
        return None

    async def begin(self, call: Call) -> Answered:
        given = _parameters(call)
        found, http = await self._connection(call, given)
        secrets = Secrets(found)
        try:
            believed = await trust.read(http.tls, secrets)
            answer = await self._answer(call, given, http, secrets, believed)
        except NoObject as lacking:
            raise named_connections.failed(lacking) from lacking
        except NotAllowed as refused:
            raise CallFailed(PERMISSIONS, str(refused)) from refused
        except NoAnswer as none:
            raise CallFailed(SOCKET, str(none)) from none
        except TooLarge as large:
            raise CallFailed(DATA_LIMIT_EXCEEDED, _TOO_LARGE) from large
        except Unusable as unusable:
            raise CallFailed(RUNTIME, str(unusable)) from unusable
        return _answered(answer, secrets)

    async def _connection(self, call: Call, given: Parameters) -> tuple[ConnectionObject, HttpConnection]:
        try:
            found = await self._objects.find(call.ref, given.connection)
            return found, connection.read(found.spec, loopback=self._loopback)
        except NoObject as lacking:
            raise named_connections.failed(lacking) from lacking
        except BadConnection as bad:
            raise named_connections.unusable(str(bad)) from bad

    async def _answer(
        self, call: Call, given: Parameters, http: HttpConnection, secrets: Secrets, believed: Trust
    ) -> Answer:
        called = _target(given, http, await authentication.given(http.query, secrets))
        headers, body = await _content(call, given, http, secrets)
        for renewed in (False, True):
            proof = await self._authenticator.header(http, secrets, believed, renewed=renewed)
            sent = headers if proof is None else _with(headers, [proof])
            request = Request(given.method, called, sent, body)
            answer = await self._client.send(request, http.policy, believed, http.seconds)
            if answer.status != 401 or not self._authenticator.renews(http):
                break
        return answer


_TOO_LARGE: Final = (
    "The state/task 'http' returned a result with a size exceeding the maximum number of bytes service limit."
)


def _parameters(call: Call) -> Parameters:
    try:
        return parameters.read(call.task.parameters)
    except BadParameters as bad:
        cause = f"The Parameters of {call.task.resource} could not be used to start the Task: [{bad}]"
        raise CallFailed(RUNTIME, cause) from bad


def _target(given: Parameters, http: HttpConnection, own: Sequence[tuple[str, str]]) -> Target:
    """Raises NotAllowed. What the Connection adds to the query stands in place of what the task says."""
    names = {name for name, _ in own}
    pairs = [pair for pair in given.query if pair[0] not in names] + list(own)
    query = "&".join(forms.encoded({name: value}) for name, value in pairs)
    separator = "" if not query else "&" if "?" in given.endpoint else "?"
    return policy.allowed(given.endpoint + separator + query, http.policy)


async def _content(
    call: Call, given: Parameters, http: HttpConnection, secrets: Secrets
) -> tuple[list[tuple[str, str]], bytes | None]:
    """Headers, without the one that says who calls, and body."""
    own = [(part.name, await authentication.for_header(part.value, secrets)) for part in http.headers]
    if http.idempotency_header is not None:
        own.append((http.idempotency_header, begun_uid(call.ref.uid, call.task.task)))
    headers = _with(given.headers, own)
    body = _body(given, await authentication.given(http.body, secrets))
    if body is not None and not any(name.lower() == "content-type" for name, _ in headers):
        media = "application/json" if given.form is None else "application/x-www-form-urlencoded"
        headers.append(("Content-Type", media))
    return headers, body


def _with(headers: Sequence[tuple[str, str]], own: Sequence[tuple[str, str]]) -> list[tuple[str, str]]:
    """What the Connection says stands in place of what the task says, as on AWS."""
    names = {name.lower() for name, _ in own}
    return [header for header in headers if header[0].lower() not in names] + list(own)


def _body(given: Parameters, own: Sequence[tuple[str, str]]) -> bytes | None:
    """A text is sent as it is."""
    body = given.body
    if own:
        if given.has_body and not isinstance(body, Mapping):
            raise CallFailed(
                RUNTIME, "The Connection adds members to RequestBody, which must be an object then."
            )
        body = {**(body if isinstance(body, Mapping) else {}), **dict(own)}
    elif not given.has_body:
        return None
    try:
        if given.form is not None and isinstance(body, Mapping):
            return forms.encoded(body, given.form).encode()
        return forms.text(body).encode()
    except UnicodeEncodeError as error:
        raise CallFailed(
            RUNTIME, "RequestBody has half of a character in it, which cannot be sent."
        ) from error


def _answered(answer: Answer, secrets: Secrets) -> Answered:
    try:
        result = secrets.hidden(answers.result(answer))
    except Unusable as unusable:
        if 200 <= answer.status < 300:
            raise CallFailed(RUNTIME, str(unusable)) from unusable
        result = {"StatusCode": answer.status, "StatusText": answer.reason}
    if 200 <= answer.status < 300:
        return Answered(result)
    raise CallFailed(f"{STATUS}.{answer.status}", jsontext.dump(result))
