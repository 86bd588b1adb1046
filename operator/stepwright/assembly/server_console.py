"""The console on a server in a cluster: one logs in with a token, sees the namespaces that one may look at, and does there what one
may do by the API."""

from __future__ import annotations

import os
from collections.abc import Awaitable, Callable
from http import HTTPStatus

from msgspec import structs

from stepwright.api import dispatch, model, overload
from stepwright.api.errors import ApiError
from stepwright.api.server import ServiceOf
from stepwright.api.service import Service
from stepwright.assembly.palette import Palette
from stepwright.catalog.arns import Place
from stepwright.catalog.callers import Caller, User
from stepwright.catalog.ports import Access, TaskLogs, Visits
from stepwright.cluster.execution_index import ExecutionIndex
from stepwright.console.aws import Perform, Performed, Where
from stepwright.console.face import Admit, Console
from stepwright.console.oidc.login import OidcLogin
from stepwright.console.oidc.provider import Provider
from stepwright.console.oidc.settings import OidcSettings
from stepwright.console.ports import Ports
from stepwright.console.seal import KEY_BYTES, Seal
from stepwright.console.sealed_sessions import Person, SealedSessions
from stepwright.console.sessions import Login
from stepwright.console.studio import Studio
from stepwright.console.tenants import Tenants
from stepwright.files.serving import Serving
from stepwright.http.messages import Refused, Request
from stepwright.http.names import Names

Holder = Callable[[Request, str], Awaitable[User]]
"""Whose a token is that a request shows. Raises ApiError."""


def console(
    *,
    service: Service,
    service_of: ServiceOf,
    index: ExecutionIndex,
    visits: Visits,
    tenants: Tenants,
    holder: Holder,
    admit: Callable[[str, str | None], None],
    rights: Access,
    session_key: bytes | None,
    provider: OidcSettings | None,
    names: Names,
    logs: TaskLogs | None,
) -> Console:
    """``service``: nobody's, to read with, once it was decided who may. ``index``: of all executions. ``admit``: takes the name of
    somebody, and raises ApiError if they ask for too much at once. ``rights``: of which the log says nothing.
    ``session_key``: None: one of this process alone. ``provider``: where one logs in, if not with a token alone.
    ``logs``: None: nobody reads them here."""
    seal = Seal([session_key or os.urandom(KEY_BYTES)])
    by: Login = "token" if provider is None else "oidc"
    sessions = SealedSessions(by, seal, service.clock, _caller_of, _person_by(holder))
    login = (
        None if provider is None else OidcLogin(provider, Provider(provider), sessions, seal, service.clock)
    )
    return Console(
        names=names,
        sessions=sessions,
        ports=Ports(
            service.executions,
            index,
            index,
            visits,
            index,
            service.machines,
            service.access,
            rights,
            service.clock,
            tenants,
            logs,
            children=False,
        ),
        perform=_perform_with(service_of, tenants),
        studio=Studio(
            Serving(lambda _: service.new_task_check(), service.installation),
            Palette("operator"),
            service.clock,
            service.beside,
        ),
        login=login,
        admit=_admit_by(admit),
        in_cluster=True,
        versions=service.serves("PublishStateMachineVersion"),
    )


def _perform_with(service_of: ServiceOf, tenants: Tenants) -> Perform:
    async def perform(caller: Caller, where: Where, operation: str, body: bytes) -> Performed:
        # Nobody may do anything where there is no tenant.
        place = tenants.place(where.tenant or "") or Place("", tenants.region)
        own = service_of(structs.replace(caller, account=place.account), place)
        return Performed(*await dispatch.dispatch(own, model.TARGET + operation, body))

    return perform


def _caller_of(person: Person) -> Caller:
    """Of no account: what one may do is asked of each place."""
    return Caller("", user=User(person.name, person.uid, person.groups, person.extra))


def _admit_by(admit: Callable[[str, str | None], None]) -> Admit:
    def admitted(caller: Caller | None, operation: str | None) -> None:
        try:
            if caller is None:
                overload.is_of("")
            else:
                admit(caller.named, operation)
        except ApiError as error:  # 503: pages ask again
            raise Refused(error.code, error.message, 503) from error

    return admitted


def _person_by(holder: Holder) -> Callable[[Request, str], Awaitable[Person | None]]:
    async def person(request: Request, token: str) -> Person | None:
        try:
            user = await holder(request, token)
        except ApiError as error:
            if error.status == HTTPStatus.FORBIDDEN:
                return None
            raise Refused(error.code, error.message, error.status) from error
        return Person(user.name, user.uid, user.groups, user.extra)

    return person
