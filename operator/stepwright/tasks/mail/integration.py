"""Tasks that send mail: one connection for each.

If nobody knows whether the server took a mail, because the process that sent it is gone, it is sent again: a second one does less
harm than none. Both have the same Message-ID, by which many mailboxes show one of them only. Where the connection fails after the
mail, the task does, too: whether it is worth another one, the state's Retry says.

Source: https://www.rfc-editor.org/rfc/rfc5321, of replies 4.2.1.
"""

from __future__ import annotations

import asyncio
import ssl
from contextlib import suppress
from email.message import EmailMessage
from typing import Any, Final

import aiosmtplib
from aiosmtplib import (
    SMTPAuthenticationError,
    SMTPException,
    SMTPRecipientsRefused,
    SMTPResponseException,
)

from stepwright.asl.failure.errors import PERMISSIONS
from stepwright.asl.json_types import Json
from stepwright.asl.task_token import begun_uid
from stepwright.asl.text import jsontext
from stepwright.tasks.calls.at_servers import FAREWELL_SECONDS, AtServers, Line, hiding
from stepwright.tasks.calls.host_names import words
from stepwright.tasks.calls.integration import Again, Answered, Call, CallFailed
from stepwright.tasks.calls.trust import why_not
from stepwright.tasks.mail import connection, message
from stepwright.tasks.mail.addresses import domain
from stepwright.tasks.mail.connection import MailConnection
from stepwright.tasks.mail.parameters import OFFERED

CONNECTION: Final = "Smtp.ConnectionFailed"
AUTHENTICATION: Final = "Smtp.AuthenticationFailed"
TRANSIENT: Final = "Smtp.TransientFailure"
PERMANENT: Final = "Smtp.PermanentFailure"
LOST: Final = "Smtp.AnswerLost"

LARGEST_ANSWER_BYTES: Final = 1024 * 1024


class Mail(AtServers):
    """Implements ``tasks.calls.integration.Integration``."""

    offered = OFFERED
    connection_failed = CONNECTION

    def again(self, call: Call) -> Again:  # noqa: ARG002
        return Again.REPEAT

    def lost(self, call: Call) -> CallFailed:  # noqa: ARG002
        return CallFailed(LOST, "Nobody knows whether the mail was sent.")

    async def begin(self, call: Call) -> Answered:
        given = OFFERED.read(call)
        secrets, mail = await self._connection(call, given["Connection"], connection.read)
        written_to = message.recipients(given)
        if (stranger := next((each for each in written_to if not mail.may_write_to(each)), None)) is not None:
            raise CallFailed(
                PERMISSIONS, f"The Connection does not allow mail to {stranger} (spec.smtp.recipients)."
            )
        identity = begun_uid(call.ref.uid, call.task.task)
        sent = message.of(given, mail, identity, call.task.scheduled)
        handed = _Handed(mail, sent, written_to)
        try:
            with hiding(secrets):
                async with asyncio.timeout(mail.server.seconds):
                    line = await self._line(mail.server, secrets, LARGEST_ANSWER_BYTES)
                    return Answered(secrets.hidden(await handed.over(line)))
        except TimeoutError as error:
            raise handed.broken(f"it has not answered within {mail.server.seconds:g} seconds") from error


class _Handed:
    """One mail, on its way to the server. ``given``: all of it was sent, so that only the answer shows what became of it."""

    def __init__(self, mail: MailConnection, sent: EmailMessage, recipients: Any) -> None:
        self._mail = mail
        self._sent = sent
        self._recipients = recipients
        self._given = False

    async def over(self, line: Line) -> Json:
        """Raises CallFailed."""
        smtp = aiosmtplib.SMTP(
            hostname=self._mail.server.expected,
            local_hostname=domain(self._mail.sender),
            timeout=self._mail.server.seconds,
            use_tls=line.context is not None and self._mail.at_once,
            start_tls=False,
            tls_context=line.context,
            sock=line.socket,
        )
        transport: Any = None
        try:
            await smtp.connect()
            transport = smtp.transport
            if line.context is not None and not self._mail.at_once:
                await smtp.starttls()
            if line.user:
                await smtp.login(line.user, line.password)
            result = await self._exchange(smtp)
            with suppress(SMTPException, OSError, TimeoutError):
                await smtp.quit(timeout=FAREWELL_SECONDS)
            return result
        except SMTPAuthenticationError as error:
            raise CallFailed(AUTHENTICATION, _said(error)) from error
        except SMTPRecipientsRefused as error:
            raise _refused(error) from error
        except SMTPResponseException as error:
            if not 400 <= error.code < 600:
                raise self.broken("it does not speak SMTP") from error
            raise CallFailed(TRANSIENT if error.code < 500 else PERMANENT, _said(error)) from error
        except (SMTPException, OSError) as error:
            raise self.broken(_why(error)) from error
        finally:
            if transport is not None:  # a polite end of TLS would wait for the other side
                transport.abort()
            smtp.close()
            await asyncio.sleep(0)  # then the socket is closed

    async def _exchange(self, smtp: aiosmtplib.SMTP) -> Json:
        await smtp.mail(self._mail.sender)
        refused: dict[str, Json] = {}
        errors = []
        for each in self._recipients:
            try:
                await smtp.rcpt(each)
            except aiosmtplib.SMTPRecipientRefused as error:
                errors.append(error)
                refused[each] = f"{error.code} {error.message}"
        if len(errors) == len(self._recipients):
            raise SMTPRecipientsRefused(errors)
        self._given = True
        response = await smtp.data(self._sent.as_bytes())
        return {
            "MessageId": str(self._sent["Message-ID"]),
            "Response": f"{response.code} {response.message}",
            "Refused": refused,
        }

    def broken(self, why: str) -> CallFailed:
        """There is no answer: what is known then."""
        where = f"The connection to {self._mail.server.name} has failed: {why}."
        return CallFailed(LOST if self._given else CONNECTION, where)


def _why(error: BaseException) -> str:
    """Also of what aiosmtplib has wrapped."""
    inner: BaseException | None = error
    while inner is not None:
        if isinstance(inner, ssl.SSLCertVerificationError):
            return f"its certificate is not valid ({why_not(inner)})"
        inner = inner.__cause__ or inner.__context__
    return words(error).rstrip(".")


def _said(error: SMTPResponseException) -> str:
    return jsontext.dump({"Code": error.code, "Message": error.message})


def _refused(error: SMTPRecipientsRefused) -> CallFailed:
    """All of them are refused: for good, if one is refused for good."""
    said: Json = {each.recipient: f"{each.code} {each.message}" for each in error.recipients}
    permanent = any(each.code >= 500 for each in error.recipients)
    return CallFailed(PERMANENT if permanent else TRANSIENT, jsontext.dump({"Refused": said}))
