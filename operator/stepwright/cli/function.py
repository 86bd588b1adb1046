"""``stepwright function``: functions in Python, begun, served, run once, and by a worker."""

from __future__ import annotations

import asyncio
import socket
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import typer

from stepwright.cli import plain

if TYPE_CHECKING:
    from stepwright.functions.handlers import Handler

USAGE: Final = 2
FAILED: Final = 1

function = typer.Typer(
    help="Functions in Python: start a new one, serve it over HTTP, run it in a Job or as a worker.",
    no_args_is_help=True,
)

_HandlerName = Annotated[str, typer.Argument(metavar="MODULE.FUNCTION", help="The handler: app.handler.")]
_Folder = Annotated[
    Path, typer.Option("--folder", help="Folder of its module.", exists=True, file_okay=False)
]


@function.command()
def new(
    name: Annotated[str, typer.Argument(help="Name of the function, its Service and its TaskTemplate.")],
    *,
    python: Annotated[bool, typer.Option("--python", help="In Python, the only language so far.")] = True,  # noqa: ARG001
    folder: Annotated[
        Path | None, typer.Option("--folder", help="Folder to write to; by default a new one of that name.")
    ] = None,
) -> None:
    """Write a new function to start from: handler, test, Dockerfile, TaskTemplate with Deployment and Service."""
    from stepwright.functions import scaffold  # noqa: PLC0415

    try:
        made = scaffold.python(name, folder or Path(name))
    except (scaffold.Refused, OSError) as error:
        plain.echo(f"stepwright: {error}", err=True)
        raise typer.Exit(USAGE) from error
    for path in made:
        plain.echo(str(path))


@function.command()
def serve(
    handler: _HandlerName,
    *,
    port: Annotated[int, typer.Option(help="Port; 0 lets the system choose.", min=0, max=65_535)] = 8080,
    host: Annotated[str, typer.Option(help="The address to listen on.")] = "0.0.0.0",  # noqa: S104 - it runs in a pod
    concurrency: Annotated[int, typer.Option(help="How many calls run at once.", min=1, max=1000)] = 1,
    name: Annotated[str | None, typer.Option(help="The function name that the handler sees.")] = None,
    folder: _Folder = Path(),
) -> None:
    """Serve a handler by Lambda's Invoke API, until SIGTERM."""
    loaded = _loaded(handler, folder)
    from stepwright.functions import server  # noqa: PLC0415

    try:
        asyncio.run(server.serve(loaded, name or handler, host, port, concurrency, plain.echo))
    except OSError as error:
        plain.echo(f"stepwright: cannot listen on {host}:{port}: {error}", err=True)
        raise typer.Exit(USAGE) from error


@function.command()
def once(handler: _HandlerName, *, folder: _Folder = Path()) -> None:
    """Run a handler once, as a task's container: its event comes from a file, its answer goes into one."""
    loaded = _loaded(handler, folder)
    from stepwright.functions import once as in_a_job  # noqa: PLC0415
    from stepwright.functions.handlers import Unusable  # noqa: PLC0415

    try:
        outcome = in_a_job.run(loaded, handler)
    except (Unusable, OSError) as error:
        plain.echo(f"stepwright: {error}", err=True)
        raise typer.Exit(USAGE) from error
    if outcome.failed:
        raise typer.Exit(FAILED)


@function.command()
def work(
    handler: _HandlerName,
    *,
    function: Annotated[str, typer.Option("--function", help="The TaskTemplate whose tasks it takes.")],
    concurrency: Annotated[int, typer.Option(help="How many tasks it has at once.", min=1, max=1000)] = 1,
    namespace: Annotated[
        str | None,
        typer.Option("-n", "--namespace", help="Namespace of the TaskTemplate; by default the pod's own."),
    ] = None,
    name: Annotated[
        str | None, typer.Option(help="The worker's name, as people see it; by default the host's.")
    ] = None,
    kubeconfig: Annotated[
        Path | None, typer.Option(help="Kubeconfig file; by default the pod's account is used.")
    ] = None,
    folder: _Folder = Path(),
) -> None:
    """Take tasks of a TaskTemplate with `worker`, and do them, until SIGTERM."""
    loaded = _loaded(handler, folder)
    from stepwright.functions import work as worker  # noqa: PLC0415
    from stepwright.functions.handlers import Unusable  # noqa: PLC0415

    working = worker.work(
        loaded,
        function,
        name=name or socket.gethostname(),
        at_once=concurrency,
        namespace=namespace,
        kubeconfig=kubeconfig,
        tell=plain.echo,
    )
    try:
        asyncio.run(working)
    except Unusable as error:
        plain.echo(f"stepwright: {error}", err=True)
        raise typer.Exit(USAGE) from error


def _loaded(handler: str, folder: Path) -> Handler:
    """What the module itself raises ends the process with its traceback. Raises Exit."""
    from stepwright.functions import handlers  # noqa: PLC0415

    try:
        return handlers.load(handler, folder.resolve())
    except handlers.Unusable as error:
        plain.echo(f"stepwright: {error}", err=True)
        raise typer.Exit(USAGE) from error
