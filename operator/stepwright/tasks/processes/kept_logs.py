"""What processes wrote that are over: kept beside their workplaces, which go with their results, as much as there is room for."""

from __future__ import annotations

import shutil
from collections import OrderedDict
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Final

import structlog

log = structlog.get_logger(__name__)

MOST_BYTES: Final = 64 * 1024 * 1024
"""Of all of them together: then the oldest go."""
MOST_TASKS: Final = 10_000
LARGEST_FILE_BYTES: Final = 1024 * 1024
"""Of one, of which the end is kept."""

_OWN_FOLDER: Final = 0o700


class KeptLogs:
    """``folder`` has one for each task that has written something."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._sizes: OrderedDict[str, int] = OrderedDict()
        """By the task's name, the oldest first."""
        with suppress(OSError):
            known = sorted(folder.iterdir(), key=lambda kept: kept.stat().st_mtime)
            self._sizes = OrderedDict((kept.name, _size(kept)) for kept in known if kept.is_dir())
        self._bytes = sum(self._sizes.values())

    def of(self, task: str) -> Path | None:
        return self._folder / task if task in self._sizes else None

    def keep(self, workplace: Path) -> None:
        """What a process wrote there is taken from there. What cannot be kept is not: no task waits for that."""
        kept = self._folder / workplace.name
        try:
            written = [file for file in written_in(workplace) if file.stat().st_size]
            if not written:
                return
            kept.mkdir(parents=True, exist_ok=True, mode=_OWN_FOLDER)
            for file in written:
                _move(file, kept / file.name)
        except OSError as error:
            log.warning("what a task wrote is not kept", task=workplace.name, reason=str(error))
            return
        self._bytes -= self._sizes.pop(kept.name, 0)
        self._sizes[kept.name] = _size(kept)
        self._bytes += self._sizes[kept.name]
        while self._bytes > MOST_BYTES or len(self._sizes) > MOST_TASKS:
            oldest, size = self._sizes.popitem(last=False)
            self._bytes -= size
            shutil.rmtree(self._folder / oldest, ignore_errors=True)


def written_in(folder: Path) -> list[Path]:
    """``stdout`` and ``stderr``, and those of an Indexed Job by their index, as far as they are there."""
    names = {file.name: file for file in _files(folder)}
    own = [names[name] for name in ("stdout", "stderr") if name in names]
    indexes = sorted(
        (int(index), file)
        for name, file in names.items()
        if (index := name.removeprefix("stdout.")) != name and index.isascii() and index.isdigit()
    )
    return own + [file for _, file in indexes]


def _files(folder: Path) -> Iterator[Path]:
    """None that leads elsewhere: a task may have put links there."""
    with suppress(OSError):
        for file in folder.iterdir():
            if file.is_file() and not file.is_symlink():
                yield file


def _size(folder: Path) -> int:
    return sum(file.stat().st_size for file in _files(folder))


def _move(file: Path, to: Path) -> None:
    surplus = file.stat().st_size - LARGEST_FILE_BYTES
    if surplus <= 0:
        file.replace(to)
        return
    with file.open("rb") as source, to.open("wb") as target:
        source.seek(surplus)
        shutil.copyfileobj(source, target)
