"""Who asks, and what that one may do: ``v1/me`` and ``v1/session``."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from types import MappingProxyType
from typing import Final

import msgspec

from stepwright import __version__
from stepwright.catalog.arns import Place
from stepwright.catalog.callers import Caller
from stepwright.console import headers
from stepwright.console.models import Credentials, Features, Limits, Me, Right, Tenant
from stepwright.console.ports import Ports
from stepwright.console.routes import Answer, Call, Route
from stepwright.console.sessions import IDLE_MINUTES, Sessions
from stepwright.http.bodies import LARGEST_BODY_BYTES
from stepwright.http.messages import Response

_CREDENTIALS: Final = msgspec.json.Decoder(Credentials)
_LARGEST_LOGIN_BYTES: Final = 4 * 1024


def _machines(place: Place) -> str:
    return place.state_machine("*")


def _executions(place: Place) -> str:
    return place.execution("*", "*")


BUTTONS: Final[Mapping[str, Callable[[Place], str]]] = MappingProxyType(
    {
        "CreateStateMachine": _machines,
        "UpdateStateMachine": _machines,
        "DeleteStateMachine": _machines,
        "StartExecution": _machines,
        "StopExecution": _executions,
        "RedriveExecution": _executions,
        "UpdateMapRun": _executions,
        "SendTaskSuccess": _executions,
        "TestState": _machines,
    }
)
"""The operations that the console has buttons for, and on what a right to each is asked for."""


class Who:
    """The account of ``Ports.place`` is the one tenant."""

    def __init__(self, sessions: Sessions, ports: Ports, features: Features) -> None:
        self._sessions = sessions
        self._access = ports.access
        self._place = ports.place
        self._features = features

    def routes(self) -> Iterator[Route]:
        yield Route("GET", "me", self.me, public=True)
        yield Route("POST", "session", self.log_in, public=True)
        yield Route("DELETE", "session", self.log_out)

    async def me(self, call: Call) -> Answer:
        session, login = call.session, self._sessions.login
        return Me(
            person=session.person,
            login=login,
            token=session.token,
            tenants=[] if session.caller is None else [await self._tenant(session.caller)],
            region=self._place.region,
            features=self._features,
            limits=Limits(
                body_bytes=LARGEST_BODY_BYTES, idle_minutes=None if login is None else IDLE_MINUTES
            ),
            version=__version__,
        )

    async def log_in(self, call: Call) -> Answer:
        given = await call.body(_CREDENTIALS, _LARGEST_LOGIN_BYTES)
        return _with_cookie(self._sessions.begin(call.request, given.access_key_id, given.secret_access_key))

    async def log_out(self, call: Call) -> Answer:
        return _with_cookie(self._sessions.end(call.request))

    async def _tenant(self, caller: Caller) -> Tenant:
        rights = {
            operation: await self._right(caller, operation, on(self._place))
            for operation, on in BUTTONS.items()
        }
        return Tenant(name=caller.account, account=caller.account, rights=rights)

    async def _right(self, caller: Caller, operation: str, resource: str) -> Right:
        if await self._access.allows(caller, operation, resource):
            return Right(allowed=True)
        return Right(allowed=False, reason=f"{caller.named} may not perform {operation} on {resource}")


def _with_cookie(cookie: str) -> Response:
    return Response(204, b"", {**headers.DATA, "Set-Cookie": cookie})
