"""The option that names files with Connections."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Final

import typer

if TYPE_CHECKING:  # most commands need none of it
    from stepwright.assembly.connection_files import OfFiles

METAVAR: Final = "FILE"
HELP: Final = (
    "File of Connections (kind Connection of stepwright.dev/v1) that HTTP tasks may use; may be repeated. Their Secrets are "
    "read from the environment (STEPWRIGHT_SECRET_NAME_KEY) or from secrets/NAME/KEY beside the file."
)


def read(files: list[Path] | None) -> OfFiles:
    """Raises typer.BadParameter."""
    from stepwright.assembly import connection_files  # noqa: PLC0415 - as above

    try:
        return connection_files.read(files or [])
    except connection_files.BadFile as bad:
        raise typer.BadParameter(str(bad), param_hint="--connections") from bad
