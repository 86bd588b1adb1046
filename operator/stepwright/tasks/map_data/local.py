"""Files of one folder of this machine, which its user has named: what is outside of it nobody reads."""

from __future__ import annotations

import os
import stat
from pathlib import Path

from stepwright.asl.map_data.reader_config import failed
from stepwright.tasks.calls.remote_files import NotRead
from stepwright.tasks.map_data.files import File


class LocalFile(File):
    def __init__(self, folder: Path, path: str) -> None:
        """``path``: as people write it, below the folder. Raises States.ItemReaderFailed if it leads out of it."""
        super().__init__(f"The file {path}", path)
        try:
            self._path = (folder / path).resolve()
            is_within = self._path.is_relative_to(folder.resolve())
        except (OSError, ValueError) as error:  # a loop of links, a name that is not valid
            raise failed(f"The file {path[:200]} cannot be found: {error}") from error
        if not is_within:
            raise failed(f"The file {path} is not below the folder that --files names.")

    def range(self, first: int, end: int) -> tuple[bytes, int]:
        try:
            with self._path.open("rb") as opened:
                found = os.fstat(opened.fileno())
                if not stat.S_ISREG(found.st_mode):
                    raise NotRead(f"{self.shown} is not a file that can be read.")
                tag = f"{found.st_ino}-{found.st_size}-{found.st_mtime_ns}"
                if self.tag not in (None, tag):
                    raise self.changed()
                self.tag = tag
                opened.seek(first)
                return opened.read(end - first), found.st_size
        except OSError as error:
            raise NotRead(f"{self.shown} cannot be read: {error.strerror}.") from error
