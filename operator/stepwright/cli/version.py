"""``stepwright version``."""

from __future__ import annotations

import json
import platform
from typing import Annotated

import typer

from stepwright import __version__


def version(
    *,
    as_json: Annotated[bool, typer.Option("--json", help="As a JSON object, with Python's version.")] = False,
) -> None:
    """Print the version."""
    if as_json:
        typer.echo(json.dumps({"version": __version__, "python": platform.python_version()}))
    else:
        typer.echo(f"stepwright {__version__}")
