"""What the indexes of an Indexed Job came to: the result of such a task is a list with what each of them has returned.

A Job makes a pod for each index below its completions, and again where a pod is lost; of several that have succeeded for an
index one counts. ``status.completedIndexes`` says which have succeeded, as ``1,3-5,7``.
https://kubernetes.io/docs/concepts/workloads/controllers/job/#completion-mode
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from typing import Final

from stepwright.asl.failure.errors import DATA_LIMIT_EXCEEDED, StateError
from stepwright.asl.json_types import Json
from stepwright.asl.limits import Limits
from stepwright.tasks.job import errors, output
from stepwright.tasks.job.facts import Job, Pod

LARGEST_BYTES: Final = Limits().payload_bytes
MOST_LOGS: Final = 100
"""More logs are not read for one task: each is a request to a node."""

_MOST_NAMED: Final = 10


def pods_of(pods: Iterable[Pod]) -> dict[int, Pod]:
    """The pod that counts for each index of which one has succeeded. ``pods``: the Job's own."""
    found: dict[int, Pod] = {}
    for pod in sorted(pods, key=lambda pod: (pod.metadata.creationTimestamp, pod.metadata.name)):
        if pod.status.phase == "Succeeded" and pod.index is not None:
            found.setdefault(pod.index, pod)
    return found


def intervals(text: str | None) -> Iterator[int]:
    """The indexes in ``1,3-5,7``, in order; Kubernetes allows 100,000."""
    for part in (text or "").split(","):
        first, dash, last = part.partition("-")
        if first.isascii() and first.isdigit():
            yield from range(int(first), int(last if dash else first) + 1)


def from_messages(job: Job, pods: Mapping[int, Pod]) -> Json:
    """What each index has left in its output file. Raises StateError."""
    written = {
        index: (pod, terminated)
        for index, pod in sorted(pods.items())
        if (terminated := pod.terminated(pod.main)) is not None and (terminated.message or "").strip()
    }
    check_size(job.metadata.name, sum(len(terminated.message or "") for _, terminated in written.values()))
    return result(job, pods, {index: output.from_message(*found) for index, found in written.items()})


def check_size(job: str, size: int) -> None:
    """``size``: of all outputs, in bytes. Raises StateError."""
    if size > LARGEST_BYTES:
        raise StateError(
            DATA_LIMIT_EXCEEDED,
            f"The indexes of Job {job} have returned more than {LARGEST_BYTES:,} bytes together: store what they "
            "make elsewhere, and return where.",
        )


def result(job: Job, pods: Mapping[int, Pod], outputs: Mapping[int, Json]) -> Json:
    """``outputs``: of the indexes that have returned something. Raises StateError."""
    lost = [index for index in _succeeded(job) if index not in pods]
    if lost and (outputs or not pods):
        named = ", ".join(str(index) for index in lost[:_MOST_NAMED])
        raise StateError(
            errors.OUTPUT_LOST,
            f"Job {job.metadata.name} has completed, but pods of it were deleted before their output could be read: those of "
            f"{'index' if len(lost) == 1 else 'indexes'} {named}{', …' if len(lost) > _MOST_NAMED else ''}.",
        )
    if not outputs and pods:
        return dict(output.summary(job, None))
    return [outputs.get(index) for index in range(job.completions or 0)]


def _succeeded(job: Job) -> Collection[int]:
    if job.spec.successPolicy is None:
        return range(job.completions or 0)
    return list(intervals(job.status.completedIndexes))
