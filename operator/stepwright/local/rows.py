"""What rows of the database stand for, where several modules read or write them."""

from __future__ import annotations

from typing import Any

import msgspec
from sqlalchemy import Row, and_, select
from sqlalchemy.sql.elements import ColumnElement

from stepwright.asl.json_types import JsonText
from stepwright.catalog.records import Execution
from stepwright.engine.ports import Uid
from stepwright.local import schema


def text_of(value: Any) -> str:
    """As JSON is kept."""
    return msgspec.json.encode(value).decode()


def belongs_to(machine_arn: str) -> ColumnElement[bool]:
    """Whether an execution is one of the state machine that has this ARN now. Those of one that had it before, and was
    deleted, began before this one was there."""
    machines, executions = schema.machines.c, schema.executions.c
    since = select(machines.since).where(machines.arn == machine_arn).scalar_subquery()
    return and_(executions.machine_arn == machine_arn, executions.position >= since)


def execution_of(row: Row[Any], map_run_arn: str | None = None, items: int | None = None) -> Execution:
    """The last two: of a child execution."""
    return Execution(
        arn=row.arn,
        uid=Uid(row.uid),
        name=row.name,
        machine_arn=row.machine_arn,
        revision_id=row.revision,
        status=row.status,
        input=JsonText(row.input),
        started=row.started,
        stopped=row.stopped,
        output=row.output,
        error=row.error,
        cause=row.cause,
        trace_header=row.trace_header,
        version_arn=row.version_arn,
        alias_arn=row.alias_arn,
        map_run_arn=map_run_arn,
        items=items,
        redrives=row.redrives,
        redriven=row.redriven,
        redrivable=row.redrivable,
        position=row.position,
    )
