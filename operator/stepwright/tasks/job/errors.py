"""The names under which Retry and Catch see the failures of a Job. ``States.TaskFailed`` matches all of them."""

from __future__ import annotations

from typing import Final

from stepwright.asl.failure.errors import StateError

FAILED: Final = "Job.Failed"
OOM_KILLED: Final = "Job.OOMKilled"
EVICTED: Final = "Job.Evicted"
UNSCHEDULABLE: Final = "Job.Unschedulable"
IMAGE_PULL_FAILED: Final = "Job.ImagePullFailed"
QUOTA_EXCEEDED: Final = "Job.QuotaExceeded"
REFUSED: Final = "Job.Refused"
NO_POD: Final = "Job.NoPod"
OUTPUT_INVALID: Final = "Job.OutputInvalid"
OUTPUT_TOO_LARGE: Final = "Job.OutputTooLarge"
OUTPUT_LOST: Final = "Job.OutputLost"
DELETED: Final = "Job.Deleted"

NAMES: Final = (
    *(FAILED, OOM_KILLED, EVICTED, UNSCHEDULABLE, IMAGE_PULL_FAILED, QUOTA_EXCEEDED, REFUSED, NO_POD),
    *(OUTPUT_INVALID, OUTPUT_TOO_LARGE, OUTPUT_LOST, DELETED),
)


def refused(cause: str) -> StateError:
    """The task asks for a Job that must not or cannot be created."""
    return StateError(REFUSED, cause)
