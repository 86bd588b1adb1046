"""`kubectl apply -k deploy/` is the chart with its default values."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import yaml

from tests.cluster.resources.helm_found import CHECKOUT, helm_path

DEPLOY = CHECKOUT / "deploy"


def test_manifests_are_those_of_the_chart() -> None:
    command = [sys.executable, str(DEPLOY / "render.py"), "--check", "--helm", helm_path()]
    done = subprocess.run(command, capture_output=True, text=True, check=False)

    assert done.returncode == 0, f"{done.stdout}{done.stderr}run deploy/render.py"


def manifests(folder: Path) -> list[dict[str, Any]]:
    names = yaml.safe_load((folder / "kustomization.yaml").read_text())["resources"]
    return [item for name in names for item in yaml.safe_load_all((folder / name).read_text())]


def test_nothing_in_it_belongs_to_helm() -> None:
    assert "helm.sh/" not in json.dumps([*manifests(DEPLOY), *manifests(DEPLOY / "crds")])
    assert [item for item in manifests(DEPLOY) if item["kind"] == "Job"] == []


def test_deleting_it_leaves_the_crds_and_with_them_all_executions() -> None:
    kinds = {item["kind"] for item in manifests(DEPLOY)}
    crds = manifests(DEPLOY / "crds")

    assert "CustomResourceDefinition" not in kinds
    assert {item["kind"] for item in crds} == {"CustomResourceDefinition"}
    assert {item["metadata"]["annotations"]["argocd.argoproj.io/sync-options"] for item in crds} == {
        "Prune=false,Delete=false"
    }


def test_the_audit_policy_keeps_inputs_and_outputs_out_of_the_log() -> None:
    policy = yaml.safe_load((DEPLOY / "audit-policy.yaml").read_text())

    assert (policy["apiVersion"], policy["kind"]) == ("audit.k8s.io/v1", "Policy")
    assert {rule["level"] for rule in policy["rules"]} == {"None", "Metadata"}
