"""The processes of a task: the shell around it, and what it has begun and that has not left its process group.

The shell ends at once where the group is told to stop; the others may want to tidy up first, so it is the group that is
waited for. Its number is nobody else's as long as one of them is there.
"""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Final

_PROC: Final = Path("/proc")
_ENDED: Final = (b"Z", b"X")


class ProcessGroup:
    """``number``: that of the process which began it."""

    def __init__(self, number: int) -> None:
        self._number = number

    @property
    def lives(self) -> bool:
        """Whether one of them has not ended. Those that have, and that nobody has asked about, do not count where the
        system tells."""
        if not self._answers():
            return False
        return not _PROC.joinpath("self").exists() or any(True for _ in self._members())

    def works_in(self, folder: Path) -> bool:
        """Whether one of them was given this folder, as a task's processes are by their environment."""
        return self._answers() and any(
            str(folder).encode() in _read(member / "environ") for member in self._members()
        )

    def signal(self, number: signal.Signals) -> None:
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(self._number, number)

    def _answers(self) -> bool:
        try:
            os.killpg(self._number, 0)
        except OSError:  # there are none, or none that are ours to stop
            return False
        return True

    def _members(self) -> Iterator[Path]:
        for process in _PROC.glob("[0-9]*"):
            # Behind the name, which may hold anything: state, parent, group.
            state, _, group, *_ = _read(process / "stat").rpartition(b")")[2].split() or (b"X", b"", b"0")
            if int(group) == self._number and state not in _ENDED:
                yield process


def _read(file: Path) -> bytes:
    """Nothing, where the process has gone or is another user's."""
    try:
        return file.read_bytes()
    except OSError:
        return b""
