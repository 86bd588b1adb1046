"""One call of a task that asks a database, without an engine."""

from __future__ import annotations

from typing import Any

from stepwright.asl.json_types import Json
from stepwright.asl.resource import parse
from stepwright.tasks.calls.integration import Call
from stepwright.tasks.sql.integration import Sql
from tests.processes.postgres import PASSWORD, USER, Postgres
from tests.tasks.http.calling import REF, Kept, secret
from tests.tasks.one_call import OneCall
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


CALL = OneCall(Sql)
integration, result, failure = CALL.made, CALL.result, CALL.failure


def asked(action: str, number: int = 5, **parameters: Json) -> Call:
    return Call(REF, start_task(parse(f"sql:{action}"), {"Connection": "shop", **parameters}, number))


async def query(kept: Kept, statement: str, *parameters: Json, **more: Json) -> Any:
    call = asked("query", 5, Statement=statement, Parameters=list(parameters), **more)
    return await result(kept, call)


async def execute(kept: Kept, statement: str, *parameters: Json, number: int = 5) -> Any:
    return await result(kept, asked("execute", number, Statement=statement, Parameters=list(parameters)))
