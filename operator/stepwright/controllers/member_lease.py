"""The Lease by which an operator takes part: that it lives, and whom it takes for members."""
# ruff: noqa: N815 - the fields' names on the wire

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, Final

import msgspec

from stepwright.asl.signals import Millis
from stepwright.controllers.standing import View

API_VERSION: Final = "coordination.k8s.io/v1"
PLURAL: Final = "leases"
LABEL: Final = "stepwright.dev/component"
COMPONENT: Final = "operator"
SELECTOR: Final = f"{LABEL}={COMPONENT}"
PREFIX: Final = "stepwright-operator-"
VIEW: Final = "stepwright.dev/members"
"""Annotation: the names of the Leases that the holder takes for members, sorted, with commas."""
COUNTER: Final = "stepwright.dev/renewal"
"""Annotation: a number that grows with each write, by which the holder knows its own writes again."""


class Metadata(msgspec.Struct, frozen=True, gc=False):
    name: str
    namespace: str
    uid: str
    resourceVersion: str
    annotations: Mapping[str, str] = {}


class Spec(msgspec.Struct, frozen=True, gc=False):
    holderIdentity: str | None = None
    leaseDurationSeconds: int | None = None


class MemberLease(msgspec.Struct, frozen=True):
    """As the API server stores it, with the fields that matter."""

    metadata: Metadata
    spec: Spec = Spec()

    @property
    def view(self) -> View | None:
        """Whom its holder takes for members; None where that cannot be read."""
        text = self.metadata.annotations.get(VIEW)
        return tuple(text.split(",")) if text else None

    @property
    def renewal(self) -> str | None:
        return self.metadata.annotations.get(COUNTER)


def manifest(
    name: str,
    identity: str,
    *,
    duration_seconds: int,
    view: View,
    renewal: int,
    stored: Metadata | None,
    now: Millis,
) -> dict[str, Any]:
    """What to create, or to replace ``stored`` with: then on condition that nobody has written since. ``now`` is for
    people: nobody compares clocks."""
    metadata: dict[str, Any] = {
        "name": name,
        "labels": {LABEL: COMPONENT},
        "annotations": {VIEW: ",".join(view), COUNTER: str(renewal)},
    }
    if stored is not None:
        metadata |= {"uid": stored.uid, "resourceVersion": stored.resourceVersion}
    return {
        "apiVersion": API_VERSION,
        "kind": "Lease",
        "metadata": metadata,
        "spec": {
            "holderIdentity": identity,
            "leaseDurationSeconds": duration_seconds,
            "renewTime": datetime.fromtimestamp(now / 1000, UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ"),
        },
    }
