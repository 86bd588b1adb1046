"""What a Connection says about a database, read from ``spec.sql`` of the custom resource, whose schema was checked before."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from stepwright.tasks.calls import servers
from stepwright.tasks.calls.connection_parts import BadConnection
from stepwright.tasks.calls.servers import Server

PORT: Final = 5432

_TABLE: Final = re.compile(r"[a-z_][a-z0-9_]{0,62}(\.[a-z_][a-z0-9_]{0,62})?")


@dataclass(frozen=True, slots=True)
class SqlConnection:
    """``tasks_table``: in which each task that writes leaves its result, in the same transaction; None: there is none."""

    server: Server
    database: str
    tasks_table: str | None


def read(spec: Mapping[str, Any], *, loopback: bool = False) -> SqlConnection:
    """Raises BadConnection."""
    sql = spec.get("sql")
    if not isinstance(sql, Mapping):
        raise BadConnection("spec.sql is missing: the Connection is for something else than a database.")
    server = servers.read(sql, "spec.sql", PORT, loopback=loopback)
    if server.login is None and (server.tls is None or server.tls.certificate is None):
        raise BadConnection("spec.sql.auth is missing: a database wants to know who asks.")
    table = (sql.get("idempotency") or {}).get("table")
    if table is not None and _TABLE.fullmatch(table) is None:
        raise BadConnection(
            f"spec.sql.idempotency.table: {table!r} is not the name of a table (schema.name, in small letters)."
        )
    return SqlConnection(server, sql["database"], table)
