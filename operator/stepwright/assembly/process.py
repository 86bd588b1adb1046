"""A process that serves until it is told to stop."""

from __future__ import annotations

import asyncio
import signal

from stepwright.engine import garbage, heap
from stepwright.engine.looking_through import take_short_turns


def begin() -> asyncio.Event:
    """Set this process up for a loop that stays responsive, before it has anything to do. The event is set by SIGTERM and SIGINT."""
    heap.share()
    garbage.take_over()
    take_short_turns()
    stopped = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stopped.set)
    return stopped
