"""What can be said of tasks that run as Jobs before they run: a TaskTemplate may still be made, so it is a warning."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from stepwright.asl.definition import placeholders
from stepwright.asl.definition.pointers import child
from stepwright.asl.diagnostics import Diagnostic
from stepwright.asl.json_types import Json, Pointer
from stepwright.asl.resource import Resource
from stepwright.catalog.ports import FunctionName, Functions
from stepwright.tasks.aws.mapped import plans

NO_TASK_TEMPLATE = "NO_TASK_TEMPLATE"


def check(
    functions: Functions,
    namespace: str,
    named: Mapping[str, Mapping[str, Any] | None],
    resource: Resource,
    state: Mapping[str, Json],
    pointer: Pointer,
) -> Iterator[Diagnostic]:
    """``named``: the Connections that the StateMachine names, by what they say; None where that is not known."""
    kind = plans.kind_of(resource)
    if kind is None:
        return
    member = "Arguments" if "Arguments" in state else "Parameters"
    given, field = state.get(member), kind.DEFINITION[:1].upper() + kind.DEFINITION[1:]
    definition = given.get(field) if isinstance(given, Mapping) else None
    if not isinstance(definition, str) or definition.startswith("{%") or placeholders.in_text(definition):
        return
    for spec in named.values():
        services = ((spec or {}).get("aws") or {}).get("services") or {}
        template = plans.standing_for(definition, (services.get(kind.SERVICE) or {}).get("jobs") or {})
        if template is None:
            continue
        why = functions.lacking(FunctionName(template, template, template=True), namespace)
        if why is not None:
            yield Diagnostic("WARNING", NO_TASK_TEMPLATE, why, child(pointer, member, field))
