"""One server for all tests of the console; each makes state machines of its own."""

from __future__ import annotations

import asyncio
import itertools
import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from tests.api.conftest import PASS
from tests.console.pages import SECONDS, Page, id_of
from tests.processes.dev import ROLE, DevProcess

_numbers = itertools.count()


@pytest.fixture(scope="session")
def console_dev(tmp_path_factory: pytest.TempPathFactory) -> Iterator[DevProcess]:
    with DevProcess(tmp_path_factory.mktemp("console") / "data") as process:
        yield process


@pytest.fixture(scope="session")
def locked(tmp_path_factory: pytest.TempPathFactory) -> Iterator[DevProcess]:
    """A server that demands a key."""
    folder = tmp_path_factory.mktemp("locked")
    (folder / "keys").write_text("AKIDANA:swordfish\nAKIDBEN:halibut\n")
    with DevProcess(folder / "data", "--access-key-file", str(folder / "keys")) as process:
        yield process


@pytest.fixture
async def page(console_dev: DevProcess) -> Page:
    found = Page(console_dev.port)
    await found.begin()
    return found


class Town:
    """State machines and executions of one test."""

    def __init__(self, page: Page) -> None:
        self.page = page

    async def machine(self, definition: Any = PASS) -> str:
        """Its ARN."""
        text = definition if isinstance(definition, str) else json.dumps(definition)
        name = f"machine-{next(_numbers)}"
        made = await self.page.aws("CreateStateMachine", name=name, roleArn=ROLE, definition=text)
        arn: str = made["stateMachineArn"]
        return arn

    async def start(self, machine: str, name: str | None = None, input: Any = None) -> str:
        """Its ARN."""
        named = {} if name is None else {"name": name}
        started = await self.page.aws(
            "StartExecution", stateMachineArn=machine, input=json.dumps(input or {}), **named
        )
        arn: str = started["executionArn"]
        return arn

    async def ended(self, arn: str) -> str:
        """The same ARN, once it has."""
        await self.until(arn, lambda shown: shown["status"] != "RUNNING")
        return arn

    async def until(self, arn: str, holds: Callable[[Any], Any]) -> Any:
        async with asyncio.timeout(SECONDS):
            while not holds(shown := (await self.page.get(f"executions/{id_of(arn)}")).json):  # noqa: ASYNC110
                await asyncio.sleep(0.02)
        return shown


@pytest.fixture
def town(page: Page) -> Town:
    return Town(page)
