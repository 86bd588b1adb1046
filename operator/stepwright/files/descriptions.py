"""What AWS's API accepts and returns: a definition as text in ``definition``, among a state machine's other
members."""

from __future__ import annotations

from collections.abc import Mapping

from stepwright.asl.definition.substitutions import Value
from stepwright.asl.json_types import Json, Pointer
from stepwright.files.found import Found


def state_machines(description: Json, _values: Mapping[str, Value]) -> list[Found] | None:
    """Of DescribeStateMachine, of CreateStateMachine's input; and a text alone, as ``--query definition`` prints it."""
    if isinstance(description, str) and description.lstrip().startswith("{"):
        return [Found(None, Pointer(""), description)]
    if not isinstance(description, dict) or "StartAt" in description:
        return None
    definition, name = description.get("definition"), description.get("name")
    if not isinstance(definition, str) or not definition.lstrip().startswith("{"):
        return None
    return [
        Found(
            name if isinstance(name, str) else None,
            Pointer("/definition"),
            definition,
            express=description.get("type") == "EXPRESS",
        )
    ]
