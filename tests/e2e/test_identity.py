"""As whom Stepwright acts, and what nobody gains through it.

Installed by its chart, with its admission policies. Who may only create executions, or only state machines without
the use of an account, tries each way to more that we know of; somebody with rights on all other objects tries to forge
what the operator takes at its word.
"""

from __future__ import annotations

import json
import time
from typing import Any

import pytest
import yaml

from stepwright.asl.signals import TaskId
from stepwright.engine.ports import ExecutionRef, Uid
from stepwright.tasks.job import names
from tests.on_cluster.kubectl import IMAGE, Object, condition, execution, job, machine, one, output, phase
from tests.on_cluster.town import (
    JOB_OWNER,
    OWNER,
    UID_LABEL,
    Town,
    history,
    jobs_of,
    marked_job,
    marked_pod,
    pod_of,
    revision,
    secret,
)
from tests.testcluster.audit import Audit

pytestmark = [pytest.mark.cluster, pytest.mark.timeout(240)]

TOKEN_FOLDER = "/var/run/secrets/kubernetes.io/serviceaccount"
#: A task that reports whether its container can read a token.
TELLS_TOKEN = job(
    f'if [ -e {TOKEN_FOLDER}/token ]; then echo true; else echo false; fi > "$STEPWRIGHT_OUTPUT_FILE"'
)


# --- As whom ------------------------------------------------------------------------------------------------------------


def test_without_an_account_the_operator_makes_the_job_and_its_pod_runs_as_default_without_a_token(
    town: Town, audit: Audit
) -> None:
    since = audit.mark()
    ended = town.kube.run("plain", one(TELLS_TOKEN))

    assert (phase(ended), output(ended)) == ("Succeeded", False)
    assert pod_of(town, ended)["spec"]["serviceAccountName"] == "default"
    assert {actor[1:] for actor in actors(audit, since, town, ended)} == {(town.installed.user, None)}


def test_with_an_account_jobs_and_inputs_are_made_released_and_ended_as_that_account(
    town: Town, audit: Audit
) -> None:
    since = audit.mark()
    for name, task in (("as-robot", job("true")), ("as-robot-endless", job("sleep 600"))):
        town.owner.machine(name, one(task), serviceAccountName="robot")
        town.kube.start(name, name, input={"long": "x" * 40_000})
    endless = town.kube.until("exec", "as-robot-endless", lambda found: jobs_of(town, found))
    town.kube("patch", "exec", "as-robot-endless", "--type=merge", "-p", '{"spec":{"stop":{}}}')
    ended = town.kube.ended("as-robot")
    town.kube.ended("as-robot-endless")

    assert phase(ended) == "Succeeded", ended["status"].get("cause")
    as_robot = town.installed.user, town.robot.user
    released = ("patch", *as_robot)
    await_actor(audit, since, town, ended, released)
    assert actors(audit, since, town, ended) == {("create", *as_robot), released}
    await_actor(audit, since, town, endless, ("delete", *as_robot))
    secrets = [
        write.user
        for write in audit.writes(since, namespace=town.kube.namespace)
        if (write.verb, write.resource) == ("create", "secrets")
    ]
    assert secrets == [town.robot.user] * 2


@pytest.mark.parametrize(
    ("account", "words"),
    [
        (
            "powerless",
            "ServiceAccount {namespace}/powerless may not create jobs in namespace {namespace}: bind it to a Role there",
        ),
        (
            "stranger",
            (
                "Stepwright may not act as ServiceAccount {namespace}/stranger, which the state machine names in "
                "serviceAccountName: allow Stepwright's own account the verb impersonate"
            ),
        ),
        ("missing", "may not act as ServiceAccount {namespace}/missing"),
    ],
)
def test_what_an_account_or_the_operator_may_not_do_is_said_plainly(
    town: Town, account: str, words: str
) -> None:
    name = f"as-{account}"
    town.kube.cluster.kubectl(  # as an administrator, who may use any account
        "-n", town.kube.namespace, "apply", "-f", "-",
        input=yaml.safe_dump(machine(name, one(job("true")), serviceAccountName=account)),
    )  # fmt: skip
    town.kube.start(name, name)
    ended = town.kube.ended(name)

    assert (phase(ended), ended["status"]["error"]) == ("Failed", "Job.Refused")
    assert words.format(namespace=town.kube.namespace) in ended["status"]["cause"]


@pytest.mark.parametrize("asks", [False, True], ids=["no token", "asks for its token"])
def test_tasks_run_as_the_account_for_tasks_and_have_its_token_only_where_they_ask(
    town: Town, asks: bool
) -> None:
    container = {"image": IMAGE, "command": TELLS_TOKEN["Parameters"]["command"]}
    spec: Object = {"containers": [container], **({"automountServiceAccountToken": True} if asks else {})}
    name = f"as-runner-{asks}".lower()
    state = {
        "Type": "Task",
        "Resource": "k8s:job",
        "Parameters": {"podTemplate": {"spec": spec}},
        "End": True,
    }
    town.owner.machine(name, one(state), taskServiceAccountName="runner")
    town.kube.start(name, name)
    ended = town.kube.ended(name)

    assert (phase(ended), output(ended)) == ("Succeeded", asks)
    assert pod_of(town, ended)["spec"]["serviceAccountName"] == "runner"


# --- Who may only create executions, where a definition takes what it runs from the input ------------------------------------

OURS = f"{names.PREFIX}* is Stepwright's"


def template(**spec: Any) -> Object:
    return {"pod": {"spec": {"containers": [{"name": "main", "image": IMAGE, "command": ["true"]}], **spec}}}


def labelled(**metadata: Any) -> Object:
    return {"pod": {"metadata": metadata, "spec": {"containers": [{"name": "main", "image": IMAGE}]}}}


def whole(metadata: Object | None = None, *, spec: Object | None = None, **more: Any) -> Object:
    pod = {"spec": {"containers": [{"name": "main", "image": IMAGE, "command": ["true"]}]}}
    return {
        "job": {"metadata": metadata or {}, "spec": {"template": pod, **(spec or {})}, **more},
        "namespace": None,
    }


TOKEN_VOLUME = {"name": "t", "projected": {"sources": [{"serviceAccountToken": {"path": "token"}}]}}
#: Name: the machine, the input, what the cause says.
INJECTIONS: dict[str, tuple[str, Object, str]] = {
    "account": ("by-template", template(serviceAccountName="robot"), "tasks run as 'default'"),
    "account, old field": ("by-template", template(serviceAccount="robot"), "tasks run as 'default'"),
    "account, other case": ("by-template", template(ServiceAccountName="robot"), "unknown field"),
    "token": ("by-template", template(automountServiceAccountToken=True), "mounts the token"),
    "token as text": ("by-template", template(automountServiceAccountToken="true"), "mounts the token"),
    "token volume": ("by-template", template(volumes=[TOKEN_VOLUME]), "mounts the token"),
    "our label": ("by-template", labelled(labels=UID_LABEL), OURS),
    "our annotation": ("by-template", labelled(annotations={names.INPUT: "{}"}), OURS),
    "job: owner": ("by-job", whole({"ownerReferences": [{"uid": "0"}]}), "ownerReferences cannot be given"),
    "job: finalizer": ("by-job", whole({"finalizers": ["a/b"]}), "finalizers cannot be given"),
    "job: namespace": ("by-job", whole({"namespace": "kube-system"}), "Jobs run in that of their execution"),
    "job: label": ("by-job", whole({"labels": UID_LABEL}), OURS),
    "job: token": ("by-job", whole({"annotations": {names.TASK_NAME: "0-1"}}), OURS),
    "job: selector": (
        "by-job",
        whole(spec={"selector": {"matchLabels": {"a": "b"}}}),
        "selector cannot be given",
    ),
    "job: controller": ("by-job", whole(spec={"managedBy": "a.b/c"}), "managedBy cannot be given"),
    "job: kind": ("by-job", whole(kind="CronJob"), "job.kind must be 'Job'"),
    "job: account": (
        "by-job",
        whole(spec={"template": template(serviceAccountName="robot")["pod"]}),
        "tasks run as 'default'",
    ),
    "eks: namespace": (
        "by-eks",
        {**whole(), "namespace": "kube-system"},
        "Jobs run in that of their execution",
    ),
    "labels": ("by-parts", {"labels": UID_LABEL, "annotations": {}, "env": []}, OURS),
    "annotations": ("by-parts", {"labels": {}, "annotations": {names.TASK_NAME: "0-1"}, "env": []}, OURS),
    "environment": (
        "by-parts",
        {"labels": {}, "annotations": {}, "env": [{"name": "STEPWRIGHT_OUTPUT_FILE", "value": "/x"}]},
        "STEPWRIGHT_* is Stepwright's",
    ),
    "host's files": (
        "by-template",
        template(volumes=[{"name": "h", "hostPath": {"path": "/"}}]),
        'violates PodSecurity "baseline',
    ),
    "host's network": ("by-template", template(hostNetwork=True), 'violates PodSecurity "baseline'),
    "host's processes": ("by-template", template(hostPID=True), 'violates PodSecurity "baseline'),
}


@pytest.fixture(scope="module")
def injected(town: Town) -> dict[str, Object]:
    """What became of each; all run at once."""
    eks = {"ClusterName": "c", "CertificateAuthority": "a", "Endpoint": "e", "Job.$": "$.job"}
    parts = {"image": IMAGE, "labels.$": "$.labels", "annotations.$": "$.annotations", "env.$": "$.env"}
    for name, resource, parameters in (
        ("by-template", "k8s:job", {"podTemplate.$": "$.pod"}),
        ("by-job", "k8s:job", {"job.$": "$.job"}),
        ("by-eks", "arn:aws:states:::eks:runJob.sync", {**eks, "Namespace.$": "$.namespace"}),
        ("by-parts", "k8s:job", parts),
    ):
        state = {"Type": "Task", "Resource": resource, "Parameters": parameters, "End": True}
        town.author.machine(name, one(state), taskDefaults={"pendingGraceSeconds": 1})
    for number, (name, input, _) in enumerate(INJECTIONS.values()):
        made = town.starter.create(execution(f"injected-{number}", name, input=input))
        assert "created" in made, made
    return {name: town.kube.ended(f"injected-{number}") for number, name in enumerate(INJECTIONS)}


@pytest.mark.parametrize("name", INJECTIONS)
def test_no_input_changes_the_account_the_place_or_the_owner_of_a_job(
    town: Town, injected: dict[str, Object], name: str
) -> None:
    ended = injected[name]

    assert phase(ended) == "Failed"
    assert INJECTIONS[name][2] in ended["status"]["cause"]
    if "PodSecurity" not in INJECTIONS[name][2]:
        assert ended["status"]["error"] == "Job.Refused"
        assert jobs_of(town, ended) == []


@pytest.mark.parametrize("name", ["by-template", "by-job", "by-eks"])
def test_a_definition_that_takes_whole_pods_from_data_is_warned_of(
    town: Town, injected: dict[str, Object], name: str
) -> None:
    assert injected
    found = town.kube.get("sm", name)["status"]["diagnostics"]

    assert [
        (problem["severity"], "whoever can start executions decides" in problem["message"])
        for problem in found
    ] == [("WARNING", True)]


def test_names_of_fields_in_an_input_mean_nothing(town: Town) -> None:
    town.author.machine("plain-task", one(TELLS_TOKEN))
    wish = {"spec": {"serviceAccountName": "robot", "automountServiceAccountToken": True}}
    input = {
        "serviceAccountName": "robot",
        "taskServiceAccountName": "runner",
        "podTemplate": wish,
        "job": wish,
    }
    town.starter.create(execution("wishing", "plain-task", input={**input, "Parameters": input}))
    ended = town.kube.ended("wishing")

    assert (phase(ended), output(ended)) == ("Succeeded", False)
    assert pod_of(town, ended)["spec"]["serviceAccountName"] == "default"


# --- Who may only create executions, by the Execution itself ----------------------------------------------------------------


def test_an_execution_cannot_be_created_with_a_status(town: Town) -> None:
    town.author.machine("honest", one({"Type": "Pass", "Result": "honest", "End": True}))
    claims = {"phase": "Succeeded", "output": '"forged"', "seq": 7, "settled": True}
    pin = {"name": "honest", "uid": "0", "revision": "forged"}
    town.starter.create({**execution("claiming", "honest"), "status": {**claims, "stateMachine": pin}})
    ended = town.kube.until("exec", "claiming", lambda found: found["status"].get("stateMachine"))
    ended = town.kube.ended("claiming")

    assert output(ended) == "honest"
    assert ended["status"]["stateMachine"]["revision"] != "forged"


def test_a_state_machine_of_another_namespace_is_out_of_reach(town: Town) -> None:
    town.elsewhere.machine("treasure", one({"Type": "Pass", "Result": "gold", "End": True}))
    body = execution("reaching", "treasure")
    body["spec"]["stateMachineRef"]["namespace"] = town.elsewhere.namespace
    told = town.starter.create(body)
    town.starter("create", "--validate=false", "-f", "-", input=yaml.safe_dump(body))
    waiting = town.kube.until("exec", "reaching", lambda found: condition(found, "Reconciling"))
    path = town.starter.create(execution("reaching-again", f"{town.elsewhere.namespace}/treasure"))

    assert 'unknown field "spec.stateMachineRef.namespace"' in told
    assert phase(waiting) == "Pending"
    assert condition(waiting, "Reconciling")["message"].endswith(
        f"there is no StateMachine 'treasure' in namespace '{town.kube.namespace}'"
    )
    assert "spec.stateMachineRef.name" in path
    assert "Invalid value" in path


def test_an_execution_of_ones_own_cannot_be_turned_to_another_machine(town: Town) -> None:
    town.author.machine("resting", one({"Type": "Wait", "Seconds": 600, "End": True}))
    town.starter.create(execution("turning", "resting"))

    assert "stateMachineRef cannot be changed" in town.meddler.patch(
        "exec", "turning", {"spec": {"stateMachineRef": {"name": "as-robot"}}}
    )
    assert "spec.input cannot be changed" in town.meddler.patch(
        "exec", "turning", {"spec": {"input": {"a": 1}}}
    )


@pytest.mark.parametrize(
    "attempt",
    [
        ("patch", "exec/others", "--type=merge", "-p", '{"spec":{"stop":{}}}'),
        ("patch", "exec/others", "--type=merge", "-p", '{"metadata":{"finalizers":["a/b"]}}'),
        ("delete", "exec/others"),
        (
            "patch",
            "exec/others",
            "--subresource=status",
            "--type=merge",
            "-p",
            '{"status":{"phase":"Failed"}}',
        ),
        ("get", "executionhistories"),
        ("get", "statemachines"),
    ],
    ids=lambda attempt: " ".join(attempt[:3]),
)
def test_who_may_create_executions_may_not_touch_those_of_others(
    town: Town, attempt: tuple[str, ...]
) -> None:
    town.kube.machine("others", one({"Type": "Wait", "Seconds": 600, "End": True}))
    town.kube.apply(execution("others", "others"))
    told = town.starter(*attempt, check=False)

    assert "(Forbidden)" in told
    assert f'User "{town.starter.user}" cannot ' in told


# --- Who may write state machines, but use no account -----------------------------------------------------------------------


@pytest.mark.parametrize("field", ["serviceAccountName", "taskServiceAccountName"])
def test_an_account_cannot_be_named_by_who_may_not_use_it(town: Town, field: str) -> None:
    refused = (
        f"spec.{field}: {town.author.user} may not use the ServiceAccount robot in {town.kube.namespace}"
    )
    name = f"taking-{field.lower()}"

    assert refused in town.author.create(machine(name, one(job("true")), **{field: "robot"}))
    town.author.machine(name, one(job("true")))
    assert refused in town.author.patch("sm", name, {"spec": {field: "robot"}})


@pytest.mark.parametrize("field", ["serviceAccountName", "taskServiceAccountName"])
def test_what_runs_as_an_account_cannot_be_written_by_who_may_not_use_it(town: Town, field: str) -> None:
    name = f"lent-{field.lower()}"
    town.owner.machine(name, one(job("true")), **{field: "robot"})
    refused = f"spec.{field}: {town.author.user} may not use the ServiceAccount robot"
    changes: tuple[Object, ...] = (
        {"definition": one(job("id"))},
        {"taskDefaults": {"image": "mine"}},
        {"definitionSubstitutions": {"A": "mine"}},
        {field: "powerless"},
    )

    for change in changes:
        told = town.author.patch("sm", name, {"spec": change})
        assert refused.replace("robot", change.get(field, "robot")) in told
    # Without the account it is a state machine like any other, which he may write.
    assert "patched" in town.author.patch("sm", name, {"spec": {field: None, "definition": one(job("id"))}})


@pytest.mark.parametrize(
    "spec",
    [
        {"serviceAccountName": "robot"},
        {"serviceAccount": "robot"},
        {"automountServiceAccountToken": True},
        {"volumes": [TOKEN_VOLUME]},
    ],
    ids=lambda spec: next(iter(spec)),
)
def test_a_definition_cannot_name_an_account_for_its_pods(town: Town, spec: Object) -> None:
    name = f"naming-{next(iter(spec)).lower()}"
    state = {
        "Type": "Task",
        "Resource": "k8s:job",
        "Parameters": {"podTemplate": template(**spec)["pod"]},
        "End": True,
    }
    town.author.machine(name, one(state))
    town.kube.start(name, name)
    ended = town.kube.ended(name)

    assert ended["status"]["error"] == "Job.Refused"
    assert "spec.taskServiceAccountName of the state machine" in ended["status"]["cause"]


def test_labels_of_task_defaults_cannot_claim_another_execution(town: Town) -> None:
    town.author.machine(
        "claims",
        one(job("true")),
        taskDefaults={"labels": UID_LABEL, "annotations": {names.TASK_NAME: "0-1"}},
    )
    town.kube.start("claims", "claims")
    ended = town.kube.ended("claims")
    [made] = jobs_of(town, ended)

    assert made["metadata"]["labels"][names.EXECUTION_UID] == ended["metadata"]["uid"]
    assert made["metadata"]["annotations"][names.TASK_NAME].startswith(ended["metadata"]["uid"])


# --- Who may write everything else ------------------------------------------------------------------------------------------


FORGERIES = {
    "history": history(),
    "payload": {**history(), "content": "Payload", "payload": "1", "sha256": "0"},
    "revision by its label": revision(),
    "revision by its owner": revision(ownerReferences=[OWNER]),
    "job of an execution": marked_job(),
    "pod of an execution": marked_pod(),
    "pod of a task's job": marked_pod(ownerReferences=[JOB_OWNER]),
    "input of a task": secret(),
}


@pytest.mark.parametrize("name", FORGERIES)
def test_what_the_operator_takes_at_its_word_nobody_else_creates(town: Town, name: str) -> None:
    told = town.meddler.create(FORGERIES[name])

    assert "(Forbidden)" in told or "is forbidden" in told
    assert f"not {town.meddler.user}" in told


@pytest.mark.parametrize("kind", ["sm", "exec"])
def test_nobody_else_writes_a_status(town: Town, kind: str) -> None:
    town.kube.machine("record", one({"Type": "Wait", "Seconds": 600, "End": True}))
    town.kube.apply(execution("record", "record"))
    patch = [{"op": "add", "path": "/status/conditions", "value": []}]

    assert f"only the Stepwright operator writes them, not {town.meddler.user}" in town.meddler.patch(
        kind, "record", patch, "--subresource=status"
    )


@pytest.mark.parametrize("kind", ["job", "pod"])
def test_nothing_that_is_there_is_made_a_part_of_an_execution(town: Town, kind: str) -> None:
    body = marked_job(f"own-{kind}") if kind == "job" else marked_pod()
    body["metadata"] = {"name": f"own-{kind}"}
    assert "created" in town.meddler.create(body)

    told = town.meddler("label", kind, f"own-{kind}", f"{names.EXECUTION_UID}=0", check=False)

    assert "only Stepwright makes them" in told


def test_the_owner_of_a_tasks_job_cannot_be_changed(town: Town) -> None:
    town.kube.machine("owned", one(job("sleep 600")))
    town.kube.start("owned", "owned")
    found = town.kube.until("exec", "owned", lambda found: jobs_of(town, found))
    [made] = jobs_of(town, found)
    for path in ("ownerReferences", f"annotations/{names.TASK_NAME.replace('/', '~1')}"):
        patch = [{"op": "remove", "path": f"/metadata/{path}"}]
        assert "only Stepwright makes them" in town.meddler.patch("job", made["metadata"]["name"], patch)
    town.kube("delete", "exec", "owned")


@pytest.mark.parametrize("annotated", [False, True], ids=["plain", "with the task's token"])
def test_a_job_that_stands_in_a_tasks_place_is_no_result(town: Town, annotated: bool) -> None:
    """A Job's name can be predicted. Without the label of the execution it counts for nothing."""
    name = f"waylaid-{annotated}".lower()
    states = {
        "Pause": {"Type": "Wait", "Seconds": 3, "Next": "Work"},
        "Work": job("echo 1 > $STEPWRIGHT_OUTPUT_FILE"),
    }
    town.kube.machine(name, {"StartAt": "Pause", "States": states})
    town.kube.start(name, name)
    running = town.kube.until("exec", name, lambda found: phase(found) == "Running")
    uid, task = (
        Uid(running["metadata"]["uid"]),
        TaskId(5),
    )  # started, Pause entered and left, Work entered, scheduled
    body = marked_job(names.job_name(ExecutionRef(uid, town.kube.namespace, name, name), task))
    body["metadata"]["labels"] = {}
    body["metadata"]["annotations"] = {names.TASK_NAME: names.task_name(uid, task)} if annotated else {}
    assert "created" in town.meddler.create(body)
    ended = town.kube.ended(name)

    assert (phase(ended), ended["status"]["error"]) == ("Failed", "Job.Refused")
    assert (
        f"Job {body['metadata']['name']} exists in namespace {town.kube.namespace} and is not this task's"
        in (ended["status"]["cause"])
    )


def test_a_forged_revision_does_not_run(town: Town) -> None:
    """One that keeps clear of the policy, without label and owner, under the name of one that was deleted."""
    # Long enough for the operator that knows the true one to have gone.
    town.kube.machine("copied", one({"Type": "Wait", "Seconds": 30, "End": True}))
    town.kube.start("copied", "copied")
    running = town.kube.until("exec", "copied", lambda found: phase(found) == "Running")
    name = running["status"]["stateMachine"]["revision"]
    true = town.kube.get("controllerrevision", name)
    town.meddler("delete", "controllerrevision", name)
    forged = revision(annotations={"a": "b"})
    forged["metadata"]["name"] = name
    assert "created" in town.meddler.create(forged)
    # Otherwise the state machine itself shows what the revision of its present definition says.
    town.kube.machine("copied", one({"Type": "Succeed"}))
    town.installed.restart()
    stalled = f"ControllerRevision {town.kube.namespace}/{name} does not hold what its name says"
    ended = town.kube.ended("copied")

    assert (phase(ended), ended["status"]["error"]) == ("Failed", "States.Runtime")
    assert stalled in ended["status"]["cause"]
    assert true["data"] != forged["data"]


def test_the_operator_itself_may_change_nothing_of_a_state_machine_but_its_finalizers(town: Town) -> None:
    town.kube.machine("its-own", one(job("true")))
    patch = {"spec": {"definition": one(job("id"))}}

    # kubectl reads before it patches, which the operator's role does not allow.
    operator = ("--as", town.installed.user, "--as-group=system:masters")
    told = town.kube(
        *operator, "patch", "sm", "its-own", "--type=merge", "-p", json.dumps(patch), check=False
    )

    assert "the operator changes nothing of a state machine but its finalizers and its status" in told


def test_the_operator_itself_starts_no_executions_but_parts_of_distributed_maps(town: Town) -> None:
    kube = town.kube
    kube.apply(execution("its-own", "no-machine"))
    operator = ("--as", town.installed.user, "--as-group=system:masters")
    told = kube(*operator, "create", "-f", "-", input=yaml.safe_dump(execution("another", "m")), check=False)
    assert "no executions but parts of distributed Maps" in told
    stop = ("--type=merge", "-p", '{"spec":{"stop":{}}}')
    told = kube(*operator, "patch", "execution", "its-own", *stop, check=False)
    assert "and stops and bounds parts of distributed Maps" in told

    parent = kube.get("execution", "its-own")["metadata"]
    part = execution(
        "part",
        "m",
        mapShard={"uid": "u-9", "mapRun": "arn", "first": 0, "count": 1},
        parent={
            "namespace": kube.namespace,
            "name": "its-own",
            "uid": parent["uid"],
            "task": 2_000_000_000_001,
            "scheduledTime": "2026-01-01T00:00:00.000Z",
            "depth": 1,
            "awaited": True,
        },
    )
    part["metadata"]["labels"] = {
        "stepwright.dev/map-shard": "u-9",
        "stepwright.dev/parent-uid": parent["uid"],
        "stepwright.dev/parent-task": "2000000000001",
    }
    told = kube(*operator, "create", "-f", "-", input=yaml.safe_dump(part), check=False)
    assert "owned by their parents" in told
    owner = {"apiVersion": "stepwright.dev/v1", "kind": "Execution", "name": "its-own", "uid": parent["uid"]}
    part["metadata"]["ownerReferences"] = [owner]
    assert "created" in kube(*operator, "create", "-f", "-", input=yaml.safe_dump(part))
    bounds = {"bounds": {"maxConcurrency": 1, "toleratedFailureCount": 0}}
    changed = ("--type=merge", "-p", json.dumps({"spec": {"mapShard": bounds}}))
    assert "patched" in kube(*operator, "patch", "execution", "part", *changed)
    # Its Map alone decides upon them.
    other = json.dumps({"spec": {"mapShard": {"bounds": {"maxConcurrency": 9}}}})
    told = kube("patch", "execution", "part", "--type=merge", "-p", other, check=False)
    assert "only Stepwright says which bounds" in told
    assert "patched" in kube(*operator, "patch", "execution", "part", *stop)


# --- What is looked at ------------------------------------------------------------------------------------------------------


def actors(audit: Audit, since: int, town: Town, found: Object) -> set[tuple[str, str, str | None]]:
    """Verb, user and, where it acted for another, that other, of the operator's writes of an execution's Jobs."""
    own = {item["metadata"]["name"] for item in jobs_of(town, found)} | {
        visit.get("job")
        for visit in town.kube.get("exec", found["metadata"]["name"])["status"]["transitions"]
    }
    return {
        (entry["verb"], entry["user"]["username"], entry.get("impersonatedUser", {}).get("username"))
        for entry in audit.entries(since)
        if entry.get("objectRef", {}).get("resource") == "jobs"
        and entry["objectRef"].get("name") in own
        and entry["user"]["username"] == town.installed.user
    }


def await_actor(audit: Audit, since: int, town: Town, found: Object, wanted: tuple[str, str, str]) -> None:
    deadline = time.monotonic() + 60
    while wanted not in actors(audit, since, town, found):
        assert time.monotonic() < deadline, f"no {wanted} among {actors(audit, since, town, found)}"
        time.sleep(0.2)
