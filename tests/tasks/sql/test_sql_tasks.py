"""Tasks that ask a database, as their users write them: what comes back, what is refused, and what has taken effect."""

from __future__ import annotations

import asyncio
import itertools
import json
from ipaddress import ip_address
from typing import Any

import asyncpg
import pytest

from stepwright.asl.definition import check
from stepwright.asl.json_types import Json
from stepwright.tasks import table
from stepwright.tasks.calls.connection_parts import BadConnection
from stepwright.tasks.calls.integration import Again, AnswerLost, CallFailed
from stepwright.tasks.sql.session import Session
from tests.processes.postgres import PASSWORD, USER, Postgres
from tests.tasks.one_call import nowhere
from tests.tasks.sql.asking import asked, database, execute, failure, integration, query, result
from tests.tasks.sql.test_sql_contract import TABLES


async def until(postgres: Postgres, condition: str) -> None:
    async with asyncio.timeout(120):
        for pause in itertools.repeat(0.05):
            if await postgres.asked(condition):
                return
            await asyncio.sleep(pause)


@pytest.fixture(autouse=True)
async def _tables(postgres: Postgres) -> None:
    await postgres.run(TABLES)


# --- Results ----------------------------------------------------------------------------------------------------------


async def test_rows_are_objects_by_the_names_of_columns(postgres: Postgres) -> None:
    given = await query(
        database(postgres),
        "SELECT 7 AS n, 'chair' AS item, NULL AS note UNION ALL SELECT 8, 'table', 'x' ORDER BY n",
    )

    assert given == {
        "Rows": [{"n": 7, "item": "chair", "note": None}, {"n": 8, "item": "table", "note": "x"}],
        "RowCount": 2,
    }


VALUES: dict[str, tuple[Json, Json]] = {
    "int2": (7, 7),
    "int4": (-7, -7),
    "int8": (9_007_199_254_740_993, 9_007_199_254_740_993),
    "float8": (0.5, 0.5),
    "float4": (2, 2.0),
    "numeric": ("12345678901234567890.10", "12345678901234567890.10"),
    "bool": (True, True),
    "text": ("Zürich'; DROP TABLE orders; --", "Zürich'; DROP TABLE orders; --"),
    "varchar": ("x", "x"),
    "json": ({"a": [1, None]}, {"a": [1, None]}),
    "jsonb": ([1, {"b": "c"}], [1, {"b": "c"}]),
    "uuid": ("43e358d5-0000-4000-8000-000000000000", "43e358d5-0000-4000-8000-000000000000"),
    "date": ("2026-11-29", "2026-11-29"),
    "timestamp": ("2026-11-29T12:30:00", "2026-11-29T12:30:00"),
    "timestamptz": ("2026-11-29T13:30:00+01:00", "2026-11-29T12:30:00+00:00"),
    "time": ("12:30:01", "12:30:01"),
    "interval": (90.5, 90.5),
    "bytea": ("AAEC", "AAEC"),
    "inet": ("10.0.0.1/32", "10.0.0.1"),
    "int4[]": ([1, None, 3], [1, None, 3]),
    "text[]": (["a", "b"], ["a", "b"]),
    "jsonb[]": ([{"a": 1}, [2]], [{"a": 1}, [2]]),
}


@pytest.mark.parametrize("type", VALUES)
async def test_a_value_comes_back_as_it_was_bound(type: str, postgres: Postgres) -> None:
    given, expected = VALUES[type]

    found = await query(database(postgres), f"SELECT $1::{type} AS value, $2::{type} AS nothing", given, None)

    assert found["Rows"] == [{"value": expected, "nothing": None}]
    json.dumps(found)


UNFIT: dict[str, tuple[Json, str]] = {
    "int4": ("7", "the parameter $1 must be a whole number for int4"),
    "bool": (1, "the parameter $1 must be true or false for bool"),
    "text": (7, "the parameter $1 must be a text for text"),
    "date": ("yesterday", "the parameter $1 is not a text that date could be read from"),
    "timestamptz": (
        "2026-11-29T12:30:00",
        "the parameter $1 is not a text that timestamptz could be read from",
    ),
    "uuid": ("x", "the parameter $1 is not a text that uuid could be read from"),
    "numeric": ("many", "the parameter $1 must be a number or the text of one for numeric"),
    "int4[]": (7, "the parameter $1 must be a list for int4[]"),
}


@pytest.mark.parametrize("type", UNFIT)
async def test_a_value_that_does_not_fit_is_refused_by_its_place(type: str, postgres: Postgres) -> None:
    given, why = UNFIT[type]

    failed = await failure(
        database(postgres), asked("query", Statement=f"SELECT $1::{type}", Parameters=[given])
    )

    assert (failed.error, failed.cause) == (
        "States.Runtime",
        f"The Parameters of the task could not be used: [{why}]",
    )


async def test_a_number_that_no_column_holds_is_refused(postgres: Postgres) -> None:
    failed = await failure(
        database(postgres), asked("query", Statement="SELECT $1::int2", Parameters=[70_000])
    )

    assert failed.error == "States.Runtime"
    assert "70000" in failed.cause


@pytest.mark.parametrize(
    ("statement", "why"),
    [
        ("SELECT $1::int, $2::int", "the statement has 2 parameters ($1 ...), and 1 were given"),
        (
            "SELECT $1::int AS a, 2 AS a",
            "the statement returns two columns named 'a'; name one of them otherwise (AS)",
        ),
    ],
)
async def test_a_statement_that_cannot_be_used_is_told(statement: str, why: str, postgres: Postgres) -> None:
    failed = await failure(database(postgres), asked("query", Statement=statement, Parameters=[1]))

    assert (failed.error, failed.cause) == (
        "States.Runtime",
        f"The Parameters of the task could not be used: [{why}]",
    )


async def test_more_rows_than_the_task_takes_are_no_result(postgres: Postgres) -> None:
    call = asked("query", Statement="SELECT * FROM generate_series(1, 11) AS n", MaxRows=10)

    failed = await failure(database(postgres), call)

    assert (failed.error, failed.cause) == (
        "States.DataLimitExceeded",
        "The statement returns 11 rows, and the task takes 10 (MaxRows).",
    )


async def test_a_value_larger_than_may_be_read_is_not_read_to_its_end(postgres: Postgres) -> None:
    call = asked("query", Statement="SELECT repeat('x', 100000000) AS x")

    failed = await failure(database(postgres), call)

    assert (failed.error, failed.cause) == (
        "States.DataLimitExceeded",
        "The database sends more than 2,097,152 bytes.",
    )


# --- Effects ----------------------------------------------------------------------------------------------------------


async def test_what_a_task_writes_is_there_afterwards(postgres: Postgres) -> None:
    given = await execute(
        database(postgres), "INSERT INTO orders (item) VALUES ($1), ('table') RETURNING id", "chair"
    )
    changed = await execute(database(postgres), "UPDATE orders SET item = 'stool' WHERE id > $1", 0, number=6)

    assert given == {"Rows": [{"id": 1}, {"id": 2}], "RowCount": 2}
    assert changed == {"Rows": [], "RowCount": 2}
    assert await postgres.asked("SELECT count(*) FROM orders WHERE item = 'stool'") == 2


async def test_a_query_writes_nothing(postgres: Postgres) -> None:
    failed = await failure(database(postgres), asked("query", Statement="DELETE FROM orders"))

    assert failed.error == "Sql.25006"
    assert "read-only transaction" in failed.cause


async def test_all_statements_of_a_transaction_take_effect_or_none(postgres: Postgres) -> None:
    one: Json = {"Statement": "INSERT INTO orders (id, item) VALUES ($1, 'chair')", "Parameters": [1]}
    other: Json = {"Statement": "INSERT INTO orders (id, item) VALUES (2, 'table') RETURNING item"}

    failed = await failure(database(postgres), asked("execute", Transaction=[one, other, one]))
    assert await postgres.asked("SELECT count(*) FROM orders") == 0
    done = await result(database(postgres), asked("execute", Transaction=[one, other]))

    cause = json.loads(failed.cause)
    assert failed.error == "Sql.23505"
    assert (cause["Constraint"], cause["Table"], cause["Statement"]) == ("orders_pkey", "orders", 2)
    assert done == {"Results": [{"Rows": [], "RowCount": 1}, {"Rows": [{"item": "table"}], "RowCount": 1}]}


@pytest.mark.parametrize(
    ("statement", "error"),
    [
        ("SELEC 1", "Sql.42601"),
        ("SELECT * FROM nowhere", "Sql.42P01"),
        ("SELECT 1 / 0", "Sql.22012"),
        ("SELECT 1; SELECT 2", "Sql.42601"),
        ("VACUUM", "Sql.25001"),
    ],
)
async def test_what_the_database_refuses_has_the_name_of_its_class(
    statement: str, error: str, postgres: Postgres
) -> None:
    failed = await failure(database(postgres), asked("execute", Statement=statement))

    assert failed.error == error
    assert json.loads(failed.cause)["SqlState"] == error.removeprefix("Sql.")


async def test_a_statement_cannot_end_the_transaction_of_its_task(postgres: Postgres) -> None:
    first: Json = {"Statement": "INSERT INTO orders (item) VALUES ('chair')"}
    ends: Json = {"Statement": "/* not said at its beginning */ ROLLBACK"}

    failed = await failure(database(postgres), asked("execute", Transaction=[first, ends, first]))

    assert failed.cause == (
        "The Parameters of the task could not be used: [the statement has ended the transaction of its task]"
    )
    assert await postgres.asked("SELECT count(*) FROM orders") == 0


async def test_a_statement_that_takes_too_long_is_ended_by_the_server(postgres: Postgres) -> None:
    failed = await failure(
        database(postgres, timeoutSeconds=1), asked("execute", Statement="SELECT pg_sleep(60)")
    )

    assert failed.error == "Sql.57014"
    assert (
        await postgres.asked("SELECT count(*) FROM pg_stat_activity WHERE query LIKE 'SELECT pg_sleep%'") == 0
    )


# --- Once -------------------------------------------------------------------------------------------------------------

ONCE: dict[str, Any] = {"idempotency": {"table": "stepwright_tasks"}}


async def test_a_task_that_is_run_again_has_the_result_of_the_first_time(postgres: Postgres) -> None:
    kept = database(postgres, **ONCE)
    first = await execute(kept, "INSERT INTO orders (item) VALUES ('chair') RETURNING id")
    again = await execute(kept, "INSERT INTO orders (item) VALUES ('chair') RETURNING id")
    another = await execute(kept, "INSERT INTO orders (item) VALUES ('chair') RETURNING id", number=6)

    assert first == again == {"Rows": [{"id": 1}], "RowCount": 1}
    assert another["Rows"] == [{"id": 2}]


async def test_a_task_whose_first_transaction_is_not_over_waits_for_it(postgres: Postgres) -> None:
    kept = database(postgres, **ONCE)
    statement = "INSERT INTO orders (item) SELECT 'chair' FROM pg_sleep(1) RETURNING id"

    results = await asyncio.gather(*(execute(kept, statement) for _ in range(4)))

    assert results == [{"Rows": [{"id": 1}], "RowCount": 1}] * 4
    assert await postgres.asked("SELECT count(*) FROM orders") == 1


async def test_a_task_that_failed_leaves_no_row(postgres: Postgres) -> None:
    await failure(database(postgres, **ONCE), asked("execute", Statement="SELECT 1 / 0"))

    assert await postgres.asked("SELECT count(*) FROM stepwright_tasks") == 0


async def test_a_table_of_tasks_that_is_not_there_is_told(postgres: Postgres) -> None:
    kept = database(postgres, idempotency={"table": "nowhere"})

    assert (await failure(kept, asked("execute", Statement="SELECT 1"))).error == "Sql.42P01"


@pytest.mark.parametrize(("once", "expected"), [(ONCE, AnswerLost), ({}, CallFailed)])
async def test_a_connection_that_breaks_off_at_the_commit_leaves_it_unknown(
    once: dict[str, Any], expected: type[Exception], postgres: Postgres, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def cut(self: Any) -> None:
        self.committing = True
        await self._connection.execute("COMMIT")
        raise ConnectionResetError(104, "Connection reset by peer")

    monkeypatch.setattr(Session, "commit", cut)
    kept = database(postgres, **once)
    with pytest.raises(expected) as lost:
        await execute(kept, "INSERT INTO orders (item) VALUES ('chair') RETURNING id")
    monkeypatch.undo()

    assert await postgres.asked("SELECT count(*) FROM orders") == 1
    if isinstance(lost.value, CallFailed):
        assert lost.value.error == "Sql.ConnectionLost"
    else:
        again = await execute(kept, "INSERT INTO orders (item) VALUES ('chair') RETURNING id")
        assert again["Rows"] == [{"id": 1}]


async def test_a_server_that_ends_at_the_commit_leaves_it_unknown(
    postgres: Postgres, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def ended(self: Any) -> None:
        self.committing = True
        raise asyncpg.AdminShutdownError("terminating connection due to administrator command")

    monkeypatch.setattr(Session, "commit", ended)

    assert (
        await failure(database(postgres), asked("execute", Statement="SELECT 1"))
    ).error == "Sql.ConnectionLost"


async def test_a_server_that_ends_in_between_has_done_nothing(postgres: Postgres) -> None:
    running = asyncio.ensure_future(
        failure(
            database(postgres),
            asked("execute", Statement="INSERT INTO orders (item) SELECT 'x' FROM pg_sleep(60)"),
        )
    )
    kill = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE query LIKE 'INSERT INTO orders%pg_sleep%'"
    await until(postgres, kill)

    failed = await running

    assert failed.error in ("Sql.ConnectionFailed", "Sql.57P01")
    assert await postgres.asked("SELECT count(*) FROM orders") == 0


async def test_a_task_that_is_given_up_leaves_no_connection(postgres: Postgres) -> None:
    sql = integration(database(postgres, timeoutSeconds=2))
    running = asyncio.ensure_future(sql.begin(asked("execute", Statement="SELECT pg_sleep(30)")))
    busy = "SELECT count(*) FROM pg_stat_activity WHERE query LIKE 'SELECT pg_sleep%'"
    await until(postgres, f"SELECT ({busy}) > 0")

    running.cancel()
    await asyncio.gather(running, return_exceptions=True)
    await sql.close()

    await until(postgres, f"SELECT ({busy}) = 0")


def test_what_reads_is_made_again_and_what_writes_is_looked_for(postgres: Postgres) -> None:
    sql = integration(database(postgres))

    assert sql.again(asked("query", Statement="SELECT 1")) is Again.HARMLESS
    assert sql.again(asked("execute", Statement="SELECT 1")) is Again.FIND


# --- Whom it connects to ----------------------------------------------------------------------------------------------


async def test_a_certificate_of_an_unknown_authority_is_not_believed(postgres: Postgres) -> None:
    failed = await failure(database(postgres, tls={}), asked("query", Statement="SELECT 1"))

    assert failed.error == "Sql.ConnectionFailed"
    assert failed.cause.startswith(f"The certificate of localhost:{postgres.port} is not valid: ")


async def test_a_certificate_of_another_host_is_not_believed(postgres: Postgres) -> None:
    tls = {"ca": postgres.certificates.text("ca.crt"), "serverName": "other.example.test"}

    failed = await failure(database(postgres, tls=tls), asked("query", Statement="SELECT 1"))

    assert "Hostname mismatch" in failed.cause


async def test_without_tls_only_where_the_connection_says_so(postgres: Postgres) -> None:
    secure = "SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()"

    assert (await query(database(postgres), secure))["Rows"] == [{"ssl": True}]
    assert (await query(database(postgres, tls={"mode": "Disabled"}), secure))["Rows"] == [{"ssl": False}]


async def test_a_wrong_password_is_told_without_it(postgres: Postgres) -> None:
    kept = database(postgres)
    kept.secrets["password"] = "canary-wrong"

    failed = await failure(kept, asked("query", Statement="SELECT 1"))

    assert failed.error == "Sql.28P01"
    assert "canary" not in failed.cause


async def test_a_password_that_the_database_tells_is_hidden(postgres: Postgres) -> None:
    failed = await failure(
        database(postgres), asked("query", Statement="SELECT $1::text::int", Parameters=[PASSWORD])
    )

    assert failed.error == "Sql.22P02"
    assert '\\"***\\"' in failed.cause


async def test_a_name_that_does_not_resolve_is_told(postgres: Postgres) -> None:
    failed = await failure(
        database(postgres, host="db.example.test"), asked("query", Statement="SELECT 1"), nowhere
    )

    assert (failed.error, failed.cause) == (
        "Sql.ConnectionFailed",
        "The name db.example.test cannot be resolved: Name or service not known.",
    )


@pytest.mark.parametrize("address", ["127.0.0.1", "169.254.169.254", "10.0.0.7", "::1"])
async def test_a_host_that_points_inwards_is_not_connected_to(address: str, postgres: Postgres) -> None:
    kept = database(postgres, host="db.example.test")

    failed = await failure(
        kept, asked("query", Statement="SELECT 1"), lambda *_: [ip_address(address)], loopback=False
    )

    assert failed.error == "States.Permissions"
    assert f"db.example.test may not be connected to at {address}" in failed.cause


async def test_nothing_is_taken_from_the_environment(
    postgres: Postgres, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in {
        "PGPASSWORD": PASSWORD,
        "PGUSER": USER,
        "PGSSLMODE": "disable",
        "PGTARGETSESSIONATTRS": "standby",
        "PGSERVICE": "x",
    }.items():
        monkeypatch.setenv(name, value)
    kept = database(postgres)
    assert (await query(kept, "SELECT 1 AS n"))["Rows"] == [{"n": 1}]
    kept.secrets["password"] = ""

    assert (await failure(kept, asked("query", Statement="SELECT 1"))).error in (
        "Sql.28P01",
        "Sql.ConnectionFailed",
    )


@pytest.mark.parametrize(
    ("sql", "why"),
    [
        ({"host": "db.example.com", "database": "x"}, "spec.sql.auth is missing: a database wants to know who asks."),
        ({"host": "2130706433", "database": "x"}, "spec.sql.host: '2130706433' has a number for a host"),
        ({"host": "a@b", "database": "x"}, "spec.sql.host: 'a@b' has a user or a password before its host"),
        ({"host": "db", "database": "x", "auth": {"username": "u", "passwordFrom": {"secretKeyRef": {"name": "a", "key": "b"}}}, "idempotency": {"table": "x; DROP"}}, "spec.sql.idempotency.table: 'x; DROP' is not the name of a table"),
    ],
)  # fmt: skip
def test_a_connection_that_cannot_be_used_is_told(sql: dict[str, Any], why: str) -> None:
    with pytest.raises(BadConnection) as bad:
        table.check_connection({"sql": sql})

    assert str(bad.value).startswith(why)


# --- Definitions ------------------------------------------------------------------------------------------------------


def said(resource: str, spec: dict[str, Any] | None = None, **arguments: Json) -> list[str]:
    state: Json = {"Type": "Task", "Resource": resource, "Arguments": arguments, "End": True}
    text: Json = {"QueryLanguage": "JSONata", "StartAt": "S", "States": {"S": state}}
    return [each.message for each in check(text, task_check=table.check_for(spec or {}))]


FROM_DATA = "comes from data: it must stand in the definition as it is, and values go into Parameters"


def test_a_definition_may_have_values_from_data_and_no_statement() -> None:
    good: dict[str, Any] = {"Statement": "SELECT $1", "Parameters": "{% [$states.input.id] %}"}
    bad: dict[str, Any] = {"Statement": "{% 'SELECT ' & $states.input.id %}"}

    assert said("sql:query", Connection="shop", **good) == []
    assert said("sql:execute", Connection="shop", Transaction=[good]) == []
    assert said("sql:query", Connection="shop", **bad) == [f"Statement of sql:query {FROM_DATA}"]
    assert said("sql:execute", Connection="shop", Transaction=[good, bad]) == [
        f"Transaction of sql:execute has at 1 no Statement, or one that {FROM_DATA}"
    ]
    assert said("sql:execute", Connection="shop", Transaction="{% $states.input %}") == [
        f"Transaction of sql:execute {FROM_DATA}"
    ]


def test_a_definition_with_paths_is_held_to_the_same() -> None:
    parameters: Json = {"Connection": "shop", "Statement.$": "States.Format('SELECT {}', $.id)"}
    state: Json = {"Type": "Task", "Resource": "sql:query", "Parameters": parameters, "End": True}

    found = check({"StartAt": "S", "States": {"S": state}}, task_check=table.check_for({}))

    assert [(each.message, str(each.pointer)) for each in found] == [
        (f"Statement of sql:query {FROM_DATA}", "/States/S/Parameters/Statement.$")
    ]


def test_a_state_machine_names_the_connections_that_it_uses() -> None:
    statement: dict[str, Any] = {"Statement": "SELECT 1"}

    assert said("sql:query", {"connections": ["shop"]}, Connection="shop", **statement) == []
    (unnamed,) = said("sql:query", {"connections": ["shop"]}, Connection="other", **statement)
    assert "does not name the Connection 'other'" in unnamed
    (warning,) = said("sql:query", {"connections": ["shop"]}, Connection="{% $states.input.c %}", **statement)
    assert warning.startswith("Connection comes from data")


def test_an_action_that_is_none_is_told_with_what_is_meant() -> None:
    assert said("sql:exec", Connection="shop") == ["there is no sql:exec; is sql:execute meant?"]
    assert said("sql:query.sync", Connection="shop") == ["there is no sql:query.sync; is sql:query meant?"]
