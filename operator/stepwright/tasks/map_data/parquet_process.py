"""The process that unpacks a file of Parquet, which it has from the process that began it (``parquet``).

    python -m stepwright.tasks.map_data.parquet_process SIZE SKIP

It writes a line for each thing that it has to say: ROW with a row, WANTED with the first byte and the end of what it is to be given
by its standard input, FAILED with a reason, END. Where it ends without that, it has needed too much.
"""

from __future__ import annotations

import io
import math
import resource
import sys
from collections.abc import Iterator
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import Any, Final

import msgspec

from stepwright.asl.json_types import Json
from stepwright.asl.text import jsontext

ROW: Final = b"="
WANTED: Final = b"?"
FAILED: Final = b"!"
END: Final = b"."

LONGEST_LINE: Final = 16 * 1024 * 1024
"""In bytes: no row takes more."""
MEMORY_BYTES: Final = 1024 * 1024 * 1024
"""Of addresses, of which the library itself takes a part."""
CPU_SECONDS: Final = 600
_ROWS: Final = 1_000
_ROWS_BYTES: Final = 8 * 1024 * 1024
"""So many rows, or so much by what the metadata says, are made items at once."""
_BUFFER_BYTES: Final = 1024 * 1024
"""Of each column, while it is read."""

LACKING: Final = "pyarrow is not installed: pip install 'stepwright-asl[parquet]'"
TOO_LARGE: Final = (
    f"it takes more than {MEMORY_BYTES // 1024**2:,} MiB of memory or {CPU_SECONDS} seconds to unpack, or a row of it more than "
    f"{LONGEST_LINE // 1024**2} MiB."
)


def main(size: int, skip: int) -> None:
    """Rows of a file of this size, without the first ``skip``."""
    for kind, most in (
        (resource.RLIMIT_AS, MEMORY_BYTES),
        (resource.RLIMIT_CPU, CPU_SECONDS),
        (resource.RLIMIT_FSIZE, 0),
        (resource.RLIMIT_CORE, 0),
    ):
        resource.setrlimit(kind, (most, most))
    try:
        from pyarrow import ArrowException  # noqa: PLC0415 - within the limits
    except ImportError:
        _end(FAILED, LACKING)
        return
    try:
        for row in _rows(size, skip):
            _say(ROW, jsontext.dump(_plain(row)))
        _end(END)
    except MemoryError:  # some of those below are, too
        _end(FAILED, TOO_LARGE)
    except (ArrowException, OSError, ValueError, ArithmeticError) as error:
        _end(FAILED, str(error).replace("\n", " "))


def _rows(size: int, skip: int) -> Iterator[dict[str, Any]]:
    from pyarrow.parquet import ParquetFile  # noqa: PLC0415

    file = ParquetFile(_Given(size), buffer_size=_BUFFER_BYTES)
    for number in range(file.metadata.num_row_groups):
        group = file.metadata.row_group(number)
        if skip >= group.num_rows:
            skip -= group.num_rows
            continue
        each = group.total_byte_size // max(1, group.num_rows)
        together = min(_ROWS, max(1, _ROWS_BYTES // max(1, each)))
        for batch in file.iter_batches(batch_size=together, row_groups=[number], use_threads=False):
            yield from batch.slice(skip).to_pylist()
            skip = max(0, skip - batch.num_rows)


class _Given(io.RawIOBase):
    """The file, of which this process is given what it asks for."""

    def __init__(self, size: int) -> None:
        super().__init__()
        self._size = size
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
        if end <= self._at:
            return b""
        _end(WANTED, f"{self._at} {end}")
        found = sys.stdin.buffer.read(end - self._at)
        if len(found) < end - self._at:
            raise EOFError("nobody gives it any more")
        self._at = end
        return found


def _say(kind: bytes, text: str) -> None:
    sys.stdout.buffer.write(kind + text.encode() + b"\n")


def _end(kind: bytes, text: str = "") -> None:
    """Say it, and all that was said before."""
    _say(kind, text)
    sys.stdout.buffer.flush()


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
            return str(msgspec.to_builtins(value))
        case float() if not math.isfinite(value):
            return None
        case Decimal():
            return int(value) if value == value.to_integral_value() else float(value)
        case bytes():
            return value.decode(errors="replace")
    return value  # type: ignore[no-any-return]  # what else Arrow gives is JSON


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]))
