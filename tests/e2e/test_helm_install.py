"""Stepwright as `helm install` brings it: at work with exactly the rights that it uses, restarted, upgraded, removed."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

import pytest
import yaml

from stepwright.cluster.resources import KINDS
from tests.on_cluster.installed_chart import (
    OF_THE_CLUSTER,
    RELEASE,
    Installation,
    Requests,
    await_answer,
    copy_of_chart,
    installation,
    person,
)
from tests.on_cluster.kubectl import IMAGE, Kube, Object, condition, job, one, output, phase
from tests.on_cluster.rights import Right, granted
from tests.processes.operators import ROOT
from tests.processes.server import issue
from tests.testcluster import Cluster
from tests.testcluster.audit import WRITE_VERBS, Audit
from tests.testcluster.interface import CommandFailed

pytestmark = [pytest.mark.cluster, pytest.mark.timeout(300)]

ORDER = ROOT / "examples" / "order-processing"

#: Rights that no ordinary run uses, and why the operator has them all the same.
RIGHTS_IN_RESERVE = {
    Right("served", "batch", "jobs", "get"): "a Job whose creation was not answered is looked up by its name",
    Right(
        "served", "stepwright.dev", "executions", "get"
    ): "after a write that was refused, what is stored is read",
    Right(
        "served", "stepwright.dev", "externaltasks", "get"
    ): "what a worker has answered is read after a restart, or when a patch was refused",
    Right("served", "stepwright.dev", "externaltasks", "delete"): "some minutes after the end of their tasks",
    Right(
        "served", "", "namespaces", "get"
    ): "asked when rights in a namespace are gone: whether it is being deleted",
}


@dataclass(frozen=True)
class Desk:
    """The chart at work in two namespaces, the second of which is deleted in the end."""

    installed: Installation
    kube: Kube
    doomed: Kube
    since: int

    @property
    def values(self) -> Object:
        return {"impersonate": robot_of(self.kube.namespace)}


def robot_of(namespace: str) -> list[Object]:
    return [{"namespace": namespace, "serviceAccounts": ["robot"]}]


@pytest.fixture(scope="module")
def desk(vacant: Cluster, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    since = Audit(vacant.audit_log).mark()
    with installation(
        vacant, tmp_path_factory.mktemp("helm"), watching=2, impersonate=lambda watched: robot_of(watched[0])
    ) as installed:
        work, doomed = (Kube(vacant, namespace) for namespace in installed.watched)
        yield Desk(installed, work, doomed, since)


@dataclass(frozen=True)
class Restarted:
    """What became of the executions in whose middle the operator was replaced."""

    order: Object
    scheduled: list[Object]
    jobs: list[str]
    pause: Object


@pytest.fixture(scope="module")
def restarted(desk: Desk, cluster: Cluster) -> Restarted:
    audit = Audit(cluster.audit_log)
    since, kube = audit.mark(), desk.kube
    # A long text is kept beside the status, where the next operator has to read it again.
    pause: Object = {
        "StartAt": "Rest",
        "States": {"Rest": {"Type": "Wait", "SecondsPath": "$.seconds", "End": True}},
    }
    kube.machine("pause", pause)
    kube.start("long-pause", "pause", input={"seconds": 10, "text": "x" * 20_000})
    start_order(kube, "order-on-the-way")
    kube.until("exec", "long-pause", lambda found: found["status"]["phase"] == "Running")
    kube.until("exec", "order-on-the-way", lambda found: found["status"]["seq"] > 1)
    desk.installed.restart()
    return Restarted(
        order=kube.ended("order-on-the-way", seconds=120),
        scheduled=[event for event in kube.history("order-on-the-way") if event["type"] == "TaskScheduled"],
        jobs=[
            write.name
            for write in audit.writes(since, namespace=kube.namespace)
            if (write.verb, write.resource) == ("create", "jobs") and write.code < 300
        ],
        pause=kube.ended("long-pause"),
    )


def test_an_order_is_processed_by_the_operator_in_the_cluster(desk: Desk) -> None:
    ended = order(desk.kube, "order-7")

    assert ended["status"]["phase"] == "Succeeded", ended["status"].get("cause")
    assert output(ended) == {"orderId": "order-7", "amount": 84, "tracking": "SW-order-7", "notified": True}


def test_a_bad_order_is_rejected_with_what_its_task_said(desk: Desk) -> None:
    ended = order(desk.kube, "order-too-dear", total=5000)

    assert (ended["status"]["phase"], ended["status"]["error"]) == ("Failed", "Order.Rejected")
    assert "a total of 5000 needs a person" in ended["status"]["cause"]


def test_a_bad_definition_is_refused_with_its_place(desk: Desk) -> None:
    desk.kube.machine("bad", {"StartAt": "Nowhere", "States": {"A": {"Type": "Succeed"}}})
    found = desk.kube.until("sm", "bad", lambda body: body.get("status", {}).get("diagnostics"))

    assert "/StartAt" in [problem["pointer"] for problem in found["status"]["diagnostics"]]


def test_probes_answer(desk: Desk) -> None:
    assert [desk.installed.ask(8081, path) for path in ("/healthz", "/readyz")] == ["ok", "ok"]


def test_the_operators_requests_have_a_level_of_priority_of_their_own_and_its_leases_that_of_leaders(
    desk: Desk,
) -> None:
    """As the API server itself reports it: by which FlowSchema it let requests in, and on what level."""
    own = f"{desk.installed.namespace}-{RELEASE}"

    await_answer(lambda: dispatched(desk, own), f'priority_level="{own}"')
    await_answer(lambda: dispatched(desk, f"{own}-leases"), 'priority_level="leader-election"')


def test_the_pod_is_as_restricted_as_a_namespace_can_ask_for(desk: Desk) -> None:
    """The namespace enforces the Pod Security Standard "restricted"; beyond it the root file system is read-only."""
    pod = desk.installed.pods()[0]
    attempt = desk.installed.system(
        "exec",
        pod["metadata"]["name"],
        "--",
        "python",
        "-c",
        "import os; print(os.getuid()); open('/x', 'w')",
        check=False,
    )

    assert pod["spec"]["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
    assert attempt.splitlines()[0] == "65532" or "65532" in attempt
    assert "Read-only file system" in attempt


def test_the_image_tells_what_it_is_made_of(desk: Desk) -> None:
    text = desk.installed.system(
        "exec", desk.installed.pods()[0]["metadata"]["name"], "--", "cat", "/opt/stepwright/sbom.cdx.json"
    )
    parts = {part["name"]: part for part in json.loads(text)["components"]}

    assert parts["kopf"]["purl"].startswith("pkg:pypi/kopf@")
    assert not {"pytest", "uv", "hatchling"} & set(parts)


def test_a_rolling_restart_in_the_middle_loses_nothing_and_repeats_nothing(restarted: Restarted) -> None:
    status = restarted.order["status"]

    assert status["phase"] == "Succeeded", status.get("cause")
    assert len(restarted.scheduled) == len(restarted.jobs) == 5
    assert max(Counter(restarted.jobs).values()) == 1
    assert restarted.pause["status"]["phase"] == "Succeeded"
    # The lease was given back rather than left to run out, or all would have stood still for 15 s.
    assert longest_rest(restarted.order) < 12


def test_the_operators_rights_are_those_it_uses(desk: Desk, restarted: Restarted, audit: Audit) -> None:
    """Least privilege both ways: nothing was refused, and nothing is granted that nothing needs."""
    assert restarted
    use_the_rest(desk)
    requests = Requests(audit, desk.installed.user, desk.since)
    rights = granted(desk.installed.objects(**desk.values), RELEASE, desk.installed.namespace)
    used = requests.used()
    needless = rights - used - set(RIGHTS_IN_RESERVE)
    if not requests.has_reads:  # a cluster that was started by an older checkout
        needless = {right for right in needless if right.verb in WRITE_VERBS}

    assert requests.refused() == []
    assert used - rights == set()
    assert needless == set()


def test_metrics_are_for_those_whom_the_api_server_allows_them(desk: Desk) -> None:
    """TokenReview and SubjectAccessReview, with the rights that the chart gives for them."""
    desk.installed.install(**desk.values, metrics={"authorization": True})
    role = f"{desk.installed.namespace}-{RELEASE}-metrics"
    person(desk.kube, "prometheus")
    person(desk.kube, "curious")
    account = f"--serviceaccount={desk.kube.namespace}:prometheus"
    cluster = desk.kube.cluster
    cluster.kubectl("create", "clusterrolebinding", role, f"--clusterrole={role}", account)
    try:
        assert scraped(desk, "").startswith("401")
        assert scraped(desk, "no-token").startswith("401")
        assert scraped(desk, token_of(desk, "curious")).startswith("403")
        await_answer(lambda: scraped(desk, token_of(desk, "prometheus")), "200 # HELP")
    finally:
        cluster.kubectl("delete", "clusterrolebinding", role)


def test_the_charts_server_does_for_people_what_they_may(desk: Desk, tmp_path: Path) -> None:
    """As ``helm`` puts it there: its image, certificate, rights, and policies that let it name others."""
    issue(tmp_path / "tls.crt", tmp_path / "tls.key")
    files = (f"--cert={tmp_path / 'tls.crt'}", f"--key={tmp_path / 'tls.key'}")
    desk.installed.system("create", "secret", "tls", "server-tls", *files)
    machines = ("stepwright.dev", "statemachines", "create,get,list,start")
    executions = ("stepwright.dev", "executions", "create,get")
    person(desk.kube, "ana", machines, executions, ("", "serviceaccounts:robot", "impersonate"))
    person(desk.kube, "ben", ("stepwright.dev", "statemachines", "list"))
    person(desk.kube, "robot")
    server = {"enabled": True, "replicas": 1, "tls": {"secretName": "server-tls"}}
    desk.installed.install(**desk.values, server=server)

    greeting = json.dumps(one({"Type": "Pass", "Result": "hello", "End": True}))
    role = "arn:aws:iam::123456789012:role/robot"
    wanted = {"name": "greets", "definition": greeting, "roleArn": role}
    assert asked(desk, "ben", "CreateStateMachine", wanted).startswith("400 AccessDeniedException")
    made = asked(desk, "ana", "CreateStateMachine", wanted)
    assert made.startswith("200"), made
    arn = json.loads(made.partition(" ")[2])["stateMachineArn"]
    begun = asked(desk, "ana", "StartExecution", {"stateMachineArn": arn, "name": "one"})
    assert begun.startswith("200"), begun
    execution = {"executionArn": json.loads(begun.partition(" ")[2])["executionArn"]}
    await_answer(lambda: asked(desk, "ana", "DescribeExecution", execution), '"SUCCEEDED"')
    assert desk.kube.get("sm", "greets")["spec"]["serviceAccountName"] == "robot"
    assert asked(desk, "", "console").startswith("200")


def test_an_upgrade_brings_new_crds(desk: Desk, tmp_path: Path) -> None:
    chart = copy_of_chart(tmp_path)
    file = chart / "files" / "crds" / "stepwright.dev_executionhistories.yaml"
    crd = yaml.safe_load(file.read_text())
    schema = crd["spec"]["versions"][0]["schema"]["openAPIV3Schema"]
    schema["description"] += " Of the next version."
    file.write_text(yaml.safe_dump(crd))

    description = "jsonpath={.spec.versions[0].schema.openAPIV3Schema.description}"
    told = ("get", "crd", "executionhistories.stepwright.dev", "-o", description)
    try:
        desk.installed.install(chart=chart, **desk.values)
        after = desk.kube(*told)
    finally:
        desk.installed.install(**desk.values)

    assert after.endswith(" Of the next version.")
    assert desk.kube(*told) == after.removesuffix(" Of the next version.")


def test_a_namespace_is_deleted_with_its_state_machines_whatever_goes_first(desk: Desk) -> None:
    """Its Role may be gone before the operator has let the state machines go: that hung for ever."""
    doomed = desk.doomed
    doomed.machine("stays", one({"Type": "Wait", "Seconds": 600, "End": True}))
    doomed.start("waits", "stays")
    doomed.until("exec", "waits", lambda found: found["status"]["phase"] == "Running")

    doomed("delete", "rolebindings,roles", "--all")
    doomed.cluster.kubectl("delete", "namespace", doomed.namespace, "--wait=false")

    try:
        doomed.cluster.kubectl("wait", "--for=delete", f"namespace/{doomed.namespace}", "--timeout=60s")
    except CommandFailed as error:
        raise AssertionError(f"{error}\n{desk.installed.log()[-5000:]}") from error


def test_the_operator_starts_though_a_namespace_of_its_own_is_gone(desk: Desk) -> None:
    """One that is watched no longer exists, and its Role with it: the others must not wait for it."""
    desk.installed.restart()

    assert order(desk.kube, "order-after-all")["status"]["phase"] == "Succeeded"


def test_it_is_not_uninstalled_while_an_execution_runs(desk: Desk) -> None:
    desk.kube.machine("long", one({"Type": "Wait", "Seconds": 600, "End": True}))
    desk.kube.start("in-the-way", "long")
    desk.kube.until("exec", "in-the-way", lambda found: found["status"]["phase"] == "Running")

    with pytest.raises(CommandFailed, match="job stepwright-uninstall failed"):
        desk.installed.uninstall()

    said = desk.installed.system("logs", "job/stepwright-uninstall")
    assert f"Executions are running, and would stay where they are: {desk.kube.namespace}/in-the-way." in said
    assert desk.installed.pods() != []
    desk.kube("patch", "exec", "in-the-way", "--type=merge", "-p", '{"spec":{"stop":{}}}')
    assert desk.kube.ended("in-the-way")["status"]["phase"] == "Aborted"


def test_what_the_chart_has_brought_goes_with_it_but_for_the_crds(desk: Desk, cluster: Cluster) -> None:
    desk.installed.uninstall()

    left = [
        name
        for name in cluster.kubectl("get", ",".join(OF_THE_CLUSTER), "-o", "name").split()
        if f"/{desk.installed.namespace}-" in name
    ]
    assert left == []
    assert desk.installed.system.list("deployments,services,roles,rolebindings") == []
    assert len(
        cluster.kubectl("get", "crd", "-o", "name", "-l", "app.kubernetes.io/part-of=stepwright").split()
    ) == len(KINDS)


# --- Steps ---------------------------------------------------------------------------------------------------------------


def order(kube: Kube, name: str, **input: Any) -> Object:
    start_order(kube, name, **input)
    return kube.ended(name, seconds=120)


def start_order(kube: Kube, name: str, **input: Any) -> None:
    kube("apply", "-f", str(ORDER / "statemachine.yaml"))
    body = yaml.safe_load((ORDER / "execution.yaml").read_text())
    kube.start(name, "order-processing", input={**body["spec"]["input"], "orderId": name, **input})


def dispatched(desk: Desk, flow_schema: str) -> str:
    """Lines of the API server's metric of requests that were let in by this FlowSchema."""
    lines = desk.kube.cluster.kubectl("get", "--raw", "/metrics").splitlines()
    wanted = "apiserver_flowcontrol_dispatched_requests_total{"
    return "\n".join(
        line for line in lines if line.startswith(wanted) and f'flow_schema="{flow_schema}"' in line
    )


def token_of(desk: Desk, account: str) -> str:
    return desk.kube("create", "token", account).strip()


def scraped(desk: Desk, token: str) -> str:
    """The status that the operator answers with, and how its answer begins. Asked from within its pod: a token does not
    pass the API server's proxy."""
    script = (
        "import sys, urllib.request, urllib.error\n"
        "headers = {'Authorization': 'Bearer ' + sys.argv[1]} if sys.argv[1] else {}\n"
        "request = urllib.request.Request('http://localhost:8080/metrics', headers=headers)\n"
        "try:\n"
        "    answer = urllib.request.urlopen(request, timeout=20)\n"
        "except urllib.error.HTTPError as error:\n"
        "    answer = error\n"
        "print(answer.status, answer.read(60).decode())\n"
    )
    pod = desk.installed.pods()[0]["metadata"]["name"]
    return desk.installed.system("exec", pod, "--", "python", "-c", script, token)


def asked(desk: Desk, account: str, operation: str, input: Object | None = None) -> str:
    """The status that the server answers an account with, its error or else its answer. Asked from within its pod, as
    ``scraped`` does. Without an account: the page of this name."""
    script = (
        "import json, ssl, sys, urllib.request, urllib.error\n"
        "token, operation, body = sys.argv[1:]\n"
        "url = 'https://localhost:8443/' + ('' if token else operation + '/')\n"
        "headers = {'Host': 'stepwright-server', 'Content-Type': 'application/x-amz-json-1.0',\n"
        "           'X-Amz-Target': 'AWSStepFunctions.' + operation, 'Authorization': 'Bearer ' + token}\n"
        "request = urllib.request.Request(url, body.encode() if token else None, headers if token else\n"
        "                                 {'Host': 'stepwright-server'})\n"
        "try:\n"
        "    answer = urllib.request.urlopen(request, timeout=20, context=ssl._create_unverified_context())\n"
        "    print(answer.status, answer.read().decode())\n"
        "except urllib.error.HTTPError as error:\n"
        "    text = error.read().decode()\n"
        "    print(error.status, json.loads(text)['__type'].rpartition('#')[2], text)\n"
    )
    token = desk.kube("create", "token", account, "--audience=stepwright").strip() if account else ""
    pods = ("exec", "deployment/stepwright-server", "--", "python", "-c", script)
    return desk.installed.system(*pods, token, operation, json.dumps(input or {})).strip()


def longest_rest(execution: Object) -> float:
    """The longest time, in seconds, in which nothing was under way between two states."""
    visits = execution["status"]["transitions"]
    starts = [datetime.fromisoformat(visit["startTime"]) for visit in visits]
    ends = [
        start + timedelta(seconds=visit["durationSeconds"])
        for start, visit in zip(starts, visits, strict=True)
    ]
    waits = [(later - max(ends[: index + 1])).total_seconds() for index, later in enumerate(starts[1:])]
    return max(0.0, *waits)


def stop_a_map_in_shards(kube: Kube) -> None:
    """Whose shards the operator creates and stops."""
    waits = {"StartAt": "W", "States": {"W": {"Type": "Wait", "Seconds": 600, "End": True}}}
    each = {**waits, "ProcessorConfig": {"Mode": "DISTRIBUTED", "ExecutionType": "STANDARD"}}
    kube.machine("many", one({"Type": "Map", "ItemProcessor": each, "End": True}))
    kube.start("many", "many", input=list(range(1_001)))
    shards = partial(kube.list, "executions", "-l", "stepwright.dev/map-shard")
    kube.until("exec", "many", lambda _: [phase(shard) for shard in shards()] == ["Running"] * 2)
    kube("patch", "exec", "many", "--type=merge", "-p", '{"spec":{"stop":{}}}')
    assert kube.ended("many")["status"]["phase"] == "Aborted"
    kube.until("exec", "many", lambda _: all(phase(shard) == "Aborted" for shard in shards()))


def use_the_rest(desk: Desk) -> None:
    """What an order does not do: all else for which the operator has a right."""
    kube = desk.kube
    kube.cluster.kubectl("label", "namespace", kube.namespace, "pod-security.kubernetes.io/enforce=baseline")
    robot = person(kube, "robot", ("batch", "jobs", "create,patch,delete"), ("", "secrets", "create"))
    await_answer(lambda: robot("auth", "can-i", "create", "jobs", check=False), "yes")
    kube.machine("as-robot", one(job("true")), serviceAccountName="robot")
    kube.machine("long-input", one(job("test $(wc -c < $STEPWRIGHT_INPUT_FILE) -gt 40000")))
    kube.machine("endless", one(job("sleep 600")))
    kube.machine("fails", one(job("echo a last word >&2; exit 3")))
    outside = {"volumes": [{"name": "host", "hostPath": {"path": "/"}}], "containers": [{"image": IMAGE}]}
    parameters = {"podTemplate": {"spec": outside}}
    unsafe: Object = {"Type": "Task", "Resource": "k8s:job", "Parameters": parameters, "End": True}
    kube.machine("no-pod", one(unsafe), taskDefaults={"pendingGraceSeconds": 1})
    kube.start("as-robot", "as-robot")
    kube.start("long-input", "long-input", input={"text": "y" * 40_000})
    kube.start("stopped", "endless")
    kube.start("fails", "fails")
    kube.start("no-pod", "no-pod")
    kube.start("short-lived", "fails", ttlSecondsAfterFinished=0)
    kube.until(
        "exec", "stopped", lambda found: kube.list("jobs", "-l", f"stepwright.dev/execution-uid={uid(found)}")
    )
    kube("patch", "exec", "stopped", "--type=merge", "-p", '{"spec":{"stop":{}}}')
    phases = {
        name: kube.ended(name)["status"]["phase"]
        for name in ("as-robot", "long-input", "stopped", "fails", "no-pod")
    }
    assert phases == {
        "as-robot": "Succeeded",
        "long-input": "Succeeded",
        "stopped": "Aborted",
        "fails": "Failed",
        "no-pod": "Failed",
    }
    assert "a last word" in kube.get("exec", "fails")["status"]["cause"]
    assert "PodSecurity" in kube.get("exec", "no-pod")["status"]["cause"]
    kube("wait", "--for=delete", "exec/short-lived", "--timeout=30s")
    call_a_function_that_is_not_there(kube)
    wait_for_a_worker(kube)
    call_by_connections(kube)
    stop_a_map_in_shards(kube)
    for number in range(14):  # more revisions than are kept
        kube.machine("changing", one(job(f"echo {number}")))
        kube.until("sm", "changing", reconciled)
    kube("delete", "sm", "endless", "--timeout=30s")


def call_by_connections(kube: Kube) -> None:
    """One whose status is written, and one that is not there, which is asked for."""
    kube.apply(
        {
            "apiVersion": "stepwright.dev/v1",
            "kind": "Connection",
            "metadata": {"name": "shop"},
            "spec": {"http": {"allow": ["https://api.example.test/"]}},
        }
    )
    kube.until("conn", "shop", lambda found: condition(found, "Ready").get("status") == "True")
    parameters = {
        "ApiEndpoint": "https://api.example.test/",
        "Method": "GET",
        "InvocationConfig": {"ConnectionArn": "bank"},
    }
    task = {"Type": "Task", "Resource": "arn:aws:states:::http:invoke", "Parameters": parameters, "End": True}
    kube.machine("by-connection", one(task), connections=["bank"])
    kube.start("by-connection", "by-connection")
    assert kube.ended("by-connection")["status"]["error"] == "Events.ConnectionResource.ResourceNotFound"


def wait_for_a_worker(kube: Kube) -> None:
    """There is none: its task is made, and closed when its time is over."""
    kube.apply(
        {
            "apiVersion": "stepwright.dev/v1",
            "kind": "TaskTemplate",
            "metadata": {"name": "idle"},
            "spec": {"worker": {}},
        }
    )
    task = {"Type": "Task", "Resource": "k8s:task/idle", "TimeoutSeconds": 1, "End": True}
    assert kube.run("in-vain", one(task))["status"]["error"] == "States.Timeout"


def call_a_function_that_is_not_there(kube: Kube) -> None:
    """Its Service is watched, and asked for when it is called."""
    template = {
        "apiVersion": "stepwright.dev/v1",
        "kind": "TaskTemplate",
        "metadata": {"name": "nowhere"},
        "spec": {"http": {"service": {"name": "nowhere"}}},
    }
    kube.apply(template)
    called = kube.run("calls", one({"Type": "Task", "Resource": "k8s:task/nowhere", "End": True}))
    assert called["status"]["error"] == "Lambda.ServiceException"
    kube.until("tt", "nowhere", lambda found: condition(found, "Ready").get("reason") == "NoService")


def reconciled(machine: Object) -> bool:
    observed: int = (machine.get("status") or {}).get("observedGeneration", 0)
    generation: int = machine["metadata"]["generation"]
    return observed == generation


def uid(found: Object) -> str:
    text: str = found["metadata"]["uid"]
    return text
