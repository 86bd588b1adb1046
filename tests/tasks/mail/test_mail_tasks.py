"""Tasks that send mail, as their users write them: what arrives, who may be written to, and what servers say."""

from __future__ import annotations

import json
import warnings
from collections.abc import AsyncIterator
from ipaddress import ip_address
from typing import Any

import pytest

from stepwright.asl.json_types import Json
from stepwright.asl.resource import parse
from stepwright.asl.text import jsontext
from stepwright.tasks import table
from stepwright.tasks.calls.connection_parts import BadConnection
from stepwright.tasks.calls.integration import Again, Call, CallFailed
from stepwright.tasks.mail.integration import Mail
from tests.tasks.http.calling import REF, Kept, secret
from tests.tasks.http.tls_server import Certificates
from tests.tasks.mail.mail_server import PASSWORD, USER, Mailbox, serving
from tests.tasks.one_call import OneCall, nowhere
from tests.tasks.start_tasks import start_task


@pytest.fixture
async def box(certificates: Certificates) -> AsyncIterator[Mailbox]:
    async with serving(certificates) as box:
        yield box


def post(port: int, certificates: Certificates | None, **smtp: Any) -> Kept:
    """The Connection ``shop``."""
    spec = {
        "host": "localhost",
        "port": port,
        "from": {"address": "orders@example.com", "name": "The Zürich Shop"},
        "auth": {"username": USER, "passwordFrom": secret("password")},
        "tls": {} if certificates is None else {"ca": certificates.text("ca.crt")},
        **smtp,
    }
    return Kept({"smtp": spec}, secrets={"password": PASSWORD})


def asked(number: int = 5, **parameters: Json) -> Call:
    given: dict[str, Json] = {
        "Connection": "shop",
        "To": "a@example.org",
        "Subject": "Your order",
        "Text": "It is on its way.\n",
        **parameters,
    }
    return Call(REF, start_task(parse("smtp:send"), given, number))


CALL = OneCall(Mail)
sent, failure = CALL.result, CALL.failure


def lines(part: Any) -> str:
    return str(part.get_content()).replace("\r\n", "\n")


# --- What arrives -----------------------------------------------------------------------------------------------------


async def test_a_mail_arrives_with_what_the_task_says(box: Mailbox, certificates: Certificates) -> None:
    result = await sent(
        post(box.port, certificates),
        asked(
            To=["a@example.org", "b@example.org"],
            Cc="c@example.org",
            Bcc="d@example.org",
            ReplyTo="help@example.com",
            Subject="Deine Bestellung 7 für Zürich",
            Text="Sie ist unterwegs nach Zürich.\n",
            Html="<p>Sie ist unterwegs nach Zürich.</p>\n",
            Headers={"X-Order": "7"},
            Attachments=[
                {"Name": "bill.csv", "ContentType": "text/csv", "Text": "item,€\nchair,4\n"},
                {"Name": "bill.pdf", "ContentType": "application/pdf", "Base64": "JVBERg=="},
            ],
        ),
    )

    mail, (sender, recipients, content) = box.mail(), box.mails[0]
    assert (sender, recipients) == (
        "orders@example.com",
        ["a@example.org", "b@example.org", "c@example.org", "d@example.org"],
    )
    assert mail["From"] == "The Zürich Shop <orders@example.com>"
    assert (mail["To"], mail["Cc"], mail["Reply-To"]) == (
        "a@example.org, b@example.org",
        "c@example.org",
        "help@example.com",
    )
    assert (mail["Subject"], mail["X-Order"]) == ("Deine Bestellung 7 für Zürich", "7")
    assert b"d@example.org" not in content
    assert content.isascii()
    text, html = mail.get_body(("plain",)), mail.get_body(("html",))
    assert text is not None
    assert html is not None
    assert lines(text) == "Sie ist unterwegs nach Zürich.\n"
    assert lines(html) == "<p>Sie ist unterwegs nach Zürich.</p>\n"
    table_of, pdf = mail.iter_attachments()
    assert (table_of.get_filename(), table_of.get_content_type()) == ("bill.csv", "text/csv")
    assert table_of.get_payload(decode=True) == "item,€\nchair,4\n".encode()
    assert pdf.get_content() == b"%PDF"
    assert result == {"MessageId": mail["Message-ID"], "Response": "250 taken", "Refused": {}}


async def test_a_mail_that_is_sent_again_is_the_same(box: Mailbox, certificates: Certificates) -> None:
    kept, call = post(box.port, certificates), asked(Html="<p>x</p>")

    await sent(kept, call)
    await sent(kept, call)
    await sent(kept, asked(6))

    first, again, another = (content for _, _, content in box.mails)
    assert first == again
    assert len(box.identities()) == 2
    assert another != first


def test_a_mail_of_which_nobody_knows_is_sent_again() -> None:
    assert Mail(Kept({})).again(asked()) is Again.REPEAT


async def test_a_line_with_a_single_dot_ends_nothing(box: Mailbox, certificates: Certificates) -> None:
    await sent(post(box.port, certificates), asked(Text="one\n.\nRCPT TO:<x@example.org>\n..two\n"))

    assert lines(box.mail()) == "one\n.\nRCPT TO:<x@example.org>\n..two\n"


# --- Who may be written to ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("to", ["A@Example.org", "b@partner.example"])
async def test_those_whom_the_connection_allows_are_written_to(
    to: str, box: Mailbox, certificates: Certificates
) -> None:
    kept = post(box.port, certificates, recipients=["a@example.org", "@partner.example"])

    assert (await sent(kept, asked(To=to)))["Refused"] == {}


@pytest.mark.parametrize(
    "more", [{"To": "x@example.org"}, {"Cc": "a@sub.partner.example"}, {"Bcc": "a@example.net"}]
)
async def test_others_are_not(more: dict[str, Json], box: Mailbox, certificates: Certificates) -> None:
    kept = post(box.port, certificates, recipients=["a@example.org", "@partner.example"])

    failed = await failure(kept, asked(5, **more))

    (stranger,) = more.values()
    assert (failed.error, failed.cause) == (
        "States.Permissions",
        f"The Connection does not allow mail to {stranger} (spec.smtp.recipients).",
    )
    assert box.mails == []


async def test_a_recipient_whom_the_server_refuses_is_told_and_the_others_have_their_mail(
    box: Mailbox, certificates: Certificates
) -> None:
    box.replies["b@example.org"] = "550 no such user"

    result = await sent(post(box.port, certificates), asked(To=["a@example.org", "b@example.org"]))

    assert result["Refused"] == {"b@example.org": "550 no such user"}
    assert [recipients for _, recipients, _ in box.mails] == [["a@example.org"]]


@pytest.mark.parametrize(
    ("replies", "error"),
    [
        ({"a@example.org": "550 no such user"}, "Smtp.PermanentFailure"),
        ({"a@example.org": "450 come back later"}, "Smtp.TransientFailure"),
        ({"DATA": "554 not that"}, "Smtp.PermanentFailure"),
        ({"DATA": "451 disk is full"}, "Smtp.TransientFailure"),
    ],
)
async def test_what_the_server_refuses_is_for_good_or_for_now(
    replies: dict[str, str], error: str, box: Mailbox, certificates: Certificates
) -> None:
    box.replies.update(replies)

    failed = await failure(post(box.port, certificates), asked())

    (reply,) = replies.values()
    assert failed.error == error
    assert reply[4:] in failed.cause
    json.loads(failed.cause)


async def test_a_server_that_ends_after_the_mail_leaves_it_unknown(
    box: Mailbox, certificates: Certificates
) -> None:
    box.replies["DATA"] = "cut"

    failed = await failure(post(box.port, certificates), asked())

    assert failed.error == "Smtp.AnswerLost"
    assert len(box.mails) == 1


# --- Whom it connects to ------------------------------------------------------------------------------------------------


async def test_tls_may_begin_with_the_connection(certificates: Certificates) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter(
            "ignore", UserWarning
        )  # aiosmtpd's, of a password that it takes without STARTTLS
        async with serving(certificates, at_once=True) as box:
            assert (await sent(post(box.port, certificates, tlsAtOnce=True), asked()))[
                "Response"
            ] == "250 taken"


async def test_without_tls_only_where_the_connection_says_so() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)
        async with serving(None) as box:
            refused = await failure(post(box.port, None), asked())
            assert (await sent(post(box.port, None, tls={"mode": "Disabled"}), asked()))["Refused"] == {}

    assert refused.error == "Smtp.ConnectionFailed"
    assert "STARTTLS extension not supported" in refused.cause


async def test_the_result_is_json_where_the_connection_names_nobody() -> None:
    """Each such task failed with an internal error: its result had an object of Python's in place of a text."""
    async with serving(None, auth=False) as box:
        result = await sent(post(box.port, None, tls={"mode": "Disabled"}, auth=None), asked())

    assert jsontext.parse(jsontext.dump(result)) == result


async def test_a_certificate_of_an_unknown_authority_is_not_believed(box: Mailbox) -> None:
    failed = await failure(post(box.port, None), asked())

    assert failed.error == "Smtp.ConnectionFailed"
    assert "its certificate is not valid (" in failed.cause
    assert box.mails == []


async def test_a_certificate_of_another_host_is_not_believed(
    box: Mailbox, certificates: Certificates
) -> None:
    tls = {"ca": certificates.text("ca.crt"), "serverName": "other.example.test"}

    assert "Hostname mismatch" in (await failure(post(box.port, None, tls=tls), asked())).cause


async def test_a_wrong_password_is_told_without_it(box: Mailbox, certificates: Certificates) -> None:
    kept = post(box.port, certificates)
    kept.secrets["password"] = "canary-wrong"

    failed = await failure(kept, asked())

    assert failed.error == "Smtp.AuthenticationFailed"
    assert "canary" not in failed.cause


async def test_a_name_that_does_not_resolve_is_told(certificates: Certificates) -> None:
    failed = await failure(post(25, certificates, host="post.example.test"), asked(), nowhere)

    assert (failed.error, failed.cause) == (
        "Smtp.ConnectionFailed",
        "The name post.example.test cannot be resolved: Name or service not known.",
    )


@pytest.mark.parametrize("address", ["127.0.0.1", "169.254.169.254", "10.0.0.7"])
async def test_a_host_that_points_inwards_is_not_connected_to(
    address: str, certificates: Certificates
) -> None:
    kept = post(25, certificates, host="post.example.test")

    failed = await failure(kept, asked(), lambda *_: [ip_address(address)], loopback=False)

    assert failed.error == "States.Permissions"


@pytest.mark.parametrize(
    ("smtp", "why"),
    [
        ({"tlsAtOnce": True, "tls": {"mode": "Disabled"}}, "spec.smtp: tlsAtOnce needs TLS, and tls.mode is Disabled."),
        ({"from": {"address": "a b@example.com"}}, "spec.smtp.from.address: 'a b@example.com' is not an address."),
        ({"recipients": ["example.com"]}, "spec.smtp.recipients.0: 'example.com' is neither an address nor a domain (@example.com)."),
    ],
)  # fmt: skip
def test_a_connection_that_cannot_be_used_is_told(smtp: dict[str, Any], why: str) -> None:
    with pytest.raises(BadConnection) as bad:
        table.check_connection(post(25, None, **smtp).spec)

    assert str(bad.value) == why


async def test_where_the_library_is_not_installed_the_task_says_what_to_install(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    import sys

    from stepwright.integrations.played import Objects, means
    from stepwright.tasks import mail

    monkeypatch.setitem(sys.modules, "aiosmtplib", None)
    monkeypatch.delitem(sys.modules, "stepwright.tasks.mail.integration", raising=False)
    made = mail.make(means(Objects({}, {})))

    with pytest.raises(CallFailed) as failed:
        await made.begin(asked())

    assert failed.value.error == "States.Runtime"
    assert failed.value.cause == (
        "smtp:send needs aiosmtplib, which is not installed: pip install 'stepwright-asl[mail]'"
    )
