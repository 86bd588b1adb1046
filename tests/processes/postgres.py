"""A real PostgreSQL server for tests, with TLS and passwords; Debian's package is installed if there is none."""

from __future__ import annotations

import os
import pwd
import shutil
import subprocess
import tempfile
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import asyncpg
import pytest

from tests.processes.logged_server import started
from tests.tasks.http.tls_server import Certificates, issue
from tests.testcluster import packages
from tests.testcluster.interface import ClusterUnavailable
from tests.testcluster.ports import LOOPBACK, free_port

PACKAGE: Final = {"postgresql": "/usr/lib/postgresql"}
USER: Final = "postgres"
PASSWORD: Final = "canary-password of the owner"

_SETTINGS: Final = """
unix_socket_directories = ''
ssl = on
ssl_cert_file = 'server.crt'
ssl_key_file = 'server.key'
password_encryption = 'scram-sha-256'
fsync = off
shared_buffers = 16MB
max_connections = 40
"""


@dataclass(frozen=True)
class Postgres:
    port: int
    certificates: Certificates
    address: str = LOOPBACK

    @asynccontextmanager
    async def connection(self) -> AsyncIterator[asyncpg.Connection]:
        """As the server's owner."""
        connection = await asyncpg.connect(
            host=self.address, port=self.port, user=USER, password=PASSWORD, database="postgres", ssl=False
        )
        try:
            yield connection
        finally:
            await connection.close()

    async def asked(self, statement: str, *arguments: Any) -> Any:
        """The first column of its first row."""
        async with self.connection() as connection:
            return await connection.fetchval(statement, *arguments)

    async def run(self, script: str) -> None:
        """Several statements."""
        async with self.connection() as connection:
            await connection.execute(script)


def installed() -> Path:
    """The folder of its programs. Skips the test where there are none, and says why."""
    try:
        packages.ensure(PACKAGE)
    except ClusterUnavailable as unavailable:
        pytest.skip(f"no PostgreSQL: {unavailable}")
    found = sorted(Path(PACKAGE["postgresql"]).glob("*/bin/postgres"))
    if not found:
        pytest.skip(f"no PostgreSQL: {PACKAGE['postgresql']} holds no server")
    return found[-1].parent


@contextmanager
def serving(address: str = LOOPBACK) -> Iterator[Postgres]:
    programs = installed()
    folder = Path(tempfile.mkdtemp(prefix="stepwright-postgres-"))
    data = folder / "data"
    try:
        certificates = issue(folder, address)
        owner = _owner(folder)
        (folder / "password").write_text(PASSWORD)
        _handed(folder, owner)
        _program(programs / "initdb", folder, owner, "-D", str(data), "-U", USER, "-A", "scram-sha-256",
                 f"--pwfile={folder}/password", "-E", "UTF8", "--locale=C", "-N")  # fmt: skip
        for name in ("server.crt", "server.key"):
            shutil.copy(folder / name, data / name)
            (data / name).chmod(0o600)
        port = free_port(address)
        with (data / "postgresql.conf").open("a") as settings:
            settings.write(f"{_SETTINGS}listen_addresses = '{address}'\nport = {port}\n")
        with (data / "pg_hba.conf").open("a") as clients:
            clients.write(f"host all all {address}/32 scram-sha-256\n")
        _handed(folder, owner)
        with started([programs / "postgres", "-D", data], folder, {"cwd": folder, **owner}) as server:
            found = Postgres(port, certificates, address)
            _until_it_answers(programs, folder, owner, server, found)
            yield found
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _owner(folder: Path) -> dict[str, Any]:
    """As whom its programs run: they refuse to be root."""
    if os.geteuid() != 0:
        return {}
    user = pwd.getpwnam(USER)
    folder.chmod(0o755)
    return {"user": user.pw_uid, "group": user.pw_gid, "extra_groups": []}


def _handed(folder: Path, owner: dict[str, Any]) -> None:
    if owner:
        for path in (folder, *folder.rglob("*")):
            os.chown(path, owner["user"], owner["group"])


def _program(program: Path, folder: Path, owner: dict[str, Any], *arguments: str) -> None:
    done = subprocess.run(
        [program, *arguments], cwd=folder, capture_output=True, text=True, check=False, timeout=240, **owner
    )
    assert done.returncode == 0, done.stdout + done.stderr


def _until_it_answers(
    programs: Path, folder: Path, owner: dict[str, Any], server: subprocess.Popen[bytes], found: Postgres
) -> None:
    for _ in range(1200):
        assert server.poll() is None, (folder / "log").read_text()
        asked = [str(programs / "pg_isready"), "-q", "-h", found.address, "-p", str(found.port)]
        if subprocess.run(asked, cwd=folder, check=False, timeout=60, **owner).returncode == 0:
            return
        time.sleep(0.1)
    raise AssertionError((folder / "log").read_text())
