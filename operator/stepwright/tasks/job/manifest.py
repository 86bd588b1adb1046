"""The Job of a task, as it is sent to the API server, and the Secret with an input too large for it.

The rules a Job gets, unless its author gave a whole Job with others: it fails with its first failure (Retry
decides what follows), except that a pod lost to an eviction, a preemption or a drained node is created again,
and only once the old one has really ended.
https://kubernetes.io/docs/concepts/workloads/controllers/job/#pod-failure-policy (KEP-3329),
podReplacementPolicy KEP-3939.
"""

from __future__ import annotations

import base64
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from stepwright.asl.step import StartTask
from stepwright.asl.text import jsontext
from stepwright.engine.ports import ExecutionRef
from stepwright.tasks.job import facts, indexes, names, template
from stepwright.tasks.job.errors import refused
from stepwright.tasks.job.parameters import Parameters
from stepwright.tasks.job.settings import Settings

Owner = Callable[[ExecutionRef], Mapping[str, Any] | None]
"""The ownerReference of objects made for an execution; None for no owner."""

_IGNORE_DISRUPTIONS: Final[Mapping[str, Any]] = {
    "action": "Ignore",
    "onPodConditions": [{"type": "DisruptionTarget", "status": "True"}],
}
_JOB_MEMBERS: Final = ("apiVersion", "kind", "metadata", "spec")


@dataclass(frozen=True, slots=True)
class Manifest:
    name: str
    task_name: str
    job: Mapping[str, Any]
    ttl_seconds: int
    """Set when the result is committed; the Job is created without a TTL, so that it stays until then."""
    large_input: str | None = None

    @property
    def completions(self) -> int | None:
        """With defaults filled in, see ``facts.Job``."""
        return facts.default_completions(self.job["spec"].get("completions"), self.parallelism)

    @property
    def parallelism(self) -> int | None:
        parallelism: int | None = self.job["spec"].get("parallelism")
        return parallelism

    def template_of(self, job_uid: str) -> Mapping[str, Any]:
        """Its pod template as in the Job of that uid: with the labels that Kubernetes adds."""
        template = self.job["spec"]["template"]
        generated = {"controller-uid": job_uid, "job-name": self.name}
        labels = {
            **template["metadata"]["labels"],
            **generated,
            **{f"batch.kubernetes.io/{name}": value for name, value in generated.items()},
        }
        return {**template, "metadata": {**template["metadata"], "labels": labels}}

    def secret(self, job_uid: str) -> Mapping[str, Any] | None:
        """Owned by the Job, so that nothing is left behind whatever happens after the Job's creation."""
        if self.large_input is None:
            return None
        file = template.INPUT_FILE.rpartition("/")[2]
        return {
            "metadata": {
                "name": names.secret_name(self.name),
                "labels": {names.EXECUTION_UID: self.job["metadata"]["labels"][names.EXECUTION_UID]},
                "ownerReferences": [
                    {"apiVersion": "batch/v1", "kind": "Job", "name": self.name, "uid": job_uid}
                ],
            },
            "immutable": True,
            "data": {file: base64.b64encode(self.large_input.encode()).decode("ascii")},
        }


def execution_owner(ref: ExecutionRef) -> Mapping[str, Any]:
    # No blockOwnerDeletion: some clusters demand rights on the owner's finalizers to set it.
    return {
        "apiVersion": names.EXECUTIONS_API_VERSION,
        "kind": "Execution",
        "name": ref.name,
        "uid": ref.uid,
        "controller": True,
    }


def build(
    ref: ExecutionRef,
    task: StartTask,
    parameters: Parameters,
    settings: Settings,
    owner: Owner = execution_owner,
) -> Manifest:
    """Raises StateError (Job.Refused)."""
    name, task_name = names.job_name(ref, task.task), names.task_name(ref.uid, task.task)
    text = str(jsontext.dump(parameters.input))
    large = parameters.output != "job" and len(text.encode()) > template.LARGEST_ANNOTATED_INPUT_BYTES
    labels = {
        names.EXECUTION_UID: str(ref.uid),
        names.EXECUTION: names.label_value(ref.name),
        names.STATE_MACHINE: names.label_value(ref.state_machine),
        names.STATE: names.label_value(task.state),
    }
    given = template.as_object(parameters.job, "job")
    spec = _job_spec(given, parameters)
    ttl_seconds = spec.pop("ttlSecondsAfterFinished", None)
    whole_job = parameters.job is not None
    spec["template"] = template.build(
        parameters,
        settings,
        text,
        names.secret_name(name) if large else None,
        labels,
        whole_job=whole_job,
    )
    _add_policy(spec)
    if settings.active_deadline_seconds is not None:
        spec.setdefault("activeDeadlineSeconds", settings.active_deadline_seconds)
    metadata = _job_metadata(given, ref, parameters)
    annotations = {
        **template.without_own_names(metadata.get("annotations"), "job.metadata.annotations"),
        names.TASK_NAME: task_name,
        names.EXECUTION: ref.name,
        names.STATE: task.state,
        names.PATH: task.path,
    }
    if ttl_seconds is not None:
        annotations[names.TTL_SECONDS] = str(ttl_seconds)
    all_labels = {
        **settings.labels,
        **template.without_own_names(metadata.get("labels"), "job.metadata.labels"),
        **template.without_own_names(parameters.labels, "labels"),
        **labels,
    }
    if names.KUEUE in all_labels:  # it waits for its turn, even if Kueue cannot be asked now
        spec.setdefault("suspend", True)
    owned_by = owner(ref)
    job: dict[str, Any] = {
        "metadata": {
            "name": name,
            "labels": all_labels,
            "annotations": annotations,
            **({"ownerReferences": [owned_by]} if owned_by is not None else {}),
        },
        "spec": spec,
    }
    return Manifest(
        name,
        task_name,
        job,
        settings.ttl_seconds if ttl_seconds is None else ttl_seconds,
        text if large else None,
    )


def _job_metadata(given: Mapping[str, Any], ref: ExecutionRef, parameters: Parameters) -> Mapping[str, Any]:
    """``name`` of a given Job is dropped: a task's Job has the name by which it is found again."""
    metadata = template.as_object(given.get("metadata"), "job.metadata")
    for member in metadata:
        if member not in ("name", "generateName", "namespace", "labels", "annotations"):
            raise refused(f"job.metadata.{member} cannot be given: Stepwright decides on it. Leave it out.")
    for namespace in (metadata.get("namespace"), parameters.namespace):
        if namespace is not None and namespace != ref.namespace:
            raise refused(
                f"The Job names the namespace {namespace!r}, but Jobs run in that of their execution, "
                f"{ref.namespace!r}."
            )
    return metadata


def _job_spec(given: Mapping[str, Any], parameters: Parameters) -> dict[str, Any]:
    for member, expected in (("apiVersion", "batch/v1"), ("kind", "Job")):
        if given.get(member, expected) != expected:
            raise refused(f"job.{member} must be {expected!r}.")
    for member in given:
        if member not in _JOB_MEMBERS:
            raise refused(f"job has no member {member!r}; it has {', '.join(_JOB_MEMBERS)}.")
    spec = {
        member: template.copy_of(value)
        for member, value in template.as_object(given.get("spec"), "job.spec").items()
        if member != "template"
    }
    for member in ("selector", "manualSelector", "managedBy"):
        if spec.get(member):
            raise refused(
                f"job.spec.{member} cannot be given: a task's Job is run by Kubernetes' own controller."
            )
    ttl = spec.get("ttlSecondsAfterFinished")
    if ttl is not None and (not isinstance(ttl, int) or isinstance(ttl, bool) or ttl < 0):
        raise refused("job.spec.ttlSecondsAfterFinished must be a whole number of seconds, 0 or more.")
    if parameters.output == "stdout":
        _check_logs(spec)
    # A Job of AWS's is as Kubernetes has it.
    if parameters.output != "job" and "backoffLimitPerIndex" not in spec:
        spec.setdefault("backoffLimit", 0)
    return spec


def _check_logs(spec: Mapping[str, Any]) -> None:
    completions = spec.get("completions") or spec.get("parallelism") or 1
    if spec.get("completionMode") != "Indexed":
        if completions != 1:
            raise refused(
                "output: stdout needs a Job with one completion, or an Indexed one: with several there is no last line."
            )
    elif not isinstance(completions, int) or completions > indexes.MOST_LOGS:
        raise refused(
            f"output: stdout is read for up to {indexes.MOST_LOGS} indexes, but the Job has {completions} completions: let "
            "them write to $STEPWRIGHT_OUTPUT_FILE."
        )


def _add_policy(spec: dict[str, Any]) -> None:
    if spec["template"]["spec"]["restartPolicy"] != "Never":
        return  # the API server takes podFailurePolicy only with Never
    policy = template.as_object(spec.get("podFailurePolicy"), "job.spec.podFailurePolicy")
    rules = policy.get("rules") or []
    on_disruption = any(
        isinstance(condition, dict) and condition.get("type") == "DisruptionTarget"
        for rule in rules
        if isinstance(rule, dict)
        for condition in rule.get("onPodConditions") or []
    )
    if not on_disruption:  # else the author has decided
        rules = [_IGNORE_DISRUPTIONS, *rules]
    spec["podFailurePolicy"] = {**policy, "rules": rules}
    spec.setdefault("podReplacementPolicy", "Failed")
