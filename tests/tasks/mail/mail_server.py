"""A mail server for tests: aiosmtpd, with TLS and passwords, which keeps what it is given."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from email import message_from_bytes, policy
from email.message import EmailMessage
from typing import Any

from aiosmtpd.smtp import SMTP, AuthResult, LoginPassword

from tests.tasks.http.tls_server import Certificates
from tests.testcluster.ports import LOOPBACK

USER = "shop"
PASSWORD = "canary-password"


@dataclass
class Mailbox:
    """A handler of aiosmtpd. ``replies``: by recipient, and by ``AUTH``, ``MAIL`` and ``DATA``, what is said instead of what would be."""

    port: int = 0
    mails: list[tuple[str, list[str], bytes]] = field(default_factory=list)
    replies: dict[str, str] = field(default_factory=dict)

    def mail(self) -> EmailMessage:
        (found,) = self.mails
        return message_from_bytes(found[2], policy=policy.default)

    def identities(self) -> set[str]:
        return {str(message_from_bytes(content)["Message-ID"]) for _, _, content in self.mails}

    async def handle_MAIL(self, _: Any, __: Any, envelope: Any, address: str, ___: Any) -> str:
        if "MAIL" not in self.replies:
            envelope.mail_from = address
        return self.replies.get("MAIL", "250 OK")

    async def handle_RCPT(self, _: Any, __: Any, envelope: Any, address: str, ___: Any) -> str:
        if address not in self.replies:
            envelope.rcpt_tos.append(address)
        return self.replies.get(address, "250 OK")

    async def handle_DATA(self, server: Any, __: Any, envelope: Any) -> str:
        self.mails.append((envelope.mail_from, list(envelope.rcpt_tos), envelope.content))
        reply = self.replies.get("DATA", "250 taken")
        if reply == "cut":
            server.transport.abort()
        return reply

    def authenticated(self, _: Any, __: Any, ___: Any, mechanism: str, given: Any) -> AuthResult:
        assert isinstance(given, LoginPassword), mechanism
        if "AUTH" in self.replies:
            return AuthResult(success=False, handled=False, message=self.replies["AUTH"])
        return AuthResult(success=given == LoginPassword(USER.encode(), PASSWORD.encode()), handled=False)


@asynccontextmanager
async def serving(
    certificates: Certificates | None,
    address: str = LOOPBACK,
    *,
    at_once: bool = False,
    auth: bool = True,
) -> AsyncIterator[Mailbox]:
    """``certificates``: None: there is no TLS, and passwords are taken without it. ``at_once``: TLS begins with the connection."""
    box = Mailbox()
    context = None if certificates is None else certificates.context()

    speaking: list[SMTP] = []

    def made() -> SMTP:
        speaking.append(
            one := SMTP(
                box,
                hostname="mail.example.test",
                tls_context=None if at_once else context,
                require_starttls=context is not None and not at_once,
                authenticator=box.authenticated if auth else None,
                auth_required=auth,
                auth_require_tls=context is not None and not at_once,
            )
        )
        return one

    loop = asyncio.get_running_loop()
    server = await loop.create_server(made, address, 0, ssl=context if at_once else None)
    box.port = server.sockets[0].getsockname()[1]
    try:
        yield box
    finally:
        server.close()
        for each in speaking:
            if each.transport is not None:
                each.transport.abort()
        await asyncio.sleep(0.05)
