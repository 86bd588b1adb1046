"""The findings of a definition's check, as a StateMachine's status and conditions show them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any, Final

from stepwright.asl.diagnostics import Diagnostic

MOST: Final = 50


def placed(spec: Mapping[str, Any], found: Iterable[Diagnostic]) -> tuple[Diagnostic, ...]:
    """Lines are given only if the definition is a text: those of an object are not the author's."""
    if isinstance(spec.get("definition"), str):
        return tuple(found)
    return tuple(replace(diagnostic, line=None, column=None) for diagnostic in found)


def summary(found: Iterable[Diagnostic]) -> str:
    """Every error at its place; the message is cut at the length that Kubernetes accepts."""
    return "; ".join(_in_a_line(diagnostic) for diagnostic in found if diagnostic.severity == "ERROR")


def stored(found: Iterable[Diagnostic]) -> list[dict[str, Any]]:
    """As in the status: errors first, the first ``MOST`` of them."""
    ordered = sorted(found, key=lambda diagnostic: diagnostic.severity != "ERROR")
    return [_fields(diagnostic) for diagnostic in ordered[:MOST]]


def _in_a_line(found: Diagnostic) -> str:
    place = f" (line {found.line}, column {found.column})" if found.line is not None else ""
    return f"{found.message.removesuffix('.')} at {found.pointer or '/'}{place}"


def _fields(found: Diagnostic) -> dict[str, Any]:
    fields: dict[str, Any] = {
        "severity": found.severity,
        "code": found.code,
        "message": found.message,
        "pointer": str(found.pointer),
    }
    if found.line is not None:
        fields |= {"line": found.line, "column": found.column}
    return fields
