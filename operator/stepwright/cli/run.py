"""``stepwright run``: one execution in this process, its result on stdout.

Exit codes: 0 succeeded, 1 failed (or stopped), 2 the definition or the input cannot be used.
"""

from __future__ import annotations

import asyncio
import signal
import sys
from pathlib import Path
from typing import Annotated, Any, Literal, Optional

import typer

from stepwright.asl.limits import STANDARD
from stepwright.cli import (
    connection_files,
    definition_file,
    function_files,
    integrations,
    limits,
    local_files,
    mock_files,
    plain,
    substitutes,
    task_environment,
)

SUCCEEDED, FAILED = 0, 1


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
        str,
        typer.Option(
            metavar="JSON|FILE|-",
            help="The execution's input, or the file that holds it; '-' reads standard input.",
        ),
    ] = "{}",
    mock: Annotated[
        Optional[str],  # noqa: UP045
        typer.Option(
            metavar="FILE[#TESTCASE]",
            help="Answer tasks from this file, in the format of AWS Step Functions Local, by this test case of it.",
        ),
    ] = None,
    name: Annotated[
        Optional[str],  # noqa: UP045
        typer.Option(
            help="The state machine's name: it selects one of several in the file, and is used in ARNs and in the file of mocks."
            " Default: that of the file."
        ),
    ] = None,
    containers: Annotated[
        Literal["auto", "never", "docker", "podman"],
        typer.Option(
            help="What runs tasks that name an image; auto: the first that answers, else processes."
        ),
    ] = "never",
    env: Annotated[
        Optional[list[str]],  # noqa: UP045
        typer.Option(metavar=task_environment.METAVAR, help=task_environment.HELP),
    ] = None,
    substitute: Annotated[
        Optional[list[str]],  # noqa: UP045 - the form that Typer reads
        typer.Option(metavar=substitutes.METAVAR, help=substitutes.HELP),
    ] = None,
    connections: Annotated[
        Optional[list[Path]],  # noqa: UP045 - the form that Typer reads
        typer.Option(metavar=connection_files.METAVAR, help=connection_files.HELP, dir_okay=False),
    ] = None,
    functions: Annotated[
        Optional[list[Path]],  # noqa: UP045 - the form that Typer reads
        typer.Option(metavar=function_files.METAVAR, help=function_files.HELP, dir_okay=False),
    ] = None,
    integration: Annotated[
        Optional[list[str]],  # noqa: UP045 - the form that Typer reads
        typer.Option(metavar=integrations.METAVAR, envvar=integrations.VARIABLE, help=integrations.HELP),
    ] = None,
    files: local_files.Folder = None,
    limit: Annotated[
        Optional[list[str]],  # noqa: UP045 - the form that Typer reads
        typer.Option(metavar=limits.METAVAR, help=limits.HELP),
    ] = None,
    watch: Annotated[
        bool, typer.Option("--watch", help="Show states as they are entered, tried again and left.")
    ] = False,
) -> None:
    """Run one execution without a cluster: tasks are processes on this machine.

    Exits with 0 if it succeeded, 1 if it failed, 2 if the definition or the input cannot be used.
    """
    # Imported here: the other commands start without the engine.
    from stepwright.cli import logs  # noqa: PLC0415

    logs.plainly("warning")
    integrations.load(integration)
    quotas = limits.applied(STANDARD, limit or [])
    if file == input == "-":
        raise definition_file.unusable("standard input holds the definition or the input, not both")
    found, machine = _definition(file, name, substitutes.values(substitute or []))
    scripts = {} if mock is None else _scripts(mock, machine, name or found.name)
    if mock is not None:
        _tell_unmocked(mock, machine, scripts)
    called, given, engine = name or found.name or "run", _input(input), _engine(containers)
    how = {"scripts": scripts, "settings": found.spec, "container_engine": engine, "limits": quotas}
    how["task_environment"] = task_environment.read(env)
    how["connection_objects"] = connection_files.read(connections)
    how["functions"] = function_files.read(functions)
    how["files"] = files
    outcome = asyncio.run(_run(machine, called, given, watch, **how))
    if outcome.status == "SUCCEEDED":
        typer.echo(plain.as_json(outcome.output))
        raise typer.Exit(SUCCEEDED)
    said = ": ".join(text for text in (outcome.status, outcome.error, outcome.cause) if text)
    plain.echo(f"stepwright: {said}", err=True)
    raise typer.Exit(FAILED)


async def _run(machine: Any, name: str, input: Any, watch: bool, **how: Any) -> Any:
    from stepwright.assembly import single  # noqa: PLC0415
    from stepwright.cli.watching import watching  # noqa: PLC0415

    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    with watching(watch) as seen:
        return await single.run(machine, name, input, seen, stop, **how)


def _definition(file: str, name: str | None, values: dict[str, Any]) -> tuple[Any, Any]:
    """The definition in the file (the one of that name if there are several), as checked and as compiled."""
    from stepwright.asl.diagnostics import InvalidDefinition  # noqa: PLC0415
    from stepwright.cli import validate  # noqa: PLC0415

    shown, checked = definition_file.read(file, name, values)
    try:
        return checked, checked.machine()
    except InvalidDefinition as error:
        for diagnostic in error.diagnostics:
            plain.echo(validate.line(checked.file or shown, diagnostic), err=True)
        if any(diagnostic.code == "UNRESOLVED_SUBSTITUTION" for diagnostic in error.diagnostics):
            plain.echo("stepwright: --substitute NAME=VALUE puts a value in", err=True)
        raise typer.Exit(definition_file.USAGE) from error


def _tell_unmocked(mock: str, machine: Any, scripts: Any) -> None:
    """Said in advance: a missing answer would be noticed only when the execution reaches it."""
    from stepwright.mocks import names  # noqa: PLC0415
    from stepwright.tasks import table  # noqa: PLC0415

    lacking = [
        f"{name!r} ({task.named})"
        for name, task in names.of_machine(machine).items()
        if name not in scripts and not table.serves(task.resource, "run")
    ]
    if lacking:
        plain.echo(
            f"stepwright: {mock} has no answers for these tasks, and nothing here runs them: {', '.join(lacking)}",
            err=True,
        )


def _scripts(mock: str, machine: Any, machine_name: str | None) -> Any:
    """The scripts by state, from ``FILE`` or ``FILE#TESTCASE``, as AWS appends a test case to a state
    machine."""
    from stepwright.mocks import config_file  # noqa: PLC0415

    path, _, case = mock.rpartition("#") if "#" in mock and not Path(mock).exists() else (mock, "", "")
    given = mock_files.read(path)
    try:
        return config_file.select(given, machine, machine_name, case or None)
    except config_file.Unusable as error:
        raise mock_files.unusable(error) from error


def _input(given: str) -> Any:
    """JSON, or the file that holds it: with ``@`` in front, or by itself where it is not JSON."""
    from stepwright.asl.text import jsontext  # noqa: PLC0415

    try:
        if given == "-":
            text = sys.stdin.buffer.read().decode()
        elif given.startswith("@"):
            text = Path(given[1:]).read_text(encoding="utf-8")
        else:
            text = given
        jsontext.parse(text)
    except (OSError, UnicodeDecodeError) as error:
        raise definition_file.unusable(f"{given.removeprefix('@')} cannot be read: {error}") from error
    except jsontext.InvalidJson as error:
        if given.lstrip()[:1] not in ("{", "[", '"', "@", "-") and Path(given).is_file():
            return _input(f"@{given}")
        raise definition_file.unusable(f"the input is not JSON, nor the name of a file: {error}") from error
    return text.strip()


def _engine(choice: Literal["auto", "never", "docker", "podman"]) -> str | None:
    """The executable that runs containers."""
    from stepwright.tasks.processes.containers import NoEngine, find  # noqa: PLC0415

    try:
        return find(choice)
    except NoEngine as error:
        raise definition_file.unusable(str(error)) from error
