"""Stores a new execution once, under a free name."""

from __future__ import annotations

from collections.abc import Mapping
from sqlite3 import Connection
from typing import Any, Final

from stepwright.catalog.ports import MachineGone
from stepwright.catalog.records import Execution
from stepwright.sql import machines
from stepwright.sql.database import Conflict, Database, Statement
from stepwright.sql.rows import BELONGS

ADD_EXECUTION: Final = Statement(
    0,
    "INSERT INTO executions (uid, arn, name, machine_arn, machine_name, revision, input, started, trace_header, "
    "version_arn, alias_arn, status, seq, settled, bare_tokens) SELECT :uid, :arn, :name, :machine_arn, :machine_name, :revision, "
    ":input, :started, :trace_header, :version_arn, :alias_arn, 'RUNNING', 0, FALSE, FALSE "
    "WHERE EXISTS (SELECT 1 FROM machines WHERE arn = :machine_arn AND deleting IS FALSE) ON CONFLICT DO NOTHING",
    conditional=True,
)
"""The state machine was looked up before, but may have been deleted since."""

NAME_MILLIS: Final = 90 * 24 * 60 * 60 * 1000
"""How long after its end an execution keeps its name to itself.
https://docs.aws.amazon.com/step-functions/latest/apireference/API_StartExecution.html"""


async def add(database: Database, execution: Execution, machine_name: str) -> bool:
    """Whether it is new: False if its ARN was taken before. Raises MachineGone."""
    row = {
        "uid": execution.uid,
        "arn": execution.arn,
        "name": execution.name,
        "machine_arn": execution.machine_arn,
        "machine_name": machine_name,
        "revision": execution.revision_id,
        "input": execution.input,
        "started": execution.started,
        "trace_header": execution.trace_header,
        "version_arn": execution.version_arn,
        "alias_arn": execution.alias_arn,
    }
    try:
        await database.write([(ADD_EXECUTION, row)])
    except Conflict:
        return await database.call(lambda connection: _add_again(connection, row))
    return True


def _add_again(connection: Connection, row: Mapping[str, Any]) -> bool:
    """Add an execution whose ARN is taken: if by an execution of a deleted state machine, or by one that
    ended long ago, the ARN is the new one's now. Raises MachineGone."""
    machine = machines.stored(connection, row["machine_arn"])
    if machine is None or machine.deleting:
        raise MachineGone
    former = (
        f"SELECT uid FROM executions WHERE arn = :arn AND (NOT ({BELONGS}) "  # noqa: S608 - a constant
        "OR (settled IS TRUE AND stopped <= :long_ago))"
    )
    found = connection.execute(former, {**row, "long_ago": row["started"] - NAME_MILLIS}).fetchone()
    if found is None:
        return False
    # It is kept whole, but no longer found under this name.
    other = {"uid": found["uid"], "other": f"{row['arn']}:{found['uid']}"}
    connection.execute("UPDATE executions SET arn = :other WHERE uid = :uid", other)
    connection.execute("UPDATE map_runs SET execution_arn = :other WHERE uid = :uid", other)
    connection.execute(ADD_EXECUTION.sql, row)
    return True
