"""Lines of a log, put together from pieces as they come."""

from __future__ import annotations

from typing import Final

from stepwright.asl.signals import Millis
from stepwright.catalog.ports import LogLine
from stepwright.kube import timestamps

LONGEST_LINE_BYTES: Final = 16 * 1024
"""Of a longer one this is shown: containerd stores no more in one piece."""

_LONGEST_TIME_BYTES: Final = 40
_CUT: Final = "…"


class LogLines:
    """``timed``: each begins with the time at which it was written: ``2026-11-30T08:00:00.123456789Z text``."""

    def __init__(self, *, timed: bool) -> None:
        self._timed = timed
        self._begun = b""

    def of(self, piece: bytes) -> tuple[LogLine, ...]:
        """Those that end in it."""
        *whole, rest = piece.split(b"\n")
        found = []
        for line in whole:
            found.append(self._line(self._begun + line))
            self._begun = b""
        self._begun = (self._begun + rest)[: LONGEST_LINE_BYTES + _LONGEST_TIME_BYTES]
        return tuple(found)

    def rest(self) -> tuple[LogLine, ...]:
        """What has no line's end."""
        return (self._line(self._begun),) if self._begun else ()

    def _line(self, line: bytes) -> LogLine:
        moment = None
        if self._timed:
            written, _, said = line.partition(b" ")
            moment = _moment(written)
            line = line if moment is None else said
        text = line[:LONGEST_LINE_BYTES].decode("utf-8", "replace").removesuffix("\r")
        return LogLine(text + _CUT if len(line) > LONGEST_LINE_BYTES else text, moment)


def _moment(text: bytes) -> Millis | None:
    try:
        return timestamps.millis(text.decode())
    except (ValueError, OverflowError):
        return None
