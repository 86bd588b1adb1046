"""Ways to give a task a result or an input that is not its own, and what the operator's own account cannot do.

Each is an attack that succeeded once. Who tries has rights on all objects, but is neither an administrator nor may he
execute in pods.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from stepwright.tasks.job import names
from tests.on_cluster.installed_chart import Person, await_answer, installation, person
from tests.on_cluster.kubectl import IMAGE, Kube, Object, execution, job, machine, one, output, phase
from tests.on_cluster.town import UID_LABEL, Town, jobs_of, marked_job, pod_of, template
from tests.testcluster import Cluster

pytestmark = [pytest.mark.cluster, pytest.mark.timeout(240)]

MARKED: Object = {"metadata": {"labels": {"app": "mine", **UID_LABEL}}, **template()}
ANNOTATED: Object = {
    "metadata": {"labels": {"app": "mine"}, "annotations": {names.INPUT: "{}"}},
    **template(),
}
CONTROLLER_UID = "batch.kubernetes.io/controller-uid"
SELECTOR: Object = {"matchLabels": {"app": "mine"}}


def running(town: Town, name: str, task: str | Object) -> Object:
    """An execution of one task, a script or a state, whose pods run."""
    town.kube.machine(name, one(job(task) if isinstance(task, str) else task))
    town.kube.start(name, name)
    town.kube.until("exec", name, lambda found: jobs_of(town, found))
    found = town.kube.get("exec", name)
    [made] = jobs_of(town, found)
    town.kube.until("job", made["metadata"]["name"], lambda body: body.get("status", {}).get("ready"))
    return found


# --- Results ----------------------------------------------------------------------------------------------------------------


def test_a_pod_that_was_orphaned_with_a_tasks_labels_is_no_result(town: Town) -> None:
    """A Job with a selector of its author's choice, and none of our labels on itself, makes pods for another Job."""
    execution = running(town, "approval", 'sleep 25; echo false > "$STEPWRIGHT_OUTPUT_FILE"')
    [victim] = jobs_of(town, execution)
    labels = {
        "app": "mine",
        names.EXECUTION_UID: execution["metadata"]["uid"],
        CONTROLLER_UID: victim["metadata"]["uid"],
        "batch.kubernetes.io/job-name": victim["metadata"]["name"],
    }
    container = {
        "name": "main",
        "image": IMAGE,
        "command": ["sh", "-c", "echo true > /dev/termination-log"],
    }
    pod = {"metadata": {"labels": labels}, "spec": {"restartPolicy": "Never", "containers": [container]}}
    forged = {
        "apiVersion": "batch/v1",
        "kind": "Job",
        # Without labels of its own it would get those of its template, and with them be refused by our label.
        "metadata": {"name": "mine", "labels": {"app": "mine"}},
        "spec": {"manualSelector": True, "selector": SELECTOR, "template": pod},
    }
    told = town.meddler.create(forged)
    if "created" in told:
        town.meddler("wait", "--for=condition=Complete", "job/mine", "--timeout=20s")
        town.meddler("delete", "job", "mine", "--cascade=orphan")

    assert output(town.kube.ended("approval")) is False
    assert f"only Stepwright makes them, not {town.meddler.user}" in told


def several(completions: int, script: str = "sleep 600", **spec: Any) -> Object:
    container = {"name": "main", "image": IMAGE, "command": ["sh", "-c", script]}
    given = {
        "completions": completions,
        "parallelism": completions,
        "template": {"spec": {"containers": [container]}},
    }
    whole = {"job": {"spec": {**given, **spec}}}
    return {"Type": "Task", "Resource": "k8s:job", "Parameters": whole, "End": True}


def ended_pod(kube: Kube, who: Person, name: str) -> None:
    """A pod of nobody's that has succeeded."""
    body = {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": name}, **template(restartPolicy="Never")}
    assert "created" in who.create(body)
    kube.until("pod", name, lambda found: found["status"].get("phase") == "Succeeded")


@pytest.mark.parametrize("pods", [1, 2])
def test_a_pod_that_a_tasks_job_took_over_is_no_result(town: Town, pods: int) -> None:
    """The label of the Job's controller is enough for Kubernetes; without ours no policy and no watch look at the pod."""
    name = f"completed-{pods}"
    found = running(town, name, several(pods))
    [victim] = jobs_of(town, found)
    given = [f"mine-{pods}-{number}" for number in range(pods)]
    for pod in given:
        ended_pod(town.kube, town.meddler, pod)
    for pod in given:
        told = town.meddler("label", "pod", pod, f"{CONTROLLER_UID}={victim['metadata']['uid']}", check=False)
        assert "labeled" in told
    status = town.kube.ended(name)["status"]

    assert (status["phase"], status["error"]) == ("Failed", "Job.Refused"), status
    assert "somebody has given it to the Job, so what it came to is not the task's" in status["cause"]
    assert any(f"has counted pod {pod} for" in status["cause"] for pod in given)


def workload(kind: str, pod: Object) -> Object:
    version = {"CronJob": "batch/v1", "Job": "batch/v1", "ReplicationController": "v1"}.get(kind, "apps/v1")
    once: Object = {**pod, "spec": {**pod["spec"], "restartPolicy": "Never"}}
    forms: dict[str, Object] = {
        "CronJob": {"schedule": "0 0 1 1 *", "jobTemplate": {"spec": {"template": once}}},
        "Job": {"template": once},
        "ReplicationController": {"replicas": 0, "selector": SELECTOR["matchLabels"], "template": pod},
        "StatefulSet": {"replicas": 0, "serviceName": "mine", "selector": SELECTOR, "template": pod},
        "DaemonSet": {"selector": SELECTOR, "template": pod},
    }
    spec = forms.get(kind, {"replicas": 0, "selector": SELECTOR, "template": pod})
    metadata = {"name": "template-of-mine", "labels": {"app": "mine"}}
    return {"apiVersion": version, "kind": kind, "metadata": metadata, "spec": spec}


@pytest.mark.parametrize("pod", [MARKED, ANNOTATED], ids=["label", "annotation"])
@pytest.mark.parametrize(
    "kind",
    ["Job", "CronJob", "Deployment", "ReplicaSet", "StatefulSet", "DaemonSet", "ReplicationController"],
)
def test_no_template_makes_pods_that_look_like_a_tasks(town: Town, kind: str, pod: Object) -> None:
    told = town.meddler(
        "create", "--dry-run=server", "-f", "-", input=json.dumps(workload(kind, pod)), check=False
    )

    assert "whose template has labels or annotations that begin with stepwright.dev/" in told


def test_a_cron_job_makes_no_jobs_that_look_like_a_tasks(town: Town) -> None:
    body = workload("CronJob", {**template(), "metadata": {}})
    body["spec"]["jobTemplate"]["metadata"] = {"labels": UID_LABEL}

    assert "whose template has labels" in town.meddler.create(body)


def test_templates_of_others_are_nobodys_business(town: Town) -> None:
    plain: Object = {"metadata": {"labels": {"app": "mine"}}, **template()}
    for kind in ("CronJob", "Deployment", "StatefulSet", "DaemonSet", "ReplicationController", "ReplicaSet"):
        body = workload(kind, plain)
        assert "created" in town.meddler.create(body)
        body["spec"]["minReadySeconds" if kind != "CronJob" else "suspend"] = 1 if kind != "CronJob" else True
        assert "configured" in town.meddler("apply", "-f", "-", input=json.dumps(body), check=False)
        town.meddler("delete", kind, body["metadata"]["name"])


@pytest.mark.parametrize("kind", ["job", "pod"])
def test_the_end_of_a_task_is_reported_by_its_node_and_kubernetes_alone(town: Town, kind: str) -> None:
    found = running(town, f"reported-{kind}", "sleep 600")
    body = pod_of(town, found) if kind == "pod" else jobs_of(town, found)[0]
    name = body["metadata"]["name"]
    # What the API server itself finds wrong it refuses before it asks a policy.
    change: Object = {"message": "forged"} if kind == "pod" else {"ready": 0}
    told = town.meddler.patch(kind, name, {"status": change}, "--subresource=status")
    town.kube("delete", "exec", f"reported-{kind}")

    assert f"is not written by {town.meddler.user}" in told


def test_a_lent_account_makes_no_job_without_its_execution(town: Town) -> None:
    """The operator may act as robot, and so may whoever runs a pod as robot."""
    alone = marked_job("alone")
    owner = {
        "apiVersion": "stepwright.dev/v1",
        "kind": "Execution",
        "name": "x",
        "uid": "1",
        "controller": True,
    }
    of_another = marked_job("of-another")
    of_another["metadata"] |= {"ownerReferences": [owner], "annotations": {names.TASK_NAME: "0-5"}}

    for body in (alone, of_another):
        assert "must be controlled by that Execution and carry its token" in town.robot.create(body)


# --- Inputs -----------------------------------------------------------------------------------------------------------------


def change_input(town: Town, found: Object) -> str:
    pod = pod_of(town, found)["metadata"]["name"]
    return town.meddler("annotate", "--overwrite", "pod", pod, f'{names.INPUT}={{"a":1}}', check=False)


def add_annotation(town: Town, found: Object) -> str:
    pod = pod_of(town, found)["metadata"]["name"]
    return town.meddler("annotate", "pod", pod, f"{names.PREFIX}new=1", check=False)


def change_state(town: Town, found: Object) -> str:
    name = jobs_of(town, found)[0]["metadata"]["name"]
    return town.meddler("annotate", "--overwrite", "job", name, f"{names.STATE}=Other", check=False)


def change_image(town: Town, found: Object) -> str:
    pod = pod_of(town, found)
    container = pod["spec"]["containers"][0]["name"]
    return town.meddler(
        "set", "image", f"pod/{pod['metadata']['name']}", f"{container}=busybox:other", check=False
    )


def give_to_another_job(town: Town, found: Object) -> str:
    pod = pod_of(town, found)["metadata"]["name"]
    label = "batch.kubernetes.io/controller-uid=0"
    return town.meddler("label", "--overwrite", "pod", pod, label, check=False)


def orphan(town: Town, found: Object) -> str:
    patch: Any = {"metadata": {"ownerReferences": None}}
    return town.meddler.patch("pod", pod_of(town, found)["metadata"]["name"], patch)


CHANGES = [change_input, add_annotation, change_state, change_image, give_to_another_job, orphan]


@pytest.fixture(scope="module")
def at_work(town: Town) -> Object:
    return running(town, "at-work", "sleep 600")


@pytest.mark.parametrize("change", CHANGES, ids=lambda change: change.__name__.replace("_", " "))
def test_a_task_that_runs_is_changed_by_nobody(
    town: Town, at_work: Object, change: Callable[[Town, Object], str]
) -> None:
    before = pod_of(town, at_work)
    told = change(town, at_work)

    assert "forbidden" in told.lower(), told
    assert pod_of(town, at_work)["metadata"]["annotations"] == before["metadata"]["annotations"]


def test_the_input_of_a_suspended_task_is_changed_by_nobody(town: Town) -> None:
    whole = {"job": {"spec": {"suspend": True, "template": template()}}}
    state = {"Type": "Task", "Resource": "k8s:job", "Parameters": whole, "End": True}
    town.kube.machine("suspended", one(state))
    town.kube.start("suspended", "suspended")
    found = town.kube.until("exec", "suspended", lambda found: jobs_of(town, found))
    [made] = jobs_of(town, found)
    patch = {"spec": {"template": {"metadata": {"annotations": {names.INPUT: '{"a":1}'}}}}}
    told = town.meddler.patch("job", made["metadata"]["name"], patch)
    resumed = town.meddler.patch("job", made["metadata"]["name"], {"spec": {"suspend": False}})

    assert "the input and the marks of a task in its Job's template cannot be changed" in told
    assert "patched" in resumed
    assert phase(town.kube.ended("suspended")) == "Succeeded"


def test_how_many_pods_of_a_task_must_succeed_is_changed_by_nobody(town: Town) -> None:
    """With one completion less than before a Job that runs has completed."""
    found = running(town, "indexed", several(2, completionMode="Indexed"))
    [made] = jobs_of(town, found)
    patch = {"spec": {"completions": 1, "parallelism": 1}}
    told = town.meddler.patch("job", made["metadata"]["name"], patch)
    fewer_at_once = town.meddler.patch("job", made["metadata"]["name"], {"spec": {"parallelism": 2}})
    town.kube("delete", "exec", "indexed")

    assert "how many pods of a task must succeed cannot be changed" in told
    assert "patched" in fewer_at_once


# --- Who did it -------------------------------------------------------------------------------------------------------------


def authored(name: str, **annotations: str) -> Object:
    body = execution(name, "authored")
    body["metadata"]["annotations"] = {f"{names.PREFIX}{key}": value for key, value in annotations.items()}
    return body


def test_who_started_and_stopped_an_execution_cannot_be_said_of_another(town: Town) -> None:
    town.kube.machine("authored", one({"Type": "Wait", "Seconds": 600, "End": True}))
    forbidden = f"{town.meddler.user} may give no name there but that one"
    started, stopped = f"{names.PREFIX}started-by", f"{names.PREFIX}stopped-by"

    assert forbidden in town.meddler.create(authored("by-another", **{"started-by": "somebody"}))
    assert "created" in town.meddler.create(authored("by-himself", **{"started-by": town.meddler.user}))
    assert "created" in town.meddler.create(authored("by-nobody"))
    assert "is given when an Execution is created" in town.meddler.patch(
        "exec", "by-nobody", {"metadata": {"annotations": {started: town.meddler.user}}}
    )
    assert forbidden in town.meddler.patch(
        "exec", "by-himself", {"metadata": {"annotations": {started: None}}}
    )
    assert "together with spec.stop" in town.meddler.patch(
        "exec", "by-himself", {"metadata": {"annotations": {stopped: town.meddler.user}}}
    )
    both: Object = {"metadata": {"annotations": {stopped: town.meddler.user}}, "spec": {"stop": {}}}
    assert "patched" in town.meddler.patch("exec", "by-himself", both)
    assert forbidden in town.meddler.patch(
        "exec", "by-nobody", {**both, "metadata": {"annotations": {stopped: "somebody"}}}
    )


# --- The operator's own account ---------------------------------------------------------------------------------------------


def as_operator(town: Town, *arguments: str, input: str | None = None) -> str:
    """With all rights, so that policies alone are in the way."""
    masters = ("--as", town.installed.user, "--as-group=system:masters")
    return town.kube.cluster.kubectl(*masters, *arguments, input=input, check=False)


def operators_job(namespace: str, **spec: Any) -> Object:
    body = marked_job("of-the-operator")
    owner = {
        "apiVersion": "stepwright.dev/v1",
        "kind": "Execution",
        "name": "x",
        "uid": "0",
        "controller": True,
    }
    body["metadata"] |= {
        "namespace": namespace,
        "ownerReferences": [owner],
        "annotations": {names.TASK_NAME: "0-5"},
    }
    body["spec"]["template"]["spec"] |= {"automountServiceAccountToken": False, **spec}
    return body


def secret(name: str, **more: Any) -> Object:
    owner = {"apiVersion": "batch/v1", "kind": "Job", "name": "j", "uid": "0"}
    metadata = {"name": name, "labels": UID_LABEL, "ownerReferences": [owner]}
    return {"apiVersion": "v1", "kind": "Secret", "metadata": metadata, "immutable": True, **more}


def creating(town: Town, body: Object) -> str:
    namespace = body["metadata"].get("namespace") or town.kube.namespace
    created = ("-n", namespace, "create", "--dry-run=server", "-f", "-")
    return as_operator(town, *created, input=json.dumps(body))


def test_the_operator_makes_jobs_of_executions_only_and_only_where_it_serves(town: Town) -> None:
    here = town.kube.namespace
    unmarked = operators_job(here)
    del unmarked["metadata"]["labels"]
    token = {"name": "t", "projected": {"sources": [{"serviceAccountToken": {"path": "token"}}]}}

    assert "created" in creating(town, operators_job(here))
    assert "touches no Jobs but those of executions" in creating(town, unmarked)
    for namespace in ("kube-system", town.installed.namespace):
        assert "runs no Jobs in the namespace" in creating(town, operators_job(namespace))
    for spec in ({"automountServiceAccountToken": True}, {"volumes": [token]}):
        assert "with a token of the ServiceAccount default" in creating(town, operators_job(here, **spec))


def test_the_operator_runs_pods_only_as_accounts_that_it_was_given(town: Town) -> None:
    def told(account: str) -> str:
        body = operators_job(town.kube.namespace, serviceAccountName=account)
        as_itself = ("--as", town.installed.user, "create", "--dry-run=server", "-f", "-")
        return town.kube(*as_itself, input=json.dumps(body), check=False)

    assert "created" in told("runner")
    assert "created" in told("robot")
    assert "may run no pods as the ServiceAccount stranger" in told("stranger")


def test_the_operator_makes_no_secrets_but_inputs(town: Town) -> None:
    bootstrap = secret("bootstrap-token-abcdef", type="bootstrap.kubernetes.io/token")
    bootstrap["metadata"]["namespace"] = "kube-system"
    account = secret("j-stepwright-input", type="kubernetes.io/service-account-token")
    account["metadata"]["annotations"] = {"kubernetes.io/service-account.name": "robot"}
    of_another = secret("other-stepwright-input")

    assert "created" in creating(town, secret("j-stepwright-input"))
    for body in (bootstrap, account, of_another, {**secret("j-stepwright-input"), "immutable": False}):
        assert "the operator makes no Secrets" in creating(town, body)


def test_the_operator_deletes_nothing_of_others(town: Town) -> None:
    town.kube.machine("undeleted", one({"Type": "Wait", "Seconds": 600, "End": True}))
    town.kube.start("undeleted", "undeleted")
    town.kube.until("exec", "undeleted", lambda found: phase(found) == "Running")
    plain = marked_job("of-others")
    plain["metadata"]["labels"] = {}
    plain["spec"]["suspend"] = True
    town.kube.apply(plain)
    revision = {
        "apiVersion": "apps/v1",
        "kind": "ControllerRevision",
        "metadata": {"name": "of-others"},
        "revision": 1,
        "data": {},
    }
    town.kube.apply(revision)

    def deleting(kind: str, name: str) -> str:
        return as_operator(town, "-n", town.kube.namespace, "delete", kind, name)

    assert "touches no Jobs but those of executions" in deleting("job", "of-others")
    assert "no ControllerRevisions but those of state machines" in deleting("controllerrevision", "of-others")
    assert "deletes no state machines" in deleting("sm", "undeleted")
    assert "no executions but those that have ended" in deleting("exec", "undeleted")


@pytest.mark.parametrize("component", ["operator", "suspect"])
def test_nobody_else_takes_part_or_sets_executions_aside_by_a_lease(town: Town, component: str) -> None:
    lease = {
        "apiVersion": "coordination.k8s.io/v1",
        "kind": "Lease",
        "metadata": {
            "name": "stepwright-operator-x",
            "labels": {f"{names.PREFIX}component": component},
        },
        "spec": {"holderIdentity": "x", "leaseDurationSeconds": 2147483647},
    }
    told = town.installed.system("create", "-f", "-", input=json.dumps(lease), check=False)

    assert "only the Stepwright operator writes them" in told


def test_tasks_of_workers_are_made_and_closed_by_the_operator_alone(town: Town) -> None:
    """The meddler has a worker's rights, and more."""
    spec = {"execution": "e", "taskTemplate": "f", "scheduled": "2026-01-01T00:00:00Z"}
    body: Object = {
        "apiVersion": "stepwright.dev/v1",
        "kind": "ExternalTask",
        "metadata": {"name": "of-workers"},
        "spec": spec,
    }
    taken = {"worker": "w", "claim": "1", "time": "2026-01-01T00:00:00Z"}
    closed: Object = {"status": {"state": "Closed", "reason": "Stopped"}}
    status = "--subresource=status"

    assert "only the Stepwright operator writes them" in town.meddler.create(body)
    here = ("-n", town.kube.namespace)
    assert "created" in as_operator(town, *here, "create", "-f", "-", input=json.dumps(body))
    assert "only the Stepwright operator closes them" in town.meddler.patch(
        "etask", "of-workers", closed, status
    )
    assert "patched" in town.meddler.patch(
        "etask", "of-workers", {"status": {"state": "Taken", "taken": taken}}, status
    )
    patch = ("patch", "etask", "of-workers", "--type=merge", status, "-p", json.dumps(closed))
    assert "patched" in as_operator(town, *here, *patch)


def test_an_account_is_used_by_the_verb_use_alone(town: Town) -> None:
    assert "created" in town.lender.create(
        machine("lent-by-use", one(job("true")), serviceAccountName="robot", taskServiceAccountName="runner")
    )


def test_where_every_state_machine_needs_an_account_the_operator_runs_nothing_as_itself(
    vacant: Cluster, tmp_path: Path
) -> None:
    with installation(
        vacant,
        tmp_path,
        requireServiceAccount=True,
        impersonate=lambda watched: [{"namespace": watched[0], "serviceAccounts": ["robot"]}],
    ) as strict:
        kube = Kube(vacant, strict.watched[0])
        person(kube, "robot", ("batch", "jobs", "create,patch,delete"), ("", "secrets", "create"))
        none = machine("nobodys", one(job("true")))
        words = "spec.serviceAccountName is missing"
        await_answer(
            lambda: kube("create", "--dry-run=server", "-f", "-", input=json.dumps(none), check=False), words
        )
        kube.machine("robots", one(job("true")), serviceAccountName="robot")
        kube.start("robots", "robots", input={"long": "x" * 40_000})

        assert phase(kube.ended("robots")) == "Succeeded"
        for kind in ("jobs", "secrets"):
            told = kube("auth", "can-i", "create", kind, "--as", strict.user, check=False)
            assert told.startswith("no")


def test_where_pods_of_jobs_are_guarded_none_is_given_to_a_job(vacant: Cluster, tmp_path: Path) -> None:
    """Jobs make theirs all the same, a task's and others."""
    with installation(vacant, tmp_path, policies={"jobPods": True}) as guarded:
        kube = Kube(vacant, guarded.watched[0])
        who = person(kube, "meddler", ("", "pods", "get,create,patch"), ("batch", "jobs", "create"))
        labelled = {"name": "mine", "labels": {CONTROLLER_UID: "0"}}
        body = {"apiVersion": "v1", "kind": "Pod", "metadata": labelled, **template(restartPolicy="Never")}
        words = f"only Jobs make them, each with its own uid, not {who.user}"
        await_answer(
            lambda: who("create", "--dry-run=server", "-f", "-", input=json.dumps(body), check=False), words
        )
        ended_pod(kube, who, "mine")
        plain: Object = template(restartPolicy="Never")
        others = {"apiVersion": "batch/v1", "kind": "Job", "metadata": {"name": "others"}}
        assert "created" in who.create({**others, "spec": {"template": plain}})
        kube.machine("guarded", one(several(2, "true")))
        kube.start("guarded", "guarded")

        assert words in who("label", "pod", "mine", f"{CONTROLLER_UID}=0", check=False)
        assert "labeled" in who("label", "pod", "mine", "app=mine", check=False)
        assert phase(kube.ended("guarded")) == "Succeeded"
        kube.until("job", "others", lambda found: found.get("status", {}).get("succeeded") == 1)
