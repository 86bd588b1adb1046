"""As whom and where tasks of a cluster call AWS: moto's server plays AWS and its STS, behind what notes who asks."""

from __future__ import annotations

import asyncio
import json
import threading
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from ipaddress import ip_address
from typing import Any

import pytest
import structlog
from msgspec.structs import replace

from stepwright.asl.resource import ITEM_READER, RESULT_WRITER, Resource, parse
from stepwright.asl.signals import Millis
from stepwright.asl.step import CancelTask
from stepwright.assembly.aws_by_connections import ServicesByConnections
from stepwright.catalog.ports import ConnectionObject, NoObject
from stepwright.engine.ports import ExecutionRef, Uid
from stepwright.tasks.aws.connection import AwsConnection
from stepwright.tasks.aws.integration import AwsServices
from stepwright.tasks.calls import target
from stepwright.tasks.calls.deferred import DeferredFiles
from stepwright.tasks.calls.integration import Call, CallFailed
from stepwright.tasks.calls.remote_files import RemoteFiles
from stepwright.tasks.map_data.integration import MapData
from tests.tasks.start_tasks import start_task

ROLE = "arn:aws:iam::123456789012:role/orders"
OTHER = "arn:aws:iam::210987654321:role/audit"
KEY = {
    "accessKey": {
        "accessKeyIdFrom": {"secretKeyRef": {"name": "aws", "key": "id"}},
        "secretAccessKeyFrom": {"secretKeyRef": {"name": "aws", "key": "secret"}},
    }
}
QUEUES = "aws-sdk:sqs:listQueues"


@dataclass
class Asked:
    """A request: of which operation, and by which key it was signed; "" if it was not."""

    operation: str
    key: str
    session: str
    text: str


@dataclass
class Aws:
    """``stale``: keys that are refused as expired, with this code."""

    url: str = ""
    asked: list[Asked] = field(default_factory=list)
    stale: set[str] = field(default_factory=set)
    code: str = "ExpiredTokenException"
    sts: Callable[[], tuple[int, bytes] | None] = lambda: None

    def operations(self) -> list[str]:
        return [each.operation for each in self.asked]


@pytest.fixture
def aws(moto: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[Aws]:
    monkeypatch.setattr("botocore.retries.standard.ExponentialBackoff.delay_amount", lambda *_: 0)
    # What the operator's own process has, which is nobody's here.
    for name, value in {
        "AWS_ACCESS_KEY_ID": "canary-of-operator",
        "AWS_SECRET_ACCESS_KEY": "canary-of-operator",
        "AWS_SESSION_TOKEN": "canary-of-operator",
        "AWS_PROFILE": "canary-of-operator",
        "AWS_ENDPOINT_URL": "http://canary-of-operator.invalid",
        "AWS_ENDPOINT_URL_SQS": "http://canary-of-operator.invalid",
        "HTTP_PROXY": "http://canary-of-operator.invalid",
        "http_proxy": "http://canary-of-operator.invalid",
    }.items():
        monkeypatch.setenv(name, value)
    found = Aws()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            asked = found_in(dict(self.headers), body)
            found.asked.append(asked)
            said = found.sts() if asked.operation.startswith("AssumeRole") else None
            if said is None and asked.key in found.stale:
                said = 400, json.dumps({"__type": found.code, "message": "no"}).encode()
            status, answer = said or forwarded(moto, dict(self.headers), body)
            self.send_response_only(status)
            self.send_header("Content-Length", str(len(answer)))
            self.send_header("x-amzn-RequestId", "r-1")
            self.end_headers()
            self.wfile.write(answer)

        def log_message(self, *_: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, daemon=True).start()
    found.url = f"http://127.0.0.1:{server.server_address[1]}"
    yield found
    server.shutdown()
    server.server_close()
    assert "canary-of-operator" not in repr(found.asked)


def found_in(headers: Mapping[str, str], body: bytes) -> Asked:
    form = urllib.parse.parse_qs(body.decode("utf-8", "replace"))
    operation = (headers.get("X-Amz-Target") or "").rpartition(".")[2] or form.get("Action", [""])[0]
    key = (headers.get("Authorization") or "").partition("Credential=")[2].partition("/")[0]
    text = f"{headers} {body.decode('utf-8', 'replace')}"
    return Asked(operation, key, headers.get("X-Amz-Security-Token") or "", text)


def forwarded(url: str, headers: dict[str, str], body: bytes) -> tuple[int, bytes]:
    headers.pop("Host", None)
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with opener.open(urllib.request.Request(f"{url}/", body, headers), timeout=60) as answer:
            return answer.status, answer.read()
    except urllib.error.HTTPError as error:
        return error.code, error.read()


@dataclass
class Clock:
    millis: int = 1_700_000_000_000

    longest_sleep_seconds = 60.0

    def now(self) -> Millis:
        return Millis(self.millis)

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(seconds)


@dataclass
class Kept:
    """Implements ``ConnectionObject``."""

    spec: Mapping[str, Any]
    identity: str = "uid/1"
    secrets: dict[str, str] = field(
        default_factory=lambda: {"id": "AKIACONNECTION", "secret": "canary-secret\n"}
    )

    async def secret(self, name: str, key: str) -> str:
        if key not in self.secrets:
            raise NoObject("InvalidConnectionState", f"The Secret {name} has no key {key}.")
        return self.secrets[key]

    async def token(self, audience: str) -> str:
        return f"canary-token-for-{audience}"


@dataclass
class Cluster:
    """Implements ``ConnectionObjects`` and ``aws_identities.Accounts``."""

    connections: Mapping[str, Kept]
    annotations: dict[str, str] = field(default_factory=dict)

    async def find(self, ref: ExecutionRef, name: str) -> ConnectionObject:  # noqa: ARG002
        if name not in self.connections:
            raise NoObject("ResourceNotFound", f"There is no Connection {name}.")
        return self.connections[name]

    async def role(self, namespace: str, account: str) -> str | None:
        return self.annotations.get(f"{namespace}/{account}")

    async def token(self, namespace: str, account: str, audience: str) -> str:
        return f"canary-token-of-{namespace}-{account}-for-{audience}"


def ref(**settings: Any) -> ExecutionRef:
    return ExecutionRef(
        Uid("43e358d5-0000-4000-8000-000000000000"),
        "shop",
        "x",
        "orders",
        {"connections": ["aws"], **settings},
        arn="arn:aws:states:kubernetes:shop:execution:orders:x",
        role_arn="arn:aws:iam::shop:role/stepwright",
    )


class Scene:
    def __init__(self, cluster: Cluster, **options: Any) -> None:
        self.clock = Clock()
        self.services = ServicesByConnections(cluster, cluster, self.clock, **{"loopback": True, **options})
        self.integration = AwsServices(self.services, self.clock)

    async def call(
        self, resource: str = QUEUES, parameters: Any = None, role: str | None = None, **settings: Any
    ) -> Any:
        task = start_task(parse(f"arn:aws:states:::{resource}"), parameters or {}, 5)
        if role is not None:
            task = replace(task, credentials={"RoleArn": role})
        return (await self.integration.begin(Call(ref(**settings), task))).value

    async def failure(self, *asked: Any, **more: Any) -> tuple[str, str]:
        with pytest.raises(CallFailed) as failed:
            await self.call(*asked, **more)
        return failed.value.error, failed.value.cause


def connection(url: str | None, **aws: Any) -> Kept:
    endpoint = {} if url is None else {"endpointUrl": url}
    return Kept({"aws": {"region": "eu-central-1", **endpoint, **aws}, "serviceAccountName": "keeper"})


def scene(kept: Kept, **options: Any) -> Scene:
    return Scene(Cluster({"aws": kept}), **options)


async def test_a_service_is_called_with_a_key_from_a_secret_in_the_connections_region(aws: Aws) -> None:
    with structlog.testing.capture_logs() as logged:
        shop = scene(connection(aws.url, credentials=KEY))
        queue = await shop.call("aws-sdk:sqs:createQueue", {"QueueName": "of-a-cluster"})
        sent = await shop.call("sqs:sendMessage", {**queue, "MessageBody": {"n": 1}})

    assert sent["SdkHttpMetadata"]["HttpStatusCode"] == 200
    assert aws.operations() == ["CreateQueue", "SendMessage"]
    assert {each.key for each in aws.asked} == {"AKIACONNECTION"}
    assert all("/eu-central-1/sqs/aws4_request" in each.text for each in aws.asked)
    assert "canary" not in repr((queue, sent, logged, aws.asked))


async def test_a_connection_whose_account_assumes_a_role_has_one_session_for_an_hour(aws: Aws) -> None:
    shop = scene(connection(aws.url, credentials={"webIdentity": {"roleArn": ROLE}}))
    await asyncio.gather(*(shop.call() for _ in range(3)))
    await shop.call()
    assume, *calls = aws.asked

    assert (assume.operation, assume.key) == ("AssumeRoleWithWebIdentity", "")
    assert "canary-token-for-sts.amazonaws.com" in assume.text
    assert urllib.parse.quote(ROLE, safe="") in assume.text
    assert [each.operation for each in calls] == ["ListQueues"] * 4
    assert len({each.key for each in calls}) == 1
    assert all(each.key.startswith("ASIA") and each.session for each in calls)
    # Five minutes before it lapses there is another one.
    shop.clock.millis += 55 * 60 * 1000 + 1
    await shop.call()
    assert aws.operations()[-2:] == ["AssumeRoleWithWebIdentity", "ListQueues"]
    assert aws.asked[-1].key != calls[0].key


async def test_a_session_that_lapses_while_it_is_used_is_renewed_once(aws: Aws) -> None:
    shop = scene(connection(aws.url, credentials={"webIdentity": {"roleArn": ROLE}}))
    await shop.call()
    aws.stale.add(aws.asked[-1].key)

    await shop.call()

    assert aws.operations()[-3:] == ["ListQueues", "AssumeRoleWithWebIdentity", "ListQueues"]
    await shop.call()
    assert aws.operations()[-1] == "ListQueues"
    assert aws.asked[-1].key == aws.asked[-2].key


async def test_a_key_that_is_wrong_is_read_anew_and_its_refusal_told_without_it(aws: Aws) -> None:
    kept = connection(aws.url, credentials=KEY)
    shop, aws.code = scene(kept), "UnrecognizedClientException"
    aws.stale.add("AKIACONNECTION")
    error, cause = await shop.failure()
    assert (error, "canary" in cause) == ("Sqs.SqsException", False)
    assert aws.operations() == ["ListQueues"]

    kept.secrets["id"] = "AKIARENEWED"
    await shop.call()
    assert aws.asked[-1].key == "AKIARENEWED"


async def test_a_state_machines_own_account_has_the_role_of_its_annotation(
    aws: Aws, monkeypatch: pytest.MonkeyPatch
) -> None:
    """AWS's own endpoints, which are played here: the account's token is shown to no other."""
    monkeypatch.setattr(AwsConnection, "endpoint_of", lambda *_: target.parse(aws.url))
    cluster = Cluster({"aws": connection(None)}, {"shop/orders": ROLE})
    shop = Scene(cluster)
    await shop.call(serviceAccountName="orders")

    assert aws.operations() == ["AssumeRoleWithWebIdentity", "ListQueues"]
    assert "canary-token-of-shop-orders-for-sts.amazonaws.com" in aws.asked[0].text
    # Another annotation is another role, at once.
    cluster.annotations["shop/orders"] = OTHER
    await shop.call(serviceAccountName="orders")
    assert urllib.parse.quote(OTHER, safe="") in aws.asked[2].text
    del cluster.annotations["shop/orders"]
    assert (await shop.failure(serviceAccountName="orders"))[0] == "States.Permissions"
    assert len(aws.asked) == 4


async def test_a_task_acts_as_a_role_that_the_connection_lists_and_as_no_other(aws: Aws) -> None:
    shop = scene(connection(aws.url, credentials=KEY, roles=[OTHER]))
    await shop.call(role=OTHER)
    await shop.call(role=OTHER)
    await shop.call()
    asked = len(aws.asked)

    assert aws.operations() == ["AssumeRole", "ListQueues", "ListQueues", "ListQueues"]
    assert [each.key == "AKIACONNECTION" for each in aws.asked] == [True, False, False, True]
    machine = urllib.parse.quote("arn:aws:states:kubernetes:shop:stateMachine:orders", safe="")
    assert f"ExternalId={machine}" in aws.asked[0].text
    assert await shop.failure(role=ROLE) == (
        "States.Permissions",
        f"The Connection does not list the role {ROLE} in spec.aws.roles, so no task acts as it.",
    )
    assert len(aws.asked) == asked


def nothing_by_url() -> RemoteFiles:
    raise AssertionError


@pytest.mark.parametrize(
    ("resource", "asked", "error"),
    [
        (ITEM_READER, {"Resource": "arn:aws:states:::s3:getObject"}, "States.ItemReaderFailed"),
        (
            RESULT_WRITER,
            {
                "Resource": "arn:aws:states:::s3:putObject",
                "MapRunArn": "a:b",
                "WriterConfig": {},
                "Results": [],
            },
            "States.ResultWriterFailed",
        ),
    ],
)
async def test_a_map_that_may_not_call_s3_fails_as_its_reader_or_its_writer_does(
    resource: Resource, asked: dict[str, Any], error: str
) -> None:
    reads = MapData(scene(connection(None)).services, DeferredFiles(nothing_by_url))
    task = start_task(resource, {"ReaderConfig": {}, "Parameters": {"Bucket": "b", "Key": "k"}, **asked}, 5)
    with pytest.raises(CallFailed) as failed:
        await reads.begin(Call(ref(connections=["aws"]), task))

    assert failed.value.error == error
    assert failed.value.cause.startswith("There are no credentials for AWS: ")


async def test_what_a_task_has_begun_as_a_role_is_stopped_as_that_role(aws: Aws) -> None:
    shop = scene(connection(aws.url, credentials=KEY, roles=[OTHER]))
    resource = parse("arn:aws:states:::athena:startQueryExecution.sync")
    begun = await shop.call(
        resource.text.removeprefix("arn:aws:states:::"), {"QueryString": "SELECT 1"}, OTHER
    )
    await shop.integration.stop(
        ref(), CancelTask(start_task(resource, {}, 5).task, resource, begun, credentials={"RoleArn": OTHER})
    )
    # A role that is no longer listed can stop nothing, and that is no reason to try for ever.
    with structlog.testing.capture_logs() as logged:
        await shop.integration.stop(
            ref(),
            CancelTask(start_task(resource, {}, 5).task, resource, begun, credentials={"RoleArn": ROLE}),
        )

    assert aws.operations() == ["AssumeRole", "StartQueryExecution", "StopQueryExecution"]
    assert aws.asked[2].key == aws.asked[1].key != "AKIACONNECTION"
    assert "does not list the role" in logged[0]["reason"]


@pytest.fixture
def connected(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, int]]:
    """What may be connected to would be: there the connection is made to fail."""
    connected: list[tuple[str, int]] = []

    def create_connection(address: tuple[str, int], *_: Any, **__: Any) -> Any:
        connected.append(address)
        raise ConnectionRefusedError

    monkeypatch.setattr("urllib3.util.connection.create_connection", create_connection)
    monkeypatch.setattr("botocore.retries.standard.ExponentialBackoff.delay_amount", lambda *_: 0)
    return connected


@pytest.mark.parametrize(
    ("url", "networks", "found", "reached"),
    [
        ("http://169.254.169.254", [], [], False),
        ("http://169.254.169.254", ["169.254.0.0/16"], [], False),
        ("http://[::ffff:169.254.169.254]", [], [], False),
        ("http://[fd00:ec2::254]", [], [], False),
        ("http://metadata.example.com", ["169.254.0.0/16"], ["169.254.169.254"], False),
        ("http://metadata.shop.svc", [], ["169.254.169.254"], False),
        ("http://127.0.0.1", [], [], False),
        ("http://[::1]", [], [], False),
        ("http://localhost", [], ["127.0.0.1"], False),
        ("http://inside.example.com", [], ["10.1.2.3"], False),
        ("http://inside.example.com", ["10.1.0.0/16"], ["10.1.2.3"], True),
        ("http://moto.shop.svc:5000", [], ["10.1.2.3"], True),
        ("https://public.example.com", [], ["8.8.8.8"], True),
    ],
)
async def test_an_endpoint_of_a_connection_may_not_be_anywhere(
    url: str, networks: list[str], found: list[str], reached: bool, connected: list[tuple[str, int]]
) -> None:
    shop = scene(
        connection(url, credentials=KEY, networks=networks),
        loopback=False,
        lookup=lambda *_: [ip_address(each) for each in found],
    )
    error, cause = await shop.failure()

    if reached:
        assert error == "Sqs.SdkClientException"
        assert {address for address, _ in connected} == set(found)
    else:
        assert (error, connected) == ("States.Permissions", [])
        assert "may not be connected to at " in cause


async def test_an_endpoint_of_aws_may_be_in_the_network_of_a_vpc_and_is_no_metadata_service(
    connected: list[tuple[str, int]],
) -> None:
    asked: list[tuple[str, int]] = []
    addresses = ["10.0.3.7"]

    def lookup(host: str, port: int) -> Any:
        asked.append((host, port))
        return [ip_address(each) for each in addresses]

    shop = scene(connection(None, credentials=KEY), loopback=False, lookup=lookup)

    assert (await shop.failure())[0] == "Sqs.SdkClientException"
    assert set(asked) == {("sqs.eu-central-1.amazonaws.com", 443)}
    assert set(connected) == {("10.0.3.7", 443)}
    addresses[:] = ["169.254.169.254"]
    connected.clear()
    assert ((await shop.failure())[0], connected) == ("States.Permissions", [])


async def test_a_single_service_is_called_where_the_connection_says(aws: Aws) -> None:
    shop = scene(connection(None, credentials=KEY, services={"sqs": {"endpointUrl": aws.url}}))

    await shop.call()

    assert aws.operations() == ["ListQueues"]


async def test_whatever_is_lacking_is_said_and_nothing_is_called(aws: Aws) -> None:
    http = Kept({"http": {"allow": ["https://example.com/"]}})
    good = connection(aws.url, credentials=KEY)
    shop = Scene(Cluster({"aws": good, "two": good, "http": http, "own": connection(None)}))
    cases: list[tuple[dict[str, Any], str]] = [
        ({"connections": []}, "The state machine names no Connection for AWS in spec.connections"),
        ({"connections": ["http"]}, "The state machine names no Connection for AWS in spec.connections"),
        ({"connections": ["gone", "http"]}, "There is no Connection gone."),
        ({"connections": ["aws", "two"]}, "The state machine names more than one Connection for AWS: aws and two."),
        ({"connections": ["own"]}, "There are no credentials for AWS: the Connection has none, and"),
        ({"connections": ["own"], "serviceAccountName": "orders"}, "The ServiceAccount orders has no role at AWS"),
    ]  # fmt: skip
    for settings, cause in cases:
        error, said = await shop.failure(**settings)
        assert (error, said[: len(cause)]) == ("States.Permissions", cause)
    good.secrets.clear()
    assert await shop.failure() == ("States.Permissions", "The Secret aws has no key id.")
    shown = scene(connection(aws.url))
    assert "shown to AWS alone" in (await shown.failure())[1]
    assert aws.asked == []


async def test_what_sts_refuses_is_told_without_the_token_and_where_it_is_away_the_task_can_retry(
    aws: Aws,
) -> None:
    denied = (
        b"<ErrorResponse><Error><Type>Sender</Type><Code>AccessDenied</Code>"
        b"<Message>Not authorized to perform sts:AssumeRoleWithWebIdentity</Message></Error></ErrorResponse>"
    )
    shop = scene(connection(aws.url, credentials={"webIdentity": {"roleArn": ROLE}}))
    aws.sts = lambda: (403, denied)
    why = "AccessDenied: Not authorized to perform sts:AssumeRoleWithWebIdentity"
    assert await shop.failure() == (
        "States.Permissions",
        f"STS refuses AssumeRoleWithWebIdentity of {ROLE}: {why}",
    )
    aws.sts = lambda: (503, b"")
    error, cause = await shop.failure()
    assert error == "Sqs.SdkClientException"
    assert "STS does not answer AssumeRoleWithWebIdentity" in cause
    # It is asked anew then.
    aws.sts = lambda: None
    await shop.call()
    assert aws.operations()[-1] == "ListQueues"
