"""An account of a state machine, and an operator that may act as it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from tests.on_cluster.kubectl import Kube
from tests.processes.operators import ROOT

EXAMPLE: Final = ROOT / "examples" / "nested-orders" / "account.yaml"
ACCOUNT: Final = "orders"
"""As the example calls it, with all rights that starting executions takes."""

_GROUP: Final = "rbac.authorization.k8s.io"
_RBAC: Final = {"apiVersion": f"{_GROUP}/v1"}


def as_in_the_example(kube: Kube, user: str) -> None:
    """``user``: the operator's, a ServiceAccount's."""
    kube("apply", "-f", str(EXAMPLE))
    let_act_as(kube, user, ACCOUNT)


def let_act_as(kube: Kube, user: str, *accounts: str) -> None:
    _, _, namespace, name = user.split(":")
    rule = {
        "apiGroups": [""],
        "resources": ["serviceaccounts"],
        "resourceNames": [*accounts],
        "verbs": ["impersonate"],
    }
    subject = {"kind": "ServiceAccount", "name": name, "namespace": namespace}
    _bind(kube, "acts-as", [rule], subject)


def account(kube: Kube, name: str, *rights: tuple[str, str]) -> None:
    """A ServiceAccount that has these rights on resources of Stepwright: each a resource and verbs."""
    kube.apply({"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": name}})
    let(kube, name, {"kind": "ServiceAccount", "name": name, "namespace": kube.namespace}, *rights)


def group(kube: Kube, name: str, *rights: tuple[str, str]) -> None:
    """The same for a group of people, as the API server calls it."""
    let(kube, name.replace(":", "-"), {"apiGroup": _GROUP, "kind": "Group", "name": name}, *rights)


def let(kube: Kube, name: str, subject: dict[str, str], *rights: tuple[str, str]) -> None:
    """``name``: of that one, wherever it comes from."""
    rules = [
        {"apiGroups": ["stepwright.dev"], "resources": [resource], "verbs": verbs.split(",")}
        for resource, verbs in rights
    ]
    _bind(kube, f"rights-of-{name}", rules, subject)


def _bind(kube: Kube, name: str, rules: Sequence[Any], subject: dict[str, str]) -> None:
    role = {**_RBAC, "kind": "Role", "metadata": {"name": name}, "rules": rules}
    reference = {"apiGroup": _GROUP, "kind": "Role", "name": name}
    binding = {
        **_RBAC,
        "kind": "RoleBinding",
        "metadata": {"name": name},
        "roleRef": reference,
        "subjects": [subject],
    }
    kube.apply(role, binding)
