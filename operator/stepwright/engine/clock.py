"""The real clock. Everything else asks the port, so that simulations bring their own."""

from __future__ import annotations

import asyncio
import time

from stepwright.asl.signals import Millis


class SystemClock:
    longest_sleep_seconds = 60.0

    def now(self) -> Millis:
        return Millis(time.time_ns() // 1_000_000)

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(seconds)
