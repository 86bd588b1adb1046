"""The kind StateMachine: a workflow's definition, and as whom and how it runs."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, ConfigDict, Field, StrictBool, StrictInt, StrictStr, WithJsonSchema

from stepwright.cluster.resources.model import Conditions, Name, ObjectMeta, Observed, Written, rules
from stepwright.cluster.resources.task_defaults import TaskDefaults

DEFINITION_CHARACTERS = 1_048_576
"""AWS's limit for the text of a definition."""


def _object_or_text(value: Any) -> Any:
    if not isinstance(value, dict | str):
        raise ValueError(f"a definition is an object or a text that holds one, not {type(value).__name__}")  # noqa: TRY004 - pydantic reports ValueErrors
    return value


Definition = Annotated[
    dict[str, Any] | str,
    BeforeValidator(_object_or_text),
    # Structural schemas know no "object or string": without a type, limits apply to what they fit.
    WithJsonSchema({"x-kubernetes-preserve-unknown-fields": True, "maxLength": DEFINITION_CHARACTERS}),
]


Substitution = Annotated[
    StrictStr | StrictInt | StrictBool,
    Field(union_mode="left_to_right"),
    # Structural schemas know no union with booleans: without a type, the limit applies to texts.
    WithJsonSchema({"x-kubernetes-preserve-unknown-fields": True, "maxLength": 4096}),
]


class Logging(Written):
    """What the operator's log says about executions. Without it: a line for each state and each end, without
    data."""

    level: Literal["OFF", "ERROR", "FATAL", "ALL"] = "OFF"
    """Which history events are logged: none, errors, failed executions, or all."""
    include_execution_data: bool = False
    """Whether inputs and outputs are logged, too."""


class Tracing(Written):
    """Whether executions are traced."""

    enabled: bool = False
    """Record a trace of each execution."""


class Retention(Written):
    """How long ended executions stay."""

    ttl_seconds_after_finished: Annotated[int, Field(ge=0, le=31_536_000)] | None = None
    """How many seconds after its end an Execution is deleted with everything it owns. An Execution's own
    ttlSecondsAfterFinished takes precedence; by default what the installation sets."""
    successful_executions_history_limit: Annotated[int, Field(ge=0, le=100_000)] | None = None
    """How many succeeded Executions stay; older ones are deleted within a minute or two, whatever their
    ttlSecondsAfterFinished. By default what the installation sets."""
    failed_executions_history_limit: Annotated[int, Field(ge=0, le=100_000)] | None = None
    """How many failed, timed-out or aborted Executions stay; likewise."""


class StateMachineSpec(Written):
    """What the workflow is, and as whom and how it runs."""

    definition: Definition
    """The workflow in Amazon States Language: an object, or its JSON text. The text is kept exactly; in an object the
    API server rounds numbers (1.0 becomes 1), and kubectl apply without --server-side leaves out fields that are
    null."""
    definition_substitutions: Annotated[dict[str, Substitution], Field(max_length=64)] = Field(
        default_factory=dict
    )
    """Values for placeholders in the definition's text: ${Name} becomes the value of Name, a text, a whole number, true
    or false. Names without a value stay."""
    type: Annotated[
        Literal["Standard", "Express"],
        Field(
            json_schema_extra=rules(("self == oldSelf", "type cannot be changed; make another state machine"))
        ),
    ] = "Standard"
    """Standard executions are recorded step by step and survive restarts; Express ones are short and kept in memory."""
    comment: Annotated[str, Field(max_length=4096)] | None = None
    """What this state machine is for."""
    service_account_name: Name | None = None
    """The ServiceAccount, in this namespace, as which the engine creates Jobs and calls Kubernetes for this state
    machine. Its permissions count, not the operator's. The operator must be allowed to impersonate it (chart value
    impersonate), and whoever writes this object, too. Without it the operator's own account creates the Jobs."""
    task_service_account_name: Name | None = None
    """The ServiceAccount, in this namespace, as which task pods run. Its token is mounted only if a pod
    template asks for it. Whoever writes this object must be allowed to impersonate it. Without it pods run as
    the account default, without a token."""
    connections: Annotated[list[Name], Field(max_length=8)] = Field(default_factory=list)
    """The Connections, in this namespace, that its tasks may use. Whoever writes this object must be allowed to use them
    (the verb use)."""
    task_defaults: TaskDefaults = Field(default_factory=TaskDefaults)
    """Defaults for the pods of all tasks; what a task sets itself takes precedence."""
    logging: Logging = Field(default_factory=Logging)
    """What the operator's log says about executions. Without it: a line for each state and each end, without
    data."""
    tracing: Tracing = Field(default_factory=Tracing)
    """Whether executions are traced."""
    retention: Retention = Field(default_factory=Retention)
    """How long ended executions stay."""


class StoredDiagnostic(Observed):
    """One finding about the definition."""

    severity: Literal["ERROR", "WARNING"]
    """ERROR keeps the definition from running; WARNING does not."""
    code: str
    """The kind of the problem, in AWS's words where AWS has one."""
    message: str
    """What is wrong, and what to do about it."""
    pointer: str = ""
    """Where in the definition, as a JSON pointer; empty for the whole definition."""
    line: int | None = None
    """The line, from 1, if the definition is a text."""
    column: int | None = None
    """The column, from 1, if the definition is a text."""


class StateMachineStatus(Observed):
    """What the operator found out about this state machine."""

    observed_generation: int = 0
    """The metadata.generation that the rest of the status describes."""
    conditions: Conditions
    """Ready says whether executions can start; Stalled that only a change of the spec helps; Reconciling that
    the operator is working on it."""
    revision: str | None = None
    """The ControllerRevision that new executions start with. Running ones stay on theirs."""
    diagnostics: Annotated[list[StoredDiagnostic], Field(max_length=50)] = Field(default_factory=list)
    """What the check of the definition found, errors first; at most 50."""


class StateMachine(Observed):
    """A workflow in Amazon States Language, as AWS Step Functions runs it. Create an Execution to run it."""

    model_config = ConfigDict(title="StateMachine")

    api_version: Literal["stepwright.dev/v1"]
    kind: Literal["StateMachine"]
    metadata: ObjectMeta
    spec: StateMachineSpec
    """What the workflow is, and as whom and how it runs."""
    status: Annotated[
        StateMachineStatus,
        # Until the operator has checked it, readers of the kstatus convention see it in progress, not ready.
        Field(json_schema_extra={"default": {"observedGeneration": 0}}),
    ] = Field(default_factory=lambda: StateMachineStatus(conditions=[]))
    """What the operator found out about this state machine."""
