"""``--env``: what the processes of tasks see of this environment."""

from __future__ import annotations

from typing import Final

import typer

METAVAR: Final = "NAME[=VALUE]"
HELP: Final = (
    "A variable that processes of tasks get beside PATH, HOME, locale and the like: from this environment, or with this "
    "value; '*' passes on all. May be repeated."
)


def read(wanted: list[str] | None) -> dict[str, str]:
    """Raises BadParameter."""
    from stepwright.tasks.processes.environment import BadVariable, of_tasks  # noqa: PLC0415

    try:
        return of_tasks(wanted or ())
    except BadVariable as error:
        raise typer.BadParameter(str(error), param_hint="--env") from error
