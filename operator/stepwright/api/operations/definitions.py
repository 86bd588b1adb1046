"""ValidateStateMachineDefinition: what is wrong with a definition, without creating anything."""

from __future__ import annotations

from typing import Final

from stepwright.api.service import Answer, Operation, Request, Service
from stepwright.asl import definition
from stepwright.asl.diagnostics import Diagnostic

_MOST: Final = 100
"""Diagnostics in one answer, also where ``maxResults`` is 0."""


async def validate(service: Service, request: Request) -> Answer:
    found = definition.check(
        request["definition"],
        express=request.get("type") == "EXPRESS",
        task_checks=service.task_checks,
    )
    failed = any(diagnostic.severity == "ERROR" for diagnostic in found)
    if request.get("severity", "ERROR") == "ERROR":
        found = tuple(diagnostic for diagnostic in found if diagnostic.severity == "ERROR")
    limit = request.get("maxResults") or _MOST
    return {
        "result": "FAIL" if failed else "OK",
        "diagnostics": [_shown(diagnostic) for diagnostic in found[:limit]],
        "truncated": len(found) > limit,
    }


def _shown(diagnostic: Diagnostic) -> Answer:
    return {
        "severity": diagnostic.severity,
        "code": diagnostic.code,
        "message": diagnostic.message,
        "location": diagnostic.pointer or "/",
    }


OPERATIONS: Final[dict[str, Operation]] = {"ValidateStateMachineDefinition": validate}
