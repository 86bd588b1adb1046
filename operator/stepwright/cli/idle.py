"""``stepwright idle``: whether an operator may go for good."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from contextlib import aclosing
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final, Optional

import msgspec
import typer

if TYPE_CHECKING:
    from stepwright.kube.api import Api

_MOST_NAMED: Final = 5


class _Metadata(msgspec.Struct):
    namespace: str
    name: str


class _Execution(msgspec.Struct):
    metadata: _Metadata


def idle(
    kubeconfig: Annotated[
        Optional[Path],  # noqa: UP045
        typer.Option(
            help="Kubeconfig file. Default: the pod's service account, else $KUBECONFIG or ~/.kube/config."
        ),
    ] = None,
    namespace: Annotated[
        Optional[list[str]],  # noqa: UP045
        typer.Option(
            "--namespace", "-n", help="Look at this namespace only; may be repeated. Default: all namespaces."
        ),
    ] = None,
) -> None:
    """Exit with 0 if no Execution of a cluster is running; else name some that are, and exit with 1."""
    # Imported here: the other commands start without the Kubernetes client.
    from stepwright.kube.api_errors import ApiError  # noqa: PLC0415
    from stepwright.kube.credentials import NoCluster  # noqa: PLC0415

    try:
        found = asyncio.run(_running(kubeconfig, namespace or ()))
    except (NoCluster, ApiError, OSError) as error:
        typer.echo(f"stepwright: {error}", err=True)
        raise typer.Exit(1) from error
    if found:
        more = " and more" if len(found) > _MOST_NAMED else ""
        typer.echo(
            f"Executions are running, and would stay where they are: {', '.join(found[:_MOST_NAMED])}{more}. "
            "Stop them, or wait for their ends.",
            err=True,
        )
        raise typer.Exit(1)


async def _running(kubeconfig: Path | None, namespaces: Sequence[str]) -> list[str]:

    from stepwright.kube.connection import connect  # noqa: PLC0415

    async with await connect(kubeconfig) as api:
        return [name for namespace in namespaces or (None,) for name in await some_running(api, namespace)]


async def some_running(api: Api, namespace: str | None) -> list[str]:
    """Executions under way there (None: anywhere), as namespace/name; one more than are ever named, at most. Raises
    ApiError."""
    from stepwright.cluster.resources import API_VERSION  # noqa: PLC0415
    from stepwright.kube import lists, namespaces  # noqa: PLC0415
    from stepwright.kube.api_errors import Forbidden  # noqa: PLC0415
    from stepwright.kube.paths import path_of  # noqa: PLC0415

    path = path_of(API_VERSION, "executions", namespace)
    selector = {"fieldSelector": "status.phase=Running"}
    try:
        async with aclosing(lists.pages(api, path, selector, page_size=_MOST_NAMED + 1)) as pages:
            async for page, _ in pages:
                if page:
                    found = (msgspec.json.decode(item, type=_Execution).metadata for item in page)
                    return [f"{metadata.namespace}/{metadata.name}" for metadata in found]
    except Forbidden:
        # The Role went with its namespace.
        if namespace is None or not await namespaces.is_going(api, namespace):
            raise
    return []
