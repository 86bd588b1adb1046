"""What becomes of a Job whose task has ended: a pure function of the Job and its pods.

Between the report of a task's pod and the Job's end the pod's node may be lost, and then Kubernetes creates the pod again: so
a Job is watched until it has finished.
"""

from __future__ import annotations

from collections.abc import Sequence
from enum import Enum

from stepwright.tasks.job.facts import Job, Pod


class Aftermath(Enum):
    """What becomes of a Job whose task has ended."""

    FINISHED = "no pod of it will ever run again"
    ENDING = "its container has ended, and Kubernetes has yet to say so"
    AGAIN = "what its task came to is lost to Kubernetes, which runs it again"


def of(job: Job, pods: Sequence[Pod]) -> Aftermath:
    """The fate of a Job whose task's result is recorded, and that was not deleted for it."""
    if job.condition("Complete", "Failed") is not None:
        return Aftermath.FINISHED
    decided = job.condition("SuccessCriteriaMet", "FailureTarget") is not None
    if decided or not job.single or job.metadata.deletionTimestamp is not None:
        return Aftermath.ENDING
    ended = [pod for pod in pods if _has_ended_well(pod)]
    if any(not pod.finished and pod.metadata.deletionTimestamp is None and pod not in ended for pod in pods):
        return Aftermath.AGAIN
    if any(pod.status.phase == "Succeeded" for pod in ended):
        return Aftermath.FINISHED  # final for a pod, whatever becomes of its node: the Job counts it
    lost = all(pod.disrupted or pod.status.phase == "Failed" for pod in ended)
    return Aftermath.AGAIN if lost else Aftermath.ENDING


def _has_ended_well(pod: Pod) -> bool:
    terminated = pod.terminated(pod.main)
    return terminated is not None and terminated.exitCode == 0
