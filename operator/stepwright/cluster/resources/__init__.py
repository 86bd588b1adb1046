"""The custom resources of ``stepwright.dev/v1``, as typed models.

The models are the one source: the CRDs in ``crds/`` are generated from them (``python -m stepwright.cluster.crds``),
and the operator reads objects with them (``StateMachine.model_validate(body)``). Field descriptions are the
docstrings below the fields; ``kubectl explain`` shows them. What users write refuses unknown fields; what the
operator writes ignores them, so that an older operator can read a newer one's objects.
"""

from stepwright.cluster.resources.connection import Connection
from stepwright.cluster.resources.execution import (
    Execution,
    ExecutionSpec,
    ExecutionStatus,
    HistoryPage,
    OutputRef,
    Phase,
    Redrive,
    StartedMachine,
    StateMachineRef,
    Stop,
    Transition,
)
from stepwright.cluster.resources.execution_history import ExecutionHistory, ExecutionRef
from stepwright.cluster.resources.external_task import ExternalTask
from stepwright.cluster.resources.kinds import KINDS, Kind
from stepwright.cluster.resources.model import (
    API_VERSION,
    GROUP,
    VERSION,
    Condition,
    ObjectMeta,
    OwnerReference,
)
from stepwright.cluster.resources.state_machine import (
    Logging,
    Retention,
    StateMachine,
    StateMachineSpec,
    StateMachineStatus,
    StoredDiagnostic,
    Tracing,
)
from stepwright.cluster.resources.task_defaults import (
    PullSecret,
    ResourceRequirements,
    TaskDefaults,
    Toleration,
)
from stepwright.cluster.resources.task_template import TaskTemplate

__all__ = [
    "API_VERSION",
    "GROUP",
    "KINDS",
    "VERSION",
    "Condition",
    "Connection",
    "Execution",
    "ExecutionHistory",
    "ExecutionRef",
    "ExecutionSpec",
    "ExecutionStatus",
    "ExternalTask",
    "HistoryPage",
    "Kind",
    "Logging",
    "ObjectMeta",
    "OutputRef",
    "OwnerReference",
    "Phase",
    "PullSecret",
    "Redrive",
    "ResourceRequirements",
    "Retention",
    "StartedMachine",
    "StateMachine",
    "StateMachineRef",
    "StateMachineSpec",
    "StateMachineStatus",
    "Stop",
    "StoredDiagnostic",
    "TaskDefaults",
    "TaskTemplate",
    "Toleration",
    "Tracing",
    "Transition",
]
