"""``stepwright dev``: the whole system on one machine, behind the AWS Step Functions API."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Annotated, Literal, Optional

import typer

from stepwright.asl.limits import EXPRESS, STANDARD
from stepwright.cli import limits

# Typer reads these annotations at run time, so they are in the form it knows.
Data = Annotated[
    Optional[Path],  # noqa: UP045
    typer.Option(
        help="Folder that everything is kept in. Default: ~/.local/share/stepwright/PORT.", file_okay=False
    ),
]


def dev(
    port: Annotated[int, typer.Option(min=0, max=65535, help="Port; 0 lets the system choose.")] = 8083,
    data: Data = None,
    access_key: Annotated[
        Optional[list[str]],  # noqa: UP045
        typer.Option(
            metavar="ID:SECRET",
            help="Require requests to be signed with this key; may be repeated. Default: any signature is accepted.",
        ),
    ] = None,
    containers: Annotated[
        Literal["auto", "never", "docker", "podman"],
        typer.Option(
            help="What runs tasks that name an image; auto: the first that answers, else processes."
        ),
    ] = "never",
    limit: Annotated[
        Optional[list[str]],  # noqa: UP045
        typer.Option(metavar=limits.METAVAR, help=limits.HELP),
    ] = None,
    log_level: Annotated[
        Literal["debug", "info", "warning", "error"], typer.Option(help="The least that is logged.")
    ] = "info",
) -> None:
    """Serve the AWS Step Functions API on 127.0.0.1, without Kubernetes."""
    # Imported here: the other commands start without SQLAlchemy and botocore.
    from stepwright.cli import embedded, logs  # noqa: PLC0415
    from stepwright.local.containers import NoEngine, find  # noqa: PLC0415
    from stepwright.local.database import InUse  # noqa: PLC0415

    logs.plainly(log_level)
    secrets = None if not access_key else dict(map(_split, access_key))
    given = limit or []
    quotas = limits.applied(STANDARD, given), limits.express(EXPRESS, given)
    folder = data or Path.home() / ".local/share/stepwright" / str(port)
    try:
        asyncio.run(embedded.serve(port, folder, secrets, typer.echo, find(containers), quotas))
    except (InUse, NoEngine, OSError) as error:
        typer.echo(f"stepwright: {error}", err=True)
        raise typer.Exit(1) from error


def _split(key: str) -> tuple[str, str]:
    name, colon, secret = key.partition(":")
    if not (name and colon and secret):
        # The value itself is secret.
        raise typer.BadParameter("an access key is written ID:SECRET", param_hint="--access-key")
    return name, secret
