"""The keys that requests must be signed with: from a file or the environment, never from the command line.

Command lines are read by every user of a machine (``ps``), and kept by shells.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Final

import typer

VARIABLE: Final = "STEPWRIGHT_ACCESS_KEYS"

FORM: Final = "an access key is written ID:SECRET"


def read(file: Path | None) -> dict[str, str] | None:
    """Secrets by access key, of the file and of the environment; None if neither names a key. Raises
    BadParameter."""
    texts = []
    if file is not None:
        try:
            text = file.read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError) as error:
            raise typer.BadParameter(
                f"{file} cannot be read: {error}", param_hint="--access-key-file"
            ) from error
        keys = [line.strip() for line in text.splitlines()]
        texts += [(key, "--access-key-file") for key in keys if key and not key.startswith("#")]
        if not texts:
            raise typer.BadParameter(
                f"{file} has no keys: {FORM}, one a line", param_hint="--access-key-file"
            )
    texts += [(key, VARIABLE) for key in os.environ.get(VARIABLE, "").split()]
    return dict(_split(key, where) for key, where in texts) or None


def refuse(keys: list[str] | None) -> list[str] | None:
    """The former ``--access-key``. Raises BadParameter."""
    if keys:
        raise typer.BadParameter(
            "every user of this machine can read the command line. Put ID:SECRET into a file "
            f"(--access-key-file FILE) or into the environment ({VARIABLE})."
        )
    return None


def _split(key: str, where: str) -> tuple[str, str]:
    name, colon, secret = key.partition(":")
    if not (name and colon and secret):
        raise typer.BadParameter(FORM, param_hint=where)  # the value itself is secret
    return name, secret
