"""A process that ends gives up the calls of all its drivers."""

from __future__ import annotations

from typing import Any, cast

from structlog.testing import capture_logs

from stepwright.assembly import calling
from stepwright.engine.clock import SystemClock
from stepwright.tasks.calls.driver import CallDriver
from stepwright.tasks.calls.integration import Integration


class Closed:
    def __init__(self, failure: Exception | None = None) -> None:
        self.closed = False
        self._failure = failure

    async def close(self) -> None:
        self.closed = True
        if self._failure is not None:
            raise self._failure


async def test_a_driver_that_cannot_be_closed_keeps_no_other_from_it() -> None:
    integrations: tuple[Any, ...] = (Closed(), Closed(KeyError("connection")), Closed())
    drivers = [CallDriver(cast(Integration, each), SystemClock(), lambda *_: None) for each in integrations]

    with capture_logs() as logged:
        await calling.close(drivers)

    assert [each.closed for each in integrations] == [True, True, True]
    assert [entry["event"] for entry in logged] == ["a driver cannot be closed"]
