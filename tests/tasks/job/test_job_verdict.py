"""How a task stands, from Jobs and pods shaped as the API server gives them."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from stepwright.tasks.job import facts
from stepwright.tasks.job.problems import Problem
from stepwright.tasks.job.verdict import Failed, LookCloser, Succeeded, Undecided, judge

JOB_UID = "0a1b"
OK = {"exitCode": 0, "reason": "Completed", "message": "1"}


def job(
    *conditions: str, deleted: bool = False, reason: str = "", message: str = "", **spec: Any
) -> facts.Job:
    given = [{"type": name, "status": "True", "reason": reason, "message": message} for name in conditions]
    metadata = {"name": "order-7-5-x", "namespace": "shop", "uid": JOB_UID, "resourceVersion": "7"}
    metadata |= {"deletionTimestamp": "2026-01-01T00:00:00Z"} if deleted else {}
    spec = {"completions": 1, "parallelism": 1, **spec}
    return msgspec.convert({"metadata": metadata, "spec": spec, "status": {"conditions": given}}, facts.Job)


def pod(
    terminated: dict[str, Any] | None = None,
    *,
    waiting: tuple[str, str] | None = None,
    containers: dict[str, dict[str, Any] | None] | None = None,
    init: dict[str, dict[str, Any]] | None = None,
    phase: str = "Running",
    reason: str | None = None,
    message: str | None = None,
    conditions: list[dict[str, str]] | None = None,
    deleted: bool = False,
    name: str = "order-7-5-x-abcde",
    created: str = "2026-01-01T00:00:00Z",
) -> facts.Pod:
    states = containers if containers is not None else {"main": terminated}
    statuses: list[dict[str, Any]] = [
        {"name": key, "state": {"terminated": state} if state is not None else {"running": {}}}
        for key, state in states.items()
    ]
    if waiting is not None:
        statuses[0]["state"] = {"waiting": {"reason": waiting[0], "message": waiting[1]}}
    metadata: dict[str, Any] = {"name": name, "namespace": "shop", "uid": "p1", "creationTimestamp": created}
    metadata["ownerReferences"] = [{"kind": "Job", "name": "order-7-5-x", "uid": JOB_UID, "controller": True}]
    if deleted:
        metadata["deletionTimestamp"] = created
    status = {
        "phase": phase,
        "reason": reason,
        "message": message,
        "conditions": conditions or [],
        "containerStatuses": statuses,
        "initContainerStatuses": [
            {"name": key, "state": {"terminated": state}} for key, state in (init or {}).items()
        ],
    }
    spec = {
        "nodeName": "node-1",
        "containers": [{"name": key} for key in states],
        "initContainers": [{"name": key} for key in init or {}],
    }
    return msgspec.convert({"metadata": metadata, "spec": spec, "status": status}, facts.Pod)


DISRUPTED = [{"type": "DisruptionTarget", "status": "True", "reason": "EvictionByEvictionAPI"}]
NO_POD = Undecided(Problem("Job.NoPod", "No pod was created for Job order-7-5-x.", look_at_events=True))


@pytest.mark.parametrize("phase", ["Pending", "Running", "Succeeded"])
def test_a_container_that_ended_well_is_enough(phase: str) -> None:
    this = pod(OK, phase=phase)

    assert judge(job(), [this]) == Succeeded(this, this.terminated("main"))


NOT_YET: list[tuple[str, facts.Job, facts.Pod]] = [
    ("it runs", job(), pod()),
    ("the pod is being deleted", job(), pod(OK, deleted=True)),
    ("the pod is disrupted", job(), pod(OK, conditions=DISRUPTED)),
    ("the reason is another", job(), pod({"exitCode": 0, "reason": "ContainerStatusUnknown"})),
    ("there is another container", job(), pod(containers={"main": OK, "other": None})),
    ("two completions", job(completions=2), pod(OK)),
    ("a work queue", job(completions=None, parallelism=2), pod(OK)),
    ("the exit code is 3", job(), pod({"exitCode": 3, "reason": "Error"})),
]


@pytest.mark.parametrize(("this", "its"), [case[1:] for case in NOT_YET], ids=[case[0] for case in NOT_YET])
def test_otherwise_the_jobs_verdict_is_waited_for(this: facts.Job, its: facts.Pod) -> None:
    assert judge(this, [its]) == Undecided()


def test_a_job_that_is_being_deleted_has_failed() -> None:
    verdict = judge(job(deleted=True), [pod(OK)])

    assert isinstance(verdict, Failed)
    assert verdict.error == "Job.Deleted"


@pytest.mark.parametrize("condition", ["Complete", "SuccessCriteriaMet"])
def test_a_complete_job_gives_its_pods_output(condition: str) -> None:
    this = pod(containers={"main": OK, "other": OK}, phase="Succeeded", deleted=True)

    assert judge(job(condition), [pod(phase="Failed", name="earlier"), this]) == Succeeded(
        this, this.terminated("main")
    )


def test_a_complete_job_without_a_pod_is_looked_at_closer_then_its_output_is_lost() -> None:
    assert judge(job("Complete"), []) == LookCloser()
    verdict = judge(job("Complete"), [], pods_certain=True)

    assert isinstance(verdict, Failed)
    assert verdict.error == "Job.OutputLost"


def test_several_completions_have_no_one_output() -> None:
    its = [pod(OK, phase="Succeeded", name=name) for name in ("order-7-5-x-aaaaa", "order-7-5-x-bbbbb")]

    assert judge(job("Complete", completions=2), its) == Succeeded(None)


def test_a_pod_that_succeeded_twice_for_one_index_is_counted_once() -> None:
    this = job("Complete", completions=2, completionMode="Indexed")
    its = [pod(OK, phase="Succeeded", name=f"order-7-5-x-{end}") for end in ("0-aaaaa", "0-bbbbb")]

    assert judge(this, its) == LookCloser()
    both = [*its, pod(OK, phase="Succeeded", name="order-7-5-x-1-aaaaa")]
    assert judge(this, both) == Succeeded({0: both[0], 1: both[2]})


def test_an_indexed_job_of_one_waits_for_the_verdict_of_its_job() -> None:
    its = pod(OK, phase="Succeeded", name="order-7-5-x-0-aaaaa")

    assert judge(job(completionMode="Indexed"), [its]) == Undecided()
    assert judge(job("Complete", completionMode="Indexed"), [its]) == Succeeded({0: its})


def test_the_indexes_that_have_failed_are_named_with_what_one_of_them_came_to() -> None:
    this = job("Failed", reason="FailedIndexes", completions=9, completionMode="Indexed")
    status = msgspec.structs.replace(this.status, failedIndexes="1,4-6")
    recovered = pod(
        {"exitCode": 9}, phase="Failed", name="order-7-5-x-2-zzzzz", created="2026-01-02T00:00:00Z"
    )
    its = pod({"exitCode": 3}, phase="Failed", name="order-7-5-x-4-aaaaa")

    verdict = judge(msgspec.structs.replace(this, status=status), [recovered, its])

    assert verdict == Failed(
        "Job.Failed",
        "Of the 9 indexes of Job order-7-5-x these have failed: 1,4-6. Container main of pod order-7-5-x-4-aaaaa ended with "
        "exit code 3.",
        ("order-7-5-x-4-aaaaa", "main"),
    )


def test_an_index_that_names_its_own_error_is_quoted_as_it_is() -> None:
    this = job("Failed", reason="FailedIndexes", completions=2, completionMode="Indexed")
    status = msgspec.structs.replace(this.status, failedIndexes="0")
    said = '{"errorType":"NoFigs"}'
    its = pod({"exitCode": 1, "message": said}, phase="Failed", name="order-7-5-x-0-aaaaa")

    assert judge(msgspec.structs.replace(this, status=status), [its]) == Failed("NoFigs", said)


def test_a_sidecar_does_not_keep_a_task_from_its_end() -> None:
    """One that restarts always stands among the init containers, and ends after all others."""
    this = pod(OK)
    status = msgspec.structs.replace(this.status, initContainerStatuses=[facts.ContainerStatus("proxy")])
    spec = msgspec.structs.replace(this.spec, initContainers=[facts.Container("proxy")])
    this = msgspec.structs.replace(this, status=status, spec=spec)

    assert judge(job(), [this]) == Succeeded(this, this.terminated("main"))


def test_what_a_work_queue_has_not_counted_yet_has_succeeded_too() -> None:
    status = {"conditions": [{"type": "Complete", "status": "True"}], "succeeded": 1}
    status |= {"uncountedTerminatedPods": {"succeeded": ["p2"]}}
    this = msgspec.convert(
        {
            "metadata": {"name": "order-7-5-x", "namespace": "shop", "uid": JOB_UID},
            "spec": {"parallelism": 2},
            "status": status,
        },
        facts.Job,
    )
    its = [pod(OK, phase="Succeeded", name=f"order-7-5-x-{end}") for end in ("aaaaa", "bbbbb")]

    assert judge(this, its[:1]) == LookCloser()
    assert judge(this, its) == Succeeded(None)


def failed(its: facts.Pod | None, **given: Any) -> tuple[str, str, tuple[str, str] | None]:
    given = {
        "reason": "BackoffLimitExceeded",
        "message": "Job has reached the specified backoff limit",
        **given,
    }
    verdict = judge(job("FailureTarget", **given), [] if its is None else [its], pods_certain=True)
    assert isinstance(verdict, Failed)
    return verdict.error, verdict.cause, verdict.log_of


LOG = ("order-7-5-x-abcde", "main")
DECLINED = '{"errorType": "CardDeclined", "errorMessage": "no"}'
FAILURES: list[tuple[str, facts.Pod | None, dict[str, Any], tuple[str, str, tuple[str, str] | None]]] = [
    (
        "exit code",
        pod({"exitCode": 3, "reason": "Error"}, phase="Failed"),
        {},
        ("Job.Failed", "Container main of pod order-7-5-x-abcde ended with exit code 3.", LOG),
    ),
    (
        "an error of its own",
        pod({"exitCode": 1, "reason": "Error", "message": f"{DECLINED}\n"}, phase="Failed"),
        {},
        ("CardDeclined", DECLINED, None),
    ),
    (
        "an error of its own before its companion's",
        pod(containers={"a": {"exitCode": 1}, "main": {"exitCode": 2, "message": DECLINED}}, phase="Failed"),
        {},
        ("CardDeclined", DECLINED, None),
    ),
    (
        "an error of a companion's",
        pod(containers={"a": {"exitCode": 1, "message": DECLINED}, "main": {"exitCode": 0}}, phase="Failed"),
        {},
        (
            "Job.Failed",
            "Container a of pod order-7-5-x-abcde ended with exit code 1.",
            ("order-7-5-x-abcde", "a"),
        ),
    ),
    (
        "an output that names no error",
        pod({"exitCode": 1, "message": '{"errorType": ""}'}, phase="Failed"),
        {},
        ("Job.Failed", "Container main of pod order-7-5-x-abcde ended with exit code 1.", LOG),
    ),
    (
        "signal",
        pod({"exitCode": 139, "reason": "Error"}, phase="Failed"),
        {},
        ("Job.Failed", "Container main of pod order-7-5-x-abcde ended with exit code 139 (SIGSEGV).", LOG),
    ),
    (
        "memory",
        pod({"exitCode": 137, "reason": "OOMKilled"}, phase="Failed"),
        {},
        (
            "Job.OOMKilled",
            (
                "Container main of pod order-7-5-x-abcde used more memory than its limit allows and was killed. "
                "Raise resources.limits.memory."
            ),
            LOG,
        ),
    ),
    (
        "no such command",
        pod({"exitCode": 128, "reason": "StartError", "message": 'exec: "x": not found'}, phase="Failed"),
        {},
        (
            "Job.Failed",
            'Container main of pod order-7-5-x-abcde could not be started: exec: "x": not found',
            None,
        ),
    ),
    (
        "main before companion",
        pod(containers={"a": {"exitCode": 1}, "main": {"exitCode": 2}}, phase="Failed"),
        {},
        ("Job.Failed", "Container main of pod order-7-5-x-abcde ended with exit code 2.", LOG),
    ),
    (
        "init container",
        pod(None, init={"prepare": {"exitCode": 5}}, phase="Failed"),
        {},
        (
            "Job.Failed",
            "Container prepare of pod order-7-5-x-abcde ended with exit code 5.",
            ("order-7-5-x-abcde", "prepare"),
        ),
    ),
    (
        "refused by the node",
        pod(containers={"main": None}, phase="Failed", reason="OutOfcpu", message="Node didn't have enough"),
        {},
        (
            "Job.Evicted",
            "Node node-1 has ended pod order-7-5-x-abcde of Job order-7-5-x: OutOfcpu: Node didn't have enough",
            None,
        ),
    ),
    (
        "evicted",
        pod({"exitCode": 137}, phase="Failed", reason="Evicted", message="low on memory"),
        {},
        (
            "Job.Evicted",
            "Node node-1 has ended pod order-7-5-x-abcde of Job order-7-5-x: Evicted: low on memory",
            LOG,
        ),
    ),
    (
        "on a node that restarted",
        pod({"exitCode": 255, "reason": "Unknown"}, phase="Failed"),
        {},
        (
            "Job.Evicted",
            (
                "Node node-1 has lost container main of pod order-7-5-x-abcde, as a node does that restarts: how it "
                "ended is not known."
            ),
            None,
        ),
    ),
    (
        "deleted by hand",
        pod({"exitCode": 143}, deleted=True),
        {},
        ("Job.Evicted", "Pod order-7-5-x-abcde of Job order-7-5-x was deleted while it ran.", LOG),
    ),
    (
        "failed, then deleted by hand",
        pod({"exitCode": 3}, deleted=True),
        {},
        ("Job.Failed", "Container main of pod order-7-5-x-abcde ended with exit code 3.", LOG),
    ),
    (
        "deadline",
        pod({"exitCode": 143}),
        {"reason": "DeadlineExceeded"},
        ("Job.Failed", "Job order-7-5-x ran longer than its activeDeadlineSeconds.", LOG),
    ),
    (
        "no pod left",
        None,
        {},
        (
            "Job.Failed",
            (
                "Job order-7-5-x has failed (BackoffLimitExceeded: Job has reached the specified backoff limit), and no "
                "pod is left to tell why."
            ),
            None,
        ),
    ),
]


def test_a_job_that_stepwright_has_ended_itself_did_not_fail() -> None:
    """A restore of etcd has undone why it was ended."""
    spec = facts.JobSpec(ttlSecondsAfterFinished=300, activeDeadlineSeconds=facts.ENDED_SECONDS)
    ended = msgspec.structs.replace(job("Failed", reason="DeadlineExceeded"), spec=spec)

    verdict = judge(ended, [pod({"exitCode": 143})], pods_certain=True)
    assert isinstance(verdict, Failed)
    assert (verdict.error, "a restore of etcd" in verdict.cause) == ("Job.Deleted", True)


@pytest.mark.parametrize(
    ("its", "given", "expected"), [case[1:] for case in FAILURES], ids=[case[0] for case in FAILURES]
)
def test_a_failed_job_tells_why(
    its: facts.Pod | None, given: dict[str, Any], expected: tuple[str, str, tuple[str, str] | None]
) -> None:
    assert failed(its, **given) == expected


def test_a_failed_job_whose_pods_are_not_known_is_looked_at_closer() -> None:
    assert judge(job("Failed"), []) == LookCloser()
    assert judge(job("Failed"), [pod({"exitCode": 143}, conditions=DISRUPTED)]) == LookCloser()


def test_the_failure_counts_not_the_disruption_before_it() -> None:
    before = pod({"exitCode": 143}, conditions=DISRUPTED, name="first", created="2026-01-01T00:00:00Z")
    after = pod({"exitCode": 3}, name="second", created="2026-01-01T00:01:00Z")

    verdict = judge(job("Failed"), [before, after])

    assert isinstance(verdict, Failed)
    assert verdict.log_of == ("second", "main")


def test_no_pod_is_a_problem() -> None:
    assert judge(job(), []) == NO_POD


def in_the_way(name: str = "theirs") -> Undecided:
    return Undecided(
        Problem(
            "Job.NoPod",
            f"Kubernetes makes no pod for Job order-7-5-x while there is pod {name}, which it counts for the Job and the "
            "Job did not make: somebody has given it to the Job. Delete it, and find out who made it.",
        )
    )


@pytest.mark.parametrize("own", [[], [pod({"exitCode": 1}, phase="Failed")]], ids=["none", "one that failed"])
def test_a_pod_that_takes_the_place_of_the_job_s_own_is_named(own: list[facts.Pod]) -> None:
    assert judge(job(), own, foreign=[pod(name="theirs")]) == in_the_way()


def test_a_pod_given_to_a_job_is_no_problem_beside_its_own() -> None:
    assert judge(job(), [pod()], foreign=[pod(name="theirs")]) == Undecided()


def test_a_pod_given_to_a_job_that_has_ended_is_not_in_the_way() -> None:
    assert judge(job(), [], foreign=[pod(OK, name="theirs", phase="Succeeded")]) == NO_POD


def test_a_suspended_job_waits_on_purpose() -> None:
    assert judge(job(suspend=True), []) == Undecided()


def unscheduled(reason: str) -> list[dict[str, str]]:
    return [
        {"type": "PodScheduled", "status": "False", "reason": reason, "message": "0/1 nodes are available"}
    ]


PROBLEMS: list[tuple[str, facts.Pod, Problem | None]] = [
    (
        "unschedulable",
        pod(containers={}, phase="Pending", conditions=unscheduled("Unschedulable")),
        Problem("Job.Unschedulable", "No node takes pod order-7-5-x-abcde: 0/1 nodes are available"),
    ),
    ("gated", pod(containers={}, phase="Pending", conditions=unscheduled("SchedulingGated")), None),
    (
        "image",
        pod(waiting=("ImagePullBackOff", "Back-off pulling"), phase="Pending"),
        Problem(
            "Job.ImagePullFailed",
            "The image of container main of pod order-7-5-x-abcde cannot be pulled: ImagePullBackOff: Back-off "
            "pulling",
        ),
    ),
    (
        "image name",
        pod(waiting=("InvalidImageName", "bad"), phase="Pending"),
        Problem(
            "Job.ImagePullFailed",
            "The image of container main of pod order-7-5-x-abcde cannot be pulled: InvalidImageName: bad",
            patience=False,
        ),
    ),
    (
        "missing secret",
        pod(waiting=("CreateContainerConfigError", 'secret "x" not found'), phase="Pending"),
        Problem(
            "Job.NoPod",
            "Container main of pod order-7-5-x-abcde cannot be set up: CreateContainerConfigError: secret "
            '"x" not found',
        ),
    ),
    ("pulling", pod(waiting=("ContainerCreating", ""), phase="Pending"), None),
    ("being deleted", pod(waiting=("ImagePullBackOff", ""), deleted=True), None),
]


@pytest.mark.parametrize(
    ("its", "problem"), [case[1:] for case in PROBLEMS], ids=[case[0] for case in PROBLEMS]
)
def test_what_keeps_a_pod_from_starting_is_a_problem(its: facts.Pod, problem: Problem | None) -> None:
    assert judge(job(), [its]) == Undecided(problem)


def test_only_what_a_verdict_needs_is_decoded() -> None:
    text = b"""{"metadata": {"name": "a", "namespace": "b", "uid": "c", "resourceVersion": "1",
        "annotations": {"stepwright.dev/token": "t-5", "big": "x"}, "labels": {"stepwright.dev/execution-uid": "t"}},
        "spec": {"template": {"spec": {"containers": [1]}}}, "status": {}}"""
    found = msgspec.json.decode(text, type=facts.Job)

    assert found.metadata.annotations.task_name == "t-5"
    assert found.metadata.labels.execution_uid == "t"
