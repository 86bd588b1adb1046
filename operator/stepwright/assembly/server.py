"""The AWS API in a cluster: replicas that hold nothing but what they remember for a moment. They run nothing; operators do, which
see what is written here."""

from __future__ import annotations

import asyncio
import random
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Final

import structlog

from stepwright.api import audit, overload
from stepwright.api.bearer import ByToken
from stepwright.api.server import handler
from stepwright.api.service import Service
from stepwright.assembly import process
from stepwright.catalog.arns import Place
from stepwright.catalog.callers import Caller
from stepwright.cluster.access import RIGHTS, Access
from stepwright.cluster.catalog.asking import Asking
from stepwright.cluster.catalog.executions import Executions
from stepwright.cluster.catalog.histories import Histories
from stepwright.cluster.catalog.machines import Machines
from stepwright.cluster.catalog.map_runs import MapRuns
from stepwright.cluster.catalog.naming import AsAccounts
from stepwright.cluster.execution_index import ExecutionIndex
from stepwright.cluster.places import REGION, Places
from stepwright.cluster.revisions import Revisions
from stepwright.cluster.serving import Cluster
from stepwright.cluster.tenants import Tenants
from stepwright.cluster.tokens import Tokens
from stepwright.cluster.visits import ClusterVisits
from stepwright.console.oidc.settings import OidcSettings
from stepwright.engine.beside import Beside
from stepwright.engine.clock import SystemClock
from stepwright.engine.garbage import Garbage
from stepwright.http import listening
from stepwright.http.certificates import Certificate
from stepwright.http.connection import Handler
from stepwright.http.messages import Request, Response
from stepwright.http.names import Names
from stepwright.kube.api import Api
from stepwright.kube.connection import connect
from stepwright.tasks import table
from stepwright.tasks.job.pod_logs import PodLogs

AUDIENCE: Final = "stepwright"
"""For whom a token has to be made that is shown here: one for the API server is not taken, or whoever runs this could use it there."""

MOST_CONNECTIONS: Final = 2_000
MOST_UNDER_WAY: Final = 200
MOST_OF_ONE: Final = 64
"""Of those, that one caller has under way: with 200 of theirs that wait, nobody else would be served."""
ENDPOINT_SECONDS: Final = 5.0
"""How long a server that ends is still sent requests, as not every node has heard of it."""
SHUTDOWN_SECONDS: Final = 25.0


log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Options:
    """``namespaces``: those that are served; all without any. ``certificate`` and ``key``: files in PEM. ``host_names``: what clients
    call this server by. A health port of 0 leaves the probes out."""

    certificate: Path
    key: Path
    host_names: Sequence[str] = ()
    host: str = "0.0.0.0"  # noqa: S104 - it is for the whole cluster
    port: int = 8443
    health_port: int = 8081
    kubeconfig: Path | None = None
    namespaces: Sequence[str] = ()
    audiences: Sequence[str] = (AUDIENCE,)
    region: str = REGION
    console: bool = True
    session_key: bytes | None = None
    """Of 32 bytes, the same on all replicas: what browsers keep of sessions is sealed with it. None: sessions end with the process."""
    logs: bool = False
    """Whether the console shows logs of pods, to those who may read them."""
    login_provider: OidcSettings | None = None
    """Where one logs in to the console, if not with a token alone."""
    endpoint_seconds: float = ENDPOINT_SECONDS


async def serve(options: Options) -> None:
    """Until SIGTERM or SIGINT. Raises NoCluster, OSError, ssl.SSLError."""
    stopped = process.begin()
    certificate = Certificate(options.certificate, options.key)
    async with await connect(options.kubeconfig, user_agent="stepwright-server") as api:
        parts = Served(api, options)
        web = listening.Server(
            parts.handler, tls=certificate.context, most=MOST_CONNECTIONS, shutdown_seconds=SHUTDOWN_SECONDS
        )
        probes = listening.Server(_probes(parts, stopped))
        beside = (
            asyncio.create_task(certificate.follow(), name="certificate"),
            asyncio.create_task(Garbage().run(), name="garbage"),
        )
        running = asyncio.create_task(parts.run(), name="what there is")
        stopping = asyncio.create_task(stopped.wait(), name="stop")
        try:
            if options.health_port:
                await probes.listen([options.host], options.health_port)
            bound = await web.listen([options.host], options.port)
            log.info("serving", address=f"https://{options.host}:{bound}")
            await asyncio.wait((running, stopping), return_when=asyncio.FIRST_COMPLETED)
            if running.done():
                running.result()
            log.info("stopping")
            await asyncio.sleep(options.endpoint_seconds)
        finally:
            await web.cleanup()
            await probes.cleanup()
            tasks = (*beside, running, stopping)
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)


class Served:
    """Everything that a server has, without its sockets."""

    def __init__(self, api: Api, options: Options) -> None:
        self.places: Final = Places(api, options.region, options.namespaces)
        self._asking: Final = Asking(api)
        self._histories: Final = Histories(self._asking)
        naming = AsAccounts(self.places)
        self._index: Final = ExecutionIndex(api, naming, options.namespaces)
        self._rights: Final = Access(api, self.places)
        self._access: Final = audit.NotedAccess(self._rights)
        self._clock: Final = SystemClock()
        self._beside: Final = Beside()
        self._chance: Final = random.SystemRandom().random
        senders, names = ByToken(Tokens(api, options.audiences), self.places), Names.of(options.host_names)
        serving = handler(self._service, senders, names)
        if options.console:
            # Imported here: it needs an extra.
            from stepwright.assembly.server_console import console  # noqa: PLC0415

            serving = console(
                service=self._service(Caller(""), Place("", options.region)),
                service_of=self._service,
                index=self._index,
                visits=ClusterVisits(api, Revisions(api), naming.objects),
                tenants=Tenants(self._rights, self.places),
                holder=senders.holder,
                admit=senders.admit,
                rights=self._rights,
                session_key=options.session_key,
                provider=options.login_provider,
                names=names,
                logs=PodLogs(api, self._namespace) if options.logs else None,
            ).before(serving)
        self.handler: Final = audit.audited(overload.bounded(serving, MOST_UNDER_WAY, MOST_OF_ONE))

    @property
    def lacking(self) -> str | None:
        """What is not known yet, without which this is of no use."""
        if not self.places.synced:
            return "the namespaces are not listed yet"
        return None if self._index.synced.is_set() else "the executions are not listed yet"

    async def run(self) -> None:
        """Until cancelled."""
        async with asyncio.TaskGroup() as group:
            group.create_task(self.places.run(), name="namespaces")
            group.create_task(self._index.run(), name="executions")

    def _namespace(self, arn: str) -> str | None:
        spot = self.places.find(arn)
        return None if spot is None else spot.namespace

    def _service(self, caller: Caller, place: Place) -> Service:
        user = caller.user
        return Service(
            machines=Machines(self._asking, self.places, self._rights, user),
            executions=Executions(self._asking, self.places, self._histories, self._index, user),
            express=None,
            versions=None,
            map_runs=MapRuns(self._asking, self.places, self._index),
            answers=None,
            activities=None,
            work=None,
            access=self._access,
            clock=self._clock,
            caller=caller,
            place=place,
            new_id=lambda: str(uuid.uuid4()),
            chance=self._chance,
            new_task_check=partial(table.check_for, {}, "operator"),
            installation=Cluster(partial(table.runs, process="operator")),
            beside=self._beside,
            serves=RIGHTS.__contains__,
            where=" in a cluster",
        )


def _probes(parts: Served, stopped: asyncio.Event) -> Handler:
    async def answer(request: Request) -> Response:
        problem = None
        if request.path == "/readyz":
            problem = "ending" if stopped.is_set() else parts.lacking
        elif request.path != "/healthz":
            return Response(404, b"", {})
        return Response(503 if problem else 200, (problem or "ok").encode(), {"Content-Type": "text/plain"})

    return answer
