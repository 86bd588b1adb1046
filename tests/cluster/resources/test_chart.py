"""The Helm chart: what it renders with the values people give it."""

from __future__ import annotations

import base64
import json
import subprocess
import sys
from typing import Any

import pytest
import yaml

from tests.cluster.resources.helm_found import CHART, CHECKOUT, helm_path, of_kind, run, template


def rules(objects: list[dict[str, Any]], kind: str, name: str) -> list[dict[str, Any]]:
    found: list[list[dict[str, Any]]] = [
        item["rules"] for item in of_kind(objects, kind) if item["metadata"]["name"] == name
    ]
    return found[0]


def expressions(policy: str, *settings: str) -> list[str]:
    """The validations of a policy, each in one line."""
    found = [
        item
        for item in of_kind(template(*settings), "ValidatingAdmissionPolicy")
        if item["metadata"]["name"] == f"stepwright-system-stepwright-{policy}"
    ]
    return [" ".join(rule["expression"].split()) for rule in found[0]["spec"]["validations"]]


def retention(*settings: str) -> list[str]:
    (deployment,) = of_kind(template(*settings), "Deployment")
    arguments: list[str] = deployment["spec"]["template"]["spec"]["containers"][0]["args"]
    return [argument for argument in arguments if argument.startswith("--retention")]


def test_ended_executions_go_after_a_week_unless_something_else_is_said() -> None:
    assert retention() == ["--retention-seconds=604800"]
    assert retention("retention.ttlSecondsAfterFinished=null") == []
    assert retention(
        "retention.ttlSecondsAfterFinished=0",
        "retention.successfulExecutionsHistoryLimit=3",
        "retention.failedExecutionsHistoryLimit=0",
    ) == ["--retention-seconds=0", "--retention-successful=3", "--retention-failed=0"]


def test_lint_finds_nothing() -> None:
    done = run("lint", "--strict", str(CHART))

    assert done.returncode == 0, done.stdout


def test_the_operator_cannot_read_secrets_nor_use_wildcards() -> None:
    found = rules(template(), "ClusterRole", "stepwright-system-stepwright")
    secrets = [rule["verbs"] for rule in found if "secrets" in rule["resources"]]

    assert secrets == [["create"]]
    assert "*" not in json.dumps(found)
    assert "impersonate" not in json.dumps(found)


def test_with_namespaces_there_are_roles_there_and_no_cluster_role_but_for_finalizers() -> None:
    objects = template("watchNamespaces={a,b}", "rbac.aggregate=false")
    without = template("watchNamespaces={a,b}", "rbac.aggregate=false", "rbac.finalizers=false")

    assert rules(objects, "ClusterRole", "stepwright-system-stepwright-finalizers") == [
        {"apiGroups": ["stepwright.dev"], "resources": ["statemachines"], "verbs": ["patch"]},
        {"apiGroups": [""], "resources": ["namespaces"], "verbs": ["get"]},
    ]
    assert [len(of_kind(found, "ClusterRole")) for found in (objects, without)] == [1, 0]
    assert [item["metadata"]["namespace"] for item in of_kind(objects, "Role")] == [
        "a",
        "b",
        "stepwright-system",
    ]
    arguments = of_kind(objects, "Deployment")[0]["spec"]["template"]["spec"]["containers"][0]["args"]
    assert [given for given in arguments if given.startswith("--namespace")] == [
        "--namespace=a",
        "--namespace=b",
    ]
    selector = of_kind(objects, "ValidatingAdmissionPolicyBinding")[0]["spec"]["matchResources"][
        "namespaceSelector"
    ]
    assert selector["matchExpressions"][0]["values"] == ["a", "b"]


def test_impersonation_is_granted_by_namespace_and_name() -> None:
    objects = template("impersonate[0].namespace=shop", "impersonate[0].serviceAccounts={orders,mail}")
    found = [item for item in of_kind(objects, "Role") if item["metadata"]["namespace"] == "shop"]

    assert found[0]["rules"] == [
        {
            "apiGroups": [""],
            "resources": ["serviceaccounts"],
            "resourceNames": ["orders", "mail"],
            "verbs": ["impersonate"],
        }
    ]


def test_accounts_for_tasks_are_granted_by_namespace_and_name() -> None:
    objects = template("taskServiceAccounts[0].namespace=shop", "taskServiceAccounts[0].serviceAccounts={a}")
    found = [item for item in of_kind(objects, "Role") if item["metadata"]["namespace"] == "shop"]

    assert [(rule["verbs"], rule["resourceNames"]) for rule in found[0]["rules"]] == [(["use"], ["a"])]


def test_where_every_state_machine_has_an_account_the_operator_makes_no_jobs_and_no_secrets() -> None:
    found = rules(template("requireServiceAccount=true"), "ClusterRole", "stepwright-system-stepwright")
    verbs = {resource: rule["verbs"] for rule in found for resource in rule["resources"]}

    assert verbs["jobs"] == ["get", "list", "watch", "patch", "delete"]
    assert "secrets" not in verbs
    assert expressions("accounts", "requireServiceAccount=true")[-1] == "has(object.spec.serviceAccountName)"
    assert expressions("accounts")[-1] != "has(object.spec.serviceAccountName)"


def test_the_operator_keeps_out_of_its_own_namespace_and_of_those_that_are_excluded() -> None:
    here, usual = "request.namespace == 'stepwright-system'", "request.namespace.startsWith('kube-')"

    assert f"!( {here} || {usual})" in expressions("operator-jobs")[1]
    assert (
        f"!( {here} || request.namespace == 'a')" in expressions("operator-jobs", "excludeNamespaces={a}")[1]
    )
    assert f"!( {here})" in expressions("operator-jobs", "excludeNamespaces=null")[1]


def test_kubernetes_controllers_are_named_one_by_one() -> None:
    text = json.dumps(of_kind(template(), "ValidatingAdmissionPolicy"))

    assert "startsWith('system:serviceaccount:kube-system" not in text


def test_two_operators_are_spread_kept_through_drains_and_come_before_others() -> None:
    objects = template()
    [deployment], [budget] = of_kind(objects, "Deployment"), of_kind(objects, "PodDisruptionBudget")
    pod = deployment["spec"]["template"]["spec"]
    labels = deployment["spec"]["selector"]["matchLabels"]

    assert deployment["spec"]["replicas"] == 2
    assert budget["spec"] == {"minAvailable": 1, "selector": {"matchLabels": labels}}
    assert [item["topologyKey"] for item in pod["topologySpreadConstraints"]] == [
        "kubernetes.io/hostname",
        "topology.kubernetes.io/zone",
    ]
    assert [item["metadata"]["name"] for item in of_kind(objects, "PriorityClass")] == [
        pod["priorityClassName"]
    ]
    assert of_kind(template("replicas=1"), "PodDisruptionBudget") == []
    assert of_kind(template("priorityClassName=mine"), "PriorityClass") == []


def test_what_the_pod_writes_to_is_bounded_and_a_user_namespace_is_asked_for_only_where_told() -> None:
    def pod(*settings: str) -> dict[str, Any]:
        found: dict[str, Any] = of_kind(template(*settings), "Deployment")[0]["spec"]["template"]["spec"]
        return found

    assert pod()["volumes"] == [{"name": "tmp", "emptyDir": {"sizeLimit": "64Mi"}}]
    assert "hostUsers" not in pod()
    assert pod("hostUsers=false")["hostUsers"] is False


def test_the_network_is_open_to_metrics_from_monitoring_and_to_dns_the_api_server_and_functions() -> None:
    [policy] = of_kind(template(), "NetworkPolicy")
    spec = policy["spec"]

    assert spec["policyTypes"] == ["Ingress", "Egress"]
    [rule] = spec["ingress"]
    assert rule["ports"] == [{"port": "metrics", "protocol": "TCP"}]
    assert rule["from"] == [
        {"namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": "monitoring"}}}
    ]
    *others, functions = spec["egress"]
    assert [[item["port"] for item in out["ports"]] for out in others] == [[53, 53], [443, 6443]]
    assert functions == {"to": [{"namespaceSelector": {}}]}
    assert of_kind(template("networkPolicy.functionsAt=null"), "NetworkPolicy")[0]["spec"]["egress"] == others
    assert "ingress" not in of_kind(template("networkPolicy.metricsFrom=null"), "NetworkPolicy")[0]["spec"]
    assert of_kind(template("networkPolicy.create=false"), "NetworkPolicy") == []


def test_requests_for_one_namespace_queue_behind_each_other_and_leases_behind_none() -> None:
    flows = {
        item["spec"]["priorityLevelConfiguration"]["name"]: item["spec"]
        for item in of_kind(template(), "FlowSchema")
    }
    [level] = of_kind(template(), "PriorityLevelConfiguration")
    own = flows[level["metadata"]["name"]]

    assert own["distinguisherMethod"] == {"type": "ByNamespace"}
    assert flows["leader-election"]["matchingPrecedence"] < own["matchingPrecedence"]
    assert flows["leader-election"]["rules"][0]["resourceRules"][0]["namespaces"] == ["stepwright-system"]
    assert of_kind(template("flowSchema.create=false"), "FlowSchema") == []


def arguments(*settings: str) -> list[str]:
    pod = of_kind(template(*settings), "Deployment")[0]["spec"]["template"]["spec"]
    found: list[str] = pod["containers"][0]["args"]
    return found


def test_metrics_are_for_whom_the_cluster_lets_read_them_where_that_is_asked_for() -> None:
    asked = "metrics.authorization=true", "metrics.serviceMonitor.create=true"
    objects = template(*asked)
    name = "stepwright-system-stepwright-metrics"

    assert "--metrics-authorization" in arguments(*asked)
    assert rules(objects, "ClusterRole", name) == [{"nonResourceURLs": ["/metrics"], "verbs": ["get"]}]
    assert [
        (rule["resources"], rule["verbs"]) for rule in rules(objects, "ClusterRole", f"{name}-reviews")
    ] == [(["tokenreviews"], ["create"]), (["subjectaccessreviews"], ["create"])]
    assert "bearerTokenFile" in of_kind(objects, "ServiceMonitor")[0]["spec"]["endpoints"][0]
    assert "--metrics-authorization" not in arguments()
    assert "reviews" not in json.dumps(template())


def test_what_is_logged_counted_and_kept_is_the_installations_choice() -> None:
    assert "--log-execution-data=deny" in arguments()
    assert "--integration=acme" in arguments("integrations={acme}")
    assert "--log-execution-data=allow" in arguments("logExecutionData=allow")
    assert "--state-machine-durations" in arguments("metrics.stateMachineDurations=true")
    assert "--state-machine-durations" not in arguments()
    assert "--no-visits" in arguments("visits=false")
    assert "--no-visits" not in arguments()


def test_uninstalling_is_refused_while_executions_run() -> None:
    [hook] = of_kind(template("watchNamespaces={a,b}"), "Job")
    container = hook["spec"]["template"]["spec"]["containers"][0]

    assert hook["metadata"]["annotations"]["helm.sh/hook"] == "pre-delete"
    assert container["args"] == ["idle", "--namespace=a", "--namespace=b"]
    assert of_kind(template("uninstall.refuseWhileRunning=false"), "Job") == []


def test_people_may_not_write_status_or_history() -> None:
    found = rules(template(), "ClusterRole", "stepwright-system-stepwright-edit")

    assert [(rule["resources"], rule["verbs"]) for rule in found[1:]] == [
        (["statemachines"], ["start"]),
        (["executions"], ["stop", "redrive"]),
        (["externaltasks/status"], ["patch"]),
    ]
    assert found[0]["resources"] == ["statemachines", "executions", "tasktemplates"]


def test_the_pod_runs_restricted() -> None:
    pod = of_kind(template(), "Deployment")[0]["spec"]["template"]["spec"]
    container = pod["containers"][0]

    assert pod["securityContext"]["runAsNonRoot"] is True
    assert container["securityContext"] == {
        "allowPrivilegeEscalation": False,
        "readOnlyRootFilesystem": True,
        "capabilities": {"drop": ["ALL"]},
    }
    assert (
        container["livenessProbe"]["httpGet"]["path"],
        container["readinessProbe"]["httpGet"]["path"],
    ) == ("/healthz", "/readyz")


def test_crds_are_upgraded_with_the_chart_and_kept_without_it() -> None:
    crds = of_kind(template(), "CustomResourceDefinition")

    assert len(crds) == 6
    for crd in crds:
        assert crd["metadata"]["annotations"] == {
            "helm.sh/resource-policy": "keep",
            "argocd.argoproj.io/sync-options": "Prune=false,Delete=false",
        }
    assert of_kind(template("crds.install=false"), "CustomResourceDefinition") == []


def test_policies_name_the_operators_own_account() -> None:
    objects = template("policies.writers={admin}", release="x", namespace="ops")
    records = [
        item
        for item in of_kind(objects, "ValidatingAdmissionPolicy")
        if "records" in item["metadata"]["name"]
    ]

    expression = records[0]["spec"]["validations"][0]["expression"]
    assert "username in ['system:serviceaccount:ops:x-stepwright','admin']" in expression


def test_policies_hold_where_a_selector_says_so() -> None:
    objects = template("policies.namespaceSelector.matchLabels.team=orders", "watchNamespaces={a}")
    bindings = {
        item["metadata"]["name"].removeprefix("stepwright-system-stepwright-"): item["spec"].get(
            "matchResources"
        )
        for item in of_kind(objects, "ValidatingAdmissionPolicyBinding")
    }
    names = {item["spec"]["policyName"] for item in of_kind(objects, "ValidatingAdmissionPolicyBinding")}

    watched = {"key": "kubernetes.io/metadata.name", "operator": "In", "values": ["a"]}
    selector = {"matchLabels": {"team": "orders"}, "matchExpressions": [watched]}
    # What binds the operator itself holds wherever it can act, and its Leases are where it is itself.
    own = {"matchLabels": {"kubernetes.io/metadata.name": "stepwright-system"}}
    assert bindings.pop("leases") == {"namespaceSelector": own}
    assert {bindings.pop(name) for name in list(bindings) if name.startswith("operator-")} == {None}
    assert {"input", "accounts", "records", "revisions", "tasks", "task-inputs"} < set(bindings)
    assert [found for found in bindings.values() if found != {"namespaceSelector": selector}] == []
    policies = {item["metadata"]["name"] for item in of_kind(objects, "ValidatingAdmissionPolicy")}
    assert policies - names == {
        "stepwright-system-stepwright-job-pods"
    }  # which is asked for by policies.jobPods
    everywhere = of_kind(template(), "ValidatingAdmissionPolicyBinding")
    assert [item["metadata"]["name"] for item in everywhere if "matchResources" in item["spec"]] == [
        "stepwright-system-stepwright-leases"
    ]


@pytest.mark.parametrize(
    ("setting", "complaint"),
    [
        pytest.param("image.tagg=1", "additional properties 'tagg' not allowed", id="misspelt"),
        pytest.param("replicas=many", "got string, want integer", id="wrong type"),
        pytest.param("impersonate[0].namespace=a", "missing property 'serviceAccounts'", id="all accounts"),
        pytest.param("impersonate[0].serviceAccounts={a}", "missing property 'namespace'", id="everywhere"),
        pytest.param("watchNamespaces={A_B}", "does not match pattern", id="no name"),
        pytest.param("policies.namespaceSelector.labels.a=b", "'labels' not allowed", id="selector"),
        pytest.param("metrics.port=80", "minimum: got 80, want 1,024", id="privileged port"),
        pytest.param("logLevel=loud", "value must be one of", id="level"),
        pytest.param("excludeNamespaces={*}", "does not match pattern", id="everywhere excluded"),
        pytest.param("networkPolicy.apiServerPorts={https}", "got string, want integer", id="port by name"),
        pytest.param("image.digest=latest", "does not match pattern", id="digest"),
    ],
)
def test_wrong_values_are_refused(setting: str, complaint: str) -> None:
    done = run("template", "x", str(CHART), "--set", setting)

    assert done.returncode != 0
    assert complaint in done.stderr


def test_a_kubernetes_that_is_too_old_is_refused() -> None:
    command = [helm_path(), "template", "x", str(CHART), "--kube-version", "1.30.9"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)

    assert "chart requires kubeVersion: >=1.31.0-0" in done.stderr


def test_every_value_is_documented_and_has_a_schema() -> None:
    command = [sys.executable, str(CHECKOUT / "charts" / "generate_docs.py"), "--check"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    values = yaml.safe_load((CHART / "values.yaml").read_text())
    schema = json.loads((CHART / "values.schema.json").read_text())
    readme = (CHART / "README.md").read_text()

    assert done.returncode == 0, done.stdout
    assert set(values) == set(schema["properties"]) - {"global"}
    assert [name for name in values if f"| `{name}" not in readme] == []


def test_versions_are_the_packages() -> None:
    chart = yaml.safe_load((CHART / "Chart.yaml").read_text())
    from stepwright import __version__

    assert __version__ == chart["appVersion"]


# --- The server of the AWS API ------------------------------------------------------------------------------------------

SERVER = ("server.enabled=true", "server.tls.secretName=tls")


def test_without_being_asked_for_no_server_runs() -> None:
    assert [item["metadata"]["name"] for item in of_kind(template(), "Deployment")] == ["stepwright"]


def test_the_server_may_do_what_its_rules_say_and_nothing_that_runs_something() -> None:
    given = yaml.safe_load((CHART / "files" / "server-rules.yaml").read_text())
    found = rules(template(*SERVER), "ClusterRole", "stepwright-system-stepwright-server")

    assert found == [*given["everywhere"], *given["allNamespaces"], *given["served"]]
    logs = rules(
        template(*SERVER, "server.console.logs=true"), "ClusterRole", "stepwright-system-stepwright-server"
    )
    assert logs == [*found, *given["logs"]]
    named = {resource for rule in found for resource in rule["resources"]}
    assert not named & {"secrets", "pods", "pods/log", "jobs", "executions/status", "*"}
    assert not {"impersonate", "*"} & {verb for rule in found for verb in rule["verbs"]}


def test_with_namespaces_the_server_has_rights_there_alone() -> None:
    given = yaml.safe_load((CHART / "files" / "server-rules.yaml").read_text())
    objects = template(*SERVER, "watchNamespaces={a,b}")

    assert rules(objects, "ClusterRole", "stepwright-system-stepwright-server") == given["everywhere"]
    roles = [
        item
        for item in of_kind(objects, "Role")
        if item["metadata"]["name"] == "stepwright-system-stepwright-server"
    ]
    assert [(role["metadata"]["namespace"], role["rules"]) for role in roles] == [
        ("a", given["served"]),
        ("b", given["served"]),
    ]
    deployment = next(
        item for item in of_kind(objects, "Deployment") if item["metadata"]["name"].endswith("-server")
    )
    arguments = deployment["spec"]["template"]["spec"]["containers"][0]["args"]
    assert [each for each in arguments if each.startswith("--namespace")] == [
        "--namespace=a",
        "--namespace=b",
    ]
    assert "--host-name=stepwright-server.stepwright-system.svc" in arguments


def test_the_server_names_its_callers_and_asks_itself_whose_accounts_they_may_use() -> None:
    user = "system:serviceaccount:stepwright-system:stepwright-server"
    policies = {
        item["metadata"]["name"].removeprefix("stepwright-system-stepwright-"): item["spec"]
        for item in of_kind(template(*SERVER), "ValidatingAdmissionPolicy")
    }

    assert policies["accounts"]["variables"] == [
        {"name": "server", "expression": f"request.userInfo.username in ['{user}']"}
    ]
    asking = [rule for rule in policies["accounts"]["validations"] if "authorizer" in rule["expression"]]
    assert len(asking) == 10
    assert all(rule["expression"].startswith("variables.server || ") for rule in asking)
    for name in ("authors", "children"):
        [condition] = policies[name]["matchConditions"]
        assert user in condition["expression"]
    assert all(user not in json.dumps(policies[name]) for name in ("records", "revisions", "tasks"))


def test_a_server_without_a_certificate_is_not_installed() -> None:
    done = run("template", "stepwright", str(CHART), "--set", "server.enabled=true")

    assert done.returncode != 0
    assert "server.tls.secretName is needed" in done.stderr


def test_replicas_share_the_key_of_the_consoles_sessions_which_is_made_once() -> None:
    def server(*settings: str) -> tuple[list[str], list[str]]:
        """The Secrets that a server mounts, and those that the chart makes."""
        objects = template(*SERVER, *settings)
        pods = [item["spec"]["template"]["spec"] for item in of_kind(objects, "Deployment")]
        mounted = [
            volume["secret"]["secretName"] for pod in pods for volume in pod["volumes"] if "secret" in volume
        ]
        return mounted, [item["metadata"]["name"] for item in of_kind(objects, "Secret")]

    assert server() == (["tls", "stepwright-server-sessions"], ["stepwright-server-sessions"])
    assert server("server.console.sessionSecretName=own") == (["tls", "own"], [])
    assert server("server.console.enabled=false") == (["tls"], [])
    [made] = of_kind(template(*SERVER), "Secret")
    assert len(base64.b64decode(made["data"]["key"])) == 32
