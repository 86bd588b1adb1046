"""What can be said of functions that a definition calls before it runs: a TaskTemplate may still be made, so it is a warning.

Functions that are named only at run time are looked for then.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final

from stepwright.asl.diagnostics import Diagnostic
from stepwright.asl.json_types import Json, Pointer
from stepwright.asl.resource import Resource
from stepwright.catalog.ports import FunctionName, Functions
from stepwright.tasks.functions import resources

NO_TASK_TEMPLATE: Final = "NO_TASK_TEMPLATE"


def check(
    functions: Functions, namespace: str, resource: Resource, state: Mapping[str, Json], pointer: Pointer
) -> Iterator[Diagnostic]:
    """As ``asl.definition.TaskCheck``, in one namespace."""
    if not resources.serves(resource):
        return
    name, where = _named(resource, state, pointer)
    why = None if name is None else functions.lacking(name, namespace)
    if why is not None:
        yield Diagnostic("WARNING", NO_TASK_TEMPLATE, why, Pointer(where))


def _named(
    resource: Resource, state: Mapping[str, Json], pointer: Pointer
) -> tuple[FunctionName | None, str]:
    """The function and where its name stands; None if it is known only at run time."""
    own = resources.named(resource)
    if own is not None:
        return own, f"{pointer}/Resource"
    member = "Arguments" if "Arguments" in state else "Parameters"
    given = state.get(member)
    text = given.get("FunctionName") if isinstance(given, dict) else None
    qualifier = given.get("Qualifier") if isinstance(given, dict) else None
    where = f"{pointer}/{member}/FunctionName"
    if not isinstance(text, str) or text.startswith("{%"):
        return None, where
    return resources.function_name(text, qualifier if isinstance(qualifier, str) else None), where
