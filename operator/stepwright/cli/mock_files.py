"""Files of mocks that people name, in the format of AWS Step Functions Local."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Final

import typer

from stepwright.cli import plain

if TYPE_CHECKING:
    from stepwright.mocks.config_file import MockFile, Unusable

USAGE: Final = 2


def read(file: str) -> MockFile:
    """Prints everything that is wrong with it. Raises Exit."""
    from stepwright.mocks import config_file  # noqa: PLC0415

    try:
        return config_file.read(file, Path(file).read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError) as error:
        plain.echo(f"stepwright: {file} cannot be read: {error}", err=True)
        raise typer.Exit(USAGE) from error
    except config_file.Unusable as error:
        raise unusable(error) from error


def unusable(error: Unusable) -> typer.Exit:
    """Prints everything that is wrong."""
    for problem in error.problems:
        plain.echo(problem, err=True)
    return typer.Exit(USAGE)
