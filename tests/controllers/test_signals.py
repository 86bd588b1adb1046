"""A running operator logs what it is doing, and more than usual, when it gets a signal."""

from __future__ import annotations

import asyncio
import logging
import os
import signal
import threading
from collections.abc import Iterator
from typing import Any

import pytest
import structlog

from stepwright.controllers.loop_thread import LoopThread
from stepwright.controllers.signals import Signals


@pytest.fixture(autouse=True)
def _handlers() -> Iterator[None]:
    before = signal.getsignal(signal.SIGUSR1), signal.getsignal(signal.SIGUSR2)
    level = logging.getLogger().level
    yield
    signal.signal(signal.SIGUSR1, before[0])
    signal.signal(signal.SIGUSR2, before[1])
    logging.getLogger().setLevel(level)


class Told:
    """Log lines, and the moment at which one of a kind has come."""

    def __init__(self) -> None:
        self.lines: list[dict[str, Any]] = []
        self._event = threading.Event()
        self._awaited = ""

    def take(self, _: Any, _method: str, event: Any) -> Any:
        self.lines.append(dict(event))
        if event["event"] == self._awaited:
            self._event.set()
        raise structlog.DropEvent

    def signalled(self, number: signal.Signals, event: str) -> None:
        """Send a signal, and hold this thread until the log shows it."""
        self._awaited = event
        self._event.clear()
        os.kill(os.getpid(), number)
        assert self._event.wait(60)


@pytest.fixture
def told() -> Iterator[Told]:
    told = Told()
    before = structlog.get_config()
    structlog.configure(processors=[told.take], cache_logger_on_first_use=False)
    yield told
    structlog.configure(**before)


async def waits_for_ever(event: asyncio.Event) -> None:
    await event.wait()


def test_the_stacks_of_threads_and_tasks_are_told_while_the_loop_is_held(told: Told) -> None:
    async def main() -> None:
        lifeline = LoopThread("lifeline")
        lifeline.start()
        loop = asyncio.get_running_loop()
        Signals({"engine": loop, "lifeline": lifeline.loop}, lifeline.loop).install()
        event = asyncio.Event()
        tasks = [asyncio.create_task(waits_for_ever(event), name=f"execution shop/e{n}") for n in range(30)]
        await asyncio.sleep(0)
        told.signalled(signal.SIGUSR1, "tasks")
        event.set()
        await asyncio.gather(*tasks)
        await lifeline.stop()

    asyncio.run(main())

    threads = {line["thread"]: line["stack"] for line in told.lines if line["event"] == "thread"}
    assert "in signalled" in threads["MainThread"]
    assert "lifeline" in threads
    waiting = [line for line in told.lines if line["event"] == "tasks"]
    most = waiting[0]
    assert (most["loop"], most["count"]) == ("engine", 30)
    assert most["names"][0].startswith("execution shop/e")
    assert "in waits_for_ever\n" in most["stack"]
    assert most["stack"].endswith("in Event.wait")


def test_the_log_tells_everything_after_one_signal_and_as_before_after_the_next(told: Told) -> None:
    async def main() -> None:
        lifeline = LoopThread("lifeline")
        lifeline.start()
        root = logging.getLogger()
        root.setLevel(logging.WARNING)
        Signals({}, lifeline.loop).install()
        told.signalled(signal.SIGUSR2, "log level changed")
        assert root.level == logging.DEBUG
        told.signalled(signal.SIGUSR2, "log level changed")
        assert root.level == logging.WARNING
        await lifeline.stop()

    asyncio.run(main())

    assert [line["now"] for line in told.lines] == ["DEBUG", "WARNING"]
