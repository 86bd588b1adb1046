"""ValidateStateMachineDefinition: what is wrong with a definition, without creating anything."""

from __future__ import annotations

import re
from functools import partial
from typing import Final

from stepwright.api import subjects
from stepwright.api.service import Answer, Operation, Request, Service
from stepwright.asl import definition
from stepwright.asl.diagnostics import Diagnostic

_INVALID_JSON: Final = "INVALID_JSON_DESCRIPTION"
_SHOWN_CHARACTERS: Final = 500
_MOST: Final = 100
"""Diagnostics in one answer, even if ``maxResults`` is 0."""


_CALLS_SERVICES: Final = re.compile(r":states:[^:\"]*:[^:\"]*:(?!lambda:|states:)")
_READS_MODELS_CHARACTERS: Final = 1_000_000


def length(text: str) -> int:
    """Of a definition, as that of one which takes as long to check: tasks that call services are checked by models of these, which
    may have to be read first."""
    return max(len(text), _READS_MODELS_CHARACTERS) if _CALLS_SERVICES.search(text) else len(text)


async def validate(service: Service, request: Request) -> Answer:
    check = partial(
        definition.check,
        request["definition"],
        express=request.get("type") == "EXPRESS",
        task_check=service.new_task_check(),
        installation=service.installation,
    )
    found = await service.beside.unless_short(length(request["definition"]), check)
    failed = any(diagnostic.severity == "ERROR" for diagnostic in found)
    if request.get("severity", "ERROR") == "ERROR":
        found = tuple(diagnostic for diagnostic in found if diagnostic.severity == "ERROR")
    limit = request.get("maxResults") or _MOST
    return {
        "result": "FAIL" if failed else "OK",
        "diagnostics": [_shown(diagnostic, request["definition"]) for diagnostic in found[:limit]],
        "truncated": len(found) > limit,
    }


def _shown(diagnostic: Diagnostic, text: str) -> Answer:
    shown = {
        "severity": diagnostic.severity,
        "code": diagnostic.code,
        "message": diagnostic.message,
    }
    if diagnostic.code == _INVALID_JSON and diagnostic.line is not None:
        # In the words of AWS's JSON parser; there is no place in the definition yet.
        where = f"line: {diagnostic.line}, column: {diagnostic.column}"
        return shown | {"location": f'[Source: (String)"{_beginning(text)}"; {where}]'}
    return shown | ({"location": diagnostic.pointer or "/"} if text.strip() else {})


def _beginning(text: str) -> str:
    rest = len(text) - _SHOWN_CHARACTERS
    return text if rest <= 0 else f"{text[:_SHOWN_CHARACTERS]}[truncated {rest} chars]"


OPERATIONS: Final[dict[str, Operation[Service]]] = {
    "ValidateStateMachineDefinition": Operation(validate, subjects.machines)
}
