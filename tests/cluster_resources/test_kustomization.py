"""`kubectl apply -k deploy/` is the chart with its default values."""

from __future__ import annotations

import subprocess
import sys

import yaml

from tests.cluster_resources.helm_found import CHECKOUT, helm_path

DEPLOY = CHECKOUT / "deploy"


def test_manifests_are_those_of_the_chart() -> None:
    command = [sys.executable, str(DEPLOY / "render.py"), "--check", "--helm", helm_path()]
    done = subprocess.run(command, capture_output=True, text=True, check=False)

    assert done.returncode == 0, f"{done.stdout}{done.stderr}run deploy/render.py"


def test_nothing_in_it_belongs_to_helm() -> None:
    names = yaml.safe_load((DEPLOY / "kustomization.yaml").read_text())["resources"]

    assert [name for name in names if "helm.sh/" in (DEPLOY / name).read_text()] == []
