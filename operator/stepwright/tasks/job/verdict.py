"""The state of a task, from its Job and the Job's pods: a pure function, the one place that decides.

A pod's own report comes first and is enough for a plain success: a Job's status follows some two seconds
later. In all other cases the Job's verdict counts, because the Job knows its policy: which pods are created
again, how many must succeed. The pods then show the reason.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final, TypeAlias

from stepwright.tasks.job import errors, indexes, output, problems
from stepwright.tasks.job.facts import Job, JobCondition, Pod, Terminated
from stepwright.tasks.job.problems import Problem


@dataclass(frozen=True, slots=True)
class Undecided:
    problem: Problem | None = None


@dataclass(frozen=True, slots=True)
class LookCloser:
    """The Job has ended, but the copy of its pods does not show how: it may lag behind. List them and judge
    again."""


@dataclass(frozen=True, slots=True)
class Succeeded:
    """``of``: the pod that has the output; of an Indexed Job the pods that have succeeded, by index, as far as they are known.
    None: the Job had several completions, so there is no single output."""

    of: Pod | Mapping[int, Pod] | None
    terminated: Terminated | None = None


@dataclass(frozen=True, slots=True)
class Failed:
    """``log_of``: the pod and container whose last lines belong to the cause."""

    error: str
    cause: str
    log_of: tuple[str, str] | None = None


Verdict: TypeAlias = Undecided | LookCloser | Succeeded | Failed

_NEVER_STARTED: Final = frozenset({"StartError", "ContainerCannotRun"})
# The container runtime, or the kubelet, found the container gone and does not know how it ended: its node has restarted.
_LOST: Final = frozenset({"Unknown", "ContainerStatusUnknown"})
_LONGEST_INDEXES: Final = 100
_SIGNALS: Final = {130: "SIGINT", 134: "SIGABRT", 137: "SIGKILL", 139: "SIGSEGV", 143: "SIGTERM"}


def judge(
    job: Job,
    pods: Sequence[Pod],
    *,
    pods_certain: bool = False,
    foreign: Sequence[Pod] = (),
    all_told: bool = False,
    finished: bool = False,
) -> Verdict:
    """``pods``: those that this very Job created; ``foreign``: those that were given to it, as far as is
    known. ``pods_certain``: all were listed after the Job had ended. ``all_told``: no pod of it can have gone
    unseen, however early. ``finished``: the Job itself has to say how it ended, since it is the task's result.

    The caller has to notice when a Job is gone.
    """
    if not finished and (early := _early_success(job, pods)) is not None:
        return early
    if job.condition("Complete", *(() if finished else ("SuccessCriteriaMet",))) is not None:
        return _complete(job, pods, foreign, certain=pods_certain, all_told=all_told)
    if (condition := job.condition("Failed", *(() if finished else ("FailureTarget",)))) is not None:
        return _failed(job, pods, foreign, condition, certain=pods_certain)
    if job.metadata.deletionTimestamp is not None:
        return deleted(job.metadata.name)
    return Undecided(problems.of(job, pods, foreign))


def deleted(name: str) -> Failed:
    return Failed(
        errors.DELETED,
        f"Job {name} was deleted while its task was running, not by Stepwright. A Retry makes a new one.",
    )


def of_what_is_gone(name: str, found: Verdict) -> Verdict:
    """The verdict on a task whose Job no longer exists, given what is known of the Job and its pods. Where that does not show the
    task's result, the Job was deleted, by somebody or by a restore of etcd: a Retry makes another."""
    lost = isinstance(found, Failed) and found.error == errors.OUTPUT_LOST
    return deleted(name) if lost or isinstance(found, Undecided) else found


def adopted(name: str, pod: str) -> Failed:
    return Failed(
        errors.REFUSED,
        f"Kubernetes has counted pod {pod} for Job {name}, which did not make it: somebody has given it to the Job, "
        "so what it came to is not the task's. Find out who made it.",
    )


def shortened(job: Job, completions: int | None) -> Failed:
    now, made = ("no" if number is None else number for number in (job.completions, completions))
    return Failed(
        errors.REFUSED,
        f"Job {job.metadata.name} has {now} completions and was made with {made}: somebody has changed spec.completions, "
        "so what it came to is not the task's. Find out who did.",
    )


def _early_success(job: Job, pods: Sequence[Pod]) -> Succeeded | None:
    """A pod whose only container has succeeded decides, unless something could still make the Job judge
    otherwise."""
    if not job.single or job.indexed or job.metadata.deletionTimestamp is not None:
        return None
    for pod in pods:
        if len(pod.spec.containers) != 1 or pod.metadata.deletionTimestamp is not None or pod.disrupted:
            continue
        terminated = pod.terminated(pod.main)
        if terminated is not None and terminated.exitCode == 0 and terminated.reason == "Completed":
            return Succeeded(pod, terminated)
    return None


def _complete(
    job: Job, pods: Sequence[Pod], foreign: Sequence[Pod], *, certain: bool, all_told: bool
) -> Verdict:
    """Only the Job says so, and it also counts pods that were given to it: its own pods must confirm it."""
    by_index = indexes.pods_of(pods) if job.indexed else None
    known = sum(pod.status.phase == "Succeeded" for pod in pods) if by_index is None else len(by_index)
    one_output = job.single and not job.indexed
    if not one_output and known >= job.successes:
        return Succeeded(by_index)
    for pod in pods if one_output else ():
        terminated = pod.terminated(pod.main)
        if pod.status.phase != "Failed" and terminated is not None and terminated.exitCode == 0:
            return Succeeded(pod, terminated)
    if not certain:
        return LookCloser()
    if foreign:
        return adopted(job.metadata.name, foreign[0].metadata.name)
    if one_output:
        return Failed(
            errors.OUTPUT_LOST,
            f"Job {job.metadata.name} has completed, but its pod was deleted before its output could be read.",
        )
    if not all_told:
        return Succeeded(by_index)
    return Failed(
        errors.REFUSED,
        f"Job {job.metadata.name} has completed with {job.successes} pods that succeeded, of which {known} "
        f"{'is' if known == 1 else 'are'} known to be its own: somebody may have given it the others, so what it came to "
        "is not the task's. Find out who made them.",
    )


def _failed(
    job: Job, pods: Sequence[Pod], foreign: Sequence[Pod], condition: JobCondition, *, certain: bool
) -> Verdict:
    name, reason = job.metadata.name, condition.reason
    if reason == "DeadlineExceeded" and job.was_ended:
        return Failed(
            errors.DELETED,
            f"Job {name} was ended because its task had its result, and a restore of etcd has undone that. A Retry makes a "
            "new one.",
        )
    if reason == "DeadlineExceeded":
        return Failed(errors.FAILED, f"Job {name} ran longer than its activeDeadlineSeconds.", _log_of(pods))
    newest_first = sorted(pods, key=lambda pod: pod.metadata.creationTimestamp, reverse=True)
    if failed := set(
        indexes.intervals(job.status.failedIndexes)
    ):  # other indexes may have failed, and then succeeded
        newest_first = [pod for pod in newest_first if pod.index in failed]
    for pod in newest_first:
        if not pod.disrupted and (found := _pod_failure(name, pod)) is not None:
            return _with_indexes(job, found)
    if not certain:
        return LookCloser()
    for pod in newest_first:  # a policy of the author may count disruptions as failures
        if (found := _pod_failure(name, pod)) is not None:
            return _with_indexes(job, found)
    if foreign:
        return adopted(name, foreign[0].metadata.name)
    message = condition.message or "it has failed"
    return Failed(
        errors.FAILED,
        f"Job {name} has failed ({reason or 'no reason given'}: {message}), and no pod is left to tell why.",
    )


def _with_indexes(job: Job, found: Failed) -> Failed:
    """Which indexes have failed, before what one of their pods came to; the words of one that names its own error are kept
    as they are."""
    failed = job.status.failedIndexes
    if not failed or found.error not in (errors.FAILED, errors.OOM_KILLED, errors.EVICTED):
        return found
    named = failed if len(failed) <= _LONGEST_INDEXES else failed[:_LONGEST_INDEXES].rpartition(",")[0] + ",…"
    return replace(
        found,
        cause=f"Of the {job.completions} indexes of Job {job.metadata.name} these have failed: {named}. {found.cause}",
    )


def _pod_failure(job: str, pod: Pod) -> Failed | None:
    name = pod.metadata.name
    ended = [
        (status.name, status.state.terminated)
        for status in pod.all_statuses()
        if status.state.terminated is not None and status.state.terminated.exitCode != 0
    ]
    for container, terminated in ended:
        if terminated.reason == "OOMKilled":
            return Failed(
                errors.OOM_KILLED,
                f"Container {container} of pod {name} used more memory than its limit allows and was killed. "
                "Raise resources.limits.memory.",
                (name, container),
            )
    # A node that ends or refuses a pod says so in the pod's status; exit codes are then its doing.
    if pod.status.phase == "Failed" and pod.status.reason and pod.status.reason != "DeadlineExceeded":
        return Failed(
            errors.EVICTED,
            f"Node {pod.spec.nodeName or '(none)'} has ended pod {name} of Job {job}: {pod.status.reason}: "
            f"{pod.status.message or 'no message'}",
            _log_of([pod]) if ended else None,
        )
    # The main container's failure explains more than that of a sidecar that it took down.
    ended.sort(key=lambda item: item[0] != pod.main)
    for container, terminated in ended:
        if terminated.reason in _NEVER_STARTED:
            return Failed(
                errors.FAILED,
                f"Container {container} of pod {name} could not be started: {terminated.message or terminated.reason}",
            )
        if terminated.reason in _LOST:
            return Failed(
                errors.EVICTED,
                f"Node {pod.spec.nodeName or '(none)'} has lost container {container} of pod {name}, as a node does that "
                "restarts: how it ended is not known.",
            )
        signal = _SIGNALS.get(terminated.exitCode)
        if pod.metadata.deletionTimestamp is not None and signal in ("SIGTERM", "SIGKILL"):
            return Failed(
                errors.EVICTED, f"Pod {name} of Job {job} was deleted while it ran.", (name, container)
            )
        said = terminated.message or ""
        if container == pod.main and (own := output.own_error(said)) is not None:
            return Failed(own, said.strip())
        return Failed(
            errors.FAILED,
            f"Container {container} of pod {name} ended with exit code {terminated.exitCode}"
            + (f" ({signal})." if signal else "."),
            (name, container),
        )
    return None


def _log_of(pods: Sequence[Pod]) -> tuple[str, str] | None:
    return (pods[-1].metadata.name, pods[-1].main) if pods else None
