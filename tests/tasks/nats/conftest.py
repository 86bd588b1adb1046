"""The server of NATS in these tests: a real one."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.processes.nats_server import NatsServer, serving


@pytest.fixture(scope="session")
def nats_server() -> Iterator[NatsServer]:
    with serving() as found:
        yield found
