"""Log lines are written by their own thread: a pipe that nobody empties must not block the logger.

Lines that cannot be written in time are dropped and counted; the next line written says how many.
"""

from __future__ import annotations

import logging
import queue
import threading
from logging.handlers import QueueHandler, QueueListener
from typing import Any, Final

MOST_WAITING: Final = 10_000


class LogWriter(QueueListener):
    """Writes what arrives at ``entrance`` to ``handler``. ``stop`` returns when everything is written."""

    queue: queue.Queue[Any]
    _thread: threading.Thread | None

    def __init__(self, handler: logging.Handler, most_waiting: int = MOST_WAITING) -> None:
        super().__init__(queue.Queue(most_waiting), handler)
        self.entrance = _Entrance(self.queue)
        self._dropped_and_told = 0

    def handle(self, record: logging.LogRecord) -> None:
        # The entrance's count only grows, so nothing dropped while this is written goes uncounted.
        dropped = self.entrance.dropped
        if dropped > self._dropped_and_told:
            super().handle(_told(dropped - self._dropped_and_told))
            self._dropped_and_told = dropped
        super().handle(record)

    def stop(self) -> None:
        """May be called again."""
        if self._thread is not None:
            super().stop()

    def enqueue_sentinel(self) -> None:
        self.queue.put(None)  # waits for room


class _Entrance(QueueHandler):
    def __init__(self, waiting: queue.Queue[Any]) -> None:
        super().__init__(waiting)
        self.dropped = 0  # lines since the start; changed under the handler's own lock only

    def prepare(self, record: logging.LogRecord) -> logging.LogRecord:
        """Unchanged: it is formatted when it is written."""
        return record

    def enqueue(self, record: logging.LogRecord) -> None:
        try:
            self.queue.put_nowait(record)
        except queue.Full:
            self.dropped += 1


def _told(dropped: int) -> logging.LogRecord:
    text = f"{dropped} log lines were dropped, since they could not be written in time"
    return logging.LogRecord(__name__, logging.WARNING, "", 0, text, None, None)
