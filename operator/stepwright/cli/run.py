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
from stepwright.cli import limits, task_environment

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
            help="The state machine's name: in ARNs, and in the file of mocks. Default: that of the manifest."
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
    limit: Annotated[
        Optional[list[str]],  # noqa: UP045 - the form that Typer reads
        typer.Option(metavar=limits.METAVAR, help=limits.HELP),
    ] = None,
    watch: Annotated[
        bool, typer.Option("--watch", help="Show states as they are entered, tried again and left.")
    ] = False,
) -> None:
    """Run one execution without a cluster: tasks are processes of this machine.

    Exits with 0 if it succeeded, 1 if it failed, 2 if the definition or the input cannot be used.
    """
    # Imported here: the other commands start without the engine.
    from stepwright.cli import logs  # noqa: PLC0415

    logs.plainly("warning")
    quotas = limits.applied(STANDARD, limit or [])
    found = _definition(file)
    machine = _compiled(found)
    scripts = {} if mock is None else _scripts(mock, machine, name or found.name)
    called, given, engine = name or found.name or "run", _input(input), _engine(containers)
    how = {"scripts": scripts, "settings": found.spec, "container_engine": engine, "limits": quotas}
    how["task_environment"] = task_environment.read(env)
    outcome = asyncio.run(_run(machine, called, given, watch, **how))
    if outcome.status == "SUCCEEDED":
        typer.echo(outcome.output)
        raise typer.Exit(SUCCEEDED)
    said = ": ".join(text for text in (outcome.status, outcome.error, outcome.cause) if text)
    typer.echo(f"stepwright: {said}", err=True)
    raise typer.Exit(FAILED)


async def _run(machine: Any, name: str, input: Any, watch: bool, **how: Any) -> Any:
    from stepwright.cli.watching import watching  # noqa: PLC0415
    from stepwright.local import single  # noqa: PLC0415

    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    with watching(watch) as seen:
        return await single.run(machine, name, input, seen, stop, **how)


def _definition(file: str) -> Any:
    """The only definition in the file, as it was checked."""
    from stepwright.cli import validate  # noqa: PLC0415
    from stepwright.files.definitions import check_text  # noqa: PLC0415

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
    return checked


def _compiled(checked: Any) -> Any:
    from stepwright.asl import definition  # noqa: PLC0415

    machine, _ = definition.compile_definition(checked.definition)
    return machine


def _scripts(mock: str, machine: Any, machine_name: str | None) -> Any:
    """What answers which state: ``FILE``, or ``FILE#TESTCASE``, as AWS writes a test case behind a state machine."""
    from stepwright.mocks import config_file  # noqa: PLC0415

    path, _, case = mock.rpartition("#") if "#" in mock and not Path(mock).exists() else (mock, "", "")
    try:
        text = Path(path).read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise _unusable(f"{path} cannot be read: {error}") from error
    try:
        return config_file.select(config_file.read(path, text), machine, machine_name, case or None)
    except config_file.Unusable as error:
        for problem in error.problems:
            typer.echo(problem, err=True)
        raise typer.Exit(USAGE) from error


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


def _engine(choice: Literal["auto", "never", "docker", "podman"]) -> str | None:
    """What runs containers."""
    from stepwright.local.containers import NoEngine, find  # noqa: PLC0415

    try:
        return find(choice)
    except NoEngine as error:
        raise _unusable(str(error)) from error


def _unusable(why: str) -> typer.Exit:
    typer.echo(f"stepwright: {why}", err=True)
    return typer.Exit(USAGE)
