"""What keeps a task from starting, as its Job and the Job's pods show it: a pure function of these."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from stepwright.tasks.job import errors
from stepwright.tasks.job.facts import Job, Pod

_PULL: Final = frozenset(
    {
        "ErrImagePull",
        "ImagePullBackOff",
        "ErrImageNeverPull",
        "ImageInspectError",
        "RegistryUnavailable",
        "SignatureValidationFailed",
    }
)
_SETUP: Final = frozenset({"CreateContainerConfigError", "CreateContainerError"})
_INVALID_IMAGE: Final = "InvalidImageName"  # no waiting helps


@dataclass(frozen=True, slots=True)
class Problem:
    """Why a task cannot start. It becomes a failure once it has lasted the grace period (``patience``),
    since autoscalers, registries and quotas often need a while.

    ``look_at_events``: the reason is in the Job's Events, which are not watched.
    """

    error: str
    cause: str
    patience: bool = True
    look_at_events: bool = False


def of(job: Job, pods: Sequence[Pod], foreign: Sequence[Pod]) -> Problem | None:
    if job.spec.suspend:
        return None  # a queue such as Kueue holds it back on purpose
    live = [pod for pod in pods if not pod.finished and pod.metadata.deletionTimestamp is None]
    if job.single and not live and (in_the_way := [pod for pod in foreign if not pod.finished]):
        return _taken(job.metadata.name, in_the_way[0].metadata.name)
    if not pods:
        return Problem(errors.NO_POD, f"No pod was created for Job {job.metadata.name}.", look_at_events=True)
    for pod in live:
        if (problem := _pod_problem(pod)) is not None:
            return problem
    return None


def _taken(name: str, pod: str) -> Problem:
    return Problem(
        errors.NO_POD,
        f"Kubernetes makes no pod for Job {name} while there is pod {pod}, which it counts for the Job and the Job did not "
        "make: somebody has given it to the Job. Delete it, and find out who made it.",
    )


def _pod_problem(pod: Pod) -> Problem | None:
    name = pod.metadata.name
    for condition in pod.status.conditions:
        if condition.type == "PodScheduled" and not condition.is_true and condition.reason == "Unschedulable":
            return Problem(
                errors.UNSCHEDULABLE, f"No node takes pod {name}: {condition.message or 'no reason given'}"
            )
    for status in pod.all_statuses():
        waiting = status.state.waiting
        if waiting is None or waiting.reason is None:
            continue
        said = f"{waiting.reason}: {waiting.message}" if waiting.message else waiting.reason
        if waiting.reason in _PULL or waiting.reason == _INVALID_IMAGE:
            return Problem(
                errors.IMAGE_PULL_FAILED,
                f"The image of container {status.name} of pod {name} cannot be pulled: {said}",
                patience=waiting.reason != _INVALID_IMAGE,
            )
        if waiting.reason in _SETUP:
            return Problem(errors.NO_POD, f"Container {status.name} of pod {name} cannot be set up: {said}")
    return None
