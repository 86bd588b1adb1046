"""The one state machine that a command is about, out of a file that may hold several."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any, Final

import typer

from stepwright.cli import plain

USAGE: Final = 2
"""The exit code."""


def read(file: str, name: str | None, values: dict[str, Any]) -> tuple[str, Any]:
    """The file's name as it is shown, and its definition as checked; the one of that name if there are several."""
    from stepwright.files.definitions import check_text  # noqa: PLC0415

    try:
        text = sys.stdin.buffer.read().decode() if file == "-" else Path(file).read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise unusable(f"{file} cannot be read: {error}") from error
    found = check_text("<stdin>" if file == "-" else file, text, values)
    return found.name, _the_one(file, found, name)


def _the_one(file: str, found: Any, name: str | None) -> Any:
    """If there is only one, its name may differ: then ``name`` is the execution's."""
    if len(found.definitions) == 1:
        return found.definitions[0]
    if not found.definitions:
        kept = "; it has " + ", ".join(said for _, said in found.skipped) if found.skipped else ""
        raise unusable(f"{file} holds no state machine{kept}")
    named = [checked for checked in found.definitions if checked.name == name]
    if name is not None and len(named) == 1:
        return named[0]
    names = ", ".join(str(checked.name) for checked in found.definitions)
    wanted = "--name says which is meant" if name is None else f"none of them is {name!r}"
    raise unusable(f"{file} holds {len(found.definitions)} state machines, and {wanted}: {names}")


def unusable(why: str) -> typer.Exit:
    plain.echo(f"stepwright: {why}", err=True)
    return typer.Exit(USAGE)
