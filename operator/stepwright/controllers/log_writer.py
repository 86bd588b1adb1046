"""Log lines are written by a thread of their own: a pipe that nobody empties must not hold what logs.

What cannot be written in time is dropped and counted; the next line that can be written tells how much it was.
"""

from __future__ import annotations

import logging
import queue
import threading
from logging.handlers import QueueHandler, QueueListener
from typing import Any, Final

MOST_WAITING: Final = 10_000


class LogWriter(QueueListener):
    """Writes to ``handler`` what comes to ``entrance``. ``stop`` returns when everything is written."""

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
        """Also where it has been stopped already."""
        if self._thread is not None:
            super().stop()

    def enqueue_sentinel(self) -> None:
        self.queue.put(None)  # waits for room


class _Entrance(QueueHandler):
    def __init__(self, waiting: queue.Queue[Any]) -> None:
        super().__init__(waiting)
        self.dropped = 0  # lines since the start; changed under the handler's own lock only

    def prepare(self, record: logging.LogRecord) -> logging.LogRecord:
        """As it is: it is made a text where it is written."""
        return record

    def enqueue(self, record: logging.LogRecord) -> None:
        try:
            self.queue.put_nowait(record)
        except queue.Full:
            self.dropped += 1


def _told(dropped: int) -> logging.LogRecord:
    text = f"{dropped} log lines were dropped, since they could not be written in time"
    return logging.LogRecord(__name__, logging.WARNING, "", 0, text, None, None)
