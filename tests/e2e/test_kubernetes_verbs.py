"""Tasks that call the Kubernetes API, by an operator as it is installed: as the account of their state machine, and once."""

from __future__ import annotations

import json
from collections import Counter
from typing import Any

import pytest

from stepwright.kube.api import Api
from stepwright.kube.api_errors import NotFound
from stepwright.kube.paths import path_of
from tests.on_cluster.installed_chart import RBAC, person
from tests.on_cluster.kubectl import IMAGE, Kube, Object, execution, machine, one, output, phase
from tests.processes.account import OperatorAccount
from tests.processes.faulty_operator import Fault, Moment
from tests.processes.nursery import Nursery
from tests.processes.operators import OperatorProcess
from tests.testcluster.audit import Audit

pytestmark = [pytest.mark.cluster, pytest.mark.timeout(300)]

ALL = "get,list,watch,create,patch,delete,deletecollection"
CONFIG_MAP: Object = {"apiVersion": "v1", "kind": "ConfigMap"}
ACCOUNT = {"serviceAccountName": "clerk"}


def people(kube: Kube, account: OperatorAccount, operator_namespace: str) -> None:
    """A clerk who may do what the tasks do, one who may do nothing, and an operator that may act as both."""
    person(kube, "idler")
    person(
        kube,
        "clerk",
        ("", "configmaps", ALL),
        ("", "secrets", "get"),
        ("", "pods,pods/log", "get,list"),
        ("batch", "jobs", ALL),
        ("apps", "deployments,deployments/scale", ALL),
    )
    account.kubeconfig(kube.cluster.kubeconfig, operator_namespace)
    metadata = {"name": "act-as", "namespace": kube.namespace}
    names = ["clerk", "idler"]
    rule = {
        "apiGroups": [""],
        "resources": ["serviceaccounts"],
        "resourceNames": names,
        "verbs": ["impersonate"],
    }
    kube.apply(
        {"apiVersion": f"{RBAC}/v1", "kind": "Role", "metadata": metadata, "rules": [rule]},
        {
            "apiVersion": f"{RBAC}/v1",
            "kind": "RoleBinding",
            "metadata": metadata,
            "roleRef": {"apiGroup": RBAC, "kind": "Role", "name": "act-as"},
            "subjects": [{"apiGroup": RBAC, "kind": "User", "name": account.user}],
        },
    )


@pytest.fixture
def shop(stepwright: Kube, operator_account: OperatorAccount) -> Kube:
    people(stepwright, operator_account, "default")
    return stepwright


def call(verb: str, given: Object, **fields: Any) -> Object:
    state = {"Type": "Task", "Resource": f"k8s:{verb}", "Parameters": given, **fields}
    return state if "Next" in state else {**state, "End": True}


def chain(**states: Object) -> Object:
    names = list(states)
    ends = {
        name: {**state, "Next": following}
        for (name, state), following in zip(states.items(), names[1:], strict=False)
    }
    for state in ends.values():
        state.pop("End", None)
    return {"StartAt": names[0], "States": {**states, **ends}}


def run(kube: Kube, name: str, definition: Object, *, account: str = "clerk", **spec: Any) -> Object:
    kube.machine(name, definition, serviceAccountName=account)
    kube.start(name, name, **spec)
    return kube.ended(name, seconds=120)


THIS: Object = {**CONFIG_MAP, "name.$": "$.made.metadata.name"}
ROUND: Object = chain(
    Create=call(
        "create",
        {
            "manifest": {**CONFIG_MAP, "metadata": {"generateName": "prices-"}, "data": {"tea.$": "$.tea"}},
            "owned": True,
            "select": ["metadata.name", "metadata.uid"],
        },
        ResultPath="$.made",
    ),
    Patch=call("patch", {**THIS, "patch": {"data": {"ready": "yes"}}}, ResultPath=None),
    Wait=call("wait", {**THIS, "for": {"jsonPath": "{.data.ready}", "value": "yes"}}, ResultPath=None),
    Get=call("get", {**THIS, "select": ["data"]}, ResultPath="$.got"),
    List=call(
        "list",
        {
            **CONFIG_MAP,
            "fieldSelector.$": "States.Format('metadata.name={}', $.made.metadata.name)",
            "select": ["data"],
        },
        ResultPath="$.listed",
    ),
    Delete=call("delete", THIS, ResultPath=None),
    Gone=call("wait", {**THIS, "for": {"deleted": True}}, ResultPath=None),
)


def test_an_object_is_created_changed_awaited_read_and_deleted_as_the_account(
    shop: Kube, audit: Audit
) -> None:
    since = audit.mark()
    ended = run(shop, "round", ROUND, input={"tea": "3"})

    assert phase(ended) == "Succeeded", ended["status"].get("cause")
    said = output(ended)
    data = {"tea": "3", "ready": "yes"}
    assert (said["got"], said["listed"]["items"]) == ({"data": data}, [{"data": data}])
    assert not shop.exists("configmap", said["made"]["metadata"]["name"])
    entries = [
        entry
        for entry in audit.entries(since)
        if entry.get("objectRef", {}).get("namespace") == shop.namespace
        and entry["objectRef"].get("resource") == "configmaps"
        and entry["user"]["username"].endswith(":operator")
    ]
    assert {entry.get("impersonatedUser", {}).get("username") for entry in entries} == {
        f"system:serviceaccount:{shop.namespace}:clerk"
    }
    assert {"create", "patch", "get", "list", "delete"} <= {entry["verb"] for entry in entries}


def each(resource: str, given: Object, **config: Any) -> Object:
    return {
        "Type": "Map",
        "ItemReader": {"Resource": resource, "Parameters": given, "ReaderConfig": config},
        "ItemProcessor": {
            "ProcessorConfig": {"Mode": "DISTRIBUTED", "ExecutionType": "STANDARD"},
            "StartAt": f"Item of {resource}",
            "States": {f"Item of {resource}": {"Type": "Pass", "End": True}},
        },
        "End": True,
    }


def test_a_map_reads_objects_and_what_is_in_one_as_the_account(shop: Kube) -> None:
    for name in ("a", "b", "c"):
        data = {"prices.csv": "item,price\ntea,3\ncake,4\n"}
        shop.apply({**CONFIG_MAP, "metadata": {"name": name, "labels": {"of": "maps"}}, "data": data})
    listed = {**CONFIG_MAP, "labelSelector": "of=maps", "limit": 1, "select": ["metadata.name"]}
    csv = {"InputType": "CSV", "CSVHeaderLocation": "FIRST_ROW", "ItemsPointer": "/data/prices.csv"}
    definition = chain(
        Names=each("k8s:list", listed) | {"ResultPath": "$.names"},
        Rows=each("k8s:get", {**CONFIG_MAP, "name": "a"}, **csv) | {"ResultPath": "$.rows"},
    )

    assert output(run(shop, "maps", definition, input={})) == {
        "names": [{"metadata": {"name": name}} for name in ("a", "b", "c")],
        "rows": [{"item": "tea", "price": "3"}, {"item": "cake", "price": "4"}],
    }
    refused = run(shop, "refused", chain(Names=each("k8s:list", listed)), account="idler")
    assert refused["status"]["error"] == "States.ItemReaderFailed"
    assert refused["status"]["cause"].startswith("Kubernetes.Forbidden: ")


def test_what_the_account_may_not_do_the_operator_does_not_do_either(shop: Kube) -> None:
    pods = call("list", {"apiVersion": "v1", "kind": "Pod"})
    ended = run(shop, "idle", one(pods), account="idler")

    assert (phase(ended), ended["status"]["error"]) == ("Failed", "Kubernetes.Forbidden")
    assert f'User "system:serviceaccount:{shop.namespace}:idler" cannot list' in ended["status"]["cause"]


def test_a_state_machine_without_an_account_is_not_ready(shop: Kube) -> None:
    shop.machine("nobodys", one(call("get", {**CONFIG_MAP, "name": "a"})))
    found = shop.until("sm", "nobodys", lambda body: body.get("status", {}).get("diagnostics"))

    [problem] = found["status"]["diagnostics"]
    assert (problem["severity"], problem["code"]) == ("ERROR", "NO_ACCOUNT")
    assert "spec.serviceAccountName" in problem["message"]


def test_names_of_kinds_and_reasons_are_the_api_servers(shop: Kube) -> None:
    unknown = run(shop, "unknown", one(call("get", {"apiVersion": "batch/v1", "kind": "Jobs", "name": "a"})))
    missing = run(shop, "missing", one(call("get", {**CONFIG_MAP, "name": "none"})))
    invalid = {**CONFIG_MAP, "metadata": {"name": "NotAName"}}
    wrong = run(shop, "wrong", one(call("create", {"manifest": invalid})))

    assert [each["status"]["error"] for each in (unknown, missing, wrong)] == [
        "Kubernetes.NoSuchKind",
        "Kubernetes.NotFound",
        "Kubernetes.Invalid",
    ]
    assert unknown["status"]["cause"] == "The API server has no kind 'Jobs' in batch/v1. Is Job meant?"
    assert missing["status"]["cause"] == 'configmaps "none" not found'


def test_values_of_a_secret_are_in_no_status(shop: Kube) -> None:
    shop.apply(
        {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "s"}, "stringData": {"key": "hush-hush"}}
    )
    ended = run(shop, "secretive", one(call("get", {"apiVersion": "v1", "kind": "Secret", "name": "s"})))

    assert output(ended)["data"] == {"key": None}
    assert "aHVzaC1odXNo" not in json.dumps(ended)


def test_apply_scale_and_json_patches_do_what_kubectl_does(shop: Kube) -> None:
    labels = {"app": "web"}
    container = {"name": "main", "image": IMAGE, "command": ["sleep", "600"]}
    template = {
        "metadata": {"labels": labels},
        "spec": {"containers": [container], "terminationGracePeriodSeconds": 0},
    }
    spec = {"replicas": 0, "selector": {"matchLabels": labels}, "template": template}
    web: Object = {"apiVersion": "apps/v1", "kind": "Deployment"}
    named: Object = {**web, "name": "web"}
    append = [{"op": "add", "path": "/spec/template/spec/containers/0/command/-", "value": "1"}]
    definition = chain(
        Apply=call("apply", {"manifest": {**web, "metadata": {"name": "web"}, "spec": spec}, "owned": True}),
        Append=call("patch", {**named, "type": "json", "patch": append}),
        Scale=call("scale", {**named, "replicas": 1}),
        Wait=call(
            "wait",
            {**named, "for": {"condition": "Available"}, "select": ["spec", "status.availableReplicas"]},
        ),
    )
    ended = run(shop, "web", definition)

    assert phase(ended) == "Succeeded", ended["status"].get("cause")
    made = output(ended)
    assert made["spec"]["template"]["spec"]["containers"][0]["command"] == ["sleep", "600", "1"]
    assert (made["spec"]["replicas"], made["status"]) == (1, {"availableReplicas": 1})
    managers = {each["manager"] for each in shop.get("deployment", "web")["metadata"]["managedFields"]}
    assert "stepwright" in managers


def a_job(script: str) -> Object:
    container = {"name": "main", "image": IMAGE, "command": ["sh", "-c", script]}
    spec = {"containers": [container], "restartPolicy": "Never", "terminationGracePeriodSeconds": 0}
    return {
        "apiVersion": "batch/v1",
        "kind": "Job",
        "metadata": {"generateName": "train-"},
        "spec": {"backoffLimit": 0, "template": {"spec": spec}},
    }


def test_a_job_of_ones_own_is_followed_to_its_end_and_its_log_read(shop: Kube) -> None:
    definition = chain(
        Train=call(
            "create.sync",
            {"manifest": a_job("echo '{\"loss\": 1}'"), "select": ["metadata.name", "status.succeeded"]},
        ),
        Logs=call("logs", {"job.$": "$.metadata.name", "parse": True}),
    )
    ended = run(shop, "train", definition)
    failed = run(shop, "broken", one(call("create.sync", {"manifest": a_job("exit 3")})))

    assert phase(ended) == "Succeeded", ended["status"].get("cause")
    [pod] = output(ended)["pods"].values()
    assert pod == {"containers": {"main": {"log": {"loss": 1}}}}
    assert failed["status"]["error"] == "Kubernetes.WaitFailed"
    assert "condition Failed is True: BackoffLimitExceeded" in failed["status"]["cause"]


def test_a_job_that_nobody_waits_for_is_created_in_awss_names(shop: Kube) -> None:
    job = a_job("exit 0")
    job["spec"]["suspend"] = True
    state = {
        "Type": "Task",
        "Resource": "arn:aws:states:::eks:runJob",
        "Parameters": {"Job": job},
        "End": True,
    }
    ended = run(shop, "left", one(state))

    assert phase(ended) == "Succeeded", ended["status"].get("cause")
    [made] = shop.list("jobs")
    assert output(ended)["metadata"]["uid"] == made["metadata"]["uid"]
    assert made["spec"]["suspend"]


def test_a_stop_deletes_what_a_task_has_begun(shop: Kube) -> None:
    shop.machine("endless", one(call("create.sync", {"manifest": a_job("sleep 600")})), **ACCOUNT)
    shop.start("endless", "endless")
    shop.until("execution", "endless", lambda _: shop.list("jobs"))
    shop("patch", "execution", "endless", "--type=merge", "-p", '{"spec":{"stop":{}}}')
    shop.until("execution", "endless", lambda found: found["status"].get("settled"))

    assert [job for job in shop.list("jobs") if "deletionTimestamp" not in job["metadata"]] == []


def test_many_waits_share_watches(shop: Kube, audit: Audit) -> None:
    since = audit.mark()
    names = [f"c{number}" for number in range(40)]
    shop.apply(*({**CONFIG_MAP, "metadata": {"name": name}} for name in names))
    wait = call("wait", {**CONFIG_MAP, "name.$": "$", "for": {"jsonPath": "{.data.go}"}, "select": ["data"]})
    shop.machine(
        "crowd",
        {"StartAt": "All", "States": {"All": {"Type": "Map", "ItemProcessor": one(wait), "End": True}}},
        **ACCOUNT,
    )
    shop.start("crowd", "crowd", input=names)

    def watches() -> int:
        return len(
            {
                entry["auditID"]
                for entry in audit.entries(since)
                if entry["verb"] == "watch"
                and entry.get("impersonatedUser", {}).get("username", "").endswith(f"{shop.namespace}:clerk")
            }
        )

    shop.until("execution", "crowd", lambda _: watches() >= 21)
    for name in names:
        shop("patch", "configmap", name, "--type=merge", "-p", '{"data":{"go":"1"}}')
    ended = shop.ended("crowd", seconds=120)

    assert output(ended) == [{"data": {"go": "1"}}] * 40
    assert watches() < 30


# --- Operators that come and go -----------------------------------------------------------------------------------------


def test_a_wait_goes_on_in_the_next_operator(
    kube: Kube, own_operator: OperatorProcess, operator_account: OperatorAccount
) -> None:
    people(kube, operator_account, kube.namespace)
    own_operator.start()
    kube.apply({**CONFIG_MAP, "metadata": {"name": "a"}})
    wait = call("wait", {**CONFIG_MAP, "name": "a", "for": {"jsonPath": "{.data.go}"}})
    kube.machine("patient", one(wait), **ACCOUNT)
    kube.start("patient", "patient")
    kube.until("execution", "patient", lambda found: found["status"].get("currentState"))
    own_operator.kill()
    own_operator.start()
    assert own_operator.stop() == 0  # which does not wait for what may take days
    kube("patch", "configmap", "a", "--type=merge", "-p", '{"data":{"go":"1"}}')
    own_operator.start()

    assert phase(kube.ended("patient")) == "Succeeded"


@pytest.mark.parametrize("kind", ["POST configmaps", "PATCH configmaps", "DELETE configmaps"])
@pytest.mark.parametrize("moment", ["sent", "answered"])
async def test_an_operator_that_is_killed_in_the_middle_of_a_call_costs_nothing_and_repeats_nothing(
    kube: Kube,
    nursery: Nursery,
    api: Api,
    operator_account: OperatorAccount,
    audit: Audit,
    request: pytest.FixtureRequest,
    kind: str,
    moment: Moment,
) -> None:
    request.getfixturevalue("shared_operator").stop()
    people(kube, operator_account, kube.namespace)
    since = audit.mark()
    name = f"c-{moment}"
    create = {"manifest": {**CONFIG_MAP, "metadata": {"name": name}, "data": {"a": "1"}}}
    # It fails the second time.
    once = [
        {"op": "test", "path": "/data/a", "value": "1"},
        {"op": "replace", "path": "/data/a", "value": "2"},
    ]
    this: Object = {**CONFIG_MAP, "name": name}
    definition = chain(
        Create=call("create", create),
        Patch=call("patch", {**this, "type": "json", "patch": once}),
        Delete=call("delete", this),
    )
    kube.apply(machine("m", definition, **ACCOUNT), execution("e", "m"))
    operator = await nursery.start(kube.namespace, Fault(moment, 1, name, (kind,)))
    await operator.ended.wait()
    assert operator.end == "by SIGKILL", operator.log_tail()
    await nursery.start(kube.namespace)
    ended = kube.ended("e", seconds=120)

    assert phase(ended) == "Succeeded", ended["status"].get("cause")
    with pytest.raises(NotFound):
        await api.get(path_of("v1", "configmaps", kube.namespace, name))
    writes = [
        write
        for write in audit.writes(since, namespace=kube.namespace)
        if write.resource == "configmaps" and write.name in (name, "")
    ]
    done = Counter(write.verb for write in writes if write.code < 300)
    # The API server notes a request as failed whose client is gone by its end, though it has landed.
    unheard = {write.verb for write in writes if write.code >= 500}
    for verb in ("create", "patch", "delete"):
        assert done[verb] == 1 or (done[verb] == 0 and verb in unheard), writes


async def test_a_stop_after_a_kill_deletes_what_nobody_has_recorded(
    kube: Kube,
    nursery: Nursery,
    operator_account: OperatorAccount,
    request: pytest.FixtureRequest,
) -> None:
    request.getfixturevalue("shared_operator").stop()
    people(kube, operator_account, kube.namespace)
    manifest = {**a_job("sleep 600"), "metadata": {"name": "endless"}}
    kube.apply(machine("m", one(call("create.sync", {"manifest": manifest})), **ACCOUNT), execution("e", "m"))
    operator = await nursery.start(kube.namespace, Fault("answered", 1, "endless", ("POST jobs",)))
    await operator.ended.wait()
    assert kube.exists("job", "endless")
    kube("patch", "execution", "e", "--type=merge", "-p", '{"spec":{"stop":{}}}')
    await nursery.start(kube.namespace)
    kube.until("execution", "e", lambda found: found["status"].get("settled"), seconds=120)

    assert [job for job in kube.list("jobs") if "deletionTimestamp" not in job["metadata"]] == []
