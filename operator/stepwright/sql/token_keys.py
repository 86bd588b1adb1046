"""The keys of task tokens, in a file of their own beside the database.

Only the user who serves can read the file. Whoever copies the database without it has no tokens of open tasks; whoever changes it
rotates the key, and nothing has to be changed in the database.
"""

from __future__ import annotations

import os
import re
import secrets
from pathlib import Path
from typing import Final

from stepwright.catalog.task_tokens import KEY_BYTES

FILE: Final = "task-token-keys"

_MODE: Final = 0o600
_KEY: Final = re.compile(rf"[0-9a-f]{{{2 * KEY_BYTES}}}")
_HEADING: Final = """\
# What task tokens are made with: 64 hexadecimal digits a line. The first key makes tokens, those of all are taken.
"""


class BadKeys(OSError):  # noqa: N818 - it names what was found
    """The file has none, or something else."""


def of_folder(folder: Path) -> tuple[bytes, ...]:
    """One at least: if there is no file, one is made. Nobody else may do so at the same time. Raises BadKeys,
    OSError."""
    file = folder / FILE
    if not file.exists():
        _write(file, _HEADING + secrets.token_hex(KEY_BYTES) + "\n")
    file.chmod(_MODE)
    keys = []
    for number, line in enumerate(file.read_text(encoding="utf-8", errors="replace").splitlines(), start=1):
        text = line.strip()
        if not text or text.startswith("#"):
            continue
        if _KEY.fullmatch(text) is None:
            raise BadKeys(
                f"line {number} of {file} is not a key: that is 64 hexadecimal digits in small letters"
            )
        keys.append(bytes.fromhex(text))
    if not keys:
        raise BadKeys(f"{file} has no key: put one into it, or remove it and a new one is made")
    return tuple(keys)


def _write(file: Path, text: str) -> None:
    """Whole and on disk, or not at all: a key that is lost makes all tokens worthless that it has made."""
    new = file.with_name(file.name + ".new")
    new.unlink(missing_ok=True)
    with os.fdopen(os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL, _MODE), "w") as written:
        written.write(text)
        written.flush()
        os.fsync(written.fileno())
    new.rename(file)
    folder = os.open(file.parent, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
