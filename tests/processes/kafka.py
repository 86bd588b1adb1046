"""A real Kafka for tests, one node in KRaft mode, with TLS and passwords: its jars come from Maven once, Java from Debian."""

from __future__ import annotations

import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Literal

import pytest
from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from aiokafka.protocol.admin import CreateAclsRequest

from tests.processes.kafka_quotas import QuotaOfClients
from tests.processes.logged_server import started
from tests.tasks.http.tls_server import Certificates, issue
from tests.testcluster import packages
from tests.testcluster.interface import ClusterUnavailable
from tests.testcluster.locations import cache_folder, locked
from tests.testcluster.ports import LOOPBACK, free_port
from tests.testcluster.progress import say

VERSION: Final = "4.1.2"
JAVA: Final = {"openjdk-17-jre-headless": "java"}
MAVEN: Final = {"maven": "mvn"}
LONGEST_DOWNLOAD_SECONDS: Final = 900
USER: Final = "client"
PASSWORD: Final = "canary-password of the shop"
LARGEST_MESSAGE_BYTES: Final = 200_000

_PROJECT: Final = """
<project xmlns="http://maven.apache.org/POM/4.0.0">
  <modelVersion>4.0.0</modelVersion>
  <groupId>dev.stepwright</groupId><artifactId>kafka-for-tests</artifactId><version>1</version>
  <dependencies>
    <dependency><groupId>org.apache.kafka</groupId><artifactId>kafka_2.13</artifactId><version>VERSION</version></dependency>
  </dependencies>
</project>
"""
_SETTINGS: Final = """
process.roles=broker,controller
node.id=1
controller.quorum.voters=1@127.0.0.1:CONTROLLERS
controller.listener.names=CONTROLLER
listeners=SECURE://ADDRESS:SECURED,CERTIFIED://ADDRESS:CERTIFIES,PLAIN://ADDRESS:PLAINED,BEHIND://127.0.0.1:HIDDEN,CONTROLLER://127.0.0.1:CONTROLLERS
advertised.listeners=SECURE://HOST:SECURED,CERTIFIED://HOST:CERTIFIES,PLAIN://ADDRESS:PLAINED,BEHIND://localhost:RELAY
listener.security.protocol.map=CONTROLLER:PLAINTEXT,PLAIN:PLAINTEXT,BEHIND:PLAINTEXT,SECURE:SASL_SSL,CERTIFIED:SSL
inter.broker.listener.name=PLAIN
sasl.enabled.mechanisms=SCRAM-SHA-512,PLAIN
listener.name.secure.scram-sha-512.sasl.jaas.config=org.apache.kafka.common.security.scram.ScramLoginModule required;
listener.name.secure.plain.sasl.jaas.config=org.apache.kafka.common.security.plain.PlainLoginModule required user_USER="PASSWORD";
listener.name.certified.ssl.client.auth=required
authorizer.class.name=org.apache.kafka.metadata.authorizer.StandardAuthorizer
allow.everyone.if.no.acl.found=true
super.users=User:ANONYMOUS
ssl.keystore.type=PEM
ssl.keystore.location=FOLDER/server.pem
ssl.truststore.type=PEM
ssl.truststore.location=FOLDER/ca.crt
log.dirs=FOLDER/data
auto.create.topics.enable=false
message.max.bytes=LARGEST
offsets.topic.replication.factor=1
transaction.state.log.replication.factor=1
transaction.state.log.min.isr=1
"""


@dataclass(frozen=True)
class Kafka:
    """``port`` is that of TLS, at ``certified_port`` clients show a certificate. Who asks at ``hidden_port`` is told to go to ``relay_port``, where a test may put a relay."""

    port: int
    plain_port: int
    hidden_port: int
    relay_port: int
    certified_port: int
    certificates: Certificates
    address: str = LOOPBACK

    @property
    def _bootstrap(self) -> str:
        return f"{self.address}:{self.plain_port}"

    async def make(self, topic: str, partitions: int = 1, **settings: str) -> None:
        """A topic, unless there is one."""
        admin = AIOKafkaAdminClient(bootstrap_servers=self._bootstrap)
        await admin.start()
        try:
            await admin.create_topics([NewTopic(topic, partitions, 1, topic_configs=settings)])
        finally:
            await admin.close()

    async def deny(self, topic: str, operation: Literal["write", "describe"]) -> None:
        """To the user that has a password."""
        numbers = {"write": 4, "describe": 8}
        of_topics, literal, deny = 2, 3, 2
        admin = AIOKafkaAdminClient(bootstrap_servers=self._bootstrap)
        await admin.start()
        try:
            told = await admin._send_to_controller(
                CreateAclsRequest(of_topics, topic, literal, f"User:{USER}", "*", numbers[operation], deny)
            )
        finally:
            await admin.close()
        assert [code for code, _ in told.creation_responses] == [0], told

    async def throttle(self, client: str, bytes_per_second: float | None) -> None:
        """Clients of that name, from when the broker has heard of it; None: no more."""
        admin = AIOKafkaAdminClient(bootstrap_servers=self._bootstrap)
        await admin.start()
        try:
            told = await admin._send_to_controller(QuotaOfClients(client, bytes_per_second))
        finally:
            await admin.close()
        assert [code for code, *_ in told.entries] == [0], told

    async def messages(self, topic: str, partitions: int = 1) -> list[Any]:
        """All that are in a topic, as aiokafka's consumer gives them."""
        consumer = AIOKafkaConsumer(bootstrap_servers=self._bootstrap)
        await consumer.start()
        try:
            places = [TopicPartition(topic, number) for number in range(partitions)]
            consumer.assign(places)
            await consumer.seek_to_beginning(*places)
            ends = await consumer.end_offsets(places)
            found: list[Any] = []
            while any([await consumer.position(place) < ends[place] for place in places]):
                for each in (await consumer.getmany(*places, timeout_ms=1000)).values():
                    found += each
            return found
        finally:
            await consumer.stop()


@contextmanager
def serving(address: str = LOOPBACK, host: str = "localhost") -> Iterator[Kafka]:
    """``host``: the name that it gives itself where it speaks TLS. Skips the test where there is no such program, and says why."""
    jars = _jars()
    folder = Path(tempfile.mkdtemp(prefix="stepwright-kafka-"))
    try:
        found = Kafka(
            free_port(address),
            free_port(address),
            free_port(),
            free_port(),
            free_port(address),
            issue(folder, address),
            address,
        )
        certificates = found.certificates
        (folder / "server.pem").write_text(certificates.text("server.key") + certificates.text("server.crt"))
        settings = _SETTINGS
        for name, value in {
            "CONTROLLERS": str(free_port()),
            "SECURED": str(found.port),
            "CERTIFIES": str(found.certified_port),
            "PLAINED": str(found.plain_port),
            "HIDDEN": str(found.hidden_port),
            "RELAY": str(found.relay_port),
            "ADDRESS": address,
            "HOST": host,
            "FOLDER": str(folder),
            "USER": USER,
            "PASSWORD": PASSWORD,
            "LARGEST": str(LARGEST_MESSAGE_BYTES),
        }.items():
            settings = settings.replace(name, value)
        (folder / "server.properties").write_text(settings)
        java = ["java", "-Xmx256m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", "-cp", f"{jars}/*"]
        scram = f"SCRAM-SHA-512=[name={USER},password={PASSWORD},iterations=4096]"
        format_it = [
            "kafka.tools.StorageTool",
            "format",
            "-t",
            "stepwright-of-tests-00",
            "--add-scram",
            scram,
        ]
        done = subprocess.run(
            [*java, *format_it, "-c", str(folder / "server.properties")],
            capture_output=True,
            text=True,
            check=False,
            timeout=600,
        )
        assert done.returncode == 0, done.stdout + done.stderr
        command = [*java, "kafka.Kafka", str(folder / "server.properties")]
        with started(command, folder, {"cwd": folder}) as server:
            _until_it_answers(server, folder, found)
            yield found
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _jars() -> Path:
    """The folder of Kafka and all that it needs."""
    folder = cache_folder() / f"kafka-{VERSION}"
    with locked(cache_folder() / "kafka.lock"):
        try:
            # Java is not in the cache, and may be missing where Kafka is not.
            packages.ensure(JAVA if folder.is_dir() else JAVA | MAVEN)
        except ClusterUnavailable as unavailable:
            pytest.skip(f"no Kafka: {unavailable}")
        if folder.is_dir():
            return folder
        say(f"fetching Kafka {VERSION} by Maven")
        with tempfile.TemporaryDirectory(dir=cache_folder()) as work:
            (Path(work) / "pom.xml").write_text(_PROJECT.replace("VERSION", VERSION))
            command = [
                "mvn",
                "-q",
                "-B",
                "dependency:copy-dependencies",
                "-DincludeScope=runtime",
                "-DoutputDirectory=jars",
            ]
            try:
                done = subprocess.run(
                    command,
                    cwd=work,
                    capture_output=True,
                    text=True,
                    check=False,
                    timeout=LONGEST_DOWNLOAD_SECONDS,
                )
            except subprocess.TimeoutExpired as late:
                pytest.skip(f"no Kafka: {late}")
            if done.returncode != 0:
                pytest.skip(f"no Kafka: `{' '.join(command)}` failed: {done.stdout[-500:]}")
            (Path(work) / "jars").rename(folder)
    return folder


def _until_it_answers(server: subprocess.Popen[bytes], folder: Path, found: Kafka) -> None:
    for _ in range(6000):
        assert server.poll() is None, (folder / "log").read_text()
        try:
            for port in (found.plain_port, found.port):
                socket.create_connection((found.address, port), timeout=10).close()
        except OSError:
            time.sleep(0.1)
        else:
            return
    raise AssertionError((folder / "log").read_text())
