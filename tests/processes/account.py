"""The account that operators under test have: the rules that an installation ships, and nothing beyond them.

Whoever lets an operator act as an administrator does not notice a right that is missing. What the rules refuse to such an
operator fails the run.
"""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import pytest
import yaml

from tests.on_cluster import rights
from tests.testcluster import Cluster
from tests.testcluster.audit import Audit

_RBAC: Final = "rbac.authorization.k8s.io"


class OperatorAccount:
    """A ServiceAccount in a namespace of its own. ``kubeconfig`` lets an operator use it."""

    def __init__(self, cluster: Cluster, folder: Path) -> None:
        self._cluster = cluster
        self._folder = folder
        self._name = f"test-operator-{uuid.uuid4().hex[:8]}"
        self._lease_namespaces: set[str] = set()
        objects, name, _ = rights.shipped()
        self._rules = {role["kind"]: role["rules"] for role in rights.roles(objects, name)}
        self._token = ""

    @property
    def user(self) -> str:
        return f"system:serviceaccount:{self._name}:operator"

    def kubeconfig(self, base: Path, lease_namespace: str) -> Path:
        """Like ``base``, but as this account, which may then keep its Lease in that namespace."""
        if not self._token:
            self._create()
        if lease_namespace not in self._lease_namespaces:
            self._lease_namespaces.add(lease_namespace)
            self._bind("Role", {"namespace": lease_namespace})
        config = yaml.safe_load(base.read_text())
        config["users"] = [{"name": "operator", "user": {"token": self._token}}]
        for context in config["contexts"]:
            context["context"]["user"] = "operator"
        path = self._folder / f"{lease_namespace}-{len(list(self._folder.iterdir()))}.kubeconfig"
        path.write_text(json.dumps(config))
        return path

    def remove(self) -> None:
        if self._token:
            kinds = "clusterrolebinding,clusterrole"
            self._cluster.kubectl("delete", kinds, self._name, "--ignore-not-found")
            self._cluster.kubectl("delete", "namespace", self._name, "--wait=false", "--ignore-not-found")

    def _create(self) -> None:
        self._cluster.kubectl("create", "namespace", self._name)
        self._cluster.kubectl("-n", self._name, "create", "serviceaccount", "operator")
        self._bind("ClusterRole", {})
        answer = self._cluster.kubectl("-n", self._name, "create", "token", "operator", "--duration=24h")
        self._token = answer.strip()

    def _bind(self, kind: str, place: dict[str, str]) -> None:
        metadata = {"name": self._name, **place}
        subject = {"kind": "ServiceAccount", "name": "operator", "namespace": self._name}
        binding: dict[str, Any] = {
            "apiVersion": f"{_RBAC}/v1",
            "kind": f"{kind}Binding",
            "metadata": metadata,
            "roleRef": {"apiGroup": _RBAC, "kind": kind, "name": self._name},
            "subjects": [subject],
        }
        role = {"apiVersion": f"{_RBAC}/v1", "kind": kind, "metadata": metadata, "rules": self._rules[kind]}
        self._cluster.kubectl("apply", "-f", "-", input=yaml.safe_dump_all([role, binding]))


_WITH_NAMESPACES = {("", "namespaces", "get")}
"""What the chart gives besides where `watchNamespaces` names some (`rbac.finalizers`): operators of tests serve one each."""


def missing(audit: Audit, user: str, since: int) -> set[str]:
    """What RBAC has refused to the user itself and the shipped rules do not give. What they give is refused, too, where a
    namespace went with the Role in it; a quota's and a policy's refusals are not RBAC's."""
    objects, account, _ = rights.shipped()
    given = {right[1:] for right in rights.granted(objects, account)} | _WITH_NAMESPACES
    return {
        " ".join(asked)
        for entry in audit.entries(since)
        if entry["user"].get("username") == user
        and "impersonatedUser" not in entry
        and entry.get("annotations", {}).get("authorization.k8s.io/decision") == "forbid"
        and (asked := _asked(entry)) not in given
    }


def _asked(entry: dict[str, Any]) -> tuple[str, str, str]:
    """API group, resource and verb."""
    target = entry.get("objectRef", {})
    resource = "/".join(filter(None, (target.get("resource"), target.get("subresource"))))
    return target.get("apiGroup", ""), resource, entry["verb"]


@pytest.fixture(scope="session")
def operator_account(
    installed: Cluster, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[OperatorAccount]:
    """Shared by all operators of the run."""
    audit = Audit(installed.audit_log)
    since = audit.mark() if installed.can("audit") else None
    account = OperatorAccount(installed, tmp_path_factory.mktemp("accounts"))
    yield account
    lacking = set() if since is None else missing(audit, account.user, since)
    account.remove()
    assert not lacking, f"the chart's rules do not give what operators asked for: {sorted(lacking)}"
