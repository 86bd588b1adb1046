# ruff: noqa: INP001 - a command beside what it writes, not a package
"""The kustomization, made from the chart: ``python deploy/render.py [--check] [--helm PATH]``.

The chart is the one source. Its objects with default values become plain manifests for ``kubectl apply -k deploy/``,
without what only Helm needs. The CRDs are a kustomization of their own, ``deploy/crds``: ``kubectl delete -k deploy/`` must
not take them, for with them go all state machines and executions.
"""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import yaml

FOLDER = Path(__file__).parent
CHART = FOLDER.parent / "charts" / "stepwright"
NAMESPACE = "stepwright-system"
KUBERNETES = "1.31.0"
"""The oldest that the chart allows. Without a cluster to ask, helm assumes a version of its own, which may be older."""

_HEADER = "# Generated from charts/stepwright by deploy/render.py: change it there.\n"
_FILES = {
    "CustomResourceDefinition": "crds/crds.yaml",
    "ValidatingAdmissionPolicy": "policies.yaml",
    "ValidatingAdmissionPolicyBinding": "policies.yaml",
    "ClusterRole": "rbac.yaml",
    "ClusterRoleBinding": "rbac.yaml",
    "Role": "rbac.yaml",
    "RoleBinding": "rbac.yaml",
    "ServiceAccount": "rbac.yaml",
}
_KUSTOMIZATIONS = {
    "": ("namespace.yaml", "rbac.yaml", "policies.yaml", "operator.yaml"),
    "crds/": ("crds.yaml",),
}
_HOOK = "helm.sh/hook"


def helm_path() -> str | None:
    return os.environ.get("STEPWRIGHT_HELM") or shutil.which("helm")


def files(helm: str) -> dict[str, str]:
    """The text of each manifest by file name."""
    done = subprocess.run(  # noqa: S603 - helm and the chart are the caller's own
        [helm, "template", "stepwright", str(CHART), "--namespace", NAMESPACE, "--kube-version", KUBERNETES],
        capture_output=True,
        text=True,
        check=True,
    )
    objects: dict[str, list[dict[str, Any]]] = {"namespace.yaml": [_namespace()]}
    for item in yaml.safe_load_all(done.stdout):
        if item and _HOOK not in item["metadata"].get("annotations", {}):
            objects.setdefault(_FILES.get(item["kind"], "operator.yaml"), []).append(_without_helm(item))
    texts = {name: _text(found) for name, found in objects.items()}
    for folder, names in _KUSTOMIZATIONS.items():
        kustomization = {
            "apiVersion": "kustomize.config.k8s.io/v1beta1",
            "kind": "Kustomization",
            "resources": list(names),
        }
        texts[f"{folder}kustomization.yaml"] = _text([kustomization])
    return texts


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true", help="write nothing; fail where a file differs")
    parser.add_argument("--helm", default=helm_path(), help="the helm to render with")
    arguments = parser.parse_args()
    if not arguments.helm:
        parser.error("helm is not on the PATH: give --helm or set STEPWRIGHT_HELM")
    stale = {name: text for name, text in files(arguments.helm).items() if _stored(name) != text}
    for name, text in stale.items():
        if not arguments.check:
            (FOLDER / name).parent.mkdir(exist_ok=True)
            (FOLDER / name).write_text(text)
        print(f"deploy/{name} {'differs from the chart' if arguments.check else 'written'}")  # noqa: T201
    return 1 if arguments.check and stale else 0


def _stored(name: str) -> str | None:
    path = FOLDER / name
    return path.read_text() if path.exists() else None


def _namespace() -> dict[str, Any]:
    labels = {
        "app.kubernetes.io/name": "stepwright",
        "app.kubernetes.io/part-of": "stepwright",
        "pod-security.kubernetes.io/enforce": "restricted",
    }
    return {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": NAMESPACE, "labels": labels}}


def _without_helm(item: dict[str, Any]) -> dict[str, Any]:
    for metadata in (item["metadata"], item.get("spec", {}).get("template", {}).get("metadata", {})):
        for field in ("labels", "annotations"):
            kept = {
                key: value
                for key, value in metadata.get(field, {}).items()
                if not key.startswith("helm.sh/") and key != "app.kubernetes.io/managed-by"
            }
            if kept:
                metadata[field] = kept
            else:
                metadata.pop(field, None)
    return item


def _text(objects: Iterable[dict[str, Any]]) -> str:
    return _HEADER + "---\n".join(yaml.safe_dump(item, sort_keys=False, width=110) for item in objects)


if __name__ == "__main__":
    sys.exit(main())
