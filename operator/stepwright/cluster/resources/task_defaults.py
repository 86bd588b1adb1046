"""``spec.taskDefaults``: defaults for the pods of a state machine's tasks. Names are those of the pod API."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, WithJsonSchema

from stepwright.cluster.resources.model import Name, Written
from stepwright.cluster.resources.pod_security import (
    ContainerSecurityContext,
    PodSecurity,
    PodSecurityContext,
    Verbatim,
)

Quantity = Annotated[
    int | float | str,
    WithJsonSchema(
        {
            "anyOf": [{"type": "integer"}, {"type": "string"}],
            "x-kubernetes-int-or-string": True,
            "maxLength": 64,
            "pattern": r"^(\+|-)?(([0-9]+(\.[0-9]*)?)|(\.[0-9]+))(([KMGTPE]i)|[numkMGTPE]|([eE](\+|-)?[0-9]+))?$",
        }
    ),
]
"""A Kubernetes quantity: ``500m``, ``1Gi``, ``2``."""

Quantities = Annotated[dict[str, Quantity], Field(max_length=32)]
Label = Annotated[str, Field(max_length=63)]
Annotation = Annotated[str, Field(max_length=65536)]


class ResourceRequirements(Written):
    """Compute resources of the main container."""

    limits: Quantities | None = None
    """The most that the container may use: cpu, memory, ephemeral-storage, or an extended resource."""
    requests: Quantities | None = None
    """What the scheduler sets aside for the container."""


class Toleration(Written):
    """Lets task pods run on nodes with a matching taint."""

    key: Annotated[str, Field(max_length=316)] | None = None
    """The taint's key; empty with operator Exists means all taints."""
    operator: Literal["Exists", "Equal"] | None = None
    """How value is compared; Equal if not given."""
    value: Annotated[str, Field(max_length=63)] | None = None
    """The taint's value."""
    effect: Literal["NoSchedule", "PreferNoSchedule", "NoExecute"] | None = None
    """The taint's effect; all effects if not given."""
    toleration_seconds: int | None = None
    """How long a NoExecute taint is tolerated; forever if not given."""


class PullSecret(Written):
    """A secret to pull images with."""

    name: Name
    """The secret's name, in the namespace of the state machine."""


class TaskDefaults(Written):
    """Defaults for the pods of all tasks; what a task sets itself takes precedence."""

    image: Annotated[str, Field(min_length=1, max_length=1024)] | None = None
    """The image of tasks that do not name one."""
    image_pull_policy: Literal["Always", "IfNotPresent", "Never"] | None = None
    """When the image is pulled, as in a container."""
    image_pull_secrets: Annotated[list[PullSecret], Field(max_length=16)] | None = None
    """Secrets to pull images with, as in a pod."""
    resources: ResourceRequirements | None = None
    """Compute resources of the main container."""
    node_selector: Annotated[dict[str, Label], Field(max_length=32)] | None = None
    """Labels that a node must have to run a task."""
    tolerations: Annotated[list[Toleration], Field(max_length=32)] | None = None
    """Taints that the pods tolerate."""
    labels: Annotated[dict[str, Label], Field(max_length=32)] | None = None
    """Labels of Jobs and pods, in addition to Stepwright's own."""
    annotations: Annotated[dict[str, Annotation], Field(max_length=32)] | None = None
    """Annotations of pods, in addition to Stepwright's own."""
    pod_security: PodSecurity | None = None
    """What task pods may do unless they say otherwise. baseline: no privilege escalation, no capabilities,
    the runtime's seccomp profile. restricted: also no root, as demanded by namespaces that enforce the Pod
    Security Standard of that name. privileged: nothing is set. By default what the operator is configured
    with, usually baseline."""
    security_context: ContainerSecurityContext | None = None
    """The security context of each container; what a container sets itself takes precedence, field by field."""
    pod_security_context: PodSecurityContext | None = None
    """The security context of the pods; what a pod template sets itself takes precedence, field by field."""
    host_users: bool | None = None
    """false gives pods their own user namespace, if nodes support that."""
    runtime_class_name: Name | None = None
    """The RuntimeClass of the pods: a sandbox, for example."""
    priority_class_name: Name | None = None
    """The PriorityClass of the pods."""
    affinity: Verbatim | None = None
    """The pods' affinity, as in a pod."""
    topology_spread_constraints: Annotated[list[Verbatim], Field(max_length=16)] | None = None
    """How the pods spread over the cluster, as in a pod."""
    active_deadline_seconds: Annotated[int, Field(ge=1, le=31_536_000)] | None = None
    """How long a Job may run before Kubernetes ends it and the task fails with Job.Failed."""
    enable_service_links: bool | None = None
    """Whether containers get environment variables for the Services of the namespace."""
    empty_dir_size_limit: Quantity | None = None
    """The sizeLimit of emptyDir volumes that have none."""
    log_in_cause: bool | None = None
    """false leaves the end of the container's log, which may contain secrets, out of the causes of
    failures."""
    ttl_seconds_after_finished: Annotated[int, Field(ge=0, le=31_536_000)] = 3600
    """How long a finished Job stays, with its pod's log, once its result is recorded; at least two
    minutes."""
    pending_grace_seconds: Annotated[int, Field(ge=0, le=86_400)] = 300
    """How long a pod may be unschedulable, or lack its image, before the task fails with Job.Unschedulable or
    Job.ImagePullFailed."""
