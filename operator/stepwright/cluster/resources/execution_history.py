"""The kind ExecutionHistory: a full page of an execution's events or visits, or one large payload. Written once."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import ConfigDict, Field

from stepwright.cluster.resources.model import ObjectMeta, Observed, rules, unchanged

_WRITTEN_ONCE = "an ExecutionHistory cannot be changed"


class ExecutionRef(Observed):
    """The execution that this is part of."""

    name: Annotated[str, Field(max_length=253)]
    """The Execution's name."""
    uid: Annotated[str, Field(max_length=64)]
    """The Execution's uid: a later Execution of the same name has another."""


class ExecutionHistory(Observed):
    """A page of an execution's history events or visits of states, or a payload too large for its status. Written by the operator,
    once; owned by the Execution and deleted with it."""

    model_config = ConfigDict(
        json_schema_extra=rules(
            ("self.executionRef == oldSelf.executionRef && self.content == oldSelf.content", _WRITTEN_ONCE),
            unchanged("firstEventId", _WRITTEN_ONCE),
            unchanged("lastEventId", _WRITTEN_ONCE),
            unchanged("previous", _WRITTEN_ONCE),
            unchanged("events", _WRITTEN_ONCE),
            unchanged("visits", _WRITTEN_ONCE),
            unchanged("payload", _WRITTEN_ONCE),
            unchanged("sha256", _WRITTEN_ONCE),
        )
    )

    api_version: Literal["stepwright.dev/v1"]
    kind: Literal["ExecutionHistory"]
    metadata: ObjectMeta
    execution_ref: ExecutionRef
    """The execution that this is part of."""
    content: Literal["Events", "Visits", "Payload"]
    """Events: a page of the history. Visits: a page of visits of states. Payload: one large JSON text that the history or the
    status refers to."""
    first_event_id: Annotated[int, Field(ge=1)] | None = None
    """Id of the page's first event."""
    last_event_id: Annotated[int, Field(ge=1)] | None = None
    """Id of the page's last event."""
    previous: Annotated[str, Field(max_length=253)] | None = None
    """The ExecutionHistory with the events, or the visits, before this page; absent on the first page."""
    events: Annotated[list[Annotated[str, Field(max_length=1_048_576)]], Field(max_length=25_000)] | None = (
        None
    )
    """The events, oldest first, each as the JSON text of one of AWS's HistoryEvents."""
    visits: Annotated[str, Field(max_length=1_048_576)] | None = None
    """The visits of states that have ended, and tries of others that have failed, in the order in which the operator wrote them:
    as status.visits.told of an Execution."""
    payload: Annotated[str, Field(max_length=1_048_576)] | None = None
    """The payload as JSON text."""
    sha256: Annotated[str, Field(max_length=64)] | None = None
    """The payload's SHA-256, in hexadecimal."""
