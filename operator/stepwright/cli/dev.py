"""``stepwright dev``: the whole system on one machine, behind the AWS Step Functions API."""

from __future__ import annotations

import asyncio
import ipaddress
import threading
from pathlib import Path
from typing import Annotated, Literal, Optional

import typer

from stepwright.asl.limits import EXPRESS, STANDARD
from stepwright.cli import (
    access_keys,
    connection_files,
    function_files,
    integrations,
    limits,
    local_files,
    mock_files,
    task_environment,
)

# Typer reads these annotations at run time, so they are in the form it knows.
Data = Annotated[
    Optional[Path],  # noqa: UP045
    typer.Option(
        help="Folder in which everything is kept. Default: ~/.local/share/stepwright/PORT.", file_okay=False
    ),
]


def _account(given: str) -> str:
    if len(given) != 12 or not (given.isascii() and given.isdigit()):
        raise typer.BadParameter("an account has 12 digits")
    return given


def dev(
    port: Annotated[int, typer.Option(min=0, max=65535, help="Port; 0 lets the system choose.")] = 8083,
    data: Data = None,
    access_key_file: Annotated[
        Optional[Path],  # noqa: UP045
        typer.Option(
            help="File of keys, ID:SECRET, one on each line: requests must be signed with one of them. "
            f"{access_keys.VARIABLE} in the environment adds keys. Default: any signature is accepted.",
            dir_okay=False,
        ),
    ] = None,
    access_key: Annotated[  # noqa: ARG001 - only ever refused
        Optional[list[str]],  # noqa: UP045
        typer.Option(hidden=True, callback=access_keys.refuse),
    ] = None,
    host: Annotated[
        Optional[list[str]],  # noqa: UP045
        typer.Option(
            metavar="ADDRESS",
            help="Address to listen on, such as 0.0.0.0 in a container; may be repeated. All but loopback addresses "
            "require a key. Default: 127.0.0.1 and ::1.",
        ),
    ] = None,
    host_name: Annotated[
        Optional[list[str]],  # noqa: UP045
        typer.Option(
            metavar="NAME",
            help="A name by which clients call this server, beside localhost, 127.0.0.1 and [::1]; may be repeated. "
            "Requests for other names are refused.",
        ),
    ] = None,
    processes: Annotated[
        bool,
        typer.Option(
            help="Whether tasks run as processes on this machine. With --no-processes only tasks that name an "
            "image run, if --containers allows it."
        ),
    ] = True,
    account: Annotated[
        str, typer.Option(metavar="DIGITS", help="The account in ARNs.", callback=_account)
    ] = "123456789012",
    region: Annotated[
        Optional[str],  # noqa: UP045
        typer.Option(
            help="The region in ARNs. Default: the one that a request is signed for, else us-east-1."
        ),
    ] = None,
    containers: Annotated[
        Literal["auto", "never", "docker", "podman"],
        typer.Option(
            help="What runs tasks that name an image; auto: the first that answers, else processes."
        ),
    ] = "never",
    mock_config: Annotated[
        Optional[Path],  # noqa: UP045
        typer.Option(
            metavar="FILE",
            envvar="SFN_MOCK_CONFIG",
            help="Mocks in the format of AWS Step Functions Local: executions started with the ARN of a state machine "
            "and '#TESTCASE' have their tasks answered by that test case.",
            dir_okay=False,
        ),
    ] = None,
    env: Annotated[
        Optional[list[str]],  # noqa: UP045
        typer.Option(metavar=task_environment.METAVAR, help=task_environment.HELP),
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
    aws: Annotated[
        Literal["off", "emulator", "on"],
        typer.Option(
            help="Which of AWS's services tasks may call, Lambda included. emulator: those at AWS_ENDPOINT_URL, and never with "
            "your credentials. on: AWS itself, too, with your credentials. off: none."
        ),
    ] = "emulator",
    console: Annotated[
        bool, typer.Option(help="Whether the console is served, at /console/ of the same address.")
    ] = True,
    edit: Annotated[
        Optional[Path],  # noqa: UP045
        typer.Option(
            metavar="FOLDER",
            help="Folder, such as a checkout, whose definitions the console's Studio may change.",
            file_okay=False,
            exists=True,
        ),
    ] = None,
    open_: Annotated[
        bool, typer.Option("--open", help="Open the console in your browser once it is served.")
    ] = False,
    visits: Annotated[
        bool,
        typer.Option(
            help="Whether visits of states are kept. With --no-visits less is written, and past executions have only their "
            "history."
        ),
    ] = True,
    limit: Annotated[
        Optional[list[str]],  # noqa: UP045
        typer.Option(metavar=limits.METAVAR, help=limits.HELP),
    ] = None,
    log_level: Annotated[
        Literal["debug", "info", "warning", "error"], typer.Option(help="The lowest level that is logged.")
    ] = "info",
) -> None:
    """Serve the AWS Step Functions API on 127.0.0.1, without Kubernetes."""
    # Imported here: the other commands start without the API's model. The log comes first, as it says how structlog is
    # loaded.
    from stepwright.cli import logs  # noqa: PLC0415

    logs.plainly(log_level)
    from stepwright.assembly import dev  # noqa: PLC0415
    from stepwright.assembly.dev import InUse  # noqa: PLC0415
    from stepwright.tasks.processes.containers import NoEngine, find  # noqa: PLC0415

    integrations.load(integration)
    secrets = access_keys.read(access_key_file)
    hosts = host or list(dev.LOOPBACKS)
    if secrets is None and not all(map(_is_loopback, hosts)):
        raise typer.BadParameter(
            "an address that other machines can reach requires a key (--access-key-file): whoever may call Stepwright may "
            "run commands here",
            param_hint="--host",
        )
    if open_ and not console:
        raise typer.BadParameter("there is no console to open with --no-console", param_hint="--open")
    if edit is not None and not console:
        raise typer.BadParameter(
            "the console edits these files, and --no-console leaves it out", param_hint="--edit"
        )
    given = limit or []
    try:
        options = dev.Options(
            folder=data or Path.home() / ".local/share/stepwright" / str(port),
            port=port,
            hosts=hosts,
            host_names=host_name or (),
            secrets=secrets,
            account=account,
            region=region,
            container_engine=find(containers),
            processes=processes,
            task_environment=task_environment.read(env),
            connection_objects=connection_files.read(connections),
            functions=function_files.read(functions),
            aws=aws,
            files=files,
            keeps_visits=visits,
            standard=limits.applied(STANDARD, given),
            express=limits.express(EXPRESS, given),
            mocks=None if mock_config is None else mock_files.read(str(mock_config)),
            console=console,
            edit=edit,
        )
        asyncio.run(dev.serve(options, typer.echo, _open if open_ else None))
    except (InUse, NoEngine, OSError) as error:
        typer.echo(f"stepwright: {error}", err=True)
        raise typer.Exit(1) from error


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _open(address: str) -> None:
    """In a thread: some browsers run in the terminal until they are left."""
    import webbrowser  # noqa: PLC0415 - seldom

    threading.Thread(target=webbrowser.open, args=(address,), daemon=True).start()
