"""What can be said of a task that calls Step Functions before it runs."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

from stepwright.asl.definition import TaskCheck
from stepwright.asl.diagnostics import Diagnostic
from stepwright.asl.json_types import Json, Pointer
from stepwright.asl.resource import Resource
from stepwright.tasks.accounts import service_account

NO_ACCOUNT: Final = "NO_ACCOUNT"


def check_for(spec: Mapping[str, Any]) -> TaskCheck:
    """``spec``: of a StateMachine; empty for a definition by itself, which may run where there are no accounts."""
    lacks_account = bool(spec) and service_account(spec) is None

    def check(resource: Resource, _: Mapping[str, Json], pointer: Pointer) -> Iterator[Diagnostic]:
        if lacks_account:
            yield Diagnostic(
                "ERROR",
                NO_ACCOUNT,
                f"{resource} is called as the ServiceAccount that the StateMachine names, and this one names none: set "
                "spec.serviceAccountName to an account that may create, get and patch executions. Stepwright's own rights are "
                "lent to no task",
                Pointer(f"{pointer}/Resource"),
            )

    return check
