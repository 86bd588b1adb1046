"""``stepwright run``: one execution in this process, its result on stdout.

Exit codes: 0 succeeded, 1 failed (or stopped), 2 the definition or the input cannot be used.
"""

from __future__ import annotations

import asyncio
import signal
import sys
from pathlib import Path
from typing import Annotated, Any

import typer

SUCCEEDED, FAILED, USAGE = 0, 1, 2


def run(
    file: Annotated[
        str,
        typer.Argument(
            metavar="FILE",
            help="A definition or a StateMachine manifest, JSON or YAML; '-' reads standard input.",
        ),
    ],
    *,
    input: Annotated[
        str, typer.Option(metavar="JSON|@FILE", help="The execution's input, or the file that holds it.")
    ] = "{}",
    watch: Annotated[
        bool, typer.Option("--watch", help="Show each state as it is entered and left.")
    ] = False,
) -> None:
    """Run one execution without a cluster: tasks are processes of this machine.

    Exits with 0 if it succeeded, 1 if it failed, 2 if the definition or the input cannot be used.
    """
    # Imported here: the other commands start without the engine.
    from stepwright.cli import embedded  # noqa: PLC0415

    embedded.log_plainly("warning")
    name, machine = _machine(file)
    outcome = asyncio.run(_run(machine, name, _input(input), watch))
    if outcome.status == "SUCCEEDED":
        typer.echo(outcome.output)
        raise typer.Exit(SUCCEEDED)
    said = ": ".join(text for text in (outcome.status, outcome.error, outcome.cause) if text)
    typer.echo(f"stepwright: {said}", err=True)
    raise typer.Exit(FAILED)


async def _run(machine: Any, name: str, input: Any, watch: bool) -> Any:
    from stepwright.local import single  # noqa: PLC0415

    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    return await single.run(machine, name, input, _show if watch else lambda _visit: None, stop)


def _machine(file: str) -> tuple[str, Any]:
    """The only definition in the file, compiled, and its name."""
    from stepwright.asl import definition  # noqa: PLC0415
    from stepwright.cli import validate  # noqa: PLC0415
    from stepwright.cli.definition_files import check_text  # noqa: PLC0415

    try:
        text = sys.stdin.buffer.read().decode() if file == "-" else Path(file).read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise _unusable(f"{file} cannot be read: {error}") from error
    found = check_text("<stdin>" if file == "-" else file, text)
    if len(found.definitions) != 1:
        raise _unusable(f"{file} holds {len(found.definitions)} state machines, and one is to be run")
    (checked,) = found.definitions
    if not checked.is_valid:
        for diagnostic in checked.diagnostics:
            typer.echo(validate.line(found.name, diagnostic), err=True)
        raise typer.Exit(USAGE)
    machine, _ = definition.compile_definition(checked.definition)
    return checked.name or "run", machine


def _input(given: str) -> Any:
    from stepwright.asl import jsontext  # noqa: PLC0415

    text = given
    try:
        if given.startswith("@"):
            text = Path(given[1:]).read_text(encoding="utf-8")
        jsontext.parse(text)
    except (OSError, UnicodeDecodeError) as error:
        raise _unusable(f"{given[1:]} cannot be read: {error}") from error
    except jsontext.InvalidJson as error:
        raise _unusable(f"the input is not JSON: {error}") from error
    return text.strip()


def _unusable(why: str) -> typer.Exit:
    typer.echo(f"stepwright: {why}", err=True)
    return typer.Exit(USAGE)


def _show(visit: Any) -> None:
    """One line, to stderr: stdout is for the result."""
    if visit.outcome is None:
        retried = f", attempt {visit.attempts}" if visit.attempts > 1 else ""
        line = f"  … {visit.path} ({visit.type}{retried})"
    else:
        seconds = (visit.ended - visit.started) / 1000
        mark = "✓" if visit.outcome == "Succeeded" else "✗"
        failed = f": {visit.error}" if visit.error else ""
        line = f"  {mark} {visit.path} {visit.outcome} in {seconds:.3f} s{failed}"
    typer.echo(line, err=True)
