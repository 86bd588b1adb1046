"""The rows of files of Parquet, by pyarrow: an optional install, which only who reads such files needs."""

from __future__ import annotations

import io
import math
from collections.abc import Iterator
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import Any, Final

import msgspec

from stepwright.asl.json_types import Json
from stepwright.asl.map_data.reader_config import failed
from stepwright.tasks.map_data.files import File

_ROWS: Final = 1_000
"""Made items at once."""

_LACKING: Final = (
    "Files of Parquet are read with pyarrow, which is not installed: pip install 'stepwright-asl[parquet]'"
)


def items(file: File) -> Iterator[Json]:
    """Each row as an object of its columns. Raises StateError, NotRead."""
    try:
        from pyarrow import ArrowException  # noqa: PLC0415 - see above
        from pyarrow.parquet import ParquetFile  # noqa: PLC0415
    except ImportError as missing:
        raise failed(_LACKING) from missing
    try:
        rows = ParquetFile(_Seekable(file), buffer_size=1024 * 1024)
        for batch in rows.iter_batches(batch_size=_ROWS):
            for row in batch.to_pylist():
                yield _plain(row)
    except ArrowException as error:
        raise failed(f"{file.shown} cannot be read as Parquet: {error}") from error


class _Seekable(io.RawIOBase):
    """An object as a file that can be read from any byte on."""

    def __init__(self, file: File) -> None:
        super().__init__()
        self._file = file
        self._size = file.size()
        self._at = 0

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def tell(self) -> int:
        return self._at

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        base = {io.SEEK_SET: 0, io.SEEK_CUR: self._at, io.SEEK_END: self._size}[whence]
        self._at = base + offset
        return self._at

    def read(self, size: int = -1) -> bytes:
        end = self._size if size < 0 else min(self._size, self._at + size)
        found = b"".join(self._file.pieces(self._at, end)) if end > self._at else b""
        self._at += len(found)
        return found


def _plain(value: Any) -> Json:
    """Moments and durations as texts, decimals as numbers, bytes as the text that they are, numbers that JSON does not have
    as null."""
    match value:
        case dict():
            return {str(name): _plain(member) for name, member in value.items()}
        case list() | tuple():
            return [_plain(member) for member in value]
        case datetime() | date() | time():
            return value.isoformat()
        case timedelta():
            return msgspec.to_builtins(value)  # type: ignore[no-any-return]
        case float() if not math.isfinite(value):
            return None
        case Decimal():
            return int(value) if value == value.to_integral_value() else float(value)
        case bytes():
            return value.decode(errors="replace")
    return value  # type: ignore[no-any-return]
