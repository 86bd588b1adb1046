"""Tasks that publish to Kafka, as their users write them: what arrives, and what brokers refuse."""

from __future__ import annotations

import asyncio
import json
from ipaddress import ip_address
from pathlib import Path
from typing import Any, Literal

import pytest
from aiokafka import errors
from aiokafka.conn import AIOKafkaConnection
from aiokafka.protocol.produce import ProduceRequest

from stepwright.asl.json_types import Json
from stepwright.asl.resource import parse
from stepwright.tasks.calls.connection_parts import BadConnection
from stepwright.tasks.calls.integration import Again, Call, CallFailed
from stepwright.tasks.calls.policy import NotAllowed
from stepwright.tasks.kafka import integration
from stepwright.tasks.kafka.client import Broker
from stepwright.tasks.kafka.connection import read
from tests.processes.dev import DevProcess, ended
from tests.processes.kafka import LARGEST_MESSAGE_BYTES, PASSWORD, USER, Kafka
from tests.sql.test_killed import machine
from tests.tasks.http.calling import REF, Kept, certified, secret, secrets_of
from tests.tasks.one_call import OneCall, nowhere
from tests.tasks.relays import Relay
from tests.tasks.start_tasks import start_task

# The first of them may have to fetch Kafka.
pytestmark = [pytest.mark.slow, pytest.mark.timeout(900)]


def log(server: Kafka, **kafka: Any) -> Kept:
    """The Connection ``shop``."""
    spec = {
        "host": "localhost",
        "port": server.port,
        "auth": {"username": USER, "passwordFrom": secret("password")},
        "tls": {"ca": server.certificates.text("ca.crt")},
        **kafka,
    }
    return Kept({"kafka": spec}, secrets={"password": PASSWORD, **secrets_of(server.certificates)})


def plain(server: Kafka, port: int, **kafka: Any) -> Kept:
    """The same, without TLS and passwords."""
    return log(server, port=port, auth=None, tls={"mode": "Disabled"}, **kafka)


def asked(topic: str, number: int = 5, **parameters: Json) -> Call:
    given: dict[str, Json] = {"Connection": "shop", "Topic": topic, "Message": {"n": 7}, **parameters}
    return Call(REF, start_task(parse("kafka:publish"), given, number))


CALL = OneCall(integration.Kafka)
made, result, failure = CALL.made, CALL.result, CALL.failure


# --- What arrives ---------------------------------------------------------------------------------------------------------


async def test_a_message_is_in_its_topic_with_its_key_and_headers(kafka: Kafka) -> None:
    await kafka.make("whole")
    given = await result(
        log(kafka), asked("whole", Message="Zürich", Key="order-7", Headers={"shop": "Zürich"})
    )

    (message,) = await kafka.messages("whole")
    headers = dict(message.headers)
    assert given == {"Topic": "whole", "Partition": 0, "Offset": 0}
    assert (message.key, message.value) == (b"order-7", "Zürich".encode())
    assert headers.pop("stepwright-task")
    assert headers == {"shop": "Zürich".encode()}


@pytest.mark.parametrize(
    ("message", "sent"), [({"a": [1.0, None]}, b'{"a":[1.0,null]}'), (0, b"0"), (None, None), ("", b"")]
)
async def test_a_text_is_sent_as_it_is_and_everything_else_as_json(
    message: Json, sent: bytes | None, kafka: Kafka
) -> None:
    await kafka.make("values")
    await result(log(kafka), asked("values", Message=message))

    assert (await kafka.messages("values"))[-1].value == sent


async def test_a_key_is_always_in_the_partition_in_which_other_clients_put_it(kafka: Kafka) -> None:
    await kafka.make("keyed", partitions=3)
    partitions = [
        (await result(log(kafka), asked("keyed", number, Key=key)))["Partition"]
        for number, key in enumerate(["foobar", "a-little-bit-long-string", "abc"])
    ]

    # From the hashes of murmur2 that Kafka's own tests have (UtilsTest): -790332482, -985981536, 479470107.
    assert partitions == [0, 2, 0]
    assert (await result(log(kafka), asked("keyed", 9, Partition=2)))["Partition"] == 2


async def test_messages_of_one_process_share_the_identity_of_a_producer(kafka: Kafka) -> None:
    await kafka.make("shared")
    one = made(log(kafka))
    try:
        given: list[Any] = [await one.begin(asked("shared", number)) for number in range(3)]
        given += await asyncio.gather(*(one.begin(asked("shared", number)) for number in range(3, 6)))
    finally:
        await one.close()

    assert sorted(each.value["Offset"] for each in given) == list(range(6))
    assert 1 <= sum(len(idle) for idle in one._producers._idle.values()) <= 3


async def test_a_password_that_is_told_takes_tls(kafka: Kafka) -> None:
    await kafka.make("plainly")

    assert await result(log(kafka, mechanism="PLAIN"), asked("plainly"))
    with pytest.raises(BadConnection, match="PLAIN sends the password"):
        read({"kafka": {**log(kafka).spec["kafka"], "mechanism": "PLAIN", "tls": {"mode": "Disabled"}}})


# --- What brokers refuse ------------------------------------------------------------------------------------------------------


async def test_a_topic_that_is_not_there_is_told_and_not_made(kafka: Kafka) -> None:
    failed = [await failure(log(kafka), asked("nowhere")) for _ in range(2)]

    assert {each.error for each in failed} == {"Kafka.UnknownTopicOrPartition"}
    assert json.loads(failed[0].cause)["Error"] == "UNKNOWN_TOPIC_OR_PARTITION"


@pytest.mark.parametrize("operation", ["write", "describe"])
async def test_a_topic_that_the_user_may_not_use_is_told(
    operation: Literal["write", "describe"], kafka: Kafka
) -> None:
    topic = f"closed-to-{operation}"
    await kafka.make(topic)
    await kafka.deny(topic, operation)
    with pytest.raises(CallFailed) as failed:
        async with asyncio.timeout(60):  # brokers hear of it soon afterwards
            while True:
                await result(log(kafka), asked(topic))

    assert failed.value.error == "Kafka.AuthorizationFailed"
    assert json.loads(failed.value.cause)["Error"] == "TOPIC_AUTHORIZATION_FAILED"


async def test_a_partition_that_is_not_there_is_told(kafka: Kafka) -> None:
    await kafka.make("small")
    failed = await failure(log(kafka), asked("small", Partition=7))

    assert (failed.error, failed.cause) == (
        "Kafka.UnknownTopicOrPartition",
        "The topic small has no partition 7.",
    )


async def test_a_message_that_is_too_large_is_refused_and_the_next_one_is_not(kafka: Kafka) -> None:
    await kafka.make("large")
    one = made(log(kafka))
    try:
        with pytest.raises(CallFailed) as failed:
            await one.begin(asked("large", Message="x" * (LARGEST_MESSAGE_BYTES + 1)))
        after = (await one.begin(asked("large"))).value
    finally:
        await one.close()

    assert failed.value.error == "Kafka.MessageTooLarge"
    assert after == {"Topic": "large", "Partition": 0, "Offset": 0}


async def test_a_leader_that_is_none_any_more_is_looked_for_again(
    kafka: Kafka, monkeypatch: pytest.MonkeyPatch
) -> None:
    await kafka.make("moved")
    publish, refusals = Broker.publish, [errors.NotLeaderForPartitionError, errors.OutOfOrderSequenceNumber]

    async def refused(broker: Broker, *given: Any) -> int:
        if refusals:
            raise refusals.pop()
        return await publish(broker, *given)

    monkeypatch.setattr(Broker, "publish", refused)

    assert (await result(log(kafka), asked("moved")))["Offset"] == 0


async def test_what_does_not_pass_in_time_fails_the_task_in_kafkas_words(
    kafka: Kafka, monkeypatch: pytest.MonkeyPatch
) -> None:
    await kafka.make("led")

    async def refused(*_: Any) -> int:
        raise errors.NotEnoughReplicasError

    monkeypatch.setattr(Broker, "publish", refused)
    failed = await failure(log(kafka, timeoutSeconds=2), asked("led"))

    assert failed.error == "Kafka.Refused"
    assert json.loads(failed.cause)["Error"] == "NOT_ENOUGH_REPLICAS"


async def test_a_broker_that_throttles_has_taken_the_message_and_the_next_task_does_not_wait(
    kafka: Kafka, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It asks to be left alone on the connection that it has answered, which ends with its task."""
    await kafka.make("throttled")
    asked_to_wait: list[int] = []
    send = AIOKafkaConnection.send

    async def sent(connection: Any, request: Any, *given: Any, **more: Any) -> Any:
        told = await send(connection, request, *given, **more)
        if isinstance(request, ProduceRequest):
            asked_to_wait.append(told.throttle_time_ms)
        return told

    monkeypatch.setattr(AIOKafkaConnection, "send", sent)
    await kafka.throttle("stepwright", 100)
    try:
        async with asyncio.timeout(60):  # it hears of the quota soon afterwards
            while max(asked_to_wait, default=0) < 20_000:
                assert await result(log(kafka), asked("throttled", Message="x" * 100_000))
        began = asyncio.get_running_loop().time()
        assert await result(log(kafka), asked("throttled", Message="last"))
        seconds = asyncio.get_running_loop().time() - began
    finally:
        await kafka.throttle("stepwright", None)

    assert seconds < asked_to_wait[-1] / 1000
    assert (await kafka.messages("throttled"))[-1].value == b"last"


async def test_a_message_with_half_of_a_character_is_not_sent(kafka: Kafka) -> None:
    assert (await failure(log(kafka), asked("orders", Message="\ud800"))).error == "States.Runtime"


# --- When something ends ------------------------------------------------------------------------------------------------


def test_what_nobody_knows_is_published_again() -> None:
    assert integration.Kafka(Kept({})).again(asked("orders")) is Again.REPEAT


async def test_a_message_whose_answer_is_lost_is_there_once(kafka: Kafka) -> None:
    await kafka.make("cut")
    async with Relay(kafka.hidden_port, b"lost once", "cut once", kafka.relay_port) as relay:
        given = await result(plain(kafka, kafka.relay_port), asked("cut", Message="lost once"))
        assert relay.asked.is_set()

    assert [message.value for message in await kafka.messages("cut")] == [b"lost once"]
    assert given == {"Topic": "cut", "Partition": 0, "Offset": 0}


async def test_an_answer_that_does_not_come_leaves_it_unknown(kafka: Kafka) -> None:
    await kafka.make("held")
    async with Relay(kafka.hidden_port, b"held back", "hold", kafka.relay_port):
        failed = await failure(
            plain(kafka, kafka.relay_port, timeoutSeconds=3), asked("held", Message="held back")
        )

    assert failed.error == "Kafka.AnswerLost"
    assert [message.value for message in await kafka.messages("held")] == [b"held back"]


async def test_a_message_whose_process_was_killed_before_its_answer_comes_again_with_the_same_header(
    kafka: Kafka, tmp_path: Path
) -> None:
    await kafka.make("killed")
    state = {
        "Type": "Task",
        "Resource": "kafka:publish",
        "Parameters": {"Connection": "shop", "Topic": "killed", "Message": "at least once"},
        "End": True,
    }
    connection = {
        "apiVersion": "stepwright.dev/v1",
        "kind": "Connection",
        "metadata": {"name": "shop"},
        "spec": {"kafka": {"host": "localhost", "port": kafka.relay_port, "tls": {"mode": "Disabled"}}},
    }
    (tmp_path / "connections.yaml").write_text(json.dumps(connection))
    dev = DevProcess(tmp_path / "data", "--connections", str(tmp_path / "connections.yaml"))
    async with Relay(kafka.hidden_port, b"at least once", "hold", kafka.relay_port) as relay:
        with dev:
            client = dev.client()
            arn = await asyncio.to_thread(machine, client, {"StartAt": "A", "States": {"A": state}})
            execution = await asyncio.to_thread(client.start_execution, stateMachineArn=arn)
            await relay.asked.wait()
            await asyncio.to_thread(dev.kill)
            relay.then = "pass"
            await asyncio.to_thread(dev.start)
            client = dev.client()
            answer = await asyncio.to_thread(ended, client, execution["executionArn"], within_seconds=120)

    messages = await kafka.messages("killed")
    assert answer["status"] == "SUCCEEDED", answer
    assert [message.value for message in messages] == [b"at least once"] * 2
    assert len({dict(message.headers)["stepwright-task"] for message in messages}) == 1


# --- Whom it connects to ------------------------------------------------------------------------------------------------


async def test_a_certificate_of_an_unknown_authority_is_not_believed(kafka: Kafka) -> None:
    failed = await failure(log(kafka, tls={}), asked("orders"))

    assert failed.error == "Kafka.ConnectionFailed"
    assert "its certificate is not valid (" in failed.cause


async def test_a_certificate_of_another_host_is_not_believed(kafka: Kafka) -> None:
    tls = {"ca": kafka.certificates.text("ca.crt"), "serverName": "other.example.test"}

    assert "Hostname mismatch" in (await failure(log(kafka, tls=tls), asked("orders"))).cause


async def test_a_certificate_says_who_calls_as_long_as_it_holds(kafka: Kafka) -> None:
    await kafka.make("certified")

    def by(who: Literal["client", "expired"]) -> Kept:
        return log(kafka, port=kafka.certified_port, auth=None, tls=certified(kafka.certificates, who))

    given = await result(by("client"), asked("certified"))
    failed = await failure(by("expired"), asked("certified"))

    assert given["Offset"] == 0
    assert (
        failed.error == "Kafka.ConnectionFailed"
    )  # what the broker says of it may come after what is sent next


async def test_a_wrong_password_is_told_without_it(kafka: Kafka) -> None:
    kept = log(kafka)
    kept.secrets["password"] = "canary-wrong"

    failed = await failure(kept, asked("orders"))

    assert failed.error == "Kafka.AuthenticationFailed"
    assert "canary" not in failed.cause


async def test_a_name_that_does_not_resolve_is_told(kafka: Kafka) -> None:
    failed = await failure(log(kafka, host="log.example.test"), asked("orders"), nowhere)

    assert (failed.error, failed.cause) == (
        "Kafka.ConnectionFailed",
        "The name log.example.test cannot be resolved: Name or service not known.",
    )


@pytest.mark.parametrize("address", ["127.0.0.1", "169.254.169.254", "10.0.0.7"])
async def test_a_host_that_points_inwards_is_not_connected_to(address: str, kafka: Kafka) -> None:
    kept = log(kafka, host="log.example.test")

    failed = await failure(kept, asked("orders"), lambda *_: [ip_address(address)], loopback=False)

    assert failed.error == "States.Permissions"


async def test_a_broker_that_a_cluster_names_elsewhere_is_not_connected_to(kafka: Kafka) -> None:
    await kafka.make("elsewhere")
    # It is reached as 127.0.0.1, and calls its one broker localhost.
    kept = log(kafka, host="127.0.0.1")

    failed = await failure(kept, asked("elsewhere"))
    named = await result(log(kafka, host="127.0.0.1", brokers=["localhost"]), asked("elsewhere"))

    assert failed.error == "States.Permissions"
    assert "names a broker at localhost, which is not in the domain of 127.0.0.1" in failed.cause
    assert named["Offset"] == 0


@pytest.mark.parametrize(
    ("own", "brokers", "broker", "may"),
    [
        ("log.shop.svc", [], "log-0.brokers.shop.svc", True),
        ("log.shop.svc", [], "db.bank.svc", False),
        ("log.shop.svc", [], "kubernetes.default.svc", False),
        ("b-1.log.example.com", [], "b-2.log.example.com", True),
        ("example.com", [], "other.com", False),
        ("10.0.0.1", [], "10.0.0.2", False),
        ("10.0.0.1", ["10.0.0.2"], "10.0.0.2", True),
        ("log.shop.svc", [".logs.example.com"], "b-7.logs.example.com", True),
        ("log.shop.svc", [".logs.example.com"], "evil-logs.example.com", False),
        ("log.shop.svc", [], "log.shop.svc/..", False),
    ],
)
def test_brokers_are_where_the_connection_says(own: str, brokers: list[str], broker: str, may: bool) -> None:
    connection = read({"kafka": {"host": own, "brokers": brokers}})

    if may:
        assert connection.broker(broker, 9092).target.host == broker
    else:
        with pytest.raises(NotAllowed):
            connection.broker(broker, 9092)
