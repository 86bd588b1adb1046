"""A real nats-server for tests, with TLS, passwords and JetStream; Debian's package is installed if there is none."""

from __future__ import annotations

import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import nats
import pytest
from nats.aio.client import Client

from tests.processes.logged_server import started
from tests.tasks.http.tls_server import Certificates, issue
from tests.testcluster import packages
from tests.testcluster.interface import ClusterUnavailable
from tests.testcluster.ports import LOOPBACK, free_port

PACKAGE: Final = {"nats-server": "nats-server"}
USER: Final = "shop"
PASSWORD: Final = "canary-password of the shop"

_SETTINGS: Final = """
listen: "ADDRESS:PORT"
jetstream { store_dir: "FOLDER/store", max_mem: 64M, max_file: 256M }
TLS
max_connections: MOST
USERS
"""
_USERS: Final = """
authorization {
  users = [
    {user: "USER", password: "PASSWORD", permissions: {publish: {deny: ["secret.>"]}}}
  ]
}
"""
_TLS: Final = 'tls { cert_file: "FOLDER/server.crt", key_file: "FOLDER/server.key" MORE }'
_STRICT: Final = ', ca_file: "FOLDER/ca.crt", verify: true'


@dataclass(frozen=True)
class NatsServer:
    port: int
    certificates: Certificates
    address: str = LOOPBACK

    @asynccontextmanager
    async def client(self) -> AsyncIterator[Client]:
        connected = await nats.connect(
            f"nats://{self.address}:{self.port}",
            user=USER,
            password=PASSWORD,
            tls=self.certificates.trusting(),
            allow_reconnect=False,
        )
        try:
            yield connected
        finally:
            await connected.close()


@contextmanager
def serving(
    address: str = LOOPBACK,
    *,
    tls: bool = True,
    strict: bool = False,
    most: int = 1000,
    guarded: bool = True,
) -> Iterator[NatsServer]:
    """``strict``: clients have to show a certificate. ``guarded``: they have to say who they are. ``most``: how many there may be at a time. Skips the test where there is no such
    program, and says why."""
    try:
        packages.ensure(PACKAGE)
    except ClusterUnavailable as unavailable:
        pytest.skip(f"no nats-server: {unavailable}")
    folder = Path(tempfile.mkdtemp(prefix="stepwright-nats-"))
    try:
        certificates, port = issue(folder, address), free_port(address)
        settings = _SETTINGS.replace("USERS", _USERS if guarded else "").replace("TLS", _TLS if tls else "")
        settings = settings.replace("MORE", _STRICT if strict else "")
        settings = settings.replace("FOLDER", str(folder)).replace("MOST", str(most))
        settings = (
            settings.replace("ADDRESS", address)
            .replace("PORT", str(port))
            .replace("USER", USER)
            .replace("PASSWORD", PASSWORD)
        )
        (folder / "nats.conf").write_text(settings)
        with started(["nats-server", "-c", folder / "nats.conf"], folder) as server:
            _until_it_answers(server, folder, address, port)
            yield NatsServer(port, certificates, address)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _until_it_answers(server: subprocess.Popen[bytes], folder: Path, address: str, port: int) -> None:
    for _ in range(1200):
        assert server.poll() is None, (folder / "log").read_text()
        try:
            with socket.create_connection((address, port), timeout=10) as connected:
                connected.settimeout(10)
                if connected.recv(4) == b"INFO":
                    return
        except OSError:
            time.sleep(0.1)
    raise AssertionError((folder / "log").read_text())
