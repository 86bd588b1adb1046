"""Requests in a row: each relies on what those before it have stored or read, which holds unless etcd was restored
between them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from stepwright.engine import readings
from stepwright.engine.ports import Unavailable
from stepwright.engine.readings import Readings

TRUSTED_SECONDS: Final = 10.0
"""For how long what was stored or read is taken to be there without asking: restoring etcd takes longer."""


class Row:
    def __init__(self, read_clocks: Callable[[], Readings]) -> None:
        self._read_clocks = read_clocks
        self._sent: Readings | None = None

    def go_on(self) -> None:
        """The next request is about to be sent. Raises Unavailable if so much time has passed since the last was
        that etcd may have been restored between: the row is then begun anew."""
        now = self._read_clocks()
        if self._sent is not None and readings.passed(self._sent, now) > TRUSTED_SECONDS:
            raise Unavailable("the machine has stood still, and what was stored may have been lost with etcd")
        self._sent = now

    def relies_on(self, sent: Readings) -> None:
        """Rely on what was sent then, too, beside the requests of the row."""
        self._sent = sent
