"""Tasks that talk to NATS: one connection for each.

If nobody knows whether a stream took a message, it is published again, a few times, with the same Nats-Msg-Id: the stream drops
what it has already within its duplicate window (two minutes by default). What a request has done nobody can know.

Source: https://docs.nats.io/using-nats/developer/develop_jetstream/model_deep_dive#message-deduplication; errors of services:
https://github.com/nats-io/nats-architecture-and-design/blob/main/adr/ADR-32.md
"""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Awaitable, Mapping
from typing import Any, Final, TypeVar

import nats.errors
import nats.js.errors

from stepwright.asl.failure.errors import DATA_LIMIT_EXCEEDED, RUNTIME
from stepwright.asl.json_types import Json
from stepwright.asl.task_token import begun_uid
from stepwright.asl.text import jsontext
from stepwright.tasks.calls.at_servers import AtServers, hiding, read_message
from stepwright.tasks.calls.host_names import words
from stepwright.tasks.calls.integration import Again, Answered, Call, CallFailed, RefusedForNow
from stepwright.tasks.calls.secrets import Secrets
from stepwright.tasks.calls.servers import Server
from stepwright.tasks.calls.trust import why_not
from stepwright.tasks.nats import client, connection
from stepwright.tasks.nats.client import Closed, Denied, NoTls, Session
from stepwright.tasks.nats.parameters import OFFERED, payload

CONNECTION: Final = "Nats.ConnectionFailed"
AUTHORIZATION: Final = "Nats.AuthorizationViolation"
PERMISSIONS: Final = "Nats.PermissionsViolation"
NO_STREAM: Final = "Nats.NoStream"
NO_RESPONDERS: Final = "Nats.NoResponders"
REFUSED: Final = "Nats.Refused"
SERVICE: Final = "Nats.ServiceError"
LOST: Final = "Nats.AnswerLost"

LARGEST_ANSWER_BYTES: Final = 1024 * 1024
"""All that a server may send for one task, whose result may have 256 KiB."""

_TOO_LARGE: Final = f"The server sends more than {LARGEST_ANSWER_BYTES:,} bytes."

T = TypeVar("T")


class Nats(AtServers):
    """Implements ``tasks.calls.integration.Integration``."""

    offered = OFFERED
    connection_failed = CONNECTION

    def again(self, call: Call) -> Again:
        return Again.REPEAT if _publishes(call) else Again.FAIL

    def lost(self, call: Call) -> CallFailed:  # noqa: ARG002
        return CallFailed(
            LOST,
            "The process that made the request ended before its answer was recorded: nobody knows whether it took effect.",
        )

    async def begin(self, call: Call) -> Answered:
        given = OFFERED.read(call)
        secrets, server = await self._connection(call, given["Connection"], connection.read)
        asked = _Asked(call, given, server)
        with hiding(secrets):
            return Answered(secrets.hidden(await self._answer(asked, secrets)))

    async def _answer(self, asked: _Asked, secrets: Secrets) -> Json:
        server = asked.server
        try:
            async with asyncio.timeout(server.seconds):
                line = await self._line(server, secrets, LARGEST_ANSWER_BYTES)
                try:
                    async with client.session(server, line) as session:
                        return await asked.answer(session)
                except CallFailed:
                    raise
                except Exception as error:
                    if line.socket.exceeded:
                        raise CallFailed(DATA_LIMIT_EXCEEDED, _TOO_LARGE) from error
                    raise
        except NoTls as error:
            raise asked.broken("it does not offer TLS, which the Connection requires") from error
        except Denied as error:
            raise CallFailed(PERMISSIONS, f"{error}.") from error
        except ssl.SSLCertVerificationError as error:
            raise asked.broken(f"its certificate is not valid ({why_not(error)})") from error
        except nats.errors.MaxPayloadError as error:
            raise CallFailed(DATA_LIMIT_EXCEEDED, "The message is larger than the server takes.") from error
        except TimeoutError as error:
            raise asked.broken(f"it has not answered within {server.seconds:g} seconds") from error
        except Closed as error:
            raise asked.broken(str(error).rstrip(".") or "it was closed") from error
        except nats.errors.Error as error:
            if "authorization" in str(error).lower():
                raise CallFailed(AUTHORIZATION, "The server does not accept the credentials.") from error
            raise asked.broken(str(error).removeprefix("nats: ").rstrip(".")) from error
        except OSError as error:
            raise asked.broken(words(error)) from error
        except (ValueError, KeyError) as error:
            raise asked.broken("it does not speak NATS's protocol") from error


def _publishes(call: Call) -> bool:
    return call.task.resource.action == "publish"


class _Asked:
    """What one task asks for. ``_sent``: it may have been, so that only the answer shows what became of it."""

    def __init__(self, call: Call, given: Mapping[str, Any], server: Server) -> None:
        self.server = server
        self._given = given
        self._publishes = _publishes(call)
        self._identity = begun_uid(call.ref.uid, call.task.task)
        self._sent = False
        try:
            self._payload = payload(given.get("Message"))
        except UnicodeEncodeError as error:
            raise CallFailed(
                RUNTIME, "Message has half of a character in it, which cannot be sent."
            ) from error

    async def answer(self, session: Session) -> Json:
        """Raises CallFailed, Denied, Closed, TimeoutError, and the errors of nats-py."""
        self._sent = True
        if self._publishes:
            return await _unless_ended(session, self._published(session))
        return await _unless_ended(session, self._requested(session))

    async def _published(self, session: Session) -> Json:
        stream = session.client.jetstream(timeout=self.server.seconds)
        headers = {**(self._given.get("Headers") or {}), "Nats-Msg-Id": self._identity}
        try:
            ack = await stream.publish(
                self._given["Subject"], self._payload, headers=headers, stream=self._given.get("Stream")
            )
        except nats.js.errors.NoStreamResponseError as error:
            why = f"No stream takes messages of the subject {self._given['Subject']}."
            raise CallFailed(NO_STREAM, why) from error
        except nats.js.errors.APIError as error:
            cause: Json = {"Code": error.code, "ErrorCode": error.err_code, "Description": error.description}
            raise CallFailed(REFUSED, jsontext.dump(cause)) from error
        return {"Stream": ack.stream, "Sequence": ack.seq, "Duplicate": bool(ack.duplicate)}

    async def _requested(self, session: Session) -> Json:
        subject, headers = self._given["Subject"], dict(self._given.get("Headers") or {})
        try:
            reply = await session.client.request(
                subject, self._payload, timeout=self.server.seconds, headers=headers or None
            )
        except nats.errors.NoRespondersError as error:
            raise CallFailed(NO_RESPONDERS, f"Nobody answers requests to {subject}.") from error
        return _reply(reply.data, reply.headers or {})

    def broken(self, why: str) -> Exception:
        """There is no answer: what is known then."""
        where = f"The connection to {self.server.name} has failed: {why}."
        if not self._sent:
            return CallFailed(CONNECTION, where)
        lost = CallFailed(LOST, where)
        return RefusedForNow(lost, landed=True) if self._publishes else lost


async def _unless_ended(session: Session, made: Awaitable[T]) -> T:
    """What was made, or why the connection has ended before."""
    making = asyncio.ensure_future(made)
    try:
        await asyncio.wait((making, session.ended), return_when=asyncio.FIRST_COMPLETED)
        if not making.done():
            session.ended.result()
        return making.result()
    finally:
        making.cancel()
        await asyncio.gather(making, return_exceptions=True)


def _reply(data: bytes, headers: Mapping[str, str]) -> Json:
    message = read_message(data)
    if "Nats-Service-Error" in headers or "Nats-Service-Error-Code" in headers:
        cause: Json = {
            "Code": headers.get("Nats-Service-Error-Code"),
            "Description": headers.get("Nats-Service-Error"),
            "Message": message,
        }
        raise CallFailed(SERVICE, jsontext.dump(cause))
    return {"Message": message, "Headers": dict(headers)}
