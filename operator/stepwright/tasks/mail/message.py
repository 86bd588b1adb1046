"""The mail of a task: the same text whenever it is made."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from typing import Any, Final

from stepwright.tasks.mail.addresses import domain
from stepwright.tasks.mail.connection import MailConnection
from stepwright.tasks.mail.parameters import content, listed

_SEVEN_BITS: Final = SMTP.clone(cte_type="7bit")
"""What every server takes."""


def of(given: Mapping[str, Any], mail: MailConnection, identity: str, millis: int) -> EmailMessage:
    """``given``: parameters that were checked. ``identity``: by which mailboxes know a mail that comes twice; ``millis``: when it
    was asked for."""
    message = EmailMessage(_SEVEN_BITS)
    message["From"] = Address(mail.name, addr_spec=mail.sender)
    for header, field in (("To", "To"), ("Cc", "Cc"), ("Reply-To", "ReplyTo")):
        if given.get(field):
            message[header] = ", ".join(listed(given[field]))
    message["Subject"] = given["Subject"]
    message["Date"] = datetime.fromtimestamp(millis / 1000, UTC)
    message["Message-ID"] = f"<{identity}@{domain(mail.sender)}>"
    message["Auto-Submitted"] = "auto-generated"
    for name, value in (given.get("Headers") or {}).items():
        message[name] = value
    message.set_content(given.get("Text", ""))
    if given.get("Html"):
        message.add_alternative(given["Html"], subtype="html")
    for attachment in given.get("Attachments") or ():
        main, _, sub = attachment.get("ContentType", "text/plain").partition("/")
        message.add_attachment(content(attachment), main, sub, filename=attachment["Name"])
    _fix_boundaries(message, identity)
    return message


def recipients(given: Mapping[str, Any]) -> Sequence[str]:
    """Each once."""
    return list(dict.fromkeys(each for name in ("To", "Cc", "Bcc") for each in listed(given.get(name))))


def _fix_boundaries(message: EmailMessage, identity: str) -> None:
    """They would be drawn by chance."""
    for number, part in enumerate(message.walk()):
        if part.is_multipart():
            part.set_boundary(f"{identity}-{number}")
