"""moto's server, which plays AWS's services in tests."""

from __future__ import annotations

import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.processes.logged_server import started
from tests.testcluster.ports import free_port


@pytest.fixture(scope="session")
def moto(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Its URL. All tests of a process share it, so each makes its own queues, tables and buckets."""
    with serving("127.0.0.1", tmp_path_factory.mktemp("moto")) as url:
        yield url


@contextmanager
def serving(address: str, folder: Path) -> Iterator[str]:
    """A server of its own; its URL. Its log is in ``folder``."""
    port = free_port()
    command = [sys.executable, "-m", "moto.server", "--host", address, "--port", str(port)]
    with started(command, folder) as server:
        url = f"http://{address}:{port}"
        _until_it_answers(server, url)
        yield url


def _until_it_answers(server: subprocess.Popen[bytes], url: str) -> None:
    for _ in range(1200):
        assert server.poll() is None, "moto's server has ended"
        try:
            urllib.request.urlopen(f"{url}/moto-api/", timeout=60).close()
        except (urllib.error.URLError, OSError):
            time.sleep(0.1)
        else:
            return
    raise AssertionError("moto's server does not answer")
