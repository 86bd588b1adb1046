"""``serverless.yml`` with the plugin serverless-step-functions, which keeps state machines under ``stepFunctions``.

Source: https://www.serverless.com/plugins/serverless-step-functions.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final

from stepwright.asl.definition.substitutions import Value
from stepwright.asl.json_types import Json, Pointer
from stepwright.files.cloudformation import Functions
from stepwright.files.found import Found, entries, member

_FILE: Final = re.compile(r"\$\{file\(([^)]+)\)\}")


def state_machines(service: Json, values: Mapping[str, Value]) -> list[Found] | None:
    machines = member(service, "stepFunctions", "stateMachines")
    if not isinstance(machines, dict) or not isinstance(service, dict):
        return None
    resources: dict[str, Json] = {
        name: {"Type": "AWS::Lambda::Function"} for name, _ in entries(service.get("functions"))
    }
    functions = Functions({"Resources": resources}, values)
    return [_machine(name, entry, functions) for name, entry in entries(machines)]


def _machine(name: str, entry: Mapping[str, Json], functions: Functions) -> Found:
    where = Pointer(f"/stepFunctions/stateMachines/{name.replace('~', '~0').replace('/', '~1')}/definition")
    definition = functions.applied(entry.get("definition"))
    if isinstance(definition, str) and (file := _FILE.fullmatch(definition.strip())) is not None:
        return Found(name, where, file=file[1].strip(), express=entry.get("type") == "EXPRESS")
    if definition is None:
        return Found(name, where, problem=f"{name} has no definition")
    return Found(name, where, definition, express=entry.get("type") == "EXPRESS")
