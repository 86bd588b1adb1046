"""Rights as RBAC gives them and as requests need them: what an installation ships, compared with what is asked.

https://kubernetes.io/docs/reference/access-authn-authz/rbac/ and, for how a request becomes a verb,
https://kubernetes.io/docs/reference/access-authn-authz/authorization/#determine-the-request-verb
"""

from __future__ import annotations

import re
import textwrap
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, Final, Literal, NamedTuple

import yaml

CHECKOUT: Final = Path(__file__).resolve().parents[2]

Where = Literal["own", "served"]
"""The namespace in which the operator itself is, or one whose executions it runs (all of them with a ClusterRole)."""

_VERBS: Final = {"POST": "create", "PUT": "update", "PATCH": "patch", "DELETE": "delete"}


class Right(NamedTuple):
    where: Where
    group: str
    resource: str
    """With its subresource: ``pods/log``."""
    verb: str


def shipped() -> tuple[list[dict[str, Any]], str, str]:
    """The objects of deploy/rbac.yaml, which the chart renders with its default values; the operator's ServiceAccount
    in them, and its namespace."""
    objects = [item for item in yaml.safe_load_all((CHECKOUT / "deploy" / "rbac.yaml").read_text()) if item]
    [account] = (item["metadata"] for item in objects if item["kind"] == "ServiceAccount")
    return objects, account["name"], account["namespace"]


def documented() -> tuple[list[dict[str, Any]], str]:
    """The objects with which docs/identity.md sets up a state machine's own account, and that account's name."""
    page = (CHECKOUT / "docs" / "identity.md").read_text()
    blocks = re.findall(r"^ *```yaml\n(.*?)^ *```", page, re.MULTILINE | re.DOTALL)
    objects = list(
        yaml.safe_load_all(next(textwrap.dedent(block) for block in blocks if "RoleBinding" in block))
    )
    [subject] = next(item["subjects"] for item in objects if item["kind"] == "RoleBinding")
    return objects, subject["name"]


def roles(objects: Sequence[Mapping[str, Any]], account: str) -> list[Mapping[str, Any]]:
    """The Roles and ClusterRoles among the objects that are bound to the ServiceAccount of that name."""
    bound = {
        (item["roleRef"]["kind"], item["metadata"].get("namespace"), item["roleRef"]["name"])
        for item in objects
        if item["kind"] in ("RoleBinding", "ClusterRoleBinding")
        and any(subject["name"] == account for subject in item["subjects"])
    }
    return [
        item
        for item in objects
        if (item["kind"], item["metadata"].get("namespace"), item["metadata"]["name"]) in bound
    ]


def granted(objects: Sequence[Mapping[str, Any]], account: str, own_namespace: str = "") -> set[Right]:
    """All that the objects' roles give to the ServiceAccount of that name."""
    return {
        Right("own" if namespace and namespace == own_namespace else "served", group, resource, verb)
        for role in roles(objects, account)
        for namespace in (role["metadata"].get("namespace"),)
        for rule in role["rules"]
        for group, resource, verb in _each(rule)
    }


def needed(method: str, path: str, own_namespace: str, *, watching: bool = False) -> Right:
    """What a request to the API server needs."""
    parts = path.strip("/").split("/")
    group, parts = ("", parts[2:]) if parts[0] == "api" else (parts[1], parts[3:])
    namespace = ""
    if parts[0] == "namespaces" and len(parts) > 2:
        namespace, parts = parts[1], parts[2:]
    resource = "/".join((parts[0], *parts[2:]))
    verb = _VERBS.get(method) or ("watch" if watching else "get" if len(parts) > 1 else "list")
    return Right("own" if namespace == own_namespace else "served", group, resource, verb)


def _each(rule: Mapping[str, Any]) -> Iterable[tuple[str, str, str]]:
    return (
        (group, resource, verb)
        for group in rule["apiGroups"]
        for resource in rule["resources"]
        for verb in rule["verbs"]
    )
