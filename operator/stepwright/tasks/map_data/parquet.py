"""The rows of files of Parquet, by pyarrow: an optional install, which only who reads such files needs.

A file of a few bytes may unpack to as much as it likes, whatever its metadata says, and what unpacks it is a large library in C++.
So that runs in a process of its own (``parquet_process``) with an end to its memory and time, which has nothing of this one: it
asks for the bytes that it needs, and answers with rows.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import suppress
from typing import IO, Final

from stepwright.asl.json_types import Json
from stepwright.asl.map_data.reader_config import failed
from stepwright.asl.text import jsontext
from stepwright.tasks.map_data import parquet_process
from stepwright.tasks.map_data.files import File

_ENVIRONMENT: Final = ("PATH", "PYTHONPATH", "LD_LIBRARY_PATH", "VIRTUAL_ENV")
"""Python itself needs no more."""
_ALLOCATORS: Final = {"ARROW_DEFAULT_MEMORY_POOL": "system", "MALLOC_ARENA_MAX": "1"}
"""Others reserve more addresses than they use."""


def items(file: File, skip: int = 0) -> Iterator[Json]:
    """Each row behind the first ``skip`` as an object of its columns. Raises StateError, NotRead."""
    environment = {name: os.environ[name] for name in _ENVIRONMENT if name in os.environ}
    with subprocess.Popen(  # noqa: S603 - of this Python
        [sys.executable, "-m", parquet_process.__name__, str(file.size()), str(skip)],
        env=environment | _ALLOCATORS,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
    ) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        try:
            yield from _rows(file, process.stdin, process.stdout)
        finally:
            process.kill()
            with suppress(BrokenPipeError):
                process.stdin.close()


def _rows(file: File, given: IO[bytes], said: IO[bytes]) -> Iterator[Json]:
    while True:
        line = said.readline(parquet_process.LONGEST_LINE)
        kind, text = line[:1], line[1:-1].decode()
        if not line.endswith(b"\n"):  # it has ended without a word, or says too much
            kind, text = parquet_process.FAILED, parquet_process.TOO_LARGE
        match kind:
            case parquet_process.ROW:
                yield jsontext.parse(text)
            case parquet_process.WANTED:
                first, end = map(int, text.split())
                with suppress(BrokenPipeError):  # then it says why
                    given.writelines(file.pieces(first, end))
                    given.flush()
            case parquet_process.FAILED:
                raise failed(f"{file.shown} cannot be read as Parquet: {text}")
            case _:
                return
