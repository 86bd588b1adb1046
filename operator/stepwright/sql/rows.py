"""Conversions of rows that several modules read or write."""

from __future__ import annotations

from collections.abc import Iterable
from sqlite3 import Connection, Row
from typing import Any, Final

import msgspec

from stepwright.asl.checkpoint.checkpoint import EncodedPart
from stepwright.asl.json_types import JsonText
from stepwright.catalog.records import Execution, Revision
from stepwright.engine import payloads
from stepwright.engine.ports import Uid

BELONGS: Final = (
    "executions.machine_arn = :machine_arn "
    "AND executions.position >= (SELECT machines.since FROM machines WHERE machines.arn = :machine_arn)"
)
"""Whether an execution is one of the state machine that has this ARN now. Those of a deleted one that had it
before began before this one existed."""


def text_of(value: Any) -> str:
    """JSON as it is stored."""
    return msgspec.json.encode(value).decode()


_WRITTEN_ONCE: Final = frozenset({"items", "results"})
"""Kinds of parts that a Map writes once, drops soon and may have thousands of."""


def part_text(encoded: EncodedPart, into: payloads.Payloads) -> str:
    """A part of a checkpoint as it is stored; its long texts are put ``into``, but for those that would never be stored again
    and go with their part: what is stored apart stays."""
    return text_of(encoded) if encoded["kind"] in _WRITTEN_ONCE else payloads.short_text(encoded, into)


def read_payloads(connection: Connection, values: Iterable[Any]) -> dict[str, str]:
    """The texts that stored values refer to, by hash."""
    digests = set().union(*map(payloads.references, values))
    query = "SELECT text FROM payloads WHERE digest = :digest"
    return {digest: connection.execute(query, {"digest": digest}).fetchone()[0] for digest in digests}


def execution_of(row: Row) -> Execution:
    redrivable = row["redrivable"]
    return Execution(
        arn=row["arn"],
        uid=Uid(row["uid"]),
        name=row["name"],
        machine_arn=row["machine_arn"],
        revision_id=row["revision"],
        status=row["status"],
        input=JsonText(row["input"]),
        started=row["started"],
        stopped=row["stopped"],
        output=row["output"],
        error=row["error"],
        cause=row["cause"],
        trace_header=row["trace_header"],
        version_arn=row["version_arn"],
        alias_arn=row["alias_arn"],
        redrives=row["redrives"],
        redriven=row["redriven"],
        redrivable=None if redrivable is None else bool(redrivable),
    )


def revision_of(row: Row) -> Revision:
    return Revision(
        id=row["id"],
        definition=row["definition"],
        role_arn=row["role_arn"],
        created=row["created"],
        settings=msgspec.json.decode(row["settings"]),
        first=bool(row["first"]),
    )
