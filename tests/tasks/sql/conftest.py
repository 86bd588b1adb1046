"""The database that these tests ask: a real one."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.processes.postgres import Postgres, serving


@pytest.fixture(scope="session")
def postgres() -> Iterator[Postgres]:
    with serving() as found:
        yield found
