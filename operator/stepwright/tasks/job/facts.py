"""Jobs and pods with just the fields that a verdict needs: other fields are not even decoded.

Names are those of the API (batch/v1 Job, v1 Pod); annotations, which hold inputs, are left out except for
two.
"""
# ruff: noqa: N815 - the fields' names on the wire

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Final, Generic, Literal, TypeVar

import msgspec
from msgspec import field
from msgspec.structs import replace

from stepwright.asl.signals import Millis, TaskId
from stepwright.kube import timestamps
from stepwright.tasks.job import names, template


class Fact(msgspec.Struct, frozen=True, gc=False):
    """Part of an observed object. ``gc=False``: such trees have no cycles, and may be very many."""


class Owner(Fact, frozen=True):
    uid: str
    kind: str = ""
    name: str = ""
    controller: bool = False


class Condition(Fact, frozen=True):
    type: str
    status: str
    reason: str | None = None
    message: str | None = None

    @property
    def is_true(self) -> bool:
        return self.status == "True"


class JobCondition(Condition, frozen=True):
    lastTransitionTime: str | None = None


class JobLabels(Fact, frozen=True):
    execution: str = field(name=names.EXECUTION, default="")
    execution_uid: str = field(name=names.EXECUTION_UID, default="")


class JobAnnotations(Fact, frozen=True):
    execution: str | None = field(name=names.EXECUTION, default=None)
    task_name: str = field(name=names.TASK_NAME, default="")
    ttl_seconds: str | None = field(name=names.TTL_SECONDS, default=None)


class JobMetadata(Fact, frozen=True):
    name: str
    namespace: str
    uid: str
    resourceVersion: str = ""
    creationTimestamp: str = ""
    deletionTimestamp: str | None = None
    ownerReferences: list[Owner] = []
    labels: JobLabels = JobLabels()
    annotations: JobAnnotations = JobAnnotations()


ENDED_SECONDS: Final = 1
"""The deadline of a Job that Stepwright has ended because its task has its result already."""

RestartPolicy = Literal["Never", "OnFailure", "Always"]


class TemplateSpec(Fact, frozen=True):
    restartPolicy: RestartPolicy = "Never"


class Template(Fact, frozen=True):
    spec: TemplateSpec = TemplateSpec()


class SuccessPolicy(Fact, frozen=True):
    """Only its presence matters: the Job completes before all of its pods have succeeded."""


class JobSpec(Fact, frozen=True):
    template: Template = Template()
    completionMode: Literal["NonIndexed", "Indexed"] = "NonIndexed"
    completions: int | None = None
    parallelism: int | None = None
    successPolicy: SuccessPolicy | None = None
    suspend: bool | None = None
    ttlSecondsAfterFinished: int | None = None
    activeDeadlineSeconds: int | None = None


class Uncounted(Fact, frozen=True):
    """uids of pods that have ended and are not in the counts yet."""

    succeeded: list[str] = []


class JobStatus(Fact, frozen=True):
    conditions: list[JobCondition] = []
    succeeded: int = 0
    uncountedTerminatedPods: Uncounted = Uncounted()
    completedIndexes: str | None = None
    failedIndexes: str | None = None
    """Of an Indexed Job with a limit for each index: those that have used it up."""
    startTime: str | None = None
    completionTime: str | None = None


class Job(Fact, frozen=True):
    metadata: JobMetadata
    spec: JobSpec = JobSpec()
    status: JobStatus = JobStatus()

    @property
    def task(self) -> TaskId | None:
        """The task that it runs; None if it is not a task's, whatever its labels say: a CronJob makes Jobs with
        any labels and annotations, but its own names."""
        uid, task_name = self.metadata.labels.execution_uid, self.metadata.annotations.task_name
        return names.task_of(task_name, uid) if names.is_named_by(self.metadata.name, task_name) else None

    @property
    def completions(self) -> int | None:
        """As the API server fills it in; None: a work queue, which ends with one success once all of its pods have
        ended."""
        return default_completions(self.spec.completions, self.spec.parallelism)

    @property
    def indexed(self) -> bool:
        """A pod for each index: what each returned is the result."""
        return self.spec.completionMode == "Indexed"

    @property
    def single(self) -> bool:
        """One completion, so that one pod's end is the Job's."""
        if self.spec.completions is None:
            return self.spec.parallelism in (None, 1)
        return self.spec.completions == 1

    def with_parallelism(self, parallelism: int | None) -> Job:
        """The Job as if it still had that; with a number of completions it does not matter how many run at
        once."""
        if self.spec.completions is not None or self.spec.parallelism == parallelism:
            return self
        return replace(self, spec=replace(self.spec, parallelism=parallelism))

    @property
    def was_ended(self) -> bool:
        """Whether Stepwright has ended it, and not only let go of it: then it shows nothing of its task any more."""
        spec = self.spec
        return spec.ttlSecondsAfterFinished is not None and spec.activeDeadlineSeconds == ENDED_SECONDS

    @property
    def successes(self) -> int:
        """How many pods have succeeded according to a completed Job."""
        if self.spec.completions is not None and self.spec.successPolicy is None:
            return self.spec.completions
        return max(1, self.status.succeeded + len(self.status.uncountedTerminatedPods.succeeded))

    @property
    def ended(self) -> Millis | None:
        """When it finished, from where its TTL counts."""
        finished = self.condition("Complete", "Failed")
        if finished is None:
            return None
        try:
            return timestamps.millis(finished.lastTransitionTime or self.status.completionTime or "")
        except ValueError:
            return None

    def condition(self, *types: str) -> JobCondition | None:
        """The first that is true."""
        return next((c for c in self.status.conditions if c.type in types and c.is_true), None)


def default_completions(completions: int | None, parallelism: int | None) -> int | None:
    return 1 if completions is None and parallelism is None else completions


class Waiting(Fact, frozen=True):
    reason: str | None = None
    message: str | None = None


class Terminated(Fact, frozen=True):
    exitCode: int
    reason: str | None = None
    message: str | None = None
    startedAt: str | None = None
    finishedAt: str | None = None


class State(Fact, frozen=True):
    waiting: Waiting | None = None
    terminated: Terminated | None = None


class ContainerStatus(Fact, frozen=True):
    name: str
    state: State = State()


class Container(Fact, frozen=True):
    name: str


class PodLabels(Fact, frozen=True):
    execution_uid: str = field(name=names.EXECUTION_UID, default="")


class PodMetadata(Fact, frozen=True):
    name: str
    namespace: str
    uid: str
    resourceVersion: str = ""
    creationTimestamp: str = ""
    deletionTimestamp: str | None = None
    ownerReferences: list[Owner] = []
    labels: PodLabels = PodLabels()


class PodSpec(Fact, frozen=True):
    restartPolicy: RestartPolicy = "Never"
    containers: list[Container] = []
    initContainers: list[Container] = []
    nodeName: str | None = None


class PodStatus(Fact, frozen=True):
    phase: str = "Pending"
    reason: str | None = None
    message: str | None = None
    conditions: list[Condition] = []
    containerStatuses: list[ContainerStatus] = []
    initContainerStatuses: list[ContainerStatus] = []


_INDEX: Final = re.compile(r"-(\d{1,6})-[a-z0-9]{5}$")
"""In the names of an Indexed Job's pods."""


class Pod(Fact, frozen=True):
    metadata: PodMetadata
    spec: PodSpec = PodSpec()
    status: PodStatus = PodStatus()

    @property
    def job(self) -> Owner | None:
        """The Job that controls it."""
        owners = self.metadata.ownerReferences
        return next((owner for owner in owners if owner.controller and owner.kind == "Job"), None)

    @property
    def index(self) -> int | None:
        """Of a pod that an Indexed Job has made."""
        found = _INDEX.search(self.metadata.name)
        return int(found[1]) if found is not None else None

    @property
    def newborn(self) -> bool:
        """Nothing has happened to it yet. A controller's own pods are first seen like this."""
        return self.status.phase == "Pending" and not any(self.all_statuses())

    @property
    def main(self) -> str:
        """The name of the main container."""
        found = [container.name for container in self.spec.containers]
        return template.MAIN if template.MAIN in found or not found else found[0]

    @property
    def disrupted(self) -> bool:
        """Evicted, preempted, drained or otherwise ended from outside, so that the Job makes another."""
        return any(c.type == "DisruptionTarget" and c.is_true for c in self.status.conditions)

    @property
    def finished(self) -> bool:
        return self.status.phase in ("Succeeded", "Failed")

    def terminated(self, container: str) -> Terminated | None:
        for status in self.status.containerStatuses:
            if status.name == container:
                return status.state.terminated
        return None

    def all_statuses(self) -> Iterable[ContainerStatus]:
        """The statuses of all containers, init containers first."""
        return (*self.status.initContainerStatuses, *self.status.containerStatuses)


class ExecutionMetadata(Fact, frozen=True):
    uid: str


class ExecutionStatus(Fact, frozen=True):
    settled: bool = False


class Execution(Fact, frozen=True):
    """Whether anything may still run for it."""

    metadata: ExecutionMetadata
    status: ExecutionStatus = ExecutionStatus()


T = TypeVar("T")


class List(msgspec.Struct, Generic[T]):
    items: list[T] = []
