"""The cluster under test does what tests rely on."""

from __future__ import annotations

import json
import urllib.request

import pytest

from tests.testcluster import Cluster, CommandFailed, processes, state
from tests.testcluster.audit import Audit

pytestmark = pytest.mark.cluster

BUSYBOX = "busybox:1.37"


def job(name: str, *command: str, **pod: object) -> str:
    container = {"name": "main", "image": BUSYBOX, "command": list(command)}
    template = {"spec": {"restartPolicy": "Never", "containers": [container], **pod}}
    return json.dumps(
        {
            "apiVersion": "batch/v1",
            "kind": "Job",
            "metadata": {"name": name},
            "spec": {"backoffLimit": 0, "template": template},
        }
    )


def test_a_job_completes_and_its_log_can_be_read(cluster: Cluster, namespace: str) -> None:
    cluster.kubectl("apply", "-n", namespace, "-f", "-", input=job("echo", "echo", "hello"))
    cluster.kubectl("wait", "-n", namespace, "job/echo", "--for=condition=Complete", "--timeout=60s")

    assert cluster.kubectl("logs", "-n", namespace, "job/echo") == "hello\n"


def test_audit_records_who_created_what(cluster: Cluster, namespace: str, audit: Audit) -> None:
    if not cluster.can("audit"):
        pytest.skip(f"a cluster of kind {cluster.kind} shows no audit log")
    since = audit.mark()
    cluster.kubectl("create", "configmap", "note", "-n", namespace)

    write = audit.await_write(since, verb="create", resource="configmaps", namespace=namespace, name="note")
    assert write.code == 201
    assert write.userAgent.startswith("kubectl")
    assert [write] == audit.writes(since, user=write.user, user_agent_prefix="kubectl", namespace=namespace)


def test_a_namespace_is_fresh(cluster: Cluster, namespace: str) -> None:
    assert cluster.kubectl("get", "jobs,pods,secrets", "-n", namespace, "-o", "name") == ""
    assert (
        cluster.kubectl("get", "serviceaccounts", "-n", namespace, "-o", "name") == "serviceaccount/default\n"
    )


def test_a_service_reaches_its_pod_from_this_machine(cluster: Cluster, namespace: str) -> None:
    if cluster.host_address is None:
        pytest.skip(f"services of a cluster of kind {cluster.kind} are not routed to this machine")
    serve = "mkdir /www && echo served > /www/index.html && httpd -f -p 8080 -h /www"
    cluster.kubectl("run", "web", "-n", namespace, f"--image={BUSYBOX}", "--port=8080", "--expose",
                    "--command", "--", "sh", "-c", serve)  # fmt: skip
    cluster.kubectl("wait", "-n", namespace, "pod/web", "--for=condition=Ready", "--timeout=60s")
    address = cluster.kubectl("get", "service", "web", "-n", namespace, "-o", "jsonpath={.spec.clusterIP}")
    # What was sent before kube-proxy knew of the service is never answered, nor what is sent again on that connection;
    # Debian's busybox has a wget that takes no time-out.
    fetch = "until timeout 2 wget -q -O- $URL; do sleep 0.2; done"
    url = f"http://{address}:8080/"
    cluster.kubectl(
        "apply", "-n", namespace, "-f", "-", input=job("fetch", "sh", "-c", f"URL={url}; {fetch}")
    )
    cluster.kubectl("wait", "-n", namespace, "job/fetch", "--for=condition=Complete", "--timeout=60s")

    assert cluster.kubectl("logs", "-n", namespace, "job/fetch") == "served\n"
    with urllib.request.build_opener(urllib.request.ProxyHandler({})).open(url, timeout=5) as response:
        assert response.read() == b"served\n"


def test_a_simulated_node_completes_jobs(cluster: Cluster, namespace: str) -> None:
    if not cluster.can("kwok"):
        pytest.skip(f"a cluster of kind {cluster.kind} gets no simulated node")
    cluster.start_kwok()
    tolerations = [{"key": "kwok.x-k8s.io/node", "operator": "Exists", "effect": "NoSchedule"}]
    simulated = job("fake", "true", nodeSelector={"type": "kwok"}, tolerations=tolerations)
    cluster.kubectl("apply", "-n", namespace, "-f", "-", input=simulated)

    cluster.kubectl("wait", "-n", namespace, "job/fake", "--for=condition=Complete", "--timeout=30s")
    cluster.stop_kwok()
    assert "node/kwok-0" not in cluster.kubectl("get", "nodes", "-o", "name")


def test_the_api_server_comes_back_with_what_it_had(cluster: Cluster, namespace: str) -> None:
    if not cluster.can("control-plane-faults"):
        pytest.skip(f"the API server of a cluster of kind {cluster.kind} is not ours to restart")
    cluster.kubectl("create", "configmap", "note", "-n", namespace)
    cluster.restart_apiserver()
    cluster.restart_etcd()

    assert "configmap/note" in cluster.kubectl("get", "configmaps", "-n", namespace, "-o", "name")


def test_servers_that_died_are_started_again_before_the_next_test(cluster: Cluster, namespace: str) -> None:
    if not cluster.can("control-plane-faults"):
        pytest.skip(f"the servers of a cluster of kind {cluster.kind} are not ours to end")
    current = state.load()
    assert current is not None
    for name in ("etcd", "kube-apiserver", "kube-scheduler", "node-init"):
        processes.end(current.processes[name], grace_seconds=0)
    assert "refused" in cluster.kubectl("get", "namespaces", "--request-timeout=5s", check=False)

    cluster.mend()

    cluster.kubectl("apply", "-n", namespace, "-f", "-", input=job("again", "true"))
    cluster.kubectl("wait", "-n", namespace, "job/again", "--for=condition=Complete", "--timeout=60s")


def test_a_node_that_lost_power_runs_jobs_again(cluster: Cluster, namespace: str) -> None:
    if not cluster.can("node-faults"):
        pytest.skip(f"the node of a cluster of kind {cluster.kind} is not ours to stop")
    cluster.stop_node()
    cluster.kubectl("apply", "-n", namespace, "-f", "-", input=job("later", "true"))
    cluster.start_node()

    cluster.kubectl("wait", "-n", namespace, "job/later", "--for=condition=Complete", "--timeout=60s")


def test_helm_finds_no_release_in_a_fresh_namespace(cluster: Cluster, namespace: str) -> None:
    assert cluster.helm("list", "-n", namespace, "--output=json") == "[]\n"


def test_a_failed_command_says_which_and_why(cluster: Cluster, namespace: str) -> None:
    with pytest.raises(CommandFailed) as failure:
        cluster.kubectl("get", "pod", "none", "-n", namespace)

    assert (
        f"`kubectl get pod none -n {namespace}` ended with 1: "
        'Error from server (NotFound): pods "none" not found' == str(failure.value)
    )
