"""Which Connection a task means: by a name that its state machine lists in ``spec.connections``."""

from __future__ import annotations

import re
from typing import Any, Final

from stepwright.catalog.ports import NoObject
from stepwright.tasks.calls.fields import TEXT, Field
from stepwright.tasks.calls.integration import CallFailed

ERROR: Final = "Events.ConnectionResource"
"""What the errors begin with of which a Connection is the reason, as AWS has them."""

INVALID: Final = "InvalidConnectionState"

_NAME: Final = re.compile(r"[a-z0-9](?:[a-z0-9.-]{0,251}[a-z0-9])?")


def is_name(value: Any) -> bool:
    return isinstance(value, str) and _NAME.fullmatch(value) is not None


FIELD: Final = Field("the name of a Connection", is_name, required=True, schema=TEXT)


def not_named(connection: str) -> str:
    return (
        f"spec.connections of the state machine does not name the Connection {connection!r}: "
        f"whoever writes the state machine must say that it uses it, and may use it"
    )


def from_data(parameter: str) -> str:
    return (
        f"{parameter} comes from data: whoever can start executions chooses among the Connections that "
        "spec.connections names"
    )


def failed(lacking: NoObject) -> CallFailed:
    return CallFailed(f"{ERROR}.{lacking.reason}", lacking.cause)


def unusable(why: str) -> CallFailed:
    """``why``: what is wrong with the Connection, as a whole sentence."""
    return CallFailed(f"{ERROR}.{INVALID}", why)
