"""One call of a task that asks a database, without an engine."""

from __future__ import annotations

from typing import Any

import pytest

from stepwright.asl.json_types import Json
from stepwright.asl.resource import parse
from stepwright.tasks.calls.addresses import look_up
from stepwright.tasks.calls.host_names import HostNames
from stepwright.tasks.calls.integration import Call, CallFailed
from stepwright.tasks.calls.servers import Connector
from stepwright.tasks.sql.integration import Sql
from tests.processes.postgres import PASSWORD, USER, Postgres
from tests.tasks.http.calling import REF, Kept, secret
from tests.tasks.start_tasks import start_task


def database(postgres: Postgres, **sql: Any) -> Kept:
    """The Connection ``shop``."""
    spec = {
        "host": "localhost",
        "port": postgres.port,
        "database": "postgres",
        "auth": {"username": USER, "passwordFrom": secret("password")},
        "tls": {"ca": postgres.certificates.text("ca.crt")},
        **sql,
    }
    return Kept({"sql": spec}, secrets={"password": PASSWORD})


def integration(kept: Kept, lookup: Any = look_up, *, loopback: bool = True) -> Sql:
    return Sql(kept, loopback=loopback, connector=Connector(HostNames(lookup)))


def asked(action: str, number: int = 5, **parameters: Json) -> Call:
    return Call(REF, start_task(parse(f"sql:{action}"), {"Connection": "shop", **parameters}, number))


async def result(kept: Kept, call: Call, lookup: Any = look_up, *, loopback: bool = True) -> Any:
    sql = integration(kept, lookup, loopback=loopback)
    try:
        return (await sql.begin(call)).value
    finally:
        await sql.close()


async def query(kept: Kept, statement: str, *parameters: Json, **more: Json) -> Any:
    call = asked("query", 5, Statement=statement, Parameters=list(parameters), **more)
    return await result(kept, call)


async def execute(kept: Kept, statement: str, *parameters: Json, number: int = 5) -> Any:
    return await result(kept, asked("execute", number, Statement=statement, Parameters=list(parameters)))


async def failure(kept: Kept, call: Call, lookup: Any = look_up, *, loopback: bool = True) -> CallFailed:
    with pytest.raises(CallFailed) as failed:
        await result(kept, call, lookup, loopback=loopback)
    return failed.value
