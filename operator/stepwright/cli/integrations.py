"""The option that names the integrations which are loaded."""

from __future__ import annotations

from typing import Final

import typer

METAVAR: Final = "NAME"
VARIABLE: Final = "STEPWRIGHT_INTEGRATIONS"
HELP: Final = "Load this integration of an installed package, so that tasks may name its Resources (NAME:...); may be repeated."


def load(names: list[str] | None) -> None:
    """Raises typer.BadParameter."""
    if not names:
        return
    from stepwright.integrations import loading  # noqa: PLC0415 - most commands need none of it

    try:
        loading.load(names)
    except loading.Unusable as unusable:
        raise typer.BadParameter(str(unusable), param_hint="--integration") from unusable
