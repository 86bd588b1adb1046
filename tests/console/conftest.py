"""One server for all tests of the console; each makes state machines of its own."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.console.pages import Page
from tests.processes.dev import DevProcess


@pytest.fixture(scope="session")
def console_dev(tmp_path_factory: pytest.TempPathFactory) -> Iterator[DevProcess]:
    with DevProcess(tmp_path_factory.mktemp("console") / "data") as process:
        yield process


@pytest.fixture
async def page(console_dev: DevProcess) -> Page:
    found = Page(console_dev.port)
    await found.begin()
    return found
