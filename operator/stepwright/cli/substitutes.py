"""``--substitute NAME=VALUE``: what stands for ``${NAME}`` in definitions, as in SAM and CloudFormation."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Final

import typer

HELP: Final = "Replace ${NAME} by VALUE; '@FILE' names a JSON or YAML file of such values. May be repeated."
METAVAR: Final = "NAME=VALUE|@FILE"


def values(given: Iterable[str]) -> dict[str, str | int | bool]:
    """The last one wins. Raises BadParameter."""
    found: dict[str, str | int | bool] = {}
    for text in given:
        name, equals, value = text.partition("=")
        if text.startswith("@"):
            found.update(_of_file(text[1:]))
        elif not equals or not name:
            raise _wrong(f"{text!r} is neither NAME=VALUE nor @FILE")
        else:
            found[name] = value
    return found


def _of_file(path: str) -> dict[str, str | int | bool]:
    from stepwright.files import documents  # noqa: PLC0415

    try:
        document = documents.the_only(path, Path(path).read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError) as error:
        raise _wrong(f"{path} cannot be read: {error}") from error
    except documents.Unreadable as error:
        raise _wrong(f"{path}:{error.line or 1}:{error.column or 1}: {error.message}") from error
    if not isinstance(document.value, dict):
        raise _wrong(f"{path} does not hold an object of names and values")
    found = {}
    for name, value in document.value.items():
        if not isinstance(value, str | int):
            raise _wrong(f"{path}: the value of {name!r} is not a text, a whole number, true or false")
        found[name] = value
    return found


def _wrong(message: str) -> typer.BadParameter:
    return typer.BadParameter(message, param_hint="--substitute")
