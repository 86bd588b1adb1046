"""A StateMachine as the catalog has it."""
# ruff: noqa: N815 - the fields' names on the wire

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, Final

import msgspec

from stepwright.asl.definition import substitutions
from stepwright.asl.json_types import Pointer
from stepwright.asl.signals import Millis
from stepwright.asl.text import jsontext
from stepwright.catalog.arns import Place
from stepwright.catalog.records import NOT_CHECKED, Drift, Revision, StateMachine, Unready
from stepwright.cluster import conditions
from stepwright.cluster.catalog import roles
from stepwright.cluster.catalog.machine_names import NAME, machine_name
from stepwright.cluster.drift import drift
from stepwright.cluster.managed import managed_by
from stepwright.kube import timestamps
from stepwright.kube.depth import decoded

ROLE: Final = "stepwright.dev/role-arn"
TAGS: Final = "stepwright.dev/tags"
SETTINGS: Final = "stepwright.dev/settings"
"""Annotations of a StateMachine: what AWS's API shows of it, as it was given; the last two as JSON."""

DEFAULTS: Final[Mapping[str, Any]] = MappingProxyType(
    {
        "loggingConfiguration": {"level": "OFF", "includeExecutionData": False},
        "tracingConfiguration": {"enabled": False},
        "encryptionConfiguration": {"type": "AWS_OWNED_KEY"},
    }
)
"""The settings of one that says nothing."""

_NOT_CHECKED: Final = "No operator has checked it yet: none is running, or none serves this namespace."


class _Metadata(msgspec.Struct, frozen=True):
    name: str
    namespace: str
    uid: str
    creationTimestamp: str
    resourceVersion: str = ""
    generation: int = 1
    deletionTimestamp: str | None = None
    labels: Mapping[str, str] = {}
    annotations: Mapping[str, str] = {}
    managedFields: msgspec.Raw = msgspec.Raw()


class _Logging(msgspec.Struct, frozen=True):
    level: str = "OFF"
    includeExecutionData: bool = False


class _Tracing(msgspec.Struct, frozen=True):
    enabled: bool = False


class _Spec(msgspec.Struct, frozen=True):
    definition: msgspec.Raw = msgspec.Raw(b'""')
    definitionSubstitutions: Mapping[str, Any] = {}
    type: str = "Standard"
    serviceAccountName: str | None = None
    taskServiceAccountName: str | None = None
    connections: tuple[str, ...] = ()
    logging: _Logging | None = None
    tracing: _Tracing | None = None


class _Condition(msgspec.Struct, frozen=True):
    type: str
    status: str
    reason: str = ""
    message: str = ""
    lastTransitionTime: str = ""


class _Diagnostic(msgspec.Struct, frozen=True):
    severity: str = ""
    pointer: str = ""


class _Status(msgspec.Struct, frozen=True):
    observedGeneration: int = 0
    revision: str | None = None
    conditions: tuple[_Condition, ...] = ()
    diagnostics: tuple[_Diagnostic, ...] = ()

    def unready(self, created: Millis) -> Unready | None:
        """Of one that was created then."""
        ready = next((each for each in self.conditions if each.type == conditions.READY), None)
        if ready is None:
            return Unready(NOT_CHECKED, _NOT_CHECKED, created)
        if ready.status == conditions.TRUE:
            return None
        since = timestamps.millis(ready.lastTransitionTime) if ready.lastTransitionTime else created
        first = next(iter(self.diagnostics), None)  # errors come first
        return Unready(ready.reason, ready.message, since, None if first is None else Pointer(first.pointer))


class StoredMachine(msgspec.Struct, frozen=True):
    metadata: _Metadata
    spec: _Spec
    status: _Status = _Status()

    @property
    def name(self) -> str:
        """As AWS has it."""
        return machine_name(self.metadata.name, self.metadata.annotations.get(NAME))

    @property
    def deleting(self) -> bool:
        return self.metadata.deletionTimestamp is not None

    @property
    def definition(self) -> str:
        """Its text, with what stands for placeholders put in; as it is stored if it is not one that could ever run."""
        try:
            given = decoded(msgspec.json.decode, bytes(self.spec.definition))
            return substitutions.definition_text(given, self.spec.definitionSubstitutions)
        except ValueError:
            return bytes(self.spec.definition).decode()

    def record(self, place: Place) -> StateMachine:
        metadata, spec, status = self.metadata, self.spec, self.status
        created = timestamps.millis(metadata.creationTimestamp)
        annotations = metadata.annotations
        is_checked = status.observedGeneration == metadata.generation and status.revision is not None
        revision = Revision(
            id=str(status.revision) if is_checked else f"{metadata.uid}-{metadata.generation}",
            definition=self.definition,
            role_arn=roles.shown(place, spec.serviceAccountName, annotations.get(ROLE)),
            created=created,
            settings=self._settings(),
            first=metadata.generation == 1,
        )
        return StateMachine(
            arn=place.state_machine(self.name),
            name=self.name,
            type="EXPRESS" if spec.type == "Express" else "STANDARD",
            created=created,
            revision=revision,
            tags=tags(annotations.get(TAGS)),
            deleting=self.deleting,
            managed_by=(keeper := managed_by(metadata.labels, annotations)),
            drift=None if keeper is None else self._drift(),
            unready=None if self.deleting else status.unready(created),
        )

    def _drift(self) -> Drift | None:
        return drift(self.spec, self.metadata.annotations, self.metadata.managedFields)

    def _settings(self) -> dict[str, Any]:
        """What its spec says counts; the rest, such as log groups, is there as it was given."""
        found = {**DEFAULTS, **_object(self.metadata.annotations.get(SETTINGS))}
        given = found["loggingConfiguration"]
        logged = msgspec.to_builtins(self.spec.logging or _Logging())
        found["loggingConfiguration"] = {**given, **logged} if isinstance(given, dict) else logged
        # Earlier versions have written it into the annotation alone.
        if self.spec.tracing is not None:
            found["tracingConfiguration"] = msgspec.to_builtins(self.spec.tracing)
        return found


class ListedMachine(msgspec.Struct, frozen=True):
    """Without its definition."""

    metadata: _Metadata
    spec: _ListedSpec
    status: _Status = _Status()

    def record(self, place: Place) -> StateMachine:
        metadata = self.metadata
        name = machine_name(metadata.name, metadata.annotations.get(NAME))
        created = timestamps.millis(metadata.creationTimestamp)
        is_deleting = metadata.deletionTimestamp is not None
        return StateMachine(
            arn=place.state_machine(name),
            name=name,
            type="EXPRESS" if self.spec.type == "Express" else "STANDARD",
            created=created,
            revision=Revision("", "", "", created),
            deleting=is_deleting,
            unready=None if is_deleting else self.status.unready(created),
        )


class _ListedSpec(msgspec.Struct, frozen=True):
    type: str = "Standard"


def tags(text: str | None) -> dict[str, str]:
    """Those of an annotation, which people may have edited."""
    return {key: value for key, value in _object(text).items() if isinstance(value, str)}


def _object(text: str | None) -> dict[str, Any]:
    if text is None:
        return {}
    try:
        read = jsontext.parse(text)
    except jsontext.InvalidJson:
        return {}
    return read if isinstance(read, dict) else {}
