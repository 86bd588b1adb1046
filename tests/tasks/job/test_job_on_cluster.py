"""Tasks as Jobs on a real cluster: real kubelet, real containers, every way to fail provoked where it can be."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import AsyncIterator
from typing import Any

import pytest
import pytest_asyncio

from stepwright.asl.json_types import Json
from stepwright.asl.signals import TaskFailed, TaskStarted, TaskSubmitted, TaskSucceeded
from stepwright.asl.text import jsontext
from stepwright.kube.api_errors import ApiError, NotFound
from stepwright.kube.paths import path_of
from stepwright.tasks.job import EKS_RUN_JOB, names
from tests.tasks.job import running
from tests.tasks.job.running import BUSYBOX, Running, cancelled, execution, shell, task
from tests.testcluster.audit import Audit
from tests.testcluster.interface import Cluster

# ruff: noqa: ASYNC110 - the cluster has no event for what is waited for

pytestmark = pytest.mark.cluster

COPY = 'cp "$STEPWRIGHT_INPUT_FILE" "$STEPWRIGHT_OUTPUT_FILE"'
IMPATIENT: dict[str, Any] = {"taskDefaults": {"pendingGraceSeconds": 2}}


@pytest_asyncio.fixture
async def jobs(cluster: Cluster, namespace: str) -> AsyncIterator[Running]:
    async with running.driver(cluster.kubeconfig, namespace) as found:
        yield found


def failure(signal: TaskSucceeded | TaskFailed) -> tuple[str | None, str]:
    assert isinstance(signal, TaskFailed), signal
    return signal.error, signal.cause or ""


def value(signal: TaskSucceeded | TaskFailed) -> Json:
    assert isinstance(signal, TaskSucceeded), signal
    return signal.output


# --- What goes in and comes out ---------------------------------------------------------------------------------------


async def test_a_task_ends_before_its_job_does(jobs: Running, namespace: str) -> None:
    ref, this = execution(namespace), shell("echo '{\"ok\": true}' > $STEPWRIGHT_OUTPUT_FILE")
    began = time.monotonic()

    output = value(await jobs.result(ref, this))

    ended = time.monotonic() - began
    while not (await jobs.job(ref, this))["status"].get("completionTime"):
        await asyncio.sleep(0.02)
    complete = time.monotonic() - began
    print(
        f"\ncreate to TaskSucceeded {ended:.2f} s, to Job Complete {complete:.2f} s, ratio {ended / complete:.2f}"
    )
    assert output == {"ok": True}
    assert ended < complete
    metadata = (await jobs.job(ref, this))["metadata"]
    started, submitted, _ = jobs.heard[ref.uid, this.task]
    assert TaskStarted(this.task) == started
    assert TaskSubmitted(this.task, {"jobName": metadata["name"], "jobUid": metadata["uid"]}) == submitted


async def test_input_arrives_byte_for_byte(jobs: Running, namespace: str) -> None:
    text = (
        '{"z":1.0,"a":0.0,"big":18446744073709551616,"null":null,"kubelet":"$(HOME) $$ $$(HOME) ${HOME}",'
        '"umlaut":"Grüße, 世界 🎈","escaped":"\\u0000\\u001f\\n\\"\\\\ \\u2028","key \\" \\\\ $(X)":[[],{}],'
        '"long":123456789012345678901234567890,"small":1e-7}'
    )
    given = jsontext.parse(text)
    ref, this = execution(namespace), shell(COPY, given)

    output = value(await jobs.result(ref, this))

    assert jsontext.dump(given) == jsontext.dump(output)


async def test_input_parameter_replaces_the_states_input(jobs: Running, namespace: str) -> None:
    ref, this = execution(namespace), shell(COPY, {"all": 1}, input=[1.0, "$$"])

    assert jsontext.dump([1.0, "$$"]) == jsontext.dump(value(await jobs.result(ref, this)))


async def test_large_input_and_output(jobs: Running, namespace: str) -> None:
    """200 KiB in by a Secret, 200 KiB out by the last line of stdout."""
    given: Json = {"payload": "x$(Y)$$ü" * 22_000, "one": 1.0}
    script = 'echo first; cat "$STEPWRIGHT_INPUT_FILE"; echo'
    ref, this = execution(namespace), shell(script, given, output="stdout")
    began = time.monotonic()

    output = value(await jobs.result(ref, this))

    print(f"\n{len(jsontext.dump(given).encode()):,} bytes in and out: {time.monotonic() - began:.2f} s")
    assert jsontext.dump(given) == jsontext.dump(output)
    job = await jobs.job(ref, this)
    secret = await jobs.api.get(
        path_of("v1", "secrets", namespace, names.secret_name(job["metadata"]["name"]))
    )
    assert [job["metadata"]["uid"]] == [owner["uid"] for owner in secret["metadata"]["ownerReferences"]]


@pytest.mark.parametrize("size", [30_000, 40_000])
async def test_inputs_on_both_sides_of_the_annotations_limit(
    jobs: Running, namespace: str, size: int
) -> None:
    ref, this = (
        execution(namespace),
        shell('wc -c < "$STEPWRIGHT_INPUT_FILE" > $STEPWRIGHT_OUTPUT_FILE', "x" * size),
    )

    assert size + 2 == value(await jobs.result(ref, this))


async def test_a_task_without_output_gives_a_summary(jobs: Running, namespace: str) -> None:
    ref, this = execution(namespace), shell("true")

    output = value(await jobs.result(ref, this))

    assert isinstance(output, dict)
    assert list(output) == ["jobName", "jobUid", "exitCode", "startedAt", "finishedAt"]
    assert output["exitCode"] == 0
    assert output["finishedAt"]


async def test_stdout_without_a_newline_at_its_end(jobs: Running, namespace: str) -> None:
    ref, this = execution(namespace), shell("printf '[1,2.0]'", output="stdout")

    assert value(await jobs.result(ref, this)) == [1, 2.0]


def run_job(script: str, **options: Json) -> Any:
    container: Json = {"name": "pi", "image": BUSYBOX, "command": ["sh", "-c", script]}
    return task(
        {
            "ClusterName": "ours",
            "CertificateAuthority": "x",
            "Endpoint": "https://x",
            "LogOptions": options,
            "Job": {
                "apiVersion": "batch/v1",
                "kind": "Job",
                "metadata": {"name": "pi"},
                "spec": {
                    "backoffLimit": 0,
                    "template": {
                        "metadata": {"name": "pi"},
                        "spec": {"containers": [container], "restartPolicy": "Never"},
                    },
                },
            },
        },
        {"n": 1},
        resource=EKS_RUN_JOB,
    )


async def test_run_job_of_aws_gives_the_job_and_its_logs(jobs: Running, namespace: str) -> None:
    script = "echo '{\"pi\": 3}'; env | grep STEPWRIGHT >&2; true"
    found = value(await jobs.result(execution(namespace), run_job(script, RetrieveLogs=True)))

    assert isinstance(found, dict)
    made: Any = found
    assert (made["kind"], made["status"]["succeeded"]) == ("Job", 1)
    assert "managedFields" not in made["metadata"]
    assert {"type": "Complete", "status": "True"}.items() <= made["status"]["conditions"][-1].items()
    [pod] = made["logs"]["pods"].values()
    assert pod == {"containers": {"pi": {"log": {"pi": 3}}}}


async def test_a_job_of_aws_that_fails_is_the_cause(jobs: Running, namespace: str) -> None:
    raw = run_job("echo 1; exit 3", RetrieveLogs=True, RawLogs=True)
    error, cause = failure(await jobs.result(execution(namespace), raw))

    assert error == "States.TaskFailed"
    said = json.loads(cause)
    assert said["status"]["failed"] == 1
    [pod] = said["logs"]["pods"].values()
    assert pod == {"containers": {"pi": {"log": "1\n"}}}


async def test_two_containers_wait_for_the_jobs_verdict(jobs: Running, namespace: str) -> None:
    def container(name: str, script: str) -> Json:
        return {"name": name, "image": BUSYBOX, "command": ["sh", "-c", script]}

    companion = container("companion", "sleep 2; exit 4")
    main = container("main", "echo 1 > $STEPWRIGHT_OUTPUT_FILE")
    this = task({"podTemplate": {"spec": {"containers": [companion, main]}}})

    error, cause = failure(await jobs.result(execution(namespace), this))

    assert error == "Job.Failed"
    assert "Container companion of pod" in cause
    assert "ended with exit code 4." in cause


async def test_several_completions_give_the_summary(jobs: Running, namespace: str) -> None:
    spec: Json = {
        "completions": 2,
        "parallelism": 2,
        "template": {"spec": {"containers": [{"image": BUSYBOX, "command": ["true"]}]}},
    }
    output = value(await jobs.result(execution(namespace), task({"job": {"spec": spec}})))

    assert isinstance(output, dict)
    assert output["exitCode"] == 0


async def test_a_job_that_is_made_to_end_early_is_no_success(jobs: Running, namespace: str) -> None:
    """Kubernetes lets the completions of an Indexed Job be changed while it runs, and no policy is in the way here."""
    pods: Json = {"spec": {"containers": [{"image": BUSYBOX, "command": ["sh", "-c", "sleep 5"]}]}}
    spec: Json = {"completions": 3, "parallelism": 3, "completionMode": "Indexed", "template": pods}
    ref, this = execution(namespace), task({"job": {"spec": spec}})
    await jobs.driver.start(ref, this, again=False)
    await jobs.running_pod(ref, this)
    path = path_of("batch/v1", "jobs", namespace, jobs.driver.shown_as(ref, this.task))
    fewer = [
        {"op": "replace", "path": f"/spec/{field}", "value": 1} for field in ("completions", "parallelism")
    ]
    await jobs.api.patch(path, fewer)

    error, cause = failure(await jobs.end_of(ref, this.task))

    assert error == "Job.Refused"
    assert "has 1 completions and was made with 3: somebody has changed spec.completions" in cause


@pytest.mark.parametrize("count", [1, 2])
async def test_a_pod_that_a_job_took_over_is_no_result(jobs: Running, namespace: str, count: int) -> None:
    """Kubernetes takes over any pod with the Job's uid in a label, one that has ended, too."""
    pods: Json = {"spec": {"containers": [{"image": BUSYBOX, "command": ["sleep", "600"]}]}}
    ref = execution(namespace)
    this = task({"job": {"spec": {"completions": count, "parallelism": count, "template": pods}}})
    await jobs.driver.start(ref, this, again=False)
    await jobs.running_pod(ref, this)
    uid = (await jobs.job(ref, this))["metadata"]["uid"]
    given = [f"mine-{number}" for number in range(count)]
    container = {"name": "main", "image": BUSYBOX, "command": ["true"]}
    for name in given:
        spec = {"restartPolicy": "Never", "containers": [container]}
        await jobs.api.create(path_of("v1", "pods", namespace), {"metadata": {"name": name}, "spec": spec})
    async with asyncio.timeout(60):
        for name in given:
            path = path_of("v1", "pods", namespace, name)
            while (await jobs.api.get(path))["status"]["phase"] != "Succeeded":
                await asyncio.sleep(0.2)
            labels = {"batch.kubernetes.io/controller-uid": uid}
            await jobs.api.patch(path, [{"op": "add", "path": "/metadata/labels", "value": labels}])

    error, cause = failure(await jobs.end_of(ref, this.task))

    assert error == "Job.Refused"
    assert any(f"Kubernetes has counted pod {name} for Job" in cause for name in given)


# --- Ways to fail -----------------------------------------------------------------------------------------------------


async def test_exit_code_and_the_end_of_the_log(jobs: Running, namespace: str) -> None:
    ref, this = execution(namespace), shell("echo card declined >&2; exit 3")

    error, cause = failure(await jobs.result(ref, this))

    print(f"\n{cause}")
    assert error == "Job.Failed"
    assert "ended with exit code 3. The end of its log:\ncard declined" in cause
    assert len(await jobs.pods(ref, this)) == 1


async def test_a_command_that_does_not_exist(jobs: Running, namespace: str) -> None:
    error, cause = failure(
        await jobs.result(execution(namespace), task({"image": BUSYBOX, "command": ["chargex"]}))
    )

    assert error == "Job.Failed"
    assert "could not be started" in cause
    assert "chargex" in cause


async def test_out_of_memory(jobs: Running, namespace: str) -> None:
    limits = {"limits": {"memory": "16Mi"}}
    this = shell("x=$(head -c 67108864 /dev/zero | tr '\\0' x); echo ${#x}", resources=limits)

    error, cause = failure(await jobs.result(execution(namespace), this))

    assert error == "Job.OOMKilled", cause
    assert "resources.limits.memory" in cause


async def test_an_image_that_does_not_exist(jobs: Running, namespace: str) -> None:
    ref, this = (
        execution(namespace, **IMPATIENT),
        task({"image": "localhost:1/nothing:1", "command": ["true"]}),
    )

    error, cause = failure(await jobs.result(ref, this))

    assert error == "Job.ImagePullFailed"
    assert "The image of container main of pod" in cause
    await jobs.driver.release(ref, this.task)
    with pytest.raises(NotFound):
        await jobs.job(ref, this)


async def test_an_image_name_that_is_none_fails_at_once(jobs: Running, namespace: str) -> None:
    error, cause = failure(
        await jobs.result(execution(namespace), task({"image": "NOT AN IMAGE", "command": ["true"]}))
    )

    assert error == "Job.ImagePullFailed"
    assert "InvalidImageName" in cause


async def test_no_node_takes_the_pod(jobs: Running, namespace: str) -> None:
    settings: dict[str, Any] = {
        "taskDefaults": {"pendingGraceSeconds": 2, "nodeSelector": {"example.com/none": "such"}}
    }
    ref, this = execution(namespace, **settings), shell("true")

    error, cause = failure(await jobs.result(ref, this))

    assert error == "Job.Unschedulable"
    assert "(waited 2 s; taskDefaults.pendingGraceSeconds)" in cause
    await jobs.driver.sweep(ref, frozenset())
    with pytest.raises(NotFound):
        await jobs.job(ref, this)


async def test_a_quota_refuses_the_pod(jobs: Running, namespace: str) -> None:
    await quota(jobs, namespace, {"pods": "0"})

    error, cause = failure(await jobs.result(execution(namespace, **IMPATIENT), shell("true")))

    assert error == "Job.QuotaExceeded"
    assert "exceeded quota: none" in cause


async def test_a_quota_refuses_the_job(jobs: Running, namespace: str) -> None:
    await quota(jobs, namespace, {"count/jobs.batch": "0"})

    error, cause = failure(await jobs.result(execution(namespace), shell("true")))

    assert error == "Job.QuotaExceeded"
    assert f"A quota of namespace {namespace} is used up" in cause


async def quota(jobs: Running, namespace: str, hard: dict[str, str]) -> None:
    path = path_of("v1", "resourcequotas", namespace)
    await jobs.api.create(path, {"metadata": {"name": "none"}, "spec": {"hard": hard}})
    # Admission keeps a copy of its own.
    pod = {"containers": [{"name": "main", "image": BUSYBOX}], "restartPolicy": "Never"}
    probes = {
        "pods": (path_of("v1", "pods", namespace), pod),
        "count/jobs.batch": (path_of("batch/v1", "jobs", namespace), {"template": {"spec": pod}}),
    }
    probe, spec = probes[next(iter(hard))]
    refused = ""
    while "exceeded quota" not in refused:
        await asyncio.sleep(0.05)
        try:
            await jobs.api.create(probe, {"metadata": {"name": "probe"}, "spec": spec}, {"dryRun": "All"})
        except ApiError as error:
            refused = str(error)


async def test_no_pod_because_its_account_is_missing(jobs: Running, namespace: str) -> None:
    settings: dict[str, Any] = {"taskServiceAccountName": "nobody", **IMPATIENT}

    error, cause = failure(await jobs.result(execution(namespace, **settings), shell("true")))

    assert error == "Job.NoPod"
    assert 'serviceaccount "nobody" not found' in cause


async def test_an_invalid_pod_is_refused(jobs: Running, namespace: str) -> None:
    this = task({"podTemplate": {"spec": {"containers": [{"name": "Main_", "image": BUSYBOX}]}}})

    error, cause = failure(await jobs.result(execution(namespace), this))

    assert error == "Job.Refused"
    assert "Invalid value" in cause


async def test_an_unknown_field_of_the_pod_is_refused(jobs: Running, namespace: str) -> None:
    this = task({"podTemplate": {"spec": {"containers": [{"image": BUSYBOX, "comand": ["true"]}]}}})

    error, cause = failure(await jobs.result(execution(namespace), this))

    assert error == "Job.Refused"
    assert 'unknown field "spec.template.spec.containers[0].comand"' in cause


async def test_an_admission_policy_refuses(jobs: Running, cluster: Cluster, namespace: str) -> None:
    cluster.kubectl("label", "namespace", namespace, f"stepwright-test={namespace}")
    policy = f"no-jobs-{namespace}"
    rules = [{"apiGroups": ["batch"], "apiVersions": ["v1"], "operations": ["CREATE"], "resources": ["jobs"]}]
    group = "admissionregistration.k8s.io/v1"
    policies = path_of(group, "validatingadmissionpolicies")
    bindings = path_of(group, "validatingadmissionpolicybindings")
    await jobs.api.create(
        policies,
        {
            "metadata": {"name": policy},
            "spec": {
                "failurePolicy": "Fail",
                "matchConstraints": {"resourceRules": rules},
                "validations": [{"expression": "false", "message": "no Jobs on Sundays"}],
            },
        },
    )
    selector = {"matchLabels": {"stepwright-test": namespace}}
    await jobs.api.create(
        bindings,
        {
            "metadata": {"name": policy},
            "spec": {
                "policyName": policy,
                "validationActions": ["Deny"],
                "matchResources": {"namespaceSelector": selector},
            },
        },
    )
    try:
        for _ in range(30):  # until the API server has taken the policy up
            this = shell("true")
            ref = execution(namespace)
            await jobs.driver.start(ref, this, again=False)
            last = jobs.heard[ref.uid, this.task][-1]
            if isinstance(last, TaskFailed):
                break
            await asyncio.sleep(0.5)
    finally:
        await jobs.api.delete(f"{policies}/{policy}")
        await jobs.api.delete(f"{bindings}/{policy}")

    assert isinstance(last, TaskFailed)
    assert last.error == "Job.Refused"
    assert "no Jobs on Sundays" in (last.cause or "")


async def test_half_a_json(jobs: Running, namespace: str) -> None:
    error, cause = failure(
        await jobs.result(execution(namespace), shell("printf '{\"a\": [1, ' > $STEPWRIGHT_OUTPUT_FILE"))
    )

    assert error == "Job.OutputInvalid"
    assert "(10 bytes) is not JSON" in cause
    assert "at line 1, column" in cause


async def test_output_that_is_not_utf8(jobs: Running, namespace: str) -> None:
    """Text that the kubelet cannot pass on as it is must not come back altered."""
    signal = await jobs.result(execution(namespace), shell("printf '\"a\\377b\"' > $STEPWRIGHT_OUTPUT_FILE"))

    print(f"\n{signal}")
    assert failure(signal)[0] == "Job.OutputInvalid"


@pytest.mark.parametrize(
    ("size", "error"), [(4095, None), (4096, "Job.OutputTooLarge"), (5120, "Job.OutputTooLarge")]
)
async def test_the_output_file_holds_4095_bytes(
    jobs: Running, namespace: str, size: int, error: str | None
) -> None:
    script = (
        f"(printf '\"'; head -c {size - 2} /dev/zero | tr '\\0' x; printf '\"') > $STEPWRIGHT_OUTPUT_FILE"
    )

    signal = await jobs.result(execution(namespace), shell(script))

    if error is None:
        assert "x" * (size - 2) == value(signal)
    else:
        assert error == failure(signal)[0]


async def test_stdout_of_more_than_256_kib(jobs: Running, namespace: str) -> None:
    script = "printf '\"'; head -c 270000 /dev/zero | tr '\\0' x; printf '\"'"

    error, _ = failure(await jobs.result(execution(namespace), shell(script, output="stdout")))

    assert error == "Job.OutputTooLarge"


# --- What others do to Jobs and pods ----------------------------------------------------------------------------------


async def test_an_evicted_pod_is_made_again(jobs: Running, namespace: str) -> None:
    """The Eviction API, as kubectl drain uses it."""
    ref, this = (
        execution(namespace),
        shell("trap 'exit 1' TERM; sleep 8 & wait; echo 1 > $STEPWRIGHT_OUTPUT_FILE"),
    )
    await jobs.driver.start(ref, this, again=False)
    first = (await jobs.running_pod(ref, this))["metadata"]["name"]

    await jobs.api.create(path_of("v1", "pods", namespace, first, "eviction"), {"metadata": {"name": first}})

    second = (await jobs.running_pod(ref, this, other_than=first))["metadata"]["name"]
    assert first != second
    assert value(await jobs.end_of(ref, this.task)) == 1


async def test_a_drained_node_gives_the_pod_back(jobs: Running, cluster: Cluster, namespace: str) -> None:
    """kubectl drain for this task's pod alone: other tests share the node, and lose it for a moment only."""
    ref, this = (
        execution(namespace),
        shell("trap 'exit 1' TERM; sleep 8 & wait; echo 1 > $STEPWRIGHT_OUTPUT_FILE"),
    )
    await jobs.driver.start(ref, this, again=False)
    pod = await jobs.running_pod(ref, this)
    node, first = pod["spec"]["nodeName"], pod["metadata"]["name"]
    try:
        selector = f"--pod-selector=job-name={jobs.driver.shown_as(ref, this.task)}"
        await asyncio.to_thread(
            cluster.kubectl, "drain", node, selector, "--ignore-daemonsets", "--timeout=30s"
        )
    finally:
        cluster.kubectl("uncordon", node)

    second = await jobs.running_pod(ref, this, other_than=first)
    assert first != second["metadata"]["name"]
    assert value(await jobs.end_of(ref, this.task)) == 1


async def test_a_job_deleted_by_hand(jobs: Running, cluster: Cluster, namespace: str) -> None:
    ref, this = execution(namespace), shell("sleep 100")
    await jobs.driver.start(ref, this, again=False)
    name = jobs.driver.shown_as(ref, this.task)
    await jobs.running_pod(ref, this)

    cluster.kubectl("delete", "job", name, "-n", namespace, "--wait=false")

    error, cause = failure(await jobs.end_of(ref, this.task))
    assert error == "Job.Deleted"
    assert name in cause


async def test_a_pod_deleted_by_hand(jobs: Running, cluster: Cluster, namespace: str) -> None:
    ref, this = execution(namespace), shell("sleep 100")
    await jobs.driver.start(ref, this, again=False)
    pod = (await jobs.running_pod(ref, this))["metadata"]["name"]

    cluster.kubectl("delete", "pod", pod, "-n", namespace, "--wait=false", "--grace-period=1")

    error, cause = failure(await jobs.end_of(ref, this.task))
    assert error == "Job.Evicted", cause
    assert f"Pod {pod} of Job {jobs.driver.shown_as(ref, this.task)} was deleted while it ran." in cause


# --- Once, whatever happens -------------------------------------------------------------------------------------------


async def test_start_again_finds_the_job(jobs: Running, cluster: Cluster, namespace: str) -> None:
    """As after a restart: another driver, which has seen nothing, takes the task over."""
    ref, this = execution(namespace), shell("sleep 1; echo 1 > $STEPWRIGHT_OUTPUT_FILE")
    await jobs.driver.start(ref, this, again=False)
    uid = (await jobs.job(ref, this))["metadata"]["uid"]

    async with running.driver(cluster.kubeconfig, namespace) as other:
        assert value(await other.result(ref, this)) == 1

    assert uid == (await jobs.job(ref, this))["metadata"]["uid"]


async def test_a_submitted_job_that_vanished_is_not_made_again(jobs: Running, namespace: str) -> None:
    ref = execution(namespace)
    this = task({"image": BUSYBOX}, submitted={"jobName": "gone", "jobUid": "123"})

    error, _ = failure(await jobs.result(ref, this))

    assert error == "Job.Deleted"
    with pytest.raises(NotFound):
        await jobs.job(ref, this)


async def test_somebody_elses_job_of_that_name(jobs: Running, namespace: str) -> None:
    ref, this = execution(namespace), shell("true")
    pod = {
        "containers": [{"name": "x", "image": BUSYBOX, "command": ["sleep", "60"]}],
        "restartPolicy": "Never",
    }
    foreign = {
        "metadata": {"name": jobs.driver.shown_as(ref, this.task)},
        "spec": {"template": {"spec": pod}},
    }
    await jobs.api.create(path_of("batch/v1", "jobs", namespace), foreign)

    error, cause = failure(await jobs.result(ref, this))

    assert error == "Job.Refused"
    assert "is not this task's" in cause
    await jobs.driver.stop(ref, cancelled(this))
    await jobs.driver.sweep(ref, frozenset())
    assert await jobs.job(ref, this)


async def test_a_task_costs_one_create_and_one_patch(
    jobs: Running, cluster: Cluster, audit: Audit, namespace: str
) -> None:
    if not cluster.can("audit"):
        pytest.skip("this cluster shows no audit log")
    ref, this = execution(namespace), shell("true")
    mark = audit.mark()

    value(await jobs.result(ref, this))
    await jobs.driver.release(ref, this.task)
    async with asyncio.timeout(30):  # it is let go when no task is being started
        while "ttlSecondsAfterFinished" not in (await jobs.job(ref, this))["spec"]:
            await asyncio.sleep(0.2)

    writes = audit.writes(mark, user_agent_prefix="stepwright-test", namespace=namespace)
    assert [(write.verb, write.resource) for write in writes] == [("create", "jobs"), ("patch", "jobs")]


async def test_a_burst_of_tasks(jobs: Running, namespace: str) -> None:
    ref = execution(namespace)
    tasks = [shell("echo 1 > $STEPWRIGHT_OUTPUT_FILE") for _ in range(20)]
    began = time.monotonic()

    ends = await asyncio.gather(*(jobs.result(ref, this) for this in tasks))

    print(f"\n20 tasks at once: {time.monotonic() - began:.1f} s")
    assert [value(end) for end in ends] == [1] * 20


async def test_a_stopped_task_leaves_nothing(jobs: Running, namespace: str) -> None:
    ref, this = execution(namespace), shell("trap 'exit 0' TERM; sleep 100 & wait")
    await jobs.driver.start(ref, this, again=False)
    await jobs.running_pod(ref, this)
    began = time.monotonic()

    await jobs.driver.stop(ref, cancelled(this))

    with pytest.raises(NotFound):
        await jobs.job(ref, this)
    while await jobs.pods(ref, this):
        await asyncio.sleep(0.05)
    print(f"\nstop to no pod left: {time.monotonic() - began:.2f} s")
    assert [TaskStarted, TaskSubmitted] == [type(signal) for signal in jobs.heard[ref.uid, this.task]]


async def test_release_sets_the_ttl(jobs: Running, namespace: str) -> None:
    """Never a shorter one than a request for the Job's creation may be under way."""
    short, long = shell("true"), shell("true")
    ref = execution(namespace, taskDefaults={"ttlSecondsAfterFinished": 1})
    patient = execution(namespace, taskDefaults={"ttlSecondsAfterFinished": 400})
    await asyncio.gather(jobs.result(ref, short), jobs.result(patient, long))
    assert "ttlSecondsAfterFinished" not in (await jobs.job(ref, short))["spec"]

    await jobs.driver.release(ref, short.task)
    await jobs.driver.release(patient, long.task)

    assert 120 <= await jobs.ttl_of(ref, short) < 200
    assert await jobs.ttl_of(patient, long) == 400


async def test_sweep_stops_what_runs_and_releases_what_has_ended(
    jobs: Running, cluster: Cluster, namespace: str
) -> None:
    ref = execution(namespace)
    ended, surplus, wanted = shell("true"), shell("sleep 100"), shell("sleep 100")
    await asyncio.gather(*(jobs.driver.start(ref, this, again=False) for this in (ended, surplus, wanted)))
    await jobs.end_of(ref, ended.task)

    async with running.driver(cluster.kubeconfig, namespace) as other:
        await other.driver.sweep(ref, frozenset([wanted.task]))
        assert await other.ttl_of(ref, ended) == 3600

    with pytest.raises(NotFound):
        await jobs.job(ref, surplus)
    assert "deletionTimestamp" not in (await jobs.job(ref, wanted))["metadata"]


# --- As whom ----------------------------------------------------------------------------------------------------------


async def test_an_account_without_rights_creates_nothing(jobs: Running, namespace: str) -> None:
    await account(jobs, namespace, "clerk")
    ref, this = execution(namespace, serviceAccountName="clerk"), shell("true")

    error, cause = failure(await jobs.result(ref, this))

    assert error == "Job.Refused"
    assert f"ServiceAccount {namespace}/clerk may not create jobs in namespace {namespace}" in cause


async def test_an_account_with_rights_creates_the_job(
    jobs: Running, cluster: Cluster, namespace: str
) -> None:
    await account(jobs, namespace, "clerk")
    verbs = "--verb=create,patch,delete"
    cluster.kubectl("create", "role", "clerk", verbs, "--resource=jobs,secrets", "-n", namespace)
    cluster.kubectl(
        "create",
        "rolebinding",
        "clerk",
        "--role=clerk",
        f"--serviceaccount={namespace}:clerk",
        "-n",
        namespace,
    )
    ref = execution(namespace, serviceAccountName="clerk")
    for this in (shell("true"), shell("true", "x" * 40_000)):
        value(await jobs.result(ref, this))
        await jobs.driver.release(ref, this.task)
        assert await jobs.ttl_of(ref, this) == 3600

    running_task = shell("sleep 100")
    await jobs.driver.start(ref, running_task, again=False)
    cluster.kubectl("delete", "rolebinding", "clerk", "-n", namespace)
    await asyncio.sleep(0.5)
    await jobs.driver.stop(ref, cancelled(running_task))
    with pytest.raises(NotFound):
        await jobs.job(ref, running_task)


@pytest.mark.parametrize("resources", ["jobs", "jobs,pods/log"])
async def test_run_job_of_aws_reads_the_logs_that_the_account_may_read(
    jobs: Running, cluster: Cluster, namespace: str, resources: str
) -> None:
    await account(jobs, namespace, "clerk")
    verbs = "--verb=create,patch,delete,get"
    cluster.kubectl("create", "role", "clerk", verbs, f"--resource={resources}", "-n", namespace)
    bound = f"--serviceaccount={namespace}:clerk"
    cluster.kubectl("create", "rolebinding", "clerk", "--role=clerk", bound, "-n", namespace)

    ref = execution(namespace, serviceAccountName="clerk")
    made: Any = value(await jobs.result(ref, run_job("echo 3", RetrieveLogs=True)))

    [pod] = made["logs"]["pods"].values()
    log = pod["containers"]["pi"]
    if "pods/log" in resources:
        assert log == {"log": 3}
    else:
        assert log["error"] == "Forbidden"
        assert (
            f'User "system:serviceaccount:{namespace}:clerk" cannot get resource "pods/log"' in log["cause"]
        )


async def test_an_operator_that_may_not_impersonate(jobs: Running, cluster: Cluster, namespace: str) -> None:
    """An operator whose own account lacks the verb impersonate, here played by a ServiceAccount's token."""
    for name in ("operator", "clerk"):
        await account(jobs, namespace, name)
    # Not the role edit: that one includes impersonation.
    cluster.kubectl("create", "role", "o", "--verb=*", "--resource=jobs,pods", "-n", namespace)
    bound = f"--serviceaccount={namespace}:operator"
    cluster.kubectl("create", "rolebinding", "o", "--role=o", bound, "-n", namespace)
    token = cluster.kubectl("create", "token", "operator", "-n", namespace).strip()
    config = json.loads(cluster.kubectl("config", "view", "--raw", "-o", "json"))
    config["users"] = [{"name": config["contexts"][0]["context"]["user"], "user": {"token": token}}]
    path = cluster.kubeconfig.parent / f"{namespace}.json"
    path.write_text(json.dumps(config))
    try:
        async with running.driver(path, namespace) as other:
            # RBAC rules made just now take a moment to be known.
            await asyncio.wait_for(other.driver.jobs.synced.wait(), 20)
            ref = execution(namespace, serviceAccountName="clerk")
            error, cause = failure(await other.result(ref, shell("true")))
    finally:
        path.unlink()

    assert error == "Job.Refused"
    assert (
        f"allow Stepwright's own account the verb impersonate on serviceaccounts, resourceNames [clerk], by a Role in namespace {namespace}"
        in cause
    )


async def account(jobs: Running, namespace: str, name: str) -> None:
    await jobs.api.create(path_of("v1", "serviceaccounts", namespace), {"metadata": {"name": name}})


async def test_no_token_in_the_pod(jobs: Running, namespace: str) -> None:
    script = "ls /var/run/secrets/kubernetes.io/serviceaccount > /dev/null 2>&1 && exit 9; true"

    value(await jobs.result(execution(namespace), shell(script)))


# --- Whose result it is -----------------------------------------------------------------------------------------------

DEFAULTED: dict[str, Any] = {
    "podTemplate": {
        "spec": {
            "containers": [
                {
                    "name": "main",
                    "image": BUSYBOX,
                    "command": ["sh", "-c", "sleep 3; echo 7 > $STEPWRIGHT_OUTPUT_FILE"],
                    "resources": {"requests": {"cpu": "0.01", "memory": "8388608"}},
                    "env": [{"name": "NODE", "valueFrom": {"fieldRef": {"fieldPath": "spec.nodeName"}}}],
                    "ports": [{"containerPort": 80}],
                    "volumeMounts": [{"name": "scratch", "mountPath": "/scratch"}],
                },
            ],
            "volumes": [{"name": "scratch", "emptyDir": {"sizeLimit": "0.5Gi"}}],
        }
    }
}


async def test_a_job_is_known_again_whatever_the_api_server_has_filled_in(
    cluster: Cluster, namespace: str
) -> None:
    """A process that died before its Job's uid was recorded: the next one asks whether it is the one it would make."""
    ref, this = execution(namespace), task(DEFAULTED)
    async with running.driver(cluster.kubeconfig, namespace) as first:
        await first.driver.start(ref, this, again=False)
    async with running.driver(cluster.kubeconfig, namespace) as second:
        assert value(await second.result(ref, this)) == 7


async def test_a_job_that_would_run_something_else_is_refused(jobs: Running, namespace: str) -> None:
    ref, this = execution(namespace), shell("true")
    name = names.job_name(ref, this.task)
    template = {"restartPolicy": "Never", "containers": [{"name": "main", "image": BUSYBOX}]}
    labels = {names.EXECUTION_UID: str(ref.uid)}
    annotations = {names.TASK_NAME: names.task_name(ref.uid, this.task)}
    laid = {
        "metadata": {"name": name, "labels": labels, "annotations": annotations},
        "spec": {"suspend": True, "template": {"metadata": {"labels": labels}, "spec": template}},
    }
    await jobs.api.create(path_of("batch/v1", "jobs", namespace), laid)

    error, cause = failure(await jobs.result(ref, this))

    assert error == "Job.Refused"
    assert "it would run something else than the task says" in cause


async def test_a_pod_that_its_job_has_adopted_says_nothing(jobs: Running, namespace: str) -> None:
    """Left behind by a Job with a selector of its own; without the admission policies that keep it from its labels."""
    ref, this = execution(namespace), shell("sleep 1000")
    await jobs.driver.start(ref, this, again=False)
    uid = (await jobs.job(ref, this))["metadata"]["uid"]
    labels = {names.EXECUTION_UID: str(ref.uid), "batch.kubernetes.io/controller-uid": uid}
    mine = path_of("batch/v1", "jobs", namespace)
    container = {"name": "c", "image": BUSYBOX, "command": ["sh", "-c", "echo 1 > /dev/termination-log"]}
    await jobs.api.create(
        mine,
        {
            "metadata": {"name": "mine"},
            "spec": {
                "manualSelector": True,
                "selector": {"matchLabels": labels},
                "template": {
                    "metadata": {"labels": labels},
                    "spec": {"restartPolicy": "Never", "containers": [container]},
                },
            },
        },
    )
    while not (await jobs.api.get(f"{mine}/mine"))["status"].get("succeeded"):
        await asyncio.sleep(0.1)
    await jobs.api.delete(f"{mine}/mine", {"propagationPolicy": "Orphan"})

    error, cause = failure(await jobs.end_of(ref, this.task))

    assert error == "Job.Refused"
    assert "has counted pod mine-" in cause
