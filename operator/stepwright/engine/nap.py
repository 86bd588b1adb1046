"""A sleep that something may end early."""

from __future__ import annotations

import asyncio

from stepwright.engine.ports import Clock


async def nap(clock: Clock, seconds: float, changed: asyncio.Event) -> None:
    """Sleep, at most until ``changed`` is set; not at all if it is set already."""
    sleeping = asyncio.ensure_future(clock.sleep(seconds))
    waiting = asyncio.ensure_future(changed.wait())
    try:
        await asyncio.wait((sleeping, waiting), return_when=asyncio.FIRST_COMPLETED)
    finally:
        sleeping.cancel()
        waiting.cancel()
