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
_LARGEST_LOGIN_BYTES: Final = 16 * 1024


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
        "RedriveExecutionFrom": _executions,
        "UpdateMapRun": _executions,
        "SendTaskSuccess": _executions,
        "TestState": _machines,
        "PublishStateMachineVersion": _machines,
        "DeleteStateMachineVersion": _machines,
        "CreateStateMachineAlias": _machines,
        "UpdateStateMachineAlias": _machines,
        "DeleteStateMachineAlias": _machines,
    }
)
"""The operations that the console has buttons for, and on what a right to each is asked for."""


class Who:
    def __init__(self, sessions: Sessions, ports: Ports, features: Features) -> None:
        self._sessions = sessions
        self._rights = ports.rights
        self._tenants = ports.tenants
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
            tenants=[] if session.caller is None else await self._of(session.caller),
            region=self._tenants.region,
            features=self._features,
            limits=Limits(
                body_bytes=LARGEST_BODY_BYTES, idle_minutes=None if login is None else IDLE_MINUTES
            ),
            version=__version__,
        )

    async def log_in(self, call: Call) -> Answer:
        given = await call.body(_CREDENTIALS, _LARGEST_LOGIN_BYTES)
        return _with_cookie(await self._sessions.begin(call.request, given))

    async def log_out(self, call: Call) -> Answer:
        return _with_cookie(self._sessions.end(call.request))

    async def _of(self, caller: Caller) -> list[Tenant]:
        return [await self._tenant(caller, name, place) for name, place in await self._tenants.of(caller)]

    async def _tenant(self, caller: Caller, name: str, place: Place) -> Tenant:
        rights = {
            operation: await self._right(caller, name, operation, on(place))
            for operation, on in BUTTONS.items()
        }
        return Tenant(name=name, account=place.account, rights=rights)

    async def _right(self, caller: Caller, tenant: str, operation: str, resource: str) -> Right:
        if await self._rights.allows(caller, operation, resource):
            return Right(allowed=True)
        needs = self._rights.needs(operation)
        # It stands at a button, for somebody who knows what that does and who they are.
        return Right(
            allowed=False, reason=f"You may not do this in {tenant}" + (f": {needs}" if needs else "")
        )


def _with_cookie(cookie: str) -> Response:
    return Response(204, b"", {**headers.DATA, "Set-Cookie": cookie})
