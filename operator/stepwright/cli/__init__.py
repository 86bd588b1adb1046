"""The command line: one module per command, each with a function of the same name, or with several commands below it.

A command's module is imported only when it is needed, so that ``stepwright validate`` does not wait for the
operator's libraries. Belongs here: options, and what is printed. Not: what a process consists of (``assembly``).
"""

from __future__ import annotations

import importlib
import importlib.util
import os
import sys
from typing import Annotated, Any, Final

import typer

from stepwright import __version__
from stepwright.cli import completion, installation

__all__ = ["main"]

COMMANDS: Final = (
    "validate",
    "graph",
    "test",
    "run",
    "dev",
    "function",
    "operator",
    "server",
    "idle",
    "completion",
    "version",
)
"""In the order of the help text."""

_CONTEXT: Final[dict[str, Any]] = {"help_option_names": ["-h", "--help"]}


def main() -> None:
    """Runs the command that the arguments name."""
    wrong = installation.problem()
    if wrong is not None:
        typer.echo(f"stepwright: {wrong}", err=True)
    if completion.VARIABLE in os.environ:
        # Shells that use the script of ``stepwright completion`` ask what could follow.
        from typer import completion as shells  # noqa: PLC0415

        shells.completion_init()  # type: ignore[attr-defined]  # there for its own use
    arguments = sys.argv[1:]
    named = arguments[0] if arguments else ""
    application((named,) if named in COMMANDS else COMMANDS)(prog_name=completion.PROGRAM)


def application(commands: tuple[str, ...] = COMMANDS) -> typer.Typer:
    """An application of these commands, as far as they are installed."""
    app = typer.Typer(
        name="stepwright",
        help="AWS Step Functions for any Kubernetes cluster.",
        no_args_is_help=True,
        add_completion=False,
        pretty_exceptions_enable=False,
        context_settings=_CONTEXT,
    )
    app.callback()(_every_command)
    for command in commands:
        module = f"{__name__}.{command}"
        if importlib.util.find_spec(module) is not None:
            named = getattr(importlib.import_module(module), command)
            if isinstance(named, typer.Typer):
                app.add_typer(named, name=command, context_settings=_CONTEXT)
            else:
                app.command(command, context_settings=_CONTEXT)(named)
    return app


def _tell_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"{completion.PROGRAM} {__version__}")
        raise typer.Exit


def _every_command(
    *,
    version: Annotated[
        bool,
        typer.Option("--version", help="Print the version.", callback=_tell_version, is_eager=True),
    ] = False,
) -> None:
    # With a callback typer keeps the command's name even if only one command is loaded.
    pass
