"""What a Connection says about a mail server, read from ``spec.smtp`` of the custom resource, whose schema was checked before."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from stepwright.tasks.calls import servers
from stepwright.tasks.calls.connection_parts import BadConnection
from stepwright.tasks.calls.servers import Server
from stepwright.tasks.mail.addresses import domain, is_address

PORT: Final = 587
TLS_PORT: Final = 465


@dataclass(frozen=True, slots=True)
class MailConnection:
    """``sender``: whom all mail is from, ``name`` as people see that one. ``recipients``: addresses, and domains as
    ``@example.com``; None: anybody. ``at_once``: TLS begins with the connection, not with STARTTLS."""

    server: Server
    sender: str
    name: str
    recipients: frozenset[str] | None
    at_once: bool

    def may_write_to(self, address: str) -> bool:
        if self.recipients is None:
            return True
        return address.lower() in self.recipients or f"@{domain(address)}" in self.recipients


def read(spec: Mapping[str, Any], *, loopback: bool = False) -> MailConnection:
    """Raises BadConnection."""
    smtp = spec.get("smtp")
    if not isinstance(smtp, Mapping):
        raise BadConnection("spec.smtp is missing: the Connection is for something else than mail.")
    at_once = bool(smtp.get("tlsAtOnce"))
    server = servers.read(smtp, "spec.smtp", TLS_PORT if at_once else PORT, loopback=loopback)
    if at_once and server.tls is None:
        raise BadConnection("spec.smtp: tlsAtOnce needs TLS, and tls.mode is Disabled.")
    sender = smtp["from"]
    if not is_address(sender["address"]):
        raise BadConnection(f"spec.smtp.from.address: {sender['address']!r} is not an address.")
    recipients = smtp.get("recipients")
    for at, each in enumerate(recipients or ()):
        if not is_address(f"x{each}" if each.startswith("@") else each):
            raise BadConnection(
                f"spec.smtp.recipients.{at}: {each!r} is neither an address nor a domain (@example.com)."
            )
    return MailConnection(
        server,
        sender["address"],
        sender.get("name") or "",
        None if recipients is None else frozenset(each.lower() for each in recipients),
        at_once,
    )
