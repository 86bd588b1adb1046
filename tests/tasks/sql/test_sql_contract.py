"""Tasks that ask a database keep the contract of all integrations."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, ClassVar

import pytest

from stepwright.asl.definition import TaskCheck
from stepwright.asl.json_types import Json
from stepwright.integrations.testing import Contract, Fault, OtherSide
from stepwright.tasks import sql
from stepwright.tasks.calls.integration import Integration
from stepwright.tasks.calls.means import Means
from tests.processes.postgres import PASSWORD, USER, Postgres
from tests.tasks.faulty_servers import ANY, faulty

TABLES = """
DROP TABLE IF EXISTS orders, stepwright_tasks;
CREATE TABLE orders (id serial PRIMARY KEY, item text NOT NULL);
CREATE TABLE stepwright_tasks (task uuid PRIMARY KEY, made timestamptz NOT NULL DEFAULT now(), result text);
"""


LIMITED = "limited"
LIMITS: dict[Fault | None, str] = {
    "throttling": "CONNECTION LIMIT 0",
    "expired": "VALID UNTIL '2020-01-01'",
}
"""Of that role."""


class _OverSql(Contract):
    errors = frozenset({"Sql.ConnectionFailed", "Sql.ConnectionLost", "Sql.28P01", "Sql.53300"})
    faults = ANY | {"throttling", "refusing", "expired"}
    postgres: ClassVar[Postgres]
    statement: ClassVar[str]
    also: ClassVar[dict[str, Json]] = {}

    @pytest.fixture(autouse=True)
    def _with_postgres(self, postgres: Postgres) -> None:
        type(self).postgres = postgres

    def integration(self, means: Means) -> Integration:
        return sql.make(means)

    def check(self) -> TaskCheck:
        return sql.OFFERED.check_for({})

    async def count(self) -> int:
        return int(await self.postgres.asked("SELECT count(*) FROM orders"))

    def side(self, port: int, fault: Fault | None) -> OtherSide:
        statement = self.statement
        if fault == "huge":
            statement = "SELECT repeat('x', 50000000) AS x"
        parameters: dict[str, Json] = {"Connection": "shop", "Statement": statement}
        if "$1" in statement:
            parameters["Parameters"] = ["chair"]
        spec: dict[str, Any] = {
            "host": "localhost",
            "port": port,
            "database": "postgres",
            "auth": {
                "username": LIMITED if fault in LIMITS else USER,
                "passwordFrom": {"secretKeyRef": {"name": "shop", "key": "password"}},
            },
            "tls": {"ca": self.postgres.certificates.text("ca.crt")},
            **self.also,
        }
        if fault in ("silent", "slow"):
            spec["timeoutSeconds"] = 1
        password = "canary of somebody else" if fault == "refusing" else PASSWORD
        return OtherSide(
            parameters, self.count, connections={"shop": {"sql": spec}}, secrets={"shop/password": password}
        )

    @asynccontextmanager
    async def other_side(self, fault: Fault | None) -> AsyncIterator[OtherSide]:
        await self.postgres.run(TABLES)
        if fault in LIMITS:
            await self.postgres.run(
                f"DROP ROLE IF EXISTS {LIMITED}; CREATE ROLE {LIMITED} LOGIN PASSWORD '{PASSWORD}' {LIMITS[fault]}"
            )
        if fault in ANY - {"huge"}:
            async with faulty(fault, behind=self.postgres.port) as port:
                yield self.side(port, fault)
        else:
            yield self.side(self.postgres.port, fault)


class TestQuery(_OverSql):
    resource = "sql:query"
    statement = "SELECT * FROM orders WHERE item = $1"
    effects = 0
    wrong = (
        {"Connection": "shop"},
        {"Connection": "shop", "Statement": ""},
        {"Connection": "shop", "Statement": "SELECT 1", "MaxRows": 0},
        {"Connection": "shop", "Statement": " commit"},
        {"Connection": "shop", "Query": "SELECT 1"},
        {"Statement": "SELECT 1"},
    )


class TestExecute(_OverSql):
    """Of what nobody knows, nobody says that it is done."""

    resource = "sql:execute"
    statement = "INSERT INTO orders (item) VALUES ($1)"
    wrong = (
        {"Connection": "shop"},
        {"Connection": "shop", "Statement": "SELECT 1", "Transaction": []},
        {"Connection": "shop", "Transaction": []},
        {"Connection": "shop", "Transaction": [{"Statement": "ROLLBACK"}]},
        {"Connection": "shop", "Transaction": [{"Parameters": [1]}]},
        {"Connection": "shop", "Transaction": [{"Statement": "SELECT 1"}], "Parameters": [1]},
    )


class TestExecuteWithATableOfTasks(TestExecute):
    """Each is done once."""

    also: ClassVar[dict[str, Json]] = {"idempotency": {"table": "public.stepwright_tasks"}}


class TestExecuteThatWaitsForAToken(TestExecute):
    resource = "sql:execute.waitForTaskToken"
