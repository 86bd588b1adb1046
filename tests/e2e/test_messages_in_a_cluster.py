"""Tasks of executions in a cluster that ask a database, send mail and publish messages, and those of an integration that somebody
else ships: by Connections whose Secrets are read as their account."""

from __future__ import annotations

import asyncio
import base64
import os
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import ExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import yaml

from tests.integrations.distributions import install
from tests.integrations.test_warehouse_example import EXAMPLE, project
from tests.on_cluster import acting
from tests.on_cluster.installed_chart import person
from tests.on_cluster.kubectl import Kube, Object, output, phase
from tests.processes import kafka, nats_server, postgres, rabbitmq
from tests.processes.account import OperatorAccount
from tests.processes.kafka import Kafka
from tests.processes.nats_server import NatsServer
from tests.processes.operators import ROOT, OperatorProcess
from tests.processes.postgres import Postgres
from tests.processes.rabbitmq import RabbitMq
from tests.tasks.http.tls_server import Certificates, in_a_thread, issue
from tests.tasks.mail import mail_server
from tests.tasks.mail.mail_server import Mailbox
from tests.testcluster import Cluster

if TYPE_CHECKING:
    from played_warehouse import PlayedWarehouse

# The first of them may have to install servers.
pytestmark = [pytest.mark.cluster, pytest.mark.timeout(900)]

TABLES = """
CREATE TABLE orders (id serial PRIMARY KEY, item text NOT NULL);
CREATE TABLE stepwright_tasks (task uuid PRIMARY KEY, made timestamptz NOT NULL DEFAULT now(), result text);
"""


@dataclass(frozen=True)
class Servers:
    address: str
    database: Postgres
    post: Mailbox
    certificates: Certificates
    """Of the mail server."""
    bus: NatsServer
    rabbit: RabbitMq
    log: Kafka


@pytest.fixture(scope="module")
def servers(cluster: Cluster, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Servers]:
    address = cluster.host_address
    if address is None:
        pytest.skip("the cluster does not say at which address it reaches this machine")
    certificates = issue(tmp_path_factory.mktemp("post"), address)
    with ExitStack() as stack:
        yield Servers(
            address,
            stack.enter_context(postgres.serving(address)),
            stack.enter_context(in_a_thread(mail_server.serving(certificates, address))),
            certificates,
            stack.enter_context(nats_server.serving(address)),
            stack.enter_context(rabbitmq.serving(address)),
            stack.enter_context(kafka.serving(address, host=address)),
        )


@pytest.fixture
def warehouse(servers: Servers, monkeypatch: pytest.MonkeyPatch) -> Iterator[PlayedWarehouse]:
    monkeypatch.syspath_prepend(str(EXAMPLE / "tests"))
    from played_warehouse import played

    with in_a_thread(played(None, servers.address)) as found:
        yield found


@pytest.fixture
def at_work(
    kube: Kube, own_operator: OperatorProcess, operator_account: OperatorAccount, tmp_path: Path
) -> Kube:
    """With an operator that has loaded the example of an integration, and may act as the account ``orders``."""
    person(kube, "orders", ("", "secrets:shop", "get"))
    acting.let_act_as(kube, operator_account.user, "orders")
    said = project()
    install(tmp_path / "installed", said["name"], said["entry"], version=said["version"])
    own_operator.environment |= {
        "STEPWRIGHT_INTEGRATIONS": "warehouse",
        "PYTHONPATH": os.pathsep.join(map(str, (ROOT / "operator", EXAMPLE / "src", tmp_path / "installed"))),
    }
    own_operator.start()
    return kube


def from_secret(key: str) -> Object:
    return {"secretKeyRef": {"name": "shop", "key": key}}


def keep(kube: Kube, **values: str) -> None:
    """The Secret ``shop``."""
    data = {name: base64.b64encode(value.encode()).decode() for name, value in values.items()}
    kube.apply({"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "shop"}, "data": data})


def connect(kube: Kube, name: str, **spec: Any) -> None:
    kube.apply(
        {
            "apiVersion": "stepwright.dev/v1",
            "kind": "Connection",
            "metadata": {"name": name},
            "spec": {"serviceAccountName": "orders", **spec},
        }
    )


def server(servers: Servers, port: int, user: str, key: str, **more: Any) -> Object:
    return {
        "host": servers.address,
        "port": port,
        "auth": {"username": user, "passwordFrom": from_secret(key)},
        "tls": {"caFrom": from_secret(f"{key}-ca")},
        **more,
    }


def connect_all(kube: Kube, servers: Servers) -> None:
    authorities: Mapping[str, Certificates] = {
        "db": servers.database.certificates,
        "post": servers.certificates,
        "bus": servers.bus.certificates,
        "rabbit": servers.rabbit.certificates,
        "log": servers.log.certificates,
    }
    passwords = {
        "db": postgres.PASSWORD,
        "post": mail_server.PASSWORD,
        "bus": nats_server.PASSWORD,
        "rabbit": rabbitmq.PASSWORD,
        "log": kafka.PASSWORD,
    }
    keep(kube, **passwords, **{f"{name}-ca": each.text("ca.crt") for name, each in authorities.items()})
    idempotency = {"table": "stepwright_tasks"}
    database = server(servers, servers.database.port, postgres.USER, "db", idempotency=idempotency)
    connect(kube, "db", sql={**database, "database": "postgres"})
    post = server(servers, servers.post.port, mail_server.USER, "post")
    connect(kube, "post", smtp={**post, "from": {"address": "orders@example.com"}})
    connect(kube, "bus", nats=server(servers, servers.bus.port, nats_server.USER, "bus"))
    rabbit = server(servers, servers.rabbit.port, rabbitmq.USER, "rabbit")
    connect(kube, "rabbit", amqp={**rabbit, "virtualHost": rabbitmq.VIRTUAL_HOST})
    connect(kube, "log", kafka=server(servers, servers.log.port, kafka.USER, "log"))


WRITE = """
WITH waited AS MATERIALIZED (SELECT pg_advisory_xact_lock(7)) INSERT INTO orders (item) SELECT $1 FROM waited RETURNING id
"""
WAITING = "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted"


@asynccontextmanager
async def held(database: Postgres) -> AsyncIterator[None]:
    """The lock that ``WRITE`` waits for."""
    async with database.connection() as connection:
        await connection.execute("SELECT pg_advisory_lock(7)")
        yield


def task(resource: str, connection: str, following: str | None, **arguments: Any) -> Object:
    step: Object = {"End": True} if following is None else {"Next": following}
    return {
        "Type": "Task",
        "Resource": resource,
        "Arguments": {"Connection": connection, **arguments},
        "Assign": {connection: "{% $states.result %}"},
        **step,
    }


ORDER: Object = {
    "QueryLanguage": "JSONata",
    "StartAt": "Keep",
    "States": {
        "Keep": task("sql:execute", "db", "Tell", Statement=WRITE, Parameters=["chair"]),
        "Tell": task("smtp:send", "post", "Announce", To="a@example.com", Subject="Yours", Text="It comes."),
        "Announce": task(
            "nats:publish", "bus", "Dispatch", Subject="orders.new", Message="{% $db.Rows[0] %}"
        ),
        "Dispatch": task("amqp:publish", "rabbit", "Record", RoutingKey="orders", Message="{% $db.Rows[0] %}"),
        "Record": task("kafka:publish", "log", "Done", Topic="orders", Message="{% $db.Rows[0] %}"),
        "Done": {"Type": "Pass", "Output": "{% [$db, $post.Refused, $bus.Duplicate, $rabbit.MessageId, $log.Offset] %}", "End": True},
    },
}  # fmt: skip


def test_an_execution_whose_operator_is_killed_writes_once_sends_mail_and_publishes_to_nats_rabbitmq_and_kafka(
    at_work: Kube, servers: Servers, own_operator: OperatorProcess
) -> None:
    connect_all(at_work, servers)

    async def ready() -> None:
        await servers.database.run(TABLES)
        async with servers.bus.client() as client, servers.rabbit.channel() as channel:
            await client.jetstream().add_stream(name="orders", subjects=["orders.>"])
            await channel.queue_declare("orders")
        await servers.log.make("orders")

    async def arrived() -> tuple[list[str], bytes | None, bytes, list[bytes]]:
        async with servers.bus.client() as client, servers.rabbit.channel() as channel:
            heard = await client.jetstream().get_msg("orders", 1)
            taken = await channel.basic_get("orders", no_ack=True)
        written = await servers.database.asked("SELECT array_agg(item) FROM orders")
        recorded = [message.value for message in await servers.log.messages("orders")]
        return written, heard.data, taken.body, recorded

    asyncio.run(ready())
    at_work.machine("order", ORDER, connections=["db", "post", "bus", "rabbit", "log"])
    with in_a_thread(held(servers.database)):
        at_work.start("order", "order")
        at_work.until("execution", "order", lambda _: asyncio.run(servers.database.asked(WAITING)))
        own_operator.kill()
    own_operator.start()
    ended = at_work.ended("order")

    assert phase(ended) == "Succeeded", ended["status"].get("cause")
    written, refused, duplicate, identity, offset = output(ended)
    order = written["Rows"][0]["id"]
    sent = b'{"id":%d}' % order
    assert (written, refused, duplicate, offset) == ({"Rows": [{"id": order}], "RowCount": 1}, {}, False, 0)
    assert identity
    assert asyncio.run(arrived()) == (["chair"], sent, sent, [sent])
    assert servers.post.mail()["Subject"] == "Yours"
    told = at_work("get", "executions,statemachines,executionhistories,connections,events", "-o", "yaml")
    for password in (
        postgres.PASSWORD,
        mail_server.PASSWORD,
        nats_server.PASSWORD,
        rabbitmq.PASSWORD,
        kafka.PASSWORD,
    ):
        assert password not in told
        assert password not in own_operator.log_path.read_text()


def test_tasks_of_an_integration_that_somebody_else_ships(
    at_work: Kube, servers: Servers, warehouse: PlayedWarehouse
) -> None:
    from played_warehouse import KEY

    keep(at_work, key=KEY)
    values = [
        {"name": "host", "value": servers.address},
        {"name": "port", "value": str(warehouse.port)},
        {"name": "key", "valueFrom": from_secret("key")},
    ]
    connect(at_work, "main", integration={"name": "warehouse", "values": values})
    at_work.apply(yaml.safe_load((EXAMPLE / "pack-order.yaml").read_text()))
    at_work.start("pack-order", "pack-order", input={"item": "chair", "count": 4})
    at_work.until("execution", "pack-order", lambda _: warehouse.asked_to_pack.is_set())
    asyncio.run(warehouse.end())
    ended = at_work.ended("pack-order")

    assert phase(ended) == "Succeeded", ended["status"].get("cause")
    assert output(ended) == {"state": "packed"}
    assert asyncio.run(warehouse.effects()) == 2
