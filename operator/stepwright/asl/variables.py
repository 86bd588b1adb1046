"""Variables: assigned in one scope, seen in it and in all scopes within.

A branch of a Parallel and an iteration of a Map are scopes of their own: they see what was assigned outside when
they began, and what they assign ends with them. The branch outside stands still meanwhile, so nothing is copied.

Source: https://docs.aws.amazon.com/step-functions/latest/dg/workflow-variables.html
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from stepwright.asl.draft import Draft
from stepwright.asl.json_types import Json
from stepwright.asl.parts import Branch
from stepwright.asl.payload import Payload

_NONE: Final[Mapping[str, Json]] = MappingProxyType({})


def in_sight(draft: Draft, branch: Branch) -> Mapping[str, Json]:
    if branch.seen is None:
        parent = None if branch.parent is None else draft.peek(branch.parent)
        outer = _NONE if parent is None else in_sight(draft, parent)
        own = {name: value.value for name, value in branch.variables.items()}
        branch.seen = {**outer, **own} if own else outer
    return branch.seen


def assign(branch: Branch, assigned: Mapping[str, Payload]) -> None:
    if assigned:
        branch.variables = {**branch.variables, **assigned}
        branch.seen = None
