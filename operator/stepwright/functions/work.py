"""The process of a worker: where it works, and when it ends."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Callable
from pathlib import Path

from stepwright.functions import offers
from stepwright.functions.handlers import Handler, Unusable
from stepwright.functions.running import Running
from stepwright.functions.worker import Worker
from stepwright.kube import connection
from stepwright.kube.api import Api
from stepwright.kube.api_errors import ApiError, Forbidden, NotFound
from stepwright.kube.credentials import NoCluster
from stepwright.kube.paths import path_of


async def work(
    handler: Handler,
    template: str,
    *,
    name: str,
    at_once: int,
    namespace: str | None = None,
    kubeconfig: Path | None = None,
    tell: Callable[[str], None],
) -> None:
    """Until SIGTERM or SIGINT. Without ``namespace``, in that of the pod or of the kubeconfig's context. Raises Unusable."""
    stopped = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stopped.set)
    try:
        api = await connection.connect(kubeconfig)
    except NoCluster as error:
        raise Unusable(str(error)) from error
    async with api:
        where = namespace or api.default_namespace
        await _require_rights(api, where)
        running = Running(handler, at_once)
        worker = Worker(
            api,
            where,
            template,
            running.call,
            name=name,
            at_once=at_once,
            can_be_cancelled=running.can_be_cancelled,
        )
        tell(f"{name} takes tasks of TaskTemplate {template} in {where}, {at_once} at a time")
        await worker.run(stopped)
        running.close()


async def _require_rights(api: Api, namespace: str) -> None:
    """What would be missing for ever is said at once; whatever else is the matter may pass. Raises Unusable."""
    try:
        await api.request("GET", path_of(offers.API_VERSION, offers.PLURAL, namespace), {"limit": 1})
    except Forbidden as error:
        raise Unusable(
            f"{error.message}: bind the worker's account in {namespace} to a Role with get, list and watch on "
            "externaltasks and patch on externaltasks/status (API group stepwright.dev)"
        ) from error
    except NotFound as error:
        raise Unusable(f"the cluster knows no ExternalTasks: install Stepwright ({error.message})") from error
    except ApiError:
        return
