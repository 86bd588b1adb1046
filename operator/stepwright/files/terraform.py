"""Terraform and OpenTofu: ``.tf.json``, state, and what ``terraform show -json`` prints; of HCL, definitions
written as heredocs.

Source: https://developer.hashicorp.com/terraform/internals/json-format.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Final

from stepwright.asl.definition.substitutions import Value
from stepwright.asl.json_types import Json, Pointer
from stepwright.files.found import Found, entries, member

_TYPE: Final = "aws_sfn_state_machine"
_RESOURCE: Final = re.compile(rf'^[ \t]*resource\s+"{_TYPE}"\s+"([^"]+)"', re.MULTILINE)
_TEXT: Final = re.compile(
    r'^[ \t]*definition[ \t]*=[ \t]*<<-?[ \t]*"?(\w+)"?[ \t]*\n(.*?)^[ \t]*\1[ \t]*$',
    re.MULTILINE | re.DOTALL,
)


def state_machines(document: Json, _values: Mapping[str, Value]) -> list[Found] | None:
    if not isinstance(document, dict):
        return None
    written = member(document, "resource", _TYPE)
    if isinstance(written, dict):
        return [
            _found(name, entry.get("definition"), f"/resource/{_TYPE}/{name}/definition")
            for name, entry in entries(written)
        ]
    for root in ("values", "planned_values"):
        module = member(document, root, "root_module")
        if isinstance(module, dict):
            return list(_of_module(module, f"/{root}/root_module"))
    if isinstance(document.get("resources"), list) and "terraform_version" in document:
        return list(_of_state(document["resources"]))
    return None


def of_hcl(file: str, text: str) -> list[tuple[str, str, int]] | None:
    """Name, text and line before it of each definition; None for anything but HCL with a state machine."""
    if not file.endswith((".tf", ".tofu", ".hcl")):
        return None
    found = []
    resources = list(_RESOURCE.finditer(text))
    for resource, after in zip(resources, [*resources[1:], None], strict=True):
        block = _TEXT.search(text, resource.end(), len(text) if after is None else after.start())
        if block is not None:
            found.append((resource[1], block[2], text.count("\n", 0, block.start(2))))
    return found


def _of_module(module: Mapping[str, Json], pointer: str) -> Iterator[Found]:
    resources, children = module.get("resources"), module.get("child_modules")
    for index, resource in enumerate(resources if isinstance(resources, list) else []):
        if isinstance(resource, dict) and resource.get("type") == _TYPE:
            where = f"{pointer}/resources/{index}/values/definition"
            yield _found(str(resource.get("name")), member(resource, "values", "definition"), where)
    for index, inner in enumerate(children if isinstance(children, list) else []):
        if isinstance(inner, dict):
            yield from _of_module(inner, f"{pointer}/child_modules/{index}")


def _of_state(resources: Json) -> Iterator[Found]:
    for number, resource in enumerate(resources if isinstance(resources, list) else []):
        instances = member(resource, "instances") if member(resource, "type") == _TYPE else None
        for index, instance in enumerate(instances if isinstance(instances, list) else []):
            where = f"/resources/{number}/instances/{index}/attributes/definition"
            yield _found(str(member(resource, "name")), member(instance, "attributes", "definition"), where)


def _found(name: str, definition: Json, pointer: str) -> Found:
    if isinstance(definition, str) and definition.lstrip().startswith("{"):
        return Found(name, Pointer(pointer), definition)
    problem = (
        f"the definition of {name} is known only when Terraform has made it: terraform show -json has it then"
    )
    return Found(name, Pointer(pointer), problem=problem)
