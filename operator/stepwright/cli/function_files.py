"""The option that names files of functions."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Final

import typer

from stepwright.cli import plain

if TYPE_CHECKING:  # most commands need none of it
    from stepwright.assembly.function_files import Table

METAVAR: Final = "FILE"
HELP: Final = (
    "File of functions by their names or ARNs, each with a url that is called, or a command that runs for each call. All other "
    "functions are called in Lambda. May be repeated."
)
USAGE: Final = 2


def read(files: list[Path] | None) -> Table | None:
    """None if there are none. Prints everything that is wrong with them. Raises Exit."""
    if not files:
        return None
    from stepwright.assembly import function_files  # noqa: PLC0415 - as above

    try:
        return function_files.read(files)
    except function_files.Unusable as unusable:
        for problem in unusable.problems:
            plain.echo(problem, err=True)
        raise typer.Exit(USAGE) from unusable
