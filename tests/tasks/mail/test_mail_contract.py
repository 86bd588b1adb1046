"""Tasks that send mail keep the contract of all integrations."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, ClassVar

import pytest

from stepwright.asl.definition import TaskCheck
from stepwright.integrations.testing import Contract, Fault, OtherSide
from stepwright.tasks import mail
from stepwright.tasks.calls.integration import Integration
from stepwright.tasks.calls.means import Means
from tests.tasks.faulty_servers import ANY, faulty
from tests.tasks.http.tls_server import Certificates
from tests.tasks.mail.mail_server import PASSWORD, USER, Mailbox, serving

REPLIES: dict[Fault | None, dict[str, str]] = {
    "throttling": {"MAIL": "421 4.7.0 too many mails"},
    "expired": {"AUTH": "535 5.7.8 the password has expired"},
}


class TestSend(Contract):
    resource = "smtp:send"
    errors = frozenset({"Smtp.ConnectionFailed", "Smtp.AuthenticationFailed", "Smtp.TransientFailure", "Smtp.PermanentFailure", "Smtp.AnswerLost"})  # fmt: skip
    faults = ANY | {"throttling", "refusing", "expired"}
    wrong = (
        {"Connection": "post", "To": "a@example.com"},
        {"Connection": "post", "To": "nobody", "Subject": "x"},
        {"Connection": "post", "To": "A <a@example.com>", "Subject": "x"},
        {"Connection": "post", "To": "a@example.com", "Subject": "x\r\nBcc: b@example.com"},
        {"Connection": "post", "To": "a@example.com", "Subject": "x", "Headers": {"Bcc": "b@example.com"}},
        {"Connection": "post", "To": "a@example.com", "Subject": "x", "From": "b@example.com"},
        {
            "Connection": "post",
            "To": "a@example.com",
            "Subject": "x",
            "Attachments": [{"Name": "../a", "Text": ""}],
        },
        {
            "Connection": "post",
            "To": "a@example.com",
            "Subject": "x",
            "Attachments": [{"Name": "a", "ContentType": "multipart/mixed", "Text": ""}],
        },
        {"Connection": "post", "To": ["a@example.com"] * 60, "Cc": ["a@example.com"] * 60, "Subject": "x"},
    )
    certificates: ClassVar[Certificates]

    @pytest.fixture(autouse=True)
    def _with_certificates(self, certificates: Certificates) -> None:
        type(self).certificates = certificates

    def integration(self, means: Means) -> Integration:
        return mail.make(means)

    def check(self) -> TaskCheck:
        return mail.OFFERED.check_for({})

    def side(self, port: int, box: Mailbox, fault: Fault | None) -> OtherSide:
        async def effects() -> int:
            return len(box.mails)

        spec: dict[str, Any] = {
            "host": "localhost",
            "port": port,
            "from": {"address": "orders@example.com"},
            "auth": {
                "username": USER,
                "passwordFrom": {"secretKeyRef": {"name": "post", "key": "password"}},
            },
            "tls": {"ca": self.certificates.text("ca.crt")},
        }
        if fault in ("silent", "slow"):
            spec["timeoutSeconds"] = 1
        return OtherSide(
            {
                "Connection": "post",
                "To": "a@example.com",
                "Subject": "Your order",
                "Text": "It is on its way.",
            },
            effects,
            connections={"post": {"smtp": spec}},
            secrets={"post/password": "canary of somebody else" if fault == "refusing" else PASSWORD},
        )

    @asynccontextmanager
    async def other_side(self, fault: Fault | None) -> AsyncIterator[OtherSide]:
        async with serving(self.certificates) as box:
            if fault in ANY:
                async with faulty(fault, b"220-" + b"x" * 10_000 + b"\r\n", box.port) as port:
                    yield self.side(port, box, fault)
            else:
                box.replies |= REPLIES.get(fault, {})
                yield self.side(box.port, box, fault)


class TestSendThatWaitsForAToken(TestSend):
    resource = "smtp:send.waitForTaskToken"
