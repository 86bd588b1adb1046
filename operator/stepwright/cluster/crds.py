"""The CRDs, generated from the models: ``python -m stepwright.cluster.crds [--check]``.

They are written twice: to ``crds/`` for ``kubectl apply -f crds/``, and into the chart, which must hold all it
installs. ``--check`` writes nothing and fails when a file differs from the models.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import yaml

from stepwright.cluster.resources import GROUP, KINDS, VERSION, Kind
from stepwright.cluster.resources.kinds import Column
from stepwright.kube.schema import Schema, structural

CHECKOUT = Path(__file__).resolve().parents[3]
FOLDERS = ("crds", "charts/stepwright/files/crds")

_KEPT = {"argocd.argoproj.io/sync-options": "Prune=false,Delete=false"}
"""Deleting a CRD deletes all its objects. So it stays when the Argo CD application that brought it is
deleted, or drops it."""

_HEADER = "# Generated from operator/stepwright/cluster/resources by `make generate`: change it there.\n"


def manifest(kind: Kind) -> dict[str, Any]:
    """The CustomResourceDefinition of a kind."""
    version: dict[str, Any] = {
        "name": VERSION,
        "served": True,
        "storage": True,
        "schema": {"openAPIV3Schema": _root(structural(kind.model))},
        "additionalPrinterColumns": [_column(column) for column in kind.columns],
    }
    if kind.selectable_fields:
        version["selectableFields"] = [{"jsonPath": path} for path in kind.selectable_fields]
    if kind.has_status:
        version["subresources"] = {"status": {}}
    return {
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "CustomResourceDefinition",
        "metadata": {
            "name": f"{kind.plural}.{GROUP}",
            "labels": {"app.kubernetes.io/name": "stepwright", "app.kubernetes.io/part-of": "stepwright"},
            "annotations": _KEPT,
        },
        "spec": {
            "group": GROUP,
            "scope": "Namespaced",
            "names": {
                "kind": kind.name,
                "listKind": f"{kind.name}List",
                "plural": kind.plural,
                "singular": kind.name.lower(),
                "shortNames": [kind.short_name],
                "categories": list(kind.categories),
            },
            "versions": [version],
        },
    }


def files() -> dict[str, str]:
    """The text of each CRD by file name."""
    return {
        f"{GROUP}_{kind.plural}.yaml": _HEADER
        + yaml.dump(manifest(kind), Dumper=_Plain, sort_keys=False, width=110)
        for kind in KINDS
    }


def main(arguments: list[str]) -> int:
    check = arguments == ["--check"]
    if arguments and not check:
        print("usage: python -m stepwright.cluster.crds [--check]", file=sys.stderr)  # noqa: T201 - a command
        return 2
    stale = []
    for folder in FOLDERS:
        for name, text in files().items():
            path = CHECKOUT / folder / name
            if path.exists() and path.read_text() == text:
                continue
            stale.append(f"{folder}/{name}")
            if not check:
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_text(text)
    for name in stale:
        print(f"{name} {'differs from the models' if check else 'written'}")  # noqa: T201 - a command
    return 1 if check and stale else 0


class _Plain(yaml.SafeDumper):
    """YAML without anchors, and lists indented under their key, as people write it."""

    def ignore_aliases(self, data: Any) -> bool:  # noqa: ARG002 - the signature is PyYAML's
        return True

    def increase_indent(self, flow: bool = False, indentless: bool = False) -> None:  # noqa: ARG002
        super().increase_indent(flow, indentless=False)


def _root(schema: Schema) -> Schema:
    """A custom resource's root as the API server wants it: only it describes the three fields that every type
    has."""
    own = dict(schema["properties"])
    own["apiVersion"] = {
        "type": "string",
        "description": "The version of this form of the object: stepwright.dev/v1.",
    }
    own["kind"] = {"type": "string", "description": f"{schema['properties']['kind']['enum'][0]}."}
    own["metadata"] = {"type": "object"}
    required = [name for name in schema.get("required", []) if name not in ("apiVersion", "kind", "metadata")]
    return {**schema, "properties": own, "required": required}


def _column(column: Column) -> dict[str, Any]:
    text: dict[str, Any] = {"name": column.name, "type": column.type, "jsonPath": column.path}
    if column.description:
        text["description"] = column.description
    if column.wide:
        text["priority"] = 1
    return text


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
