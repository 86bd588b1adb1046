"""``--limit NAME=NUMBER``: AWS's quotas, and those of a history, set to something else (docs/limits.md)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from types import MappingProxyType
from typing import Any, Final

import typer

from stepwright.asl.limits import Limits

HELP: Final = "Set a quota (docs/limits.md); 'none' lifts it; may be repeated."
METAVAR: Final = "NAME=NUMBER"

FIELDS: Final[Mapping[str, str]] = MappingProxyType(
    {
        "payload-bytes": "payload_bytes",
        "variable-bytes": "variable_bytes",
        "assign-bytes": "assign_bytes",
        "variables-bytes": "variables_bytes",
        "history-events": "history_events",
        "history-bytes": "history_bytes",
        "events-per-second": "events_per_second",
        "quota-seconds": "quota_seconds",
        "execution-seconds": "execution_seconds",
    }
)
"""Quotas by their names on the command line."""

_MAY_BE_LIFTED: Final = frozenset(
    {"history-events", "history-bytes", "events-per-second", "quota-seconds", "execution-seconds"}
)
_LEAST: Final = 3
"""The events that an execution needs to begin, do something and end."""


def applied(limits: Limits, given: Iterable[str]) -> Limits:
    """The limits with what the command line says. Raises BadParameter."""
    changes: dict[str, Any] = {}
    for text in given:
        name, equals, number = text.partition("=")
        if not equals or name not in FIELDS:
            raise _wrong(f"{text!r} is not one of {', '.join(f'{known}=NUMBER' for known in FIELDS)}")
        changes[FIELDS[name]] = _number(name, number)
    return replace(limits, **changes)


def express(limits: Limits, given: Iterable[str]) -> Limits:
    """Those of Express executions: the same, but their history has no limit and their time is their own."""
    own = tuple(f"{name}=" for name in _MAY_BE_LIFTED)
    return applied(limits, [text for text in given if not text.startswith(own)])


def _number(name: str, text: str) -> int | None:
    if text == "none" and name in _MAY_BE_LIFTED:
        return None
    if not (text.isascii() and text.isdigit() and len(text) < 16) or int(text) < _LEAST:
        lifted = " or 'none'" if name in _MAY_BE_LIFTED else ""
        raise _wrong(f"{name} must be a whole number from {_LEAST}{lifted}, not {text!r}")
    return int(text)


def _wrong(message: str) -> typer.BadParameter:
    return typer.BadParameter(message, param_hint="--limit")
