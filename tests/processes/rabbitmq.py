"""A real RabbitMQ for tests, with TLS, passwords and certificates of clients; Debian's package is installed if there is none."""

from __future__ import annotations

import asyncio
import os
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Final

import aiormq
import pytest
from aiormq.abc import AbstractChannel
from yarl import URL

from tests.processes.logged_server import started
from tests.tasks.http.tls_server import Certificates, issue
from tests.testcluster import packages
from tests.testcluster.interface import ClusterUnavailable
from tests.testcluster.ports import LOOPBACK, free_port

PACKAGE: Final = {"rabbitmq-server": "/usr/lib/rabbitmq"}
USER: Final = "client"
"""As the certificates of clients say it, too."""
PASSWORD: Final = "canary-password of the shop"
VIRTUAL_HOST: Final = "shop/eu"

_SETTINGS: Final = """
listeners.tcp.1 = ADDRESS:PLAIN
listeners.ssl.1 = ADDRESS:TLS
ssl_options.cacertfile = FOLDER/ca.crt
ssl_options.certfile = FOLDER/server.crt
ssl_options.keyfile = FOLDER/server.key
ssl_options.verify = verify_peer
ssl_options.fail_if_no_peer_cert = false
ssl_cert_login_from = common_name
default_vhost = VHOST
default_user = USER
default_pass = PASSWORD
disk_free_limit.absolute = 1MB
max_message_size = 200000
log.console = true
log.console.level = warning
log.file = false
"""
_MECHANISMS: Final = "[{rabbit, [{auth_mechanisms, ['PLAIN', 'EXTERNAL']}]}]."


@dataclass(frozen=True)
class RabbitMq:
    """``port`` is that of TLS."""

    port: int
    plain_port: int
    certificates: Certificates
    address: str = LOOPBACK
    environment: dict[str, str] = field(default_factory=dict)
    """Of its programs."""

    def answers(self) -> bool:
        """Raises OSError."""
        with socket.create_connection((self.address, self.plain_port), timeout=10) as connected:
            connected.sendall(b"AMQP\x00\x00\x09\x01")
            return connected.recv(1) != b""

    @asynccontextmanager
    async def short_of_memory(self) -> AsyncIterator[None]:
        """It takes no messages while the block lasts."""
        alarm = "{resource_limit, memory, node()}"
        await self._evaluate(f"rabbit_alarm:set_alarm({{{alarm}, []}}).")
        try:
            yield
        finally:
            await self._evaluate(f"rabbit_alarm:clear_alarm({alarm}).")

    async def _evaluate(self, expression: str) -> None:
        """Within the server."""
        program = _installed().with_name("rabbitmqctl")
        node = self.environment["RABBITMQ_NODENAME"]
        asked = await asyncio.create_subprocess_exec(
            *(program, "-n", node, "eval", expression),
            env=self.environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
        )
        said, _ = await asked.communicate()
        assert asked.returncode == 0, said.decode()

    @asynccontextmanager
    async def channel(self) -> AsyncIterator[AbstractChannel]:
        url = URL.build(
            scheme="amqp", host=self.address, port=self.plain_port, user=USER, password=PASSWORD, path="/"
        )
        connection = aiormq.Connection(url)
        connection.vhost = VIRTUAL_HOST
        await connection.connect()
        try:
            yield await connection.channel()
        finally:
            await connection.close()


@contextmanager
def serving(address: str = LOOPBACK) -> Iterator[RabbitMq]:
    """Skips the test where there is no such program, and says why."""
    program = _installed()
    folder = Path(tempfile.mkdtemp(prefix="stepwright-rabbitmq-"))
    try:
        found = RabbitMq(free_port(address), free_port(address), issue(folder, address), address)
        settings = _SETTINGS.replace("PLAIN\n", f"{found.plain_port}\n").replace(":TLS", f":{found.port}")
        settings = (
            settings.replace("ADDRESS", address).replace("FOLDER", str(folder)).replace("VHOST", VIRTUAL_HOST)
        )
        settings = settings.replace("= USER", f"= {USER}").replace("= PASSWORD", f"= {PASSWORD}")
        (folder / "rabbitmq.conf").write_text(settings)
        (folder / "advanced.config").write_text(_MECHANISMS)
        (folder / "plugins").write_text("[rabbitmq_auth_mechanism_ssl].")
        with (
            _names_of_nodes(folder) as environment,
            started([program], folder, {"env": environment, "cwd": folder}) as server,
        ):
            _until(server, folder, found.answers)
            yield replace(found, environment=environment)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _installed() -> Path:
    try:
        packages.ensure(PACKAGE)
    except ClusterUnavailable as unavailable:
        pytest.skip(f"no RabbitMQ: {unavailable}")
    found = sorted(Path(PACKAGE["rabbitmq-server"]).glob("lib/*/sbin/rabbitmq-server"))
    if not found:
        pytest.skip(f"no RabbitMQ: {PACKAGE['rabbitmq-server']} holds no server")
    return found[-1]


@contextmanager
def _names_of_nodes(folder: Path) -> Iterator[dict[str, str]]:
    """Erlang's daemon that knows the names of nodes, and a node's environment. A node that has to start the daemon leaves it
    running."""
    port = free_port()
    environment = {
        **os.environ,
        "HOME": str(folder),
        "ERL_EPMD_ADDRESS": LOOPBACK,
        "ERL_EPMD_PORT": str(port),
        "RABBITMQ_NODENAME": f"{folder.name}@localhost",
        "RABBITMQ_DIST_PORT": str(free_port()),
        "RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS": "-kernel inet_dist_use_interface {127,0,0,1} +S 1",
        "RABBITMQ_CONFIG_FILE": str(folder / "rabbitmq.conf"),
        "RABBITMQ_ADVANCED_CONFIG_FILE": str(folder / "advanced.config"),
        "RABBITMQ_ENABLED_PLUGINS_FILE": str(folder / "plugins"),
        "RABBITMQ_MNESIA_BASE": str(folder / "data"),
        "RABBITMQ_LOG_BASE": str(folder),
        "RABBITMQ_PID_FILE": str(folder / "pid"),
        "RUNNING_UNDER_SYSTEMD": "true",  # there is no shell between, and it ends when it is told to
    }
    names = folder / "names"
    names.mkdir()
    with started(["epmd"], names, {"env": environment}) as daemon:
        _until(daemon, names, lambda: _listens(port))
        yield environment


def _listens(port: int) -> bool:
    """Raises OSError if it does not."""
    socket.create_connection((LOOPBACK, port), timeout=10).close()
    return True


def _until(server: subprocess.Popen[bytes], folder: Path, answers: Callable[[], bool]) -> None:
    for _ in range(1200):
        assert server.poll() is None, (folder / "log").read_text()
        with suppress(OSError):
            if answers():
                return
        time.sleep(0.1)
    raise AssertionError((folder / "log").read_text())
