"""When an object that a task has begun has ended, and how: known for kinds that run something, else the task says so."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final, NamedTuple


class Ends(NamedTuple):
    """Forms of ``conditions``."""

    success: Mapping[str, Any]
    failure: Mapping[str, Any] | None


def _conditions(success: str, failure: str) -> Ends:
    return Ends({"condition": success}, {"condition": failure})


def _values(path: str, success: str, *failures: str) -> Ends:
    return Ends(
        {"jsonPath": path, "value": success},
        {"anyOf": [{"jsonPath": path, "value": failure} for failure in failures]},
    )


_SUCCEEDED: Final = Ends({"condition": "Succeeded"}, {"condition": "Succeeded", "status": "False"})
_JOB_OF_KUBEFLOW: Final = _conditions("Succeeded", "Failed")

_KINDS: Final[Mapping[tuple[str, str], Ends]] = {
    ("", "Pod"): _values("{.status.phase}", "Succeeded", "Failed"),
    ("batch", "Job"): _conditions("Complete", "Failed"),
    ("tekton.dev", "PipelineRun"): _SUCCEEDED,
    ("tekton.dev", "TaskRun"): _SUCCEEDED,
    ("argoproj.io", "Workflow"): _values("{.status.phase}", "Succeeded", "Failed", "Error"),
    ("sparkoperator.k8s.io", "SparkApplication"): _values(
        "{.status.applicationState.state}", "COMPLETED", "FAILED", "SUBMISSION_FAILED"
    ),
    ("ray.io", "RayJob"): _values("{.status.jobStatus}", "SUCCEEDED", "FAILED", "STOPPED"),
    ("jobset.x-k8s.io", "JobSet"): _conditions("Completed", "Failed"),
    **{
        ("kubeflow.org", kind): _JOB_OF_KUBEFLOW
        for kind in ("MPIJob", "PaddleJob", "PyTorchJob", "TFJob", "XGBoostJob")
    },
}
"""By API group and kind."""


def of_kind(api_version: Any, kind: str) -> Ends | None:
    group = str(api_version).rpartition("/")[0]
    return _KINDS.get((group, kind))
