"""HTTP tasks: ``arn:aws:states:::http:invoke``, with what a Connection allows and says.

One request, one answer, no repeats of its own: the state's Retry says whether a request whose answer was lost is made again.
Only when the process that made it is gone, the method decides: what may be repeated by its meaning (RFC 9110, 9.2.2) is; a POST
or PATCH where the Connection says that the other side knows a repeat by a header; else the task fails.

Source: https://docs.aws.amazon.com/step-functions/latest/dg/call-https-apis.html
"""

from __future__ import annotations

from typing import Final

from stepwright.asl.failure.errors import RUNTIME
from stepwright.asl.resource import Resource
from stepwright.asl.task_token import begun_uid
from stepwright.asl.text import jsontext
from stepwright.catalog.ports.connection_objects import ConnectionObjects
from stepwright.engine.ports import Clock
from stepwright.tasks.calls.at_once import AtOnce
from stepwright.tasks.calls.integration import Again, Answered, Call, CallFailed
from stepwright.tasks.calls.secrets import Secrets
from stepwright.tasks.http import answers, parameters
from stepwright.tasks.http.client import Answer, Client, Unusable
from stepwright.tasks.http.parameters import BadParameters, Parameters
from stepwright.tasks.http.resources import serves
from stepwright.tasks.http.sending import SOCKET, Sender

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
        self._sender = Sender(objects, clock, loopback=loopback, client=client)

    async def close(self) -> None:
        self._sender.close()

    def serves(self, resource: Resource) -> bool:
        return serves(resource)

    def again(self, call: Call) -> Again:
        try:
            given = parameters.read(call.task.parameters)
        except BadParameters:
            return Again.HARMLESS
        # The Connection, which is read only then, says whether the other side knows a repeat.
        return Again.HARMLESS if given.method in _REPEATABLE else Again.FIND

    def lost(self, call: Call) -> CallFailed:  # noqa: ARG002
        return CallFailed(
            SOCKET,
            "The process that made the request ended before its answer was recorded: nobody knows whether it took effect.",
        )

    async def find(self, call: Call) -> Answered | None:
        """Nothing is found; but whether it may be made again is found out. Raises CallFailed if not."""
        given = _parameters(call)
        _, http = await self._sender.connection(call.ref, given.connection)
        if http.idempotency_header is None:
            raise self.lost(call)
        return None

    async def begin(self, call: Call) -> Answered:
        identity = begun_uid(call.ref.uid, call.task.task)
        return _answered(*await self._sender.send(call.ref, _parameters(call), identity))


def _parameters(call: Call) -> Parameters:
    try:
        return parameters.read(call.task.parameters)
    except BadParameters as bad:
        cause = f"The Parameters of {call.task.resource} could not be used to start the Task: [{bad}]"
        raise CallFailed(RUNTIME, cause) from bad


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
