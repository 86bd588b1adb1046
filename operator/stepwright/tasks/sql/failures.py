"""The errors of tasks that ask a database."""

from __future__ import annotations

from typing import Any, Final

from stepwright.asl.json_types import Json
from stepwright.asl.text import jsontext
from stepwright.tasks.calls.integration import CallFailed

CONNECTION: Final = "Sql.ConnectionFailed"
"""There is no connection, so nothing was done."""

LOST: Final = "Sql.ConnectionLost"
"""It broke off, or the answer did not come in time: nobody knows whether a statement that writes has taken effect."""

_MEMBERS: Final = {
    "SqlState": "sqlstate",
    "Message": "message",
    "Detail": "detail",
    "Hint": "hint",
    "Schema": "schema_name",
    "Table": "table_name",
    "Column": "column_name",
    "Constraint": "constraint_name",
}


def refused(error: Any, at: int | None) -> CallFailed:
    """What the database has said: the class of the error is in its name, the rest in its cause. ``at``: which statement of a
    transaction. https://www.postgresql.org/docs/current/errcodes-appendix.html"""
    found = {name: getattr(error, member, None) for name, member in _MEMBERS.items()}
    cause: dict[str, Json] = {name: str(value) for name, value in found.items() if value}
    if at is not None:
        cause["Statement"] = at
    return CallFailed(f"Sql.{error.sqlstate}", jsontext.dump(cause))
