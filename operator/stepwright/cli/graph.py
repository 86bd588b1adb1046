"""``stepwright graph``: a definition as a picture, for READMEs and reviews, or as an outline.

Exit codes: 0 drawn, with whatever is wrong in it; 2 there is nothing to draw.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, Any, Optional

import typer

from stepwright.cli import definition_file, plain, substitutes


class Format(StrEnum):
    """What is printed."""

    MERMAID = "mermaid"
    TEXT = "text"


def graph(
    file: Annotated[
        str,
        typer.Argument(
            metavar="FILE",
            help="A definition, a StateMachine manifest or a template, JSON or YAML; '-' reads standard input.",
        ),
    ],
    *,
    output_format: Annotated[
        Format, typer.Option("--format", help="A flowchart of Mermaid, or an outline.")
    ] = Format.MERMAID,
    name: Annotated[
        Optional[str],  # noqa: UP045 - the form that Typer reads
        typer.Option(help="Which state machine, if there are several in the file."),
    ] = None,
    substitute: Annotated[
        Optional[list[str]],  # noqa: UP045 - the form that Typer reads
        typer.Option(metavar=substitutes.METAVAR, help=substitutes.HELP),
    ] = None,
) -> None:
    """Draw a state machine: its states, and where each leads.

    One that is invalid is drawn, too. Exits with 2 if there is nothing to draw.
    """
    from stepwright.asl.graph import graph_of, mermaid, outline  # noqa: PLC0415

    shown, checked = definition_file.read(file, name, substitutes.values(substitute or []))
    drawn = graph_of(_value(shown, checked))
    if not any(node.kind == "state" for node in drawn.nodes):
        raise definition_file.unusable(f"{file} has no states to draw")
    written = mermaid.of_graph(drawn) if output_format is Format.MERMAID else outline.of_graph(drawn)
    for line in written.splitlines():
        typer.echo(plain.in_a_line(line))
    if not checked.is_valid:
        plain.echo(f"stepwright: {file} is invalid; stepwright validate says why", err=True)


def _value(shown: str, checked: Any) -> Any:
    """The definition as a value; a text that is not one has findings that say why."""
    from stepwright.asl.text import jsontext  # noqa: PLC0415
    from stepwright.cli import validate  # noqa: PLC0415

    if not isinstance(checked.definition, str):
        return checked.definition
    try:
        return jsontext.parse(checked.definition)
    except (jsontext.InvalidJson, RecursionError) as error:
        for diagnostic in checked.diagnostics:
            plain.echo(validate.line(checked.file or shown, diagnostic), err=True)
        raise typer.Exit(definition_file.USAGE) from error
