"""Tasks that talk to NATS, as their users write them: what arrives, what is answered, and what servers refuse."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, suppress
from ipaddress import ip_address
from typing import Any

import nats.errors
import pytest
from nats.aio.client import Client
from nats.aio.msg import Msg

from stepwright.asl.json_types import Json
from stepwright.asl.resource import parse
from stepwright.tasks.calls.integration import Again, Call, RefusedForNow
from stepwright.tasks.nats.integration import Nats
from tests.processes.nats_server import PASSWORD, USER, NatsServer, serving
from tests.tasks.http.calling import REF, Kept, certified, secret, secrets_of
from tests.tasks.one_call import OneCall, nowhere
from tests.tasks.start_tasks import start_task


def bus(server: NatsServer, **nats: Any) -> Kept:
    """The Connection ``shop``."""
    spec = {
        "host": "localhost",
        "port": server.port,
        "auth": {"username": USER, "passwordFrom": secret("password")},
        "tls": {"ca": server.certificates.text("ca.crt")},
        **nats,
    }
    return Kept({"nats": spec}, secrets={"password": PASSWORD, **secrets_of(server.certificates)})


def asked(action: str, number: int = 5, **parameters: Json) -> Call:
    given: dict[str, Json] = {
        "Connection": "shop",
        "Subject": "orders.new",
        "Message": {"n": 7},
        **parameters,
    }
    return Call(REF, start_task(parse(f"nats:{action}"), given, number))


CALL = OneCall(Nats)
result, failure = CALL.result, CALL.failure


@pytest.fixture
async def client(nats_server: NatsServer) -> AsyncIterator[Client]:
    """With the stream ``orders``."""
    async with nats_server.client() as client:
        streams = client.jetstream()
        await streams.add_stream(name="orders", subjects=["orders.>", "secret.>"], max_msg_size=1000)
        try:
            yield client
        finally:
            await streams.delete_stream("orders")


# --- Publishing -------------------------------------------------------------------------------------------------------


async def test_a_message_is_in_its_stream_with_its_headers(nats_server: NatsServer, client: Client) -> None:
    given = await result(bus(nats_server), asked("publish", Headers={"X-Order": "7"}, Stream="orders"))

    message = await client.jetstream().get_msg("orders", 1)
    assert given == {"Stream": "orders", "Sequence": 1, "Duplicate": False}
    assert (message.subject, message.data) == ("orders.new", b'{"n":7}')
    assert message.headers is not None
    assert message.headers["X-Order"] == "7"


@pytest.mark.parametrize(
    ("message", "sent"),
    [("Zürich", "Zürich".encode()), ({"a": [1.0, None]}, b'{"a":[1.0,null]}'), (None, None), (0, b"0")],
)
async def test_a_text_is_sent_as_it_is_and_everything_else_as_json(
    message: Json, sent: bytes | None, nats_server: NatsServer, client: Client
) -> None:
    await result(bus(nats_server), asked("publish", Message=message))

    assert (await client.jetstream().get_msg("orders", 1)).data == sent


async def test_a_message_that_is_published_again_is_dropped(nats_server: NatsServer, client: Client) -> None:
    kept = bus(nats_server)

    first, again = await result(kept, asked("publish")), await result(kept, asked("publish"))
    another = await result(kept, asked("publish", 6))

    assert (first["Duplicate"], again["Duplicate"], another["Duplicate"]) == (False, True, False)
    assert (await client.jetstream().stream_info("orders")).state.messages == 2


async def test_a_subject_that_no_stream_takes_is_told(nats_server: NatsServer) -> None:
    failed = await failure(bus(nats_server), asked("publish", Subject="nowhere"))

    assert (failed.error, failed.cause) == (
        "Nats.NoStream",
        "No stream takes messages of the subject nowhere.",
    )


async def test_what_the_stream_refuses_is_told(nats_server: NatsServer, client: Client) -> None:
    large = await failure(bus(nats_server), asked("publish", Message="x" * 2000))
    other = await failure(bus(nats_server), asked("publish", Stream="elsewhere"))

    assert (large.error, other.error) == ("Nats.Refused", "Nats.Refused")
    assert json.loads(large.cause)["Description"] == "message size exceeds maximum allowed"
    assert (await client.jetstream().stream_info("orders")).state.messages == 0


async def test_what_the_user_may_not_publish_is_told_at_once(nats_server: NatsServer, client: Client) -> None:
    async with asyncio.timeout(20):
        failed = await failure(bus(nats_server, timeoutSeconds=60), asked("publish", Subject="secret.orders"))

    assert failed.error == "Nats.PermissionsViolation"
    assert "secret.orders" in failed.cause
    assert (await client.jetstream().stream_info("orders")).state.messages == 0


# --- Requests -----------------------------------------------------------------------------------------------------------


async def answering(client: Client, data: bytes, headers: dict[str, str] | None = None) -> list[Msg]:
    seen: list[Msg] = []

    async def answer(message: Msg) -> None:
        seen.append(message)
        await client.publish(message.reply, data, headers=headers)

    await client.subscribe("prices", cb=answer)
    await client.flush()
    return seen


@pytest.mark.parametrize(
    ("data", "message"), [(b'{"price": 12.50}', {"price": 12.5}), (b"soon", "soon"), (b"", None)]
)
async def test_an_answer_is_the_result(
    data: bytes, message: Json, nats_server: NatsServer, client: Client
) -> None:
    seen = await answering(client, data, {"X-From": "stock"})

    given = await result(bus(nats_server), asked("request", Subject="prices", Headers={"X-Order": "7"}))

    assert given == {"Message": message, "Headers": {"X-From": "stock"}}
    assert [(one.data, one.headers) for one in seen] == [(b'{"n":7}', {"X-Order": "7"})]


async def test_an_error_of_a_service_fails_the_task(nats_server: NatsServer, client: Client) -> None:
    await answering(
        client, b'{"id": 7}', {"Nats-Service-Error": "no such item", "Nats-Service-Error-Code": "404"}
    )

    failed = await failure(bus(nats_server), asked("request", Subject="prices"))

    assert failed.error == "Nats.ServiceError"
    assert json.loads(failed.cause) == {"Code": "404", "Description": "no such item", "Message": {"id": 7}}


async def test_a_request_that_nobody_answers_is_told_at_once(nats_server: NatsServer) -> None:
    failed = await failure(bus(nats_server), asked("request", Subject="prices"))

    assert (failed.error, failed.cause) == ("Nats.NoResponders", "Nobody answers requests to prices.")


async def test_an_answer_that_is_too_large_is_not_read_to_its_end(
    nats_server: NatsServer, client: Client
) -> None:
    await answering(client, b"x" * 1_048_000)

    failed = await failure(bus(nats_server), asked("request", Subject="prices"))

    assert failed.error == "States.DataLimitExceeded"


async def test_a_request_whose_answer_does_not_come_leaves_it_unknown(
    nats_server: NatsServer, client: Client
) -> None:
    await client.subscribe("prices", cb=_silent)
    await client.flush()

    failed = await failure(bus(nats_server, timeoutSeconds=1), asked("request", Subject="prices"))

    assert failed.error == "Nats.AnswerLost"


async def _silent(_: Msg) -> None:
    pass


# --- When something ends ------------------------------------------------------------------------------------------------


def test_what_publishes_is_made_again_and_a_request_is_not() -> None:
    nats = Nats(Kept({}))

    assert nats.again(asked("publish")) is Again.REPEAT
    assert nats.again(asked("request")) is Again.FAIL


async def test_a_server_that_ends_within_a_request_leaves_it_unknown() -> None:
    with serving() as server:
        async with server.client() as client:
            asked_for: asyncio.Future[None] = asyncio.get_running_loop().create_future()

            async def hear(_: Msg) -> None:
                asked_for.set_result(None)

            await client.subscribe("prices", cb=hear)
            await client.flush()
            running = asyncio.ensure_future(failure(bus(server), asked("request", Subject="prices")))
            await asked_for
    failed = await running

    assert failed.error == "Nats.AnswerLost"


async def test_a_stream_whose_answer_does_not_come_is_asked_again(
    nats_server: NatsServer, client: Client
) -> None:
    await client.subscribe("lost", cb=_silent)
    await client.flush()

    with pytest.raises(RefusedForNow) as refused:
        await result(bus(nats_server, timeoutSeconds=1), asked("publish", Subject="lost"))

    assert (refused.value.landed, refused.value.failure.error) == (True, "Nats.AnswerLost")


# --- Whom it connects to ------------------------------------------------------------------------------------------------


async def test_a_certificate_of_an_unknown_authority_is_not_believed(nats_server: NatsServer) -> None:
    failed = await failure(bus(nats_server, tls={}), asked("request"))

    assert failed.error == "Nats.ConnectionFailed"
    assert "its certificate is not valid (" in failed.cause


async def test_a_certificate_of_another_host_is_not_believed(nats_server: NatsServer) -> None:
    tls = {"ca": nats_server.certificates.text("ca.crt"), "serverName": "other.example.test"}

    assert "Hostname mismatch" in (await failure(bus(nats_server, tls=tls), asked("request"))).cause


async def test_a_server_without_tls_is_told_no_password_unless_the_connection_says_so() -> None:
    with serving(tls=False) as server:
        refused = await failure(bus(server), asked("request"))
        allowed = await failure(bus(server, tls={"mode": "Disabled"}), asked("request"))

    assert refused.error == "Nats.ConnectionFailed"
    assert "it does not offer TLS, which the Connection requires" in refused.cause
    assert allowed.error == "Nats.NoResponders"


async def test_a_certificate_says_who_calls_as_long_as_it_holds() -> None:
    with serving(strict=True) as server:
        held = await failure(bus(server, tls=certified(server.certificates)), asked("request"))
        over = await failure(bus(server, tls=certified(server.certificates, "expired")), asked("request"))

    assert held.error == "Nats.NoResponders"
    assert (
        over.error == "Nats.ConnectionFailed"
    )  # what the server says of it may come after the next that is sent


@pytest.mark.parametrize("tls", [True, False])
async def test_a_server_that_takes_no_more_connections_is_told(tls: bool) -> None:
    with serving(tls=tls, most=1) as server:
        async with asyncio.timeout(60), AsyncExitStack() as stack:
            while True:  # the connection that has asked whether there is a server may count still
                with suppress(nats.errors.Error, OSError):
                    await stack.enter_async_context(server.client())
                    break
                await asyncio.sleep(0.05)
            kept = bus(server) if tls else bus(server, tls={"mode": "Disabled"})
            failed = [await failure(kept, asked("publish")) for _ in range(5)]

    assert {each.error for each in failed} == {"Nats.ConnectionFailed"}
    # Its words are lost where the system tells of the end before they were read.
    assert any("maximum connections exceeded" in each.cause.lower() for each in failed)


async def test_a_wrong_password_is_told_without_it(nats_server: NatsServer) -> None:
    kept = bus(nats_server)
    kept.secrets["password"] = "canary-wrong"

    failed = await failure(kept, asked("request"))

    assert (failed.error, failed.cause) == (
        "Nats.AuthorizationViolation",
        "The server does not accept the credentials.",
    )


async def test_a_name_that_does_not_resolve_is_told(nats_server: NatsServer) -> None:
    failed = await failure(bus(nats_server, host="bus.example.test"), asked("request"), nowhere)

    assert (failed.error, failed.cause) == (
        "Nats.ConnectionFailed",
        "The name bus.example.test cannot be resolved: Name or service not known.",
    )


@pytest.mark.parametrize("address", ["127.0.0.1", "169.254.169.254", "10.0.0.7"])
async def test_a_host_that_points_inwards_is_not_connected_to(address: str, nats_server: NatsServer) -> None:
    kept = bus(nats_server, host="bus.example.test")

    failed = await failure(kept, asked("request"), lambda *_: [ip_address(address)], loopback=False)

    assert failed.error == "States.Permissions"
