"""Tasks that publish to a server of AMQP 0-9-1, or ask whoever takes a message: one connection for each.

If nobody knows whether the server took a message, it is published again, a few times, with the same message-id. AMQP does not drop
the second one: consumers recognise it by its id. What a request has done nobody can know, so it is never repeated.

Source: https://www.rabbitmq.com/docs/confirms, https://www.rabbitmq.com/docs/direct-reply-to,
https://www.rabbitmq.com/amqp-0-9-1-reference#constants
"""

from __future__ import annotations

import asyncio
import ssl
from datetime import UTC, datetime
from typing import Any, Final

from aiormq.abc import AbstractChannel, DeliveredMessage
from aiormq.exceptions import (
    AMQPError,
    AuthenticationError,
    ChannelAccessRefused,
    ChannelClosed,
    ChannelNotFoundEntity,
    DeliveryError,
    ProbableAuthenticationError,
    PublishError,
)
from pamqp.commands import Basic

from stepwright.asl.failure.errors import DATA_LIMIT_EXCEEDED, RUNTIME
from stepwright.asl.json_types import Json
from stepwright.asl.task_token import begun_uid
from stepwright.tasks.amqp import client, connection
from stepwright.tasks.amqp.client import NoVirtualHost
from stepwright.tasks.amqp.connection import AmqpConnection
from stepwright.tasks.amqp.parameters import OFFERED, payload
from stepwright.tasks.calls.at_servers import AtServers, hiding, read_message
from stepwright.tasks.calls.host_names import words
from stepwright.tasks.calls.integration import Again, Answered, Call, CallFailed, RefusedForNow
from stepwright.tasks.calls.secrets import Secrets
from stepwright.tasks.calls.trust import why_not

CONNECTION: Final = "Amqp.ConnectionFailed"
AUTHENTICATION: Final = "Amqp.AuthenticationFailed"
ACCESS: Final = "Amqp.AccessRefused"
NOT_FOUND: Final = "Amqp.NotFound"
NO_ROUTE: Final = "Amqp.NoRoute"
REFUSED: Final = "Amqp.Refused"
LOST: Final = "Amqp.AnswerLost"

LARGEST_ANSWER_BYTES: Final = 1024 * 1024
"""All that a server may send for one task; it sends a message back that it cannot route."""

_OF_CHANNELS: Final = {ChannelAccessRefused: ACCESS, ChannelNotFoundEntity: NOT_FOUND}


class Amqp(AtServers):
    """Implements ``tasks.calls.integration.Integration``."""

    offered = OFFERED
    connection_failed = CONNECTION

    def again(self, call: Call) -> Again:
        return Again.FAIL if _asks(call) else Again.REPEAT

    def lost(self, call: Call) -> CallFailed:
        what = "the request took effect" if _asks(call) else "the message was published"
        return CallFailed(LOST, f"Nobody knows whether {what}.")

    async def begin(self, call: Call) -> Answered:
        given = OFFERED.read(call)
        secrets, amqp = await self._connection(call, given["Connection"], connection.read)
        published = _Published(call, given, amqp)
        with hiding(secrets):
            return Answered(await self._answer(published, secrets))

    async def _answer(self, published: _Published, secrets: Secrets) -> Json:
        amqp = published.amqp
        try:
            async with asyncio.timeout(amqp.server.seconds):
                line = await self._line(amqp.server, secrets, LARGEST_ANSWER_BYTES)
                try:
                    async with client.channel(amqp, line) as channel:
                        return await published.answer(channel)
                except Exception as error:
                    if line.socket.exceeded:
                        why = f"The server sends more than {LARGEST_ANSWER_BYTES:,} bytes."
                        raise CallFailed(DATA_LIMIT_EXCEEDED, why) from error
                    raise
        except NoVirtualHost as error:
            why = f"The server does not open the virtual host {amqp.virtual_host}: there is none, or the user may not use it."
            raise CallFailed(ACCESS, why) from error
        except (AuthenticationError, ProbableAuthenticationError) as error:
            raise CallFailed(AUTHENTICATION, "The server does not accept the credentials.") from error
        except ssl.SSLCertVerificationError as error:
            raise published.broken(f"its certificate is not valid ({why_not(error)})") from error
        except TimeoutError as error:
            raise published.broken(f"it has not answered within {amqp.server.seconds:g} seconds") from error
        except OSError as error:
            raise published.broken(words(error).rstrip(".")) from error
        except (AMQPError, RuntimeError, ValueError, LookupError) as error:
            raise published.broken("it does not speak AMQP 0-9-1") from error


def _asks(call: Call) -> bool:
    return call.task.resource.action == "request"


class _Published:
    """One message, which may ask for an answer. ``_sent``: whether it may have been sent, so that only an answer can say what became
    of it."""

    def __init__(self, call: Call, given: dict[str, Any], amqp: AmqpConnection) -> None:
        self.amqp = amqp
        self._asks = _asks(call)
        self._given = given
        self._sent = False
        try:
            self._body, kind = payload(given.get("Message"))
        except UnicodeEncodeError as error:
            raise CallFailed(
                RUNTIME, "Message has half of a character in it, which cannot be sent."
            ) from error
        self._identity = begun_uid(call.ref.uid, call.task.task)
        # A request that nobody waits for any more is not to be taken.
        expiration = amqp.server.seconds if self._asks else given.get("ExpirationSeconds")
        self._properties = Basic.Properties(
            content_type=given.get("ContentType", kind),
            headers=given.get("Headers") or {},
            delivery_mode=2 if given.get("Persistent", not self._asks) else 1,
            priority=given.get("Priority"),
            correlation_id=self._identity if self._asks else given.get("CorrelationId"),
            reply_to=client.REPLIES if self._asks else given.get("ReplyTo"),
            expiration=None if expiration is None else str(round(expiration * 1000)),
            message_id=self._identity,
            timestamp=datetime.fromtimestamp(call.task.scheduled // 1000, UTC),
            message_type=given.get("Type"),
        )

    async def answer(self, channel: AbstractChannel) -> Json:
        """Raises CallFailed, TimeoutError, and the errors of aiormq."""
        if not self._asks:
            await self._publish(channel)
            return {"MessageId": self._identity}
        replies = await client.replies(channel)
        await self._publish(channel)
        while True:
            reply = await client.next_of(replies, channel)
            if reply.header.properties.correlation_id == self._identity:
                return _reply(reply)

    async def _publish(self, channel: AbstractChannel) -> None:
        exchange, key = self._given.get("Exchange", ""), self._given.get("RoutingKey", "")
        self._sent = True
        try:
            await channel.basic_publish(
                self._body,
                exchange=exchange,
                routing_key=key,
                properties=self._properties,
                mandatory=self._given.get("Mandatory", True),
            )
        except PublishError as error:
            why = f"No queue takes messages that go to {exchange or 'the default exchange'} with the routing key {key!r}."
            raise CallFailed(NO_ROUTE, why) from error
        except DeliveryError as error:
            raise CallFailed(
                REFUSED, "The server refuses the message: a queue is full, or has failed."
            ) from error
        except ChannelClosed as error:
            raise CallFailed(_OF_CHANNELS.get(type(error), REFUSED), f"{error.args[-1]}.") from error

    def broken(self, why: str) -> Exception:
        """How the task fails if no answer comes."""
        where = f"The connection to {self.amqp.server.name} has failed: {why}."
        if not self._sent:
            return CallFailed(CONNECTION, where)
        lost = CallFailed(LOST, where)
        return lost if self._asks else RefusedForNow(lost, landed=True)


def _reply(message: DeliveredMessage) -> Json:
    properties = message.header.properties
    headers = properties.headers or {}
    return {
        "Message": read_message(message.body),
        "ContentType": properties.content_type,
        "Headers": {name: value for name, value in headers.items() if isinstance(value, str | int)},
    }
