"""What a kind has besides its fields: its names, the columns that kubectl prints, the fields to select by."""

from __future__ import annotations

from dataclasses import dataclass

from stepwright.cluster.resources.connection import Connection
from stepwright.cluster.resources.execution import Execution
from stepwright.cluster.resources.execution_history import ExecutionHistory
from stepwright.cluster.resources.external_task import ExternalTask
from stepwright.cluster.resources.model import Observed
from stepwright.cluster.resources.state_machine import StateMachine
from stepwright.cluster.resources.task_template import TaskTemplate


@dataclass(frozen=True, slots=True)
class Column:
    """A column of ``kubectl get``; a ``wide`` one only with ``-o wide``."""

    name: str
    path: str
    type: str = "string"
    wide: bool = False
    description: str = ""


@dataclass(frozen=True, slots=True)
class Kind:
    model: type[Observed]
    plural: str
    short_name: str
    columns: tuple[Column, ...]
    categories: tuple[str, ...] = ("stepwright",)
    selectable_fields: tuple[str, ...] = ()
    has_status: bool = True

    @property
    def name(self) -> str:
        return self.model.__name__


def _ready(whether: str, why: str) -> tuple[Column, Column]:
    """What the condition Ready says; both in words for people."""
    condition = '.status.conditions[?(@.type=="Ready")]'
    return (
        Column("Ready", f"{condition}.status", description=whether),
        Column("Reason", f"{condition}.reason", description=why),
    )


STATE_MACHINE = Kind(
    model=StateMachine,
    plural="statemachines",
    short_name="sm",
    categories=("stepwright", "all"),
    columns=(
        Column("Type", ".spec.type", description="Standard or Express"),
        *_ready("Whether executions can start", "Why it is ready or not"),
        Column("Revision", ".status.revision", description="What new executions start with"),
        Column("Age", ".metadata.creationTimestamp", "date"),
    ),
)

EXECUTION = Kind(
    model=Execution,
    plural="executions",
    short_name="exec",
    categories=("stepwright", "all"),
    columns=(
        Column("Phase", ".status.phase", description="Pending, Running, or how it ended"),
        Column("State Machine", ".spec.stateMachineRef.name", description="What it runs"),
        Column("Current State", ".status.currentState", description="Where it is"),
        Column("Started", ".status.startTime", "date", description="How long ago it started"),
        Column("Duration", ".status.duration", description="How long it took"),
        Column("Error", ".status.error", wide=True, description="What ended it"),
        Column("Began", ".status.startTime", wide=True, description="When it started"),
        Column("Own Name", ".spec.name", wide=True, description="Its name in ARNs, if it has another there"),
        # The operator reads these of each ended execution every hour, and nothing else.
        Column("Ended", ".status.endTime", wide=True, description="When it ended"),
        Column(
            "Kept",
            ".spec.ttlSecondsAfterFinished",
            "integer",
            wide=True,
            description="For how many seconds after its end it stays, if it says so itself",
        ),
        Column("Revision", ".status.stateMachine.revision", wide=True, description="The revision it runs"),
        Column("Waits Until", ".status.waitingUntil", wide=True, description="When it continues by itself"),
        Column("Machine UID", ".status.stateMachine.uid", wide=True, description="Its StateMachine's uid"),
        Column("Writes", ".status.seq", "integer", wide=True, description="How often it was written"),
        Column(
            "Observed",
            ".status.observedGeneration",
            "integer",
            wide=True,
            description="The newest observed generation of its spec",
        ),
        Column("Seal", ".status.seal", wide=True, description="Reveals edits of the status"),
        Column(
            "Redrives", ".status.redriveCount", "integer", wide=True, description="How often it was redriven"
        ),
        Column("Redriven", ".status.redriveTime", wide=True, description="When it was redriven last"),
        Column("Asked", ".spec.redrive.requestId", wide=True, description="The newest request for a redrive"),
    ),
    selectable_fields=(".status.phase", ".status.settled", ".spec.stateMachineRef.name"),
)

EXECUTION_HISTORY = Kind(
    model=ExecutionHistory,
    plural="executionhistories",
    short_name="exechist",
    columns=(
        Column("Execution", ".executionRef.name", description="What it is part of"),
        Column("Content", ".content", description="Events, Visits or Payload"),
        Column("First", ".firstEventId", "integer", description="Id of its first event"),
        Column("Last", ".lastEventId", "integer", description="Id of its last event"),
        Column("Age", ".metadata.creationTimestamp", "date"),
    ),
    selectable_fields=(".content",),
    has_status=False,
)

TASK_TEMPLATE = Kind(
    model=TaskTemplate,
    plural="tasktemplates",
    short_name="tt",
    categories=("stepwright", "all"),
    columns=(
        Column("Service", ".spec.http.service.name", description="What is called"),
        Column("Image", ".spec.job.image", description="What runs as a Job"),
        Column(
            "Workers", ".spec.worker", wide=True, description="The settings for workers that ask for tasks"
        ),
        Column("Functions", ".spec.lambda.names", description="The Lambda functions that it stands for"),
        *_ready("Whether tasks can call it", "Why they can or cannot"),
        Column("Age", ".metadata.creationTimestamp", "date"),
    ),
)

CONNECTION = Kind(
    model=Connection,
    plural="connections",
    short_name="conn",
    columns=(
        Column("Allows", ".spec.http.allow", description="What may be called over HTTP"),
        Column("Region", ".spec.aws.region", description="Where AWS is called"),
        Column(
            "Account",
            ".spec.serviceAccountName",
            description="As whom its Secrets are read and its tokens requested",
        ),
        *_ready("Whether tasks can use it", "Why they can or cannot"),
        Column("Age", ".metadata.creationTimestamp", "date"),
    ),
)

EXTERNAL_TASK = Kind(
    model=ExternalTask,
    plural="externaltasks",
    short_name="etask",
    columns=(
        Column("Execution", ".spec.execution", description="What waits for it"),
        Column("State", ".status.state", description="Whether it waits, is taken, answered or closed"),
        Column("Task Template", ".spec.taskTemplate", description="Whose workers may take it"),
        Column("Worker", ".status.taken.worker", description="Who has taken it"),
        Column("Reason", ".status.reason", wide=True, description="Why it was closed"),
        Column("Age", ".metadata.creationTimestamp", "date"),
    ),
    selectable_fields=(".status.state", ".spec.taskTemplate"),
)

KINDS: tuple[Kind, ...] = (
    STATE_MACHINE,
    EXECUTION,
    EXECUTION_HISTORY,
    TASK_TEMPLATE,
    CONNECTION,
    EXTERNAL_TASK,
)
