"""The processes of a task: the shell around it, and its children that have not left its process group.

The shell ends at once when the group is told to stop; the others may need to clean up first, so the whole
group is waited for. Its id is nobody else's as long as one of them exists.
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
    """``number``: the id of the process that began it."""

    def __init__(self, number: int) -> None:
        self._number = number

    @property
    def lives(self) -> bool:
        """Whether one of them has not ended. Zombies do not count if the system shows them."""
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
        except OSError:  # there are none, or none that we may stop
            return False
        return True

    def _members(self) -> Iterator[Path]:
        for process in _PROC.glob("[0-9]*"):
            # After the name, which may contain anything: state, parent, group.
            state, _, group, *_ = _read(process / "stat").rpartition(b")")[2].split() or (b"X", b"", b"0")
            if int(group) == self._number and state not in _ENDED:
                yield process


def _read(file: Path) -> bytes:
    """Empty if the process is gone or another user's."""
    try:
        return file.read_bytes()
    except OSError:
        return b""
