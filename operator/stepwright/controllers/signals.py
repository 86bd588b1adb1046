"""Signals for examining a running operator: ``kubectl exec POD -- sh -c 'kill -USR1 1'``.

SIGUSR1 logs the stacks of all threads and tasks. SIGUSR2 logs everything (debug) until the next one. A signal
needs no right, no restart and no API server, and reaches exactly one replica.
"""

from __future__ import annotations

import asyncio
import logging
import signal
from collections.abc import Mapping
from types import FrameType

import structlog

from stepwright.controllers import stacks

log = structlog.get_logger(__name__)


class Signals:
    """``loops`` by name; ``speaker`` is the one that logs: even a loop that is held gets its stack logged."""

    def __init__(
        self, loops: Mapping[str, asyncio.AbstractEventLoop], speaker: asyncio.AbstractEventLoop
    ) -> None:
        self._loops = dict(loops)
        self._speaker = speaker
        self._level = logging.getLogger().level

    def install(self) -> None:
        """In the main thread."""
        signal.signal(signal.SIGUSR1, self._show_stacks)
        signal.signal(signal.SIGUSR2, self._change_level)

    def _show_stacks(self, _number: int, _frame: FrameType | None) -> None:
        # A handler interrupts the main thread anywhere, perhaps while it writes a line: another thread does
        # the work.
        self._speaker.call_soon_threadsafe(self.tell_stacks)

    def _change_level(self, _number: int, _frame: FrameType | None) -> None:
        self._speaker.call_soon_threadsafe(self.change_level)

    def tell_stacks(self) -> None:
        for name, stack in stacks.threads():
            log.warning("thread", thread=name, stack=stack)
        for loop, count, names, place in stacks.tasks(self._loops):
            log.warning("tasks", loop=loop, count=count, names=names, stack=place)

    def change_level(self) -> None:
        root = logging.getLogger()
        root.setLevel(logging.DEBUG if root.level != logging.DEBUG else self._level)
        log.log(max(root.level, logging.WARNING), "log level changed", now=logging.getLevelName(root.level))
