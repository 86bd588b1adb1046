"""``stepwright validate``: everything that is wrong with definitions, each at its line.

Exit codes: 0 valid (warnings included), 1 invalid, 2 a file could not be read.
"""

from __future__ import annotations

import json
import sys
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Optional

import typer

from stepwright.asl.diagnostics import Diagnostic
from stepwright.cli import integrations, plain, substitutes
from stepwright.files import folders
from stepwright.files.checked import Checked, CheckedFile
from stepwright.files.definitions import check_text

VALID, INVALID, UNREADABLE = 0, 1, 2


class Format(StrEnum):
    """How findings are written."""

    TEXT = "text"
    JSON = "json"


def validate(
    files: Annotated[
        list[str],
        typer.Argument(
            metavar="FILE|DIR...",
            help="Definitions, Kubernetes manifests, templates of SAM, CloudFormation, CDK, Serverless or Terraform, JSON"
            " or YAML; folders to search for them; '-' reads standard input.",
        ),
    ],
    *,
    substitute: Annotated[
        Optional[list[str]],  # noqa: UP045 - the form that Typer reads
        typer.Option(metavar=substitutes.METAVAR, help=substitutes.HELP),
    ] = None,
    integration: Annotated[
        Optional[list[str]],  # noqa: UP045 - the form that Typer reads
        typer.Option(metavar=integrations.METAVAR, envvar=integrations.VARIABLE, help=integrations.HELP),
    ] = None,
    output_format: Annotated[
        Format, typer.Option("--format", help="How findings are written.")
    ] = Format.TEXT,
) -> None:
    """Check state machine definitions.

    Exits with 0 if all are valid (warnings allowed), 1 if one is invalid, 2 if a file could not be read.
    """
    integrations.load(integration)
    values = substitutes.values(substitute or [])
    checked: list[CheckedFile] = []
    unreadable: list[tuple[str, str]] = []
    for file in files:
        if file != "-" and Path(file).is_dir():
            inside = list(folders.definitions(Path(file), values))
            checked += inside
            if not inside:
                unreadable.append((file, "no state machine is in this folder"))
            continue
        try:
            checked.append(check_text(_shown(file), _read(file), values))
        except OSError as error:
            unreadable.append((file, error.strerror or str(error)))
        except UnicodeDecodeError:
            unreadable.append((file, "not UTF-8 text"))
    if output_format is Format.JSON:
        _print_json(checked, unreadable)
    else:
        _print_text(checked, unreadable)
    raise typer.Exit(_exit_code(checked, unreadable))


def _read(file: str) -> str:
    return sys.stdin.buffer.read().decode() if file == "-" else Path(file).read_text(encoding="utf-8")


def _shown(file: str) -> str:
    return "<stdin>" if file == "-" else file


def _exit_code(checked: list[CheckedFile], unreadable: list[tuple[str, str]]) -> int:
    if unreadable:
        return UNREADABLE
    return VALID if all(found.is_valid for file in checked for found in file.definitions) else INVALID


def _print_text(checked: list[CheckedFile], unreadable: list[tuple[str, str]]) -> None:
    for file in checked:
        for number, manifest in file.skipped:
            plain.echo(
                f"{file.name}:{number}: note: {manifest} skipped, it is not a StateMachine of stepwright.dev",
                err=True,
            )
        for definition in file.definitions:
            for diagnostic in definition.diagnostics:
                plain.echo(line(definition.file or file.name, diagnostic))
    for name, reason in unreadable:
        plain.echo(f"{name}: cannot be read: {reason}", err=True)
    typer.echo(_summary(checked, unreadable))


def line(file: str, diagnostic: Diagnostic) -> str:
    """A finding as people and editors read it."""
    return f"{file}:{_place(diagnostic)} {_sentence(diagnostic)}"


def _place(diagnostic: Diagnostic) -> str:
    return f"{diagnostic.line or 1}:{diagnostic.column or 1}:"


def _sentence(diagnostic: Diagnostic) -> str:
    where = diagnostic.pointer or "/"
    return f"{diagnostic.severity} {diagnostic.code}: {diagnostic.message.strip()} at {where}"


def _summary(checked: list[CheckedFile], unreadable: list[tuple[str, str]]) -> str:
    definitions = [definition for file in checked for definition in file.definitions]
    invalid = sum(not definition.is_valid for definition in definitions)
    found = [diagnostic for definition in definitions for diagnostic in definition.diagnostics]
    errors = sum(diagnostic.severity == "ERROR" for diagnostic in found)
    parts = [f"{_counted(len(definitions), 'definition')} checked, {len(definitions) - invalid} valid"]
    if invalid:
        parts.append(f"{invalid} invalid")
    parts += [
        _counted(count, what)
        for count, what in ((errors, "error"), (len(found) - errors, "warning"))
        if count
    ]
    if unreadable:
        parts.append(f"{_counted(len(unreadable), 'file')} unreadable")
    return ", ".join(parts)


def _counted(count: int, what: str) -> str:
    return f"{count} {what}" if count == 1 else f"{count} {what}s"


def _print_json(checked: list[CheckedFile], unreadable: list[tuple[str, str]]) -> None:
    document = {
        "valid": _exit_code(checked, unreadable) == VALID,
        "definitions": [_as_json(file, definition) for file in checked for definition in file.definitions],
        "skipped": [
            {"file": file.name, "line": line, "manifest": manifest}
            for file in checked
            for line, manifest in file.skipped
        ],
        "unreadable": [{"file": name, "reason": reason} for name, reason in unreadable],
    }
    typer.echo(plain.as_json(json.dumps(document, indent=2, ensure_ascii=False)))


def _as_json(file: CheckedFile, definition: Checked) -> dict[str, object]:
    return {
        "file": definition.file or file.name,
        "name": definition.name,
        "valid": definition.is_valid,
        "diagnostics": [
            {
                "severity": diagnostic.severity,
                "code": diagnostic.code,
                "message": diagnostic.message,
                "pointer": diagnostic.pointer,
                "line": diagnostic.line,
                "column": diagnostic.column,
            }
            for diagnostic in definition.diagnostics
        ],
    }
