"""What can be said of a task with a verb before it runs."""

from __future__ import annotations

import difflib
from collections.abc import Iterator, Mapping
from functools import partial
from typing import Any, Final

from stepwright.asl.definition import TaskCheck
from stepwright.asl.diagnostics import Diagnostic
from stepwright.asl.json_types import Json, Pointer
from stepwright.asl.resource import Resource
from stepwright.tasks.accounts import service_account
from stepwright.tasks.calls.fields import finding
from stepwright.tasks.kubernetes import parameters, resources

NO_ACCOUNT: Final = "NO_ACCOUNT"


def check_for(spec: Mapping[str, Any]) -> TaskCheck:
    """``spec``: of a StateMachine; empty for a definition by itself, of which nobody knows yet whose it will be."""
    return partial(check, lacks_account=bool(spec) and service_account(spec) is None)


def check(
    resource: Resource, state: Mapping[str, Json], pointer: Pointer, *, lacks_account: bool = False
) -> Iterator[Diagnostic]:
    at = Pointer(f"{pointer}/Resource")
    if not resources.serves(resource):
        if resources.claims(resource):
            yield finding(_unknown(resource), at)
        return
    if lacks_account:
        yield Diagnostic(
            "ERROR",
            NO_ACCOUNT,
            f"{resource} is asked of the Kubernetes API as the ServiceAccount that the StateMachine names, and this one names "
            "none: set spec.serviceAccountName to an account that has the rights which this task needs. Stepwright's own "
            "rights are lent to no task",
            at,
        )
    for name in ("HeartbeatSeconds", "HeartbeatSecondsPath"):
        if name in state:
            yield finding(
                f"{name} needs something that sends heartbeats, and {resource} has nothing: leave it out; "
                "TimeoutSeconds limits the whole task",
                Pointer(f"{pointer}/{name}"),
            )
    yield from parameters.OF[resource].check(resource, state, pointer)


def _unknown(resource: Resource) -> str:
    verbs = [*(each.name for each in parameters.OF if each.service == resources.SCHEME), "job"]
    near = difflib.get_close_matches(resource.name.lower()[:40], verbs, n=1, cutoff=0.5)
    hint = f"is k8s:{near[0]} meant?" if near else f"there are {', '.join(f'k8s:{verb}' for verb in verbs)}"
    return f"there is no {resource}; {hint}"
