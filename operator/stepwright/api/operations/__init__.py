"""What each operation does: one module a family, each with a table of its operations by name."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from stepwright.api.operations import (
    activities,
    definitions,
    executions,
    express,
    history,
    map_runs,
    state_machines,
    tags,
    task_tokens,
    test_state,
    versions,
)
from stepwright.api.service import Operation, Service

OPERATIONS: Final[Mapping[str, Operation[Service]]] = MappingProxyType(
    activities.OPERATIONS
    | definitions.OPERATIONS
    | executions.OPERATIONS
    | express.OPERATIONS
    | history.OPERATIONS
    | map_runs.OPERATIONS
    | state_machines.OPERATIONS
    | tags.OPERATIONS
    | task_tokens.OPERATIONS
    | test_state.OPERATIONS
    | versions.OPERATIONS
)
