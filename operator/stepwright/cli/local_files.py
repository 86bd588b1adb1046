"""The option that names a folder whose files ItemReaders may read."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Optional

import typer

# Typer reads this at run time, so it is in the form it knows.
Folder = Annotated[
    Optional[Path],  # noqa: UP045
    typer.Option(
        metavar="FOLDER",
        help="Folder of files that ItemReaders may read (file:read). Default: they may read none.",
        file_okay=False,
        exists=True,
    ),
]
