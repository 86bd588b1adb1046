"""The console on a server: everything below ``/console``; all else goes where it went without it."""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import Callable
from typing import Final, TypeAlias
from urllib.parse import unquote

import structlog

from stepwright.catalog.callers import Caller
from stepwright.catalog.ports import NoSuchCursor
from stepwright.console import admission, headers
from stepwright.console.activities import ActivityRoutes
from stepwright.console.assets import Assets
from stepwright.console.aws import Aws, Perform
from stepwright.console.events import Events
from stepwright.console.executions import OneExecution
from stepwright.console.files import Files
from stepwright.console.lists import Lists
from stepwright.console.logs import Logs
from stepwright.console.machines import MachineRoutes
from stepwright.console.metrics import MetricsRoute
from stepwright.console.models import Features, Model
from stepwright.console.parameters import invalid
from stepwright.console.ports import Ports
from stepwright.console.reading import Reading
from stepwright.console.routes import Call, Part, Table, answered, refusal
from stepwright.console.sessions import Sessions
from stepwright.console.stream import Streams
from stepwright.console.studio import Studio
from stepwright.console.visit_data import VisitDataRoute
from stepwright.console.visits import VisitRoutes
from stepwright.console.who import Who
from stepwright.engine.beside import on_behalf_of
from stepwright.engine.ports import JournalError
from stepwright.files.checkout import Checkout
from stepwright.http.bodies import Bodies
from stepwright.http.connection import Handler
from stepwright.http.messages import Malformed, Refused, Request, Response, Stream
from stepwright.http.names import Names

PREFIX: Final = "/console"
_FILES: Final = f"{PREFIX}/"
_API: Final = f"{PREFIX}/api/v1/"

ROUTE_SECONDS: Final = 30.0
"""How long an answer may take that is made of what is stored."""

Admit: TypeAlias = Callable[[Caller | None, str | None], None]
"""Takes who asks for something, None before somebody has logged in, and which of AWS's operations it is, if it is one. Raises Refused
if that is too much at once."""

log = structlog.get_logger(__name__)


class Console:
    """``names``: what clients may call this server by."""

    def __init__(
        self,
        *,
        names: Names,
        sessions: Sessions,
        ports: Ports,
        perform: Perform,
        studio: Studio,
        versions: bool,
        checkout: Checkout | None = None,
        assets: Assets | None = None,
        login: Part | None = None,
        admit: Admit | None = None,
        in_cluster: bool = False,
    ) -> None:
        """``versions``: whether ``perform`` knows published versions and aliases. ``checkout``: a folder whose definitions may be
        changed. ``login``: the way to a login provider and back, if there is one.
        ``in_cluster``: state machines are objects there: their roles are accounts, and none is Express."""
        self._names = names
        self._sessions = sessions
        self._admit = admit
        self._assets = assets or Assets()
        self._bodies = Bodies()
        features = Features(
            executions=True,
            stream=True,
            children=ports.children,
            logs=ports.logs is not None,
            definitions=True,
            expressions=True,
            fields=True,
            resources=True,
            blueprints=True,
            metrics=True,
            versions=versions,
            activities=ports.work is not None,
            files=checkout is not None,
            express=not in_cluster,
            accounts=in_cluster,
            labels=in_cluster,
        )
        reading = Reading(ports)
        lists, one = Lists(ports, reading), OneExecution(ports, reading)
        events = Events(ports, reading)
        data = VisitDataRoute(ports, reading, events)
        parts: tuple[Part, ...] = (
            Who(sessions, ports, features),
            Aws(perform),
            studio,
            lists,
            one,
            MetricsRoute(ports, lists),
            MachineRoutes(ports, reading),
            VisitRoutes(ports, reading),
            events,
            data,
            Streams(sessions, ports, reading, lists, one),
            *(() if ports.logs is None else (Logs(sessions, ports.logs, reading, data),)),
            *(
                ()
                if ports.activities is None or ports.work is None
                else (ActivityRoutes(ports.activities, ports.work, reading),)
            ),
            *(() if login is None else (login,)),
            *(() if checkout is None else (Files(checkout),)),
        )
        self._table = Table(route for part in parts for route in part.routes())

    def before(self, otherwise: Handler) -> Handler:
        """Serves what is the console's, and passes on all else."""

        async def serve(request: Request) -> Response | Stream:
            if request.path == PREFIX or request.path.startswith(_FILES):
                return await self._serve(request)
            return await otherwise(request)

        return serve

    async def _serve(self, request: Request) -> Response | Stream:
        on_behalf_of.set(request.client)
        try:
            admission.check_sender(request, self._names)
            if request.path.startswith(_API):
                return await self._perform(request)
            return await self._file(request)
        except Refused as refused:
            return refusal(refused)
        except NoSuchCursor:
            return refusal(invalid("The cursor does not belong to this list: ask for its first page again"))
        except JournalError as error:
            return refusal(Refused("ServiceUnavailableException", str(error), 503))
        except Malformed:
            raise  # the connection's to answer
        except Exception as error:
            error_id = uuid.uuid4().hex
            log.exception("request of the console failed", path=request.path, error_id=error_id)
            told = f"An internal error of Stepwright ({type(error).__name__}). Its log says more at error_id {error_id}"
            return refusal(Refused("InternalServerError", told, 500))

    async def _file(self, request: Request) -> Response:
        if request.method not in ("GET", "HEAD"):
            raise Refused("MethodNotAllowed", "Files can only be read, by GET or HEAD", 405)
        if request.path == PREFIX:
            return Response(308, b"", {**headers.SAFE, "Location": _FILES})
        return await self._assets.answer(request, unquote(request.path.removeprefix(_FILES)))

    async def _perform(self, request: Request) -> Response | Stream:
        method = "GET" if request.method == "HEAD" else request.method
        route, ids = self._table.find(method, request.path.removeprefix(_API))
        session = self._sessions.of(request)
        if method != "GET":
            admission.check_change(request, session.token)
        elif route.proves:
            admission.check_token(request, session.token)
        if session.caller is None and not route.public:
            raise Refused("LoginRequired", "Log in first: there is no session, or it has ended", 401)
        if self._admit is not None:
            self._admit(session.caller, ids.get("operation"))
        call = Call(request, session, ids, self._bodies)
        try:
            async with asyncio.timeout(ROUTE_SECONDS if route.bounded else None):
                answer = await route.act(call)
        except TimeoutError:
            raise Refused(
                "ServiceUnavailableException",
                f"There was no answer within {ROUTE_SECONDS:.0f} seconds; try again",
                503,
            ) from None
        answer = answered(answer) if isinstance(answer, Model) else answer
        renewed = self._sessions.renewed(request)
        if renewed is None or "Set-Cookie" in answer.headers:
            return answer
        return answer._replace(headers={**answer.headers, "Set-Cookie": renewed})
