"""What has been changed in the cluster of an object that something keeps as it stands in Git.

``kubectl apply`` and Argo CD note what they have applied in an annotation; Flux, and Argo CD with server-side apply, leave only
which fields are theirs (``managedFields``), so that the changed field is known and its text in Git is not.

https://kubernetes.io/docs/reference/using-api/server-side-apply/#field-management
https://kubernetes.io/docs/tasks/manage-kubernetes-objects/declarative-config/
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

import msgspec

from stepwright.catalog.records import Drift
from stepwright.kube import timestamps

APPLIED: Final = "kubectl.kubernetes.io/last-applied-configuration"

_KEEPERS: Final = frozenset(
    {"argocd-controller", "argocd-application-controller", "kustomize-controller", "helm-controller"}
)
"""Field managers of what ``cluster.managed`` knows."""

_FIELD: Final = "f:"


class _Entry(msgspec.Struct, frozen=True):
    """https://kubernetes.io/docs/reference/generated/kubernetes-api/v1.31/#managedfieldsentry-v1-meta"""

    manager: str = ""
    time: str | None = None
    subresource: str = ""
    fieldsV1: Mapping[str, Any] = {}  # noqa: N815 - as on the wire

    @property
    def fields(self) -> frozenset[str]:
        """Of the spec, those that it has set."""
        spec = self.fieldsV1.get("f:spec")
        names = spec if isinstance(spec, dict) else {}
        return frozenset(name.removeprefix(_FIELD) for name in names if name.startswith(_FIELD))


def drift(spec: msgspec.Struct, annotations: Mapping[str, str], managed_fields: msgspec.Raw) -> Drift | None:
    """Of an object that is kept as it stands in Git. ``spec``: what is looked at of it. None: nothing, as far as can be known."""
    entries = _entries(managed_fields)
    applied = _applied(annotations.get(APPLIED))
    changed = None if applied is None else _changed(spec, applied)
    fields = _taken(entries) if changed is None else changed
    if not fields:
        return None
    by = max(
        (entry for entry in entries if _is_other(entry) and entry.fields & fields),
        key=lambda entry: entry.time or "",
        default=None,
    )
    return Drift(
        fields=tuple(sorted(fields)),
        by=None if by is None else by.manager,
        at=None if by is None or by.time is None else timestamps.millis(by.time),
        applied=None if applied is None else applied.get("definition"),
    )


def _entries(managed_fields: msgspec.Raw) -> Sequence[_Entry]:
    try:
        return msgspec.json.decode(managed_fields, type=tuple[_Entry, ...]) if bytes(managed_fields) else ()
    except (msgspec.DecodeError, ValueError):
        return ()


def _is_other(entry: _Entry) -> bool:
    return not entry.subresource and entry.manager not in _KEEPERS


def _applied(annotation: str | None) -> Mapping[str, Any] | None:
    """Its spec."""
    if annotation is None:
        return None
    try:
        spec = msgspec.json.decode(annotation)["spec"]
    except (msgspec.DecodeError, KeyError, TypeError, RecursionError):
        return None
    return spec if isinstance(spec, dict) else None


def _changed(spec: msgspec.Struct, applied: Mapping[str, Any]) -> frozenset[str] | None:
    """Fields that are not as they were applied. What was not applied may be anything, as it may for who keeps it."""
    try:
        then = msgspec.json.decode(msgspec.json.encode(applied), type=type(spec))
        known = applied.keys() & set(spec.__struct_fields__)
        return frozenset(name for name in known if _value(getattr(spec, name)) != _value(getattr(then, name)))
    except (msgspec.ValidationError, RecursionError):
        return None


def _value(field: Any) -> Any:
    return msgspec.json.decode(field) if isinstance(field, msgspec.Raw) else field


def _taken(entries: Sequence[_Entry]) -> frozenset[str]:
    """Fields that somebody else has set since: who had set one before is still said to have, until it is changed."""
    keepers = [entry for entry in entries if entry.manager in _KEEPERS and not entry.subresource]
    if not keepers:
        return frozenset()
    last = max(entry.time or "" for entry in keepers)
    others = (entry for entry in entries if _is_other(entry) and (entry.time or "") > last)
    return frozenset().union(*(entry.fields for entry in others))
