"""The console in front of the AWS API that this process serves: one behaviour, two ways in."""

from __future__ import annotations

import hmac
from typing import Protocol

from msgspec import structs

from stepwright.api import dispatch, model
from stepwright.api.regions import Regions
from stepwright.api.service import Service
from stepwright.api.signatures import Keys
from stepwright.assembly.palette import Palette
from stepwright.catalog.callers import Caller
from stepwright.catalog.ports import ExecutionRows, Overviews, TaskLogs, Visits, Watching
from stepwright.console.assets import Assets
from stepwright.console.aws import Perform, Performed, Where
from stepwright.console.face import Console
from stepwright.console.ports import Ports
from stepwright.console.readiness import CheckedDefinitions
from stepwright.console.routes import Part
from stepwright.console.sessions import ByAccessKey, CheckKey, Everybody, Sessions
from stepwright.console.studio import Studio
from stepwright.console.tenants import OneTenant
from stepwright.files.checkout import Checkout
from stepwright.files.serving import Serving
from stepwright.http.names import Names
from stepwright.tasks.table import Process


class Stored(Protocol):
    """What a store has that the AWS API does not ask for."""

    @property
    def execution_rows(self) -> ExecutionRows: ...

    @property
    def overviews(self) -> Overviews: ...

    @property
    def visits(self) -> Visits: ...

    @property
    def watching(self) -> Watching: ...


def console(
    service: Service,
    stored: Stored,
    regions: Regions,
    names: Names,
    keys: Keys | None,
    process: Process,
    assets: Assets | None = None,
    logs: TaskLogs | None = None,
    sessions: Sessions | None = None,
    login: Part | None = None,
    checkout: Checkout | None = None,
) -> Console:
    """``service`` is the template, as for ``api.server``. ``keys``: one logs in with one of them, unless there are ``sessions`` of
    another kind, and a ``login`` that leads to them. ``process``: what it runs, for the studio. ``logs``: None: nobody reads them
    here. ``checkout``: what the studio may edit beside state machines."""
    serving = Serving(lambda _: service.new_task_check(), service.installation)
    if sessions is None:
        sessions = Everybody(service.caller) if keys is None else ByAccessKey(_check_of(keys), service.clock)
    return Console(
        names=names,
        sessions=sessions,
        ports=Ports(
            service.executions,
            stored.execution_rows,
            stored.overviews,
            stored.visits,
            stored.watching,
            service.machines,
            service.access,
            service.access,
            service.clock,
            OneTenant(service.place),
            logs,
            readiness=CheckedDefinitions(serving, service.beside),
            activities=service.activities,
            work=service.work,
        ),
        perform=_perform_with(service, regions),
        studio=Studio(serving, Palette(process), service.clock, service.beside),
        checkout=checkout,
        assets=assets,
        login=login,
        versions=service.serves("PublishStateMachineVersion"),
    )


def _perform_with(service: Service, regions: Regions) -> Perform:
    async def perform(caller: Caller, where: Where, operation: str, body: bytes) -> Performed:
        own = structs.replace(service, caller=caller, place=regions.of(caller.account, where.region))
        return Performed(*await dispatch.dispatch(own, model.TARGET + operation, body))

    return perform


def _check_of(keys: Keys) -> CheckKey:
    def check(access_key: str, secret: str) -> Caller | None:
        found = keys.get(access_key)
        if found is None or not hmac.compare_digest(found.secret.encode(), secret.encode()):
            return None
        return found.caller

    return check
