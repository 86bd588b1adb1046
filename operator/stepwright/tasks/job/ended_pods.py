"""What tasks of other integrations hear about a Job beside the Job itself: how the containers of its pods have ended."""

from __future__ import annotations

from collections.abc import Sequence

from stepwright.asl.json_types import Json
from stepwright.tasks.job.facts import ContainerStatus, Pod


def told(pods: Sequence[Pod]) -> Json:
    """The oldest pod first."""
    return [
        {
            "name": pod.metadata.name,
            "reason": pod.status.reason,
            "containers": [_of_container(container) for container in pod.status.containerStatuses],
        }
        for pod in sorted(pods, key=lambda pod: pod.metadata.creationTimestamp)
    ]


def _of_container(container: ContainerStatus) -> Json:
    ended = container.state.terminated
    if ended is None:
        return {"name": container.name}
    return {
        "name": container.name,
        "exitCode": ended.exitCode,
        "reason": ended.reason,
        "startedAt": ended.startedAt,
        "finishedAt": ended.finishedAt,
    }
