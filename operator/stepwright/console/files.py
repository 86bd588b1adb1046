"""The definitions of a folder on this machine, to be read and replaced: ``v1/files``."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from functools import partial
from typing import Final, TypeVar

import msgspec

from stepwright.console.models import FileList, FileRow, KeptFile, ToKeep
from stepwright.console.parameters import invalid
from stepwright.console.routes import Answer, Call, Route
from stepwright.files.checkout import Changed, Checkout, Kept, NotThere, OutOfBounds
from stepwright.http.bodies import LARGEST_BODY_BYTES
from stepwright.http.messages import Refused

T = TypeVar("T")

_TO_KEEP: Final = msgspec.json.Decoder(ToKeep)


class Files:
    def __init__(self, checkout: Checkout) -> None:
        self._checkout = checkout

    def routes(self) -> Iterator[Route]:
        yield Route("GET", "files", self.list)
        yield Route("GET", "files/{path}", self.read)
        yield Route("PUT", "files/{path}", self.write)

    async def list(self, _: Call) -> Answer:
        found = await _answered(self._checkout.listed)
        rows = [FileRow(path=each.path, bytes=each.bytes, modified=each.modified) for each in found]
        return FileList(folder=str(self._checkout.folder), files=rows)

    async def read(self, call: Call) -> Answer:
        path = call.ids["path"]
        return _told(path, await _answered(partial(self._checkout.read, path)))

    async def write(self, call: Call) -> Answer:
        path, given = call.ids["path"], await call.body(_TO_KEEP, LARGEST_BODY_BYTES)
        return _told(path, await _answered(partial(self._checkout.write, path, given.text, given.tag)))


def _told(path: str, kept: Kept) -> KeptFile:
    return KeptFile(path=path, text=kept.text, tag=kept.tag)


async def _answered(ask: Callable[[], T]) -> T:
    """Raises Refused."""
    try:
        return await asyncio.to_thread(ask)
    except OutOfBounds as error:
        raise invalid(f"This file is not served: {error}") from None
    except NotThere as error:
        raise Refused("NoSuchFile", f"There is no such definition: {error}", 404) from None
    except Changed as error:
        raise Refused("FileChanged", f"Nothing was written: {error}. Read it again", 412) from None
    except OSError as error:
        raise Refused(
            "FileNotServed",
            f"The system does not let this process use the file: {error.strerror or error}",
            403,
        ) from None
