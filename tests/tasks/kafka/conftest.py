"""The cluster of Kafka in these tests: a real one, of one node."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.processes.kafka import Kafka, serving


@pytest.fixture(scope="session")
def kafka() -> Iterator[Kafka]:
    with serving() as found:
        yield found
