"""What HTTP tasks call in these tests: a real server with certificates of its own."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from tests.tasks.http.tls_server import Certificates, TlsServer, issue


@pytest.fixture(scope="module")
def certificates(tmp_path_factory: pytest.TempPathFactory) -> Certificates:
    return issue(tmp_path_factory.mktemp("certificates"))


@pytest.fixture
async def server(certificates: Certificates) -> AsyncIterator[TlsServer]:
    async with TlsServer(certificates.context()) as server:
        yield server
