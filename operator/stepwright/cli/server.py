"""``stepwright server``: the AWS API in a cluster."""

from __future__ import annotations

import asyncio
import ssl
import sys
from importlib.util import find_spec
from pathlib import Path
from typing import Annotated, Literal, Optional

import typer

from stepwright.cli import integrations, login_provider
from stepwright.cli.operator import Kubeconfig, Namespaces

# Typer reads these annotations at run time, so they are in the form it knows.


def server(
    tls_cert: Annotated[
        Path,
        typer.Option(help="File with the server's certificate and its chain, in PEM.", dir_okay=False),
    ],
    tls_key: Annotated[Path, typer.Option(help="File with its private key, in PEM.", dir_okay=False)],
    kubeconfig: Kubeconfig = None,
    namespace: Namespaces = None,
    host: Annotated[str, typer.Option(help="Address to listen on.")] = "0.0.0.0",  # noqa: S104
    port: Annotated[int, typer.Option(min=1, max=65535, help="Port of the API.")] = 8443,
    host_name: Annotated[
        Optional[list[str]],  # noqa: UP045
        typer.Option(
            metavar="NAME",
            help="A name by which clients call this server; may be repeated. Requests for other names are refused.",
        ),
    ] = None,
    audience: Annotated[
        Optional[list[str]],  # noqa: UP045
        typer.Option(
            help="Audience for which tokens must have been made; may be repeated. Default: stepwright."
        ),
    ] = None,
    region: Annotated[str, typer.Option(help="The region in ARNs.")] = "us-east-1",
    console: Annotated[
        bool, typer.Option(help="Whether the console is served, at /console/ of the same address.")
    ] = True,
    console_logs: Annotated[
        bool,
        typer.Option(
            help="Show logs of tasks in the console, to those who may read the logs of pods in the namespace.",
        ),
    ] = False,
    session_key_file: Annotated[
        Optional[Path],  # noqa: UP045
        typer.Option(
            help="File with 32 random bytes, the same for all replicas: the console's sessions are sealed with them. "
            "Default: sessions end with the process.",
            dir_okay=False,
        ),
    ] = None,
    login_provider_file: Annotated[
        Optional[Path],  # noqa: UP045
        typer.Option(login_provider.OPTION, help=login_provider.HELP, dir_okay=False),
    ] = None,
    health_port: Annotated[int, typer.Option(help="Port of /healthz and /readyz; 0 leaves them out.")] = 8081,
    integration: Annotated[
        Optional[list[str]],  # noqa: UP045 - the form that Typer reads
        typer.Option(metavar=integrations.METAVAR, envvar=integrations.VARIABLE, help=integrations.HELP),
    ] = None,
    log_level: Annotated[
        Literal["debug", "info", "warning", "error"], typer.Option(help="The lowest level that is logged.")
    ] = "info",
    log_format: Annotated[
        Optional[Literal["json", "console"]],  # noqa: UP045
        typer.Option(help="Default: console on a terminal, else json."),
    ] = None,
) -> None:
    """Serve the AWS Step Functions API in a cluster, with Kubernetes' tokens and rights."""
    # Imported here: the other commands start without the Kubernetes client.
    from stepwright.assembly import server as servers  # noqa: PLC0415
    from stepwright.controllers import logs  # noqa: PLC0415
    from stepwright.kube.credentials import NoCluster  # noqa: PLC0415

    writer = logs.configure(log_level, log_format or ("console" if sys.stderr.isatty() else "json"))
    if kubeconfig is not None and not kubeconfig.is_file():
        raise typer.BadParameter(f"there is no file {kubeconfig}", param_hint="--kubeconfig")
    if console and find_spec("cryptography") is None:
        raise typer.BadParameter(
            "the console needs an extra: pip install 'stepwright-asl[oidc]', or --no-console",
            param_hint="--console",
        )
    integrations.load(integration)
    options = servers.Options(
        certificate=tls_cert,
        key=tls_key,
        host_names=host_name or (),
        host=host,
        port=port,
        health_port=health_port,
        kubeconfig=kubeconfig,
        namespaces=tuple(namespace or ()),
        audiences=tuple(audience or (servers.AUDIENCE,)),
        region=region,
        console=console,
        logs=console_logs,
        session_key=_session_key(session_key_file),
        login_provider=login_provider.read(login_provider_file),
    )
    try:
        asyncio.run(servers.serve(options))
    except (NoCluster, OSError, ssl.SSLError) as error:
        typer.echo(f"stepwright: {error}", err=True)
        raise typer.Exit(1) from error
    finally:
        writer.stop()


def _session_key(file: Path | None) -> bytes | None:
    if file is None:
        return None
    try:
        key = file.read_bytes()
    except OSError as error:
        raise typer.BadParameter(str(error), param_hint="--session-key-file") from error
    if len(key) != 32:
        raise typer.BadParameter(f"{file} has {len(key)} bytes, not 32", param_hint="--session-key-file")
    return key
