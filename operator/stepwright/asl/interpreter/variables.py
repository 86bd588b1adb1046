"""Variables: they are assigned in one scope and visible in it and in all scopes inside it.

A branch of a Parallel and an iteration of a Map are scopes of their own: they see what was assigned outside when
they began, and what they assign ends with them. The branch outside stands still meanwhile, so nothing is copied.
A child execution of a distributed Map does not see the variables outside.

Source: https://docs.aws.amazon.com/step-functions/latest/dg/workflow-variables.html
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from stepwright.asl.checkpoint.parts import Branch
from stepwright.asl.failure.errors import DATA_LIMIT_EXCEEDED, StateError
from stepwright.asl.interpreter.draft import Draft
from stepwright.asl.json_types import Json
from stepwright.asl.text import jsontext
from stepwright.asl.text.payload import Payload

_NONE: Final[Mapping[str, Json]] = MappingProxyType({})


def in_sight(draft: Draft, branch: Branch) -> Mapping[str, Json]:
    if branch.seen is None:
        parent = None if branch.parent is None or branch.is_child else draft.checkpoint.peek(branch.parent)
        outer = _NONE if parent is None else in_sight(draft, parent)
        own = {name: value.value for name, value in branch.variables.items()}
        if own:
            draft.pay_for_text(sum(len(value.text) for value in branch.variables.values()))
        branch.seen = {**outer, **own} if own else outer
    return branch.seen


def check_sizes(draft: Draft, branch: Branch, assigned: Mapping[str, Payload]) -> None:
    """Raises States.DataLimitExceeded for a variable, an Assign or all variables of an execution that are too large."""
    limits = draft.limits
    sizes = {name: jsontext.size_bytes(value.text) for name, value in assigned.items()}
    draft.pay_for_text(sum(sizes.values()))
    for name, size in sizes.items():
        if size > limits.variable_bytes:
            raise _too_large(f"The variable '{name}' has {size} bytes", limits.variable_bytes)
    together = sum(sizes.values())
    if together > limits.assign_bytes:
        raise _too_large(f"The variables of Assign have {together} bytes", limits.assign_bytes)
    for part in draft.parts.values():
        if type(part) is Branch:
            own = part.number == branch.number
            together += sum(
                jsontext.size_bytes(value.text)
                for name, value in part.variables.items()
                if not (own and name in sizes)
            )
    draft.pay_for_text(together)
    if together > limits.variables_bytes:
        raise _too_large(f"The variables of the execution have {together} bytes", limits.variables_bytes)


def _too_large(what: str, most: int) -> StateError:
    return StateError(DATA_LIMIT_EXCEEDED, f"{what}, and {most} are allowed.")


def assign(branch: Branch, assigned: Mapping[str, Payload]) -> None:
    if assigned:
        branch.variables = {**branch.variables, **assigned}
        branch.seen = None
