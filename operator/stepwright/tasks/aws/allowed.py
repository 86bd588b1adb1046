"""What can be said before they run of tasks that call AWS by a Connection. A Connection may still be made or changed, so all of it
is a warning; the task itself is refused when it runs.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from stepwright.asl.definition.pointers import child
from stepwright.asl.diagnostics import Diagnostic
from stepwright.asl.json_types import Json, Pointer
from stepwright.asl.resource import Resource
from stepwright.tasks.aws import connection, resources
from stepwright.tasks.aws.checking import NO_CONNECTION

NOT_ALLOWED = "ROLE_NOT_ALLOWED"


def check(
    named: Mapping[str, Mapping[str, Any] | None],
    resource: Resource,
    state: Mapping[str, Json],
    pointer: Pointer,
) -> Iterator[Diagnostic]:
    """``named``: the Connections that the StateMachine names, by what they say; None where that is not known."""
    if not named or not resources.claims(resource):
        return
    found = {name: spec for name, spec in named.items() if spec is not None and connection.is_for_aws(spec)}
    if len(found) > 1:
        said = f"AWS is called by one Connection, and spec.connections names {' and '.join(found)}"
        yield Diagnostic("WARNING", NO_CONNECTION, said, child(pointer, "Resource"))
    elif not found and None not in named.values():
        said = "None of spec.connections is for AWS (spec.aws), so the task cannot call it"
        yield Diagnostic("WARNING", NO_CONNECTION, said, child(pointer, "Resource"))
    role = _role(state)
    for name, spec in found.items():
        if role is not None and role not in (spec["aws"].get("roles") or ()):
            said = f"The Connection {name} does not list the role {role} in spec.aws.roles, so no task acts as it"
            yield Diagnostic("WARNING", NOT_ALLOWED, said, child(pointer, "Credentials", "RoleArn"))


def _role(state: Mapping[str, Json]) -> str | None:
    """None where it is known only at run time, or there is none."""
    credentials = state.get("Credentials")
    named = credentials.get("RoleArn") if isinstance(credentials, Mapping) else None
    return named if isinstance(named, str) and named.startswith("arn:") else None
