"""``stepwright operator``: in a cluster or with a kubeconfig."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path
from typing import Annotated, Literal, Optional

import typer

from stepwright.asl.limits import CLUSTER
from stepwright.cli import integrations, limits

# Typer reads these annotations at run time, so they are in the form it knows.
Kubeconfig = Annotated[
    Optional[Path],  # noqa: UP045
    typer.Option(
        help="Kubeconfig file. Default: the pod's service account, else $KUBECONFIG or ~/.kube/config."
    ),
]
Namespaces = Annotated[
    Optional[list[str]],  # noqa: UP045
    typer.Option(
        "--namespace", "-n", help="Serve this namespace only; may be repeated. Default: all namespaces."
    ),
]


def operator(
    kubeconfig: Kubeconfig = None,
    namespace: Namespaces = None,
    lease_namespace: Annotated[
        Optional[str],  # noqa: UP045
        typer.Option(
            help="Namespace of the Leases by which operators share the executions. Default: the pod's own, or the "
            "kubeconfig's."
        ),
    ] = None,
    lease_seconds: Annotated[
        int,
        typer.Option(
            min=3, help="How long the Lease is valid: after a crash the other operators wait that long."
        ),
    ] = 15,
    installation: Annotated[
        Optional[str],  # noqa: UP045
        typer.Option(
            help="Name of this installation, which its executions carry. Default: the namespace of its Leases."
        ),
    ] = None,
    take_over: Annotated[
        Optional[list[str]],  # noqa: UP045
        typer.Option(
            metavar="INSTALLATION",
            help="Go on with the executions of an installation that is gone; may be repeated.",
        ),
    ] = None,
    host: Annotated[str, typer.Option(help="Address for metrics and probes.")] = "0.0.0.0",  # noqa: S104
    metrics_port: Annotated[int, typer.Option(help="Port of /metrics; 0 leaves it out.")] = 8080,
    state_machine_durations: Annotated[
        bool,
        typer.Option(
            help="Report how long executions take by state machine, not by namespace only: sixteen time series for each."
        ),
    ] = False,
    metrics_authorization: Annotated[
        bool,
        typer.Option(
            help="Show /metrics only to those whose token may get the non-resource URL /metrics "
            "(TokenReview, SubjectAccessReview)."
        ),
    ] = False,
    health_port: Annotated[int, typer.Option(help="Port of /healthz and /readyz; 0 leaves them out.")] = 8081,
    integration: Annotated[
        Optional[list[str]],  # noqa: UP045 - the form that Typer reads
        typer.Option(metavar=integrations.METAVAR, envvar=integrations.VARIABLE, help=integrations.HELP),
    ] = None,
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
    task_pod_security: Annotated[
        Literal["privileged", "baseline", "restricted"],
        typer.Option(
            help="What task pods may do, unless taskDefaults.podSecurity of their state machine says otherwise."
        ),
    ] = "baseline",
    restart_restored: Annotated[
        bool,
        typer.Option(
            "--restart-restored",
            help="Start executions again that came back from a backup without their status. Default: they wait for "
            "spec.restart.",
        ),
    ] = False,
    retention_seconds: Annotated[
        Optional[int],  # noqa: UP045
        typer.Option(
            min=0,
            help="Delete executions this many seconds after their end, unless they or their state machine say otherwise, or "
            "Argo CD, Flux or Helm made them. Default: never.",
        ),
    ] = None,
    retention_successful: Annotated[
        Optional[int],  # noqa: UP045
        typer.Option(min=0, help="Keep this many executions of each state machine that succeeded, likewise."),
    ] = None,
    retention_failed: Annotated[
        Optional[int],  # noqa: UP045
        typer.Option(min=0, help="Keep this many that failed, timed out or were aborted, likewise."),
    ] = None,
    log_level: Annotated[
        Literal["debug", "info", "warning", "error"], typer.Option(help="The lowest level that is logged.")
    ] = "info",
    log_execution_data: Annotated[
        Literal["deny", "allow"],
        typer.Option(
            help="Whether state machines may write inputs, outputs and causes to the operator's log."
        ),
    ] = "deny",
    log_format: Annotated[
        Optional[Literal["json", "console"]],  # noqa: UP045
        typer.Option(help="Default: console on a terminal, else json."),
    ] = None,
) -> None:
    """Run StateMachines and Executions of a cluster until told to stop (SIGTERM)."""
    # Imported here: the other commands start without kopf and the Kubernetes client.
    from stepwright.assembly import operator as operators  # noqa: PLC0415
    from stepwright.assembly.in_cluster import Settings  # noqa: PLC0415
    from stepwright.controllers import logs  # noqa: PLC0415
    from stepwright.controllers.state_machine_watch import Policy  # noqa: PLC0415
    from stepwright.kube.api_errors import ApiError  # noqa: PLC0415
    from stepwright.kube.credentials import NoCluster  # noqa: PLC0415

    writer = logs.configure(log_level, log_format or ("console" if sys.stderr.isatty() else "json"))
    if kubeconfig is not None and not kubeconfig.is_file():
        raise typer.BadParameter(f"there is no file {kubeconfig}", param_hint="--kubeconfig")
    integrations.load(integration)
    options = operators.Options(
        Settings(
            namespaces=tuple(namespace or ()),
            limits=limits.applied(CLUSTER, limit or []),
            restarts_restored=restart_restored,
            retention=Policy(retention_seconds, retention_successful, retention_failed),
            task_pod_security=task_pod_security,
            keeps_visits=visits,
        ),
        kubeconfig=kubeconfig,
        lease_namespace=lease_namespace,
        lease_seconds=lease_seconds,
        installation=installation,
        take_over=tuple(take_over or ()),
        host=host,
        metrics_port=metrics_port,
        health_port=health_port,
        state_machine_durations=state_machine_durations,
        metrics_authorization=metrics_authorization,
        log_execution_data=log_execution_data == "allow",
    )
    try:
        asyncio.run(operators.run(options))
    except (NoCluster, operators.Lost, ApiError, OSError) as error:
        writer.stop()
        typer.echo(f"stepwright: {error}", err=True)
        raise typer.Exit(1) from error
    finally:
        writer.stop()
