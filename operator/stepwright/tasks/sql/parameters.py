"""The parameters of ``sql:query`` and ``sql:execute``."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Final

from stepwright.tasks.calls.fields import Field, Fields, is_open, whole
from stepwright.tasks.calls.named_connections import FIELD as CONNECTION
from stepwright.tasks.calls.offered import Offered

MOST_ROWS: Final = 10_000
ROWS: Final = 1_000
"""Where a task does not say how many it takes."""

_MOST_STATEMENTS: Final = 50
_LONGEST_STATEMENT: Final = 64 * 1024
_MOST_PARAMETERS: Final = 1_000

_BEGINS_OR_ENDS: Final = re.compile(
    r"\s*(BEGIN|START|COMMIT|END|ROLLBACK|ABORT|SAVEPOINT|RELEASE|PREPARE\s+TRANSACTION)\b", re.IGNORECASE
)


@dataclass(frozen=True, slots=True)
class Statement:
    """``parameters`` are bound to its $1, $2 ...; they are never part of its text."""

    text: str
    parameters: tuple[Any, ...]


def _is_statement(value: Any) -> bool:
    return isinstance(value, str) and len(value.strip()) > 0 and len(value) <= _LONGEST_STATEMENT


def _problem(text: str) -> str | None:
    found = _BEGINS_OR_ENDS.match(text)
    if found is None:
        return None
    return f"begins with {found[1].upper()}: each task is one transaction, which is committed if all of it has succeeded"


def _from_data(_: Any) -> str:
    return "comes from data: it must stand in the definition as it is, and values go into Parameters"


STATEMENT: Final = Field(
    f"a text of SQL, of {_LONGEST_STATEMENT:,} characters at most",
    _is_statement,
    problem=_problem,
    open_problem=_from_data,
)
PARAMETERS: Final = Field(
    f"a list of {_MOST_PARAMETERS:,} values at most, for $1, $2 ...",
    lambda value: isinstance(value, list) and len(value) <= _MOST_PARAMETERS,
)
MAX_ROWS: Final = whole(f"a whole number from 1 to {MOST_ROWS:,}", 1, MOST_ROWS)


def _is_transaction(value: Any) -> bool:
    return isinstance(value, list) and 0 < len(value) <= _MOST_STATEMENTS


def _problem_in(value: Any) -> str | None:
    for at, each in enumerate(value):
        if not isinstance(each, Mapping):
            return f"has something else than an object at {at}"
        for name, given in each.items():
            field = _OF_A_STATEMENT.get(name)
            if field is None:
                return f"has {name!r} at {at}; a statement has {' and '.join(_OF_A_STATEMENT)}"
            if (wrong := field.wrong(given)) is not None:
                return f"has at {at} a {name} that {wrong}"
        if "Statement" not in each:
            return f"has no Statement at {at}"
    return None


def _from_data_in(value: Any) -> str | None:
    """Values may come from data, statements may not."""
    if not isinstance(value, list):
        return _from_data(value)
    for at, each in enumerate(value):
        given = each.get("Statement") if isinstance(each, Mapping) else None
        if given is None or is_open(given):
            return f"has at {at} no Statement, or one that {_from_data(given)}"
        if (wrong := STATEMENT.wrong(given)) is not None:
            return f"has at {at} a Statement that {wrong}"
    return None


_OF_A_STATEMENT: Final[Mapping[str, Field]] = {"Statement": STATEMENT, "Parameters": PARAMETERS}
TRANSACTION: Final = Field(
    f"a list of one to {_MOST_STATEMENTS} statements ({{Statement, Parameters}})",
    _is_transaction,
    problem=_problem_in,
    open_problem=_from_data_in,
)

_MEANT: Final = {"Query": "Statement", "Sql": "Statement", "SQL": "Statement", "Arguments": "Parameters"}


def _no_parameters_beside(given: Mapping[str, Any]) -> str | None:
    if "Transaction" in given and "Parameters" in given:
        return "Parameters belong to a Statement: each statement of a Transaction has its own"
    return None


_QUERY: Final = Fields(
    {
        "Connection": CONNECTION,
        "Statement": replace(STATEMENT, required=True),
        "Parameters": PARAMETERS,
        "MaxRows": MAX_ROWS,
    },
    meant=_MEANT,
)
_EXECUTE: Final = Fields(
    {
        "Connection": CONNECTION,
        "Statement": STATEMENT,
        "Parameters": PARAMETERS,
        "Transaction": TRANSACTION,
        "MaxRows": MAX_ROWS,
    },
    one_of=("Statement", "Transaction"),
    meant=_MEANT,
    also=_no_parameters_beside,
)

OFFERED: Final = Offered.of(
    "sql", {"query": _QUERY, "execute": _EXECUTE, "execute.waitForTaskToken": _EXECUTE}
)


def statements(given: Mapping[str, Any]) -> tuple[Statement, ...]:
    """Of parameters that were checked."""
    parts = given.get("Transaction") or [given]
    return tuple(Statement(each["Statement"], tuple(each.get("Parameters") or ())) for each in parts)
