"""The server of AMQP in these tests: a real RabbitMQ."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.processes.rabbitmq import RabbitMq, serving


@pytest.fixture(scope="session")
def rabbitmq() -> Iterator[RabbitMq]:
    with serving() as found:
        yield found
