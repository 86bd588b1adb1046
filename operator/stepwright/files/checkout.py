"""A folder whose definitions an editor may change: those files and no others, without a way out of it.

Each folder on the way to a file is opened by itself, and none is followed that is a symbolic link, so that no name and nobody who
changes the folder meanwhile leads anywhere else. A file is replaced as a whole or not at all, and only as long as it is what the
editor has read.
"""

from __future__ import annotations

import errno
import hashlib
import os
import re
import secrets
import stat
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final, NamedTuple

LARGEST_BYTES: Final = 4 * 1024 * 1024
"""Of a file. A definition has 1 MiB at most, and a manifest around it little more."""

MOST_FILES: Final = 2_000
_MOST_ENTRIES: Final = 200_000
"""That are looked at for them."""

_LONGEST_PATH: Final = 1_000
_SUFFIXES: Final = (".json", ".yaml", ".yml")
_DEFINITIONS: Final = (".asl.json", ".asl.yaml", ".asl.yml")
_TESTS: Final = (".test.json", ".test.yaml", ".test.yml")
_MANIFEST: Final = re.compile(rb"stepwright\.dev/")
_STATE_MACHINE: Final = re.compile(rb"""["']?kind["']?\s*:\s*["']?StateMachine\b""")
_FOR_ALL: Final = 0o644
_NONE: Final = (errno.ENOENT, errno.ENOTDIR, errno.ELOOP)


class OutOfBounds(ValueError):  # noqa: N818 - it names a condition
    """A path that is not served, whatever there is."""


class NotThere(Exception):  # noqa: N818
    """There is no such file, or it holds no definition."""


class Changed(Exception):  # noqa: N818
    """The file is another by now, is gone, or is there already."""


class Kept(NamedTuple):
    """``tag`` is another one for another text."""

    text: str
    tag: str


class Listed(NamedTuple):
    """``path``: in the folder, with slashes. ``modified``: in milliseconds since 1970."""

    path: str
    bytes: int
    modified: int


class Checkout:
    """The folder may itself be a link. Methods block; they may be called by several threads."""

    def __init__(self, folder: Path) -> None:
        self.folder: Final = folder.resolve(strict=True)
        self._writing = threading.Lock()

    def listed(self) -> list[Listed]:
        """Files with definitions, sorted, as many as are listed at most. Raises OSError."""
        found: list[Listed] = []
        seen = 0
        for folder, folders, names in os.walk(self.folder):
            folders[:] = sorted(name for name in folders if _is_open(name))
            seen += len(names)
            for name in sorted(names):
                path = (Path(folder) / name).relative_to(self.folder).as_posix()
                if not _is_open(name) or not name.endswith(_SUFFIXES) or name.endswith(_TESTS):
                    continue
                with suppress(OSError, OutOfBounds, NotThere):
                    found.append(self._listed(path))
            if len(found) >= MOST_FILES or seen >= _MOST_ENTRIES:
                break
        return found[:MOST_FILES]

    def read(self, path: str) -> Kept:
        """Raises OutOfBounds, NotThere, OSError."""
        with self._holding(path) as (folder, name):
            content, _ = _content(folder, name)
        return _kept(content)

    def write(self, path: str, text: str, tag: str | None) -> Kept:
        """``tag``: of what is replaced; None for a new file. Durable when it returns. Raises OutOfBounds, Changed, OSError."""
        content = text.encode()
        if len(content) > LARGEST_BYTES:
            raise OutOfBounds(f"a file has at most {LARGEST_BYTES} bytes")
        if tag is None and not path.endswith(_DEFINITIONS):
            raise OutOfBounds(f"a new file is called {', '.join(f'*{suffix}' for suffix in _DEFINITIONS)}")
        with self._writing:
            try:
                with self._holding(path) as (folder, name):
                    _replace(folder, name, content, tag)
            except NotThere as gone:
                raise Changed(str(gone)) from gone
        return _kept(content)

    def _listed(self, path: str) -> Listed:
        with self._holding(path) as (folder, name):
            _, found = _content(folder, name)
        return Listed(path, found.st_size, found.st_mtime_ns // 1_000_000)

    @contextmanager
    def _holding(self, path: str) -> Iterator[tuple[int, str]]:
        """The folder that the file is in, opened, and the file's name there."""
        *folders, name = _parts(path)
        opened = os.open(self.folder, os.O_RDONLY | os.O_DIRECTORY)
        try:
            for each in folders:
                inner = _opened(each, os.O_RDONLY | os.O_DIRECTORY, opened)
                os.close(opened)
                opened = inner
            yield opened, name
        finally:
            os.close(opened)


def _parts(path: str) -> list[str]:
    parts = path.split("/")
    if len(path) > _LONGEST_PATH or not all(map(_is_open, parts)) or not path.endswith(_SUFFIXES):
        raise OutOfBounds("a path names a file .json, .yaml or .yml in the folder, in no hidden one")
    return parts


def _is_open(name: str) -> bool:
    """Hidden folders are version control's and tools'."""
    return name not in ("", "node_modules") and not name.startswith(".") and not set(name) & set("\0\\")


def _opened(name: str, flags: int, folder: int) -> int:
    """Raises NotThere if it is not there, or is a link; OSError."""
    try:
        return os.open(name, flags | os.O_NOFOLLOW | os.O_NONBLOCK, dir_fd=folder)
    except OSError as error:
        if error.errno in _NONE:
            raise NotThere(f"there is no file {name}, or it is a symbolic link") from error
        raise


def _content(folder: int, name: str) -> tuple[bytes, os.stat_result]:
    """Of a file with a definition. Raises NotThere, OSError."""
    opened = _opened(name, os.O_RDONLY, folder)
    with os.fdopen(opened, "rb") as file:
        found = os.fstat(file.fileno())
        if not stat.S_ISREG(found.st_mode):
            raise NotThere(f"{name} is not a file")
        if found.st_size > LARGEST_BYTES:
            raise NotThere(f"{name} is larger than {LARGEST_BYTES} bytes")
        content = file.read(LARGEST_BYTES + 1)
    is_manifest = _MANIFEST.search(content) and _STATE_MACHINE.search(content)
    if not name.endswith(_DEFINITIONS) and not is_manifest:
        raise NotThere(f"{name} has no definition")
    return content, found


def _kept(content: bytes) -> Kept:
    try:
        return Kept(content.decode(), hashlib.sha256(content).hexdigest())
    except UnicodeDecodeError as error:
        raise NotThere("it is not in UTF-8") from error


def _replace(folder: int, name: str, content: bytes, tag: str | None) -> None:
    mode = _FOR_ALL
    try:
        now, found = _content(folder, name)
    except NotThere:
        if tag is not None or _is_there(folder, name):
            raise
    else:
        if tag is None or _kept(now).tag != tag:
            raise Changed(f"{name} was changed")
        mode = stat.S_IMODE(found.st_mode)
    draft = f".{name[:100]}.{secrets.token_hex(8)}"
    opened = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600, dir_fd=folder)
    try:
        with os.fdopen(opened, "wb") as file:
            file.write(content)
            file.flush()
            os.fchmod(file.fileno(), mode)
            os.fsync(file.fileno())
        os.replace(draft, name, src_dir_fd=folder, dst_dir_fd=folder)
    except BaseException:
        with suppress(OSError):
            os.unlink(draft, dir_fd=folder)
        raise
    os.fsync(folder)


def _is_there(folder: int, name: str) -> bool:
    try:
        os.stat(name, dir_fd=folder, follow_symlinks=False)
    except FileNotFoundError:
        return False
    return True
