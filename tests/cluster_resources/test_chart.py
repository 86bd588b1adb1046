"""The Helm chart: what it renders with the values people give it."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import Any

import pytest
import yaml

from tests.cluster_resources.helm_found import CHART, CHECKOUT, of_kind, run, template


def rules(objects: list[dict[str, Any]], kind: str, name: str) -> list[dict[str, Any]]:
    found: list[list[dict[str, Any]]] = [
        item["rules"] for item in of_kind(objects, kind) if item["metadata"]["name"] == name
    ]
    return found[0]


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
    assert arguments[-2:] == ["--namespace=a", "--namespace=b"]
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


def test_people_may_not_write_status_or_history() -> None:
    found = rules(template(), "ClusterRole", "stepwright-system-stepwright-edit")

    assert [rule["resources"] for rule in found] == [["statemachines", "executions"]]


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

    assert len(crds) == 3
    assert {"keep"} == {crd["metadata"]["annotations"]["helm.sh/resource-policy"] for crd in crds}
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
    assert bindings.pop("finalizers") is None  # that one binds the operator itself
    assert set(bindings) == {"input", "accounts", "records", "revisions", "tasks", "task-inputs"}
    assert [found for found in bindings.values() if found != {"namespaceSelector": selector}] == []
    assert names == {item["metadata"]["name"] for item in of_kind(objects, "ValidatingAdmissionPolicy")}
    everywhere = of_kind(template(), "ValidatingAdmissionPolicyBinding")
    assert [item for item in everywhere if "matchResources" in item["spec"]] == []


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
        pytest.param("image.digest=latest", "does not match pattern", id="digest"),
    ],
)
def test_wrong_values_are_refused(setting: str, complaint: str) -> None:
    done = run("template", "x", str(CHART), "--set", setting)

    assert done.returncode != 0
    assert complaint in done.stderr


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
