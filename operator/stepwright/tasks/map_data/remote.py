"""Files that another driver reads over the network. It does so in the loop; who reads items waits for it in a thread."""

from __future__ import annotations

import asyncio
from typing import Final
from urllib.parse import urlsplit

from stepwright.asl.json_types import Json
from stepwright.engine.ports import ExecutionRef
from stepwright.tasks.calls.remote_files import Part, RemoteFiles
from stepwright.tasks.map_data.files import File


class RemoteFile(File):
    """To be made in the loop. If ranges are not known where it is, all of it is fetched once and kept as long as this."""

    def __init__(self, files: RemoteFiles, ref: ExecutionRef, parameters: Json, url: str) -> None:
        super().__init__(f"The file {url.partition('?')[0]}", urlsplit(url).path)
        self._files: Final = files
        self._ref: Final = ref
        self._parameters: Final = parameters
        self._loop = asyncio.get_running_loop()
        self._whole: Part | None = None

    def range(self, first: int, end: int) -> tuple[bytes, int]:
        part = self._whole
        if part is None:
            asked = self._files.part(self._ref, self._parameters, first, end, self.tag)
            part = asyncio.run_coroutine_threadsafe(asked, self._loop).result()
        if self.tag not in (None, part.tag):
            raise self.changed()
        self.tag = part.tag
        if not part.is_whole:
            return part.body, part.size
        self._whole = part
        return part.body[first:end], part.size

    def has_ranges(self) -> bool:
        self.range(0, 1)
        return self._whole is None
