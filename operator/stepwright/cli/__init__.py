"""The command line: one module per command, each with a function of the same name.

A command's module is imported only when it is the one asked for, so that ``stepwright validate`` does not wait for
libraries of the operator.
"""

from __future__ import annotations

import importlib
import importlib.util
import sys
from typing import Final

import typer

from stepwright.cli import installation

__all__ = ["main"]

COMMANDS: Final = ("validate", "test", "run", "dev", "operator", "idle", "version")
"""In the order of the help text."""


def main() -> None:
    """Runs the command that the arguments name."""
    wrong = installation.problem()
    if wrong is not None:
        typer.echo(f"stepwright: {wrong}", err=True)
    arguments = sys.argv[1:]
    named = arguments[0] if arguments else ""
    application((named,) if named in COMMANDS else COMMANDS)()


def application(commands: tuple[str, ...] = COMMANDS) -> typer.Typer:
    """An application of these commands, as far as they are installed."""
    app = typer.Typer(
        name="stepwright",
        help="AWS Step Functions for any Kubernetes cluster.",
        no_args_is_help=True,
        add_completion=False,
        pretty_exceptions_enable=False,
    )
    app.callback()(_every_command)
    for command in commands:
        module = f"{__name__}.{command}"
        if importlib.util.find_spec(module) is not None:
            app.command(command)(getattr(importlib.import_module(module), command))
    return app


def _every_command() -> None:
    # With a callback typer keeps the command's name even where only one command is loaded.
    pass
