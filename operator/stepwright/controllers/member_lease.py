"""The Lease with which an operator takes part: it shows that the operator lives, and whom it considers
members."""
# ruff: noqa: N815 - the fields' names on the wire

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, Final

import msgspec

from stepwright import __version__
from stepwright.asl.signals import Millis
from stepwright.controllers.standing import View
from stepwright.engine.ports import ExecutionRef, Uid

API_VERSION: Final = "coordination.k8s.io/v1"
PLURAL: Final = "leases"
LABEL: Final = "stepwright.dev/component"
COMPONENT: Final = "operator"
SELECTOR: Final = f"{LABEL}={COMPONENT}"
ALL: Final = LABEL
"""Also selects what ``quarantine`` records, so that one list shows both at one moment."""
PREFIX: Final = "stepwright-operator-"
VIEW: Final = "stepwright.dev/members"
"""Annotation: the names of the Leases that the holder considers members, sorted, separated by commas."""
COUNTER: Final = "stepwright.dev/renewal"
"""Annotation: a number that grows with each write, by which the holder recognises its own writes."""
STEPPING: Final = "stepwright.dev/stepping"
"""Annotation: the execution whose step has held the holder's loop for long, and may kill the holder."""
WRITER: Final = "stepwright.dev/version"
"""Annotation: the holder's version of Stepwright."""


class Metadata(msgspec.Struct, frozen=True, gc=False):
    name: str
    namespace: str
    uid: str
    resourceVersion: str
    annotations: Mapping[str, str] = {}
    labels: Mapping[str, str] = {}


class Spec(msgspec.Struct, frozen=True, gc=False):
    holderIdentity: str | None = None
    leaseDurationSeconds: int | None = None


class MemberLease(msgspec.Struct, frozen=True):
    """As the API server stores it, with the fields that matter."""

    metadata: Metadata
    spec: Spec = Spec()

    @property
    def view(self) -> View | None:
        """Whom its holder considers members; None if that cannot be read."""
        text = self.metadata.annotations.get(VIEW)
        return tuple(text.split(",")) if text else None

    @property
    def is_member(self) -> bool:
        """Leases of other names may have the label: they belong to nobody."""
        return self.metadata.labels.get(LABEL) == COMPONENT and self.metadata.name.startswith(PREFIX)

    @property
    def stepping(self) -> ExecutionRef | None:
        return read_reference(self.metadata.annotations.get(STEPPING, ""))

    @property
    def version(self) -> str:
        return self.metadata.annotations.get(WRITER, "")

    @property
    def renewal(self) -> str | None:
        return self.metadata.annotations.get(COUNTER)


def written_reference(ref: ExecutionRef) -> str:
    return f"{ref.namespace}/{ref.name}/{ref.state_machine}/{ref.uid}"


def read_reference(text: str) -> ExecutionRef | None:
    """None if it is not a valid one, whoever has written it."""
    match text.split("/"):
        case [str(namespace), str(name), str(machine), str(uid)] if uid:
            return ExecutionRef(Uid(uid), namespace, name, machine)
        case _:
            return None


def _micro_time(moment: Millis) -> str:
    """In the form of metav1.MicroTime."""
    text = datetime.fromtimestamp(moment / 1000, UTC).isoformat(timespec="microseconds")
    return text.removesuffix("+00:00") + "Z"


def manifest(
    name: str,
    identity: str,
    *,
    duration_seconds: int,
    view: View,
    renewal: int,
    stored: Metadata | None,
    now: Millis,
    stepping: ExecutionRef | None = None,
) -> dict[str, Any]:
    """The Lease to create, or to replace ``stored`` with, on condition that nobody has written since. ``now``
    is for people: nobody compares clocks."""
    metadata: dict[str, Any] = {
        "name": name,
        "labels": {LABEL: COMPONENT},
        "annotations": {VIEW: ",".join(view), COUNTER: str(renewal), WRITER: __version__},
    }
    if stepping is not None:
        metadata["annotations"][STEPPING] = written_reference(stepping)
    if stored is not None:
        metadata |= {"uid": stored.uid, "resourceVersion": stored.resourceVersion}
    return {
        "apiVersion": API_VERSION,
        "kind": "Lease",
        "metadata": metadata,
        "spec": {
            "holderIdentity": identity,
            "leaseDurationSeconds": duration_seconds,
            "renewTime": _micro_time(now),
        },
    }
