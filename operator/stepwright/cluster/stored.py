"""An Execution as the API server has it, read once into what is asked of it.

Of its input nothing is decoded but where it has yet to begin: untyped, it takes twenty times its length once it is decoded.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final, NamedTuple, cast

import msgspec

from stepwright.asl.json_types import JsonText
from stepwright.asl.signals import MapBounds, RedriveFrom
from stepwright.cluster import map_bounds
from stepwright.cluster.resources import Phase
from stepwright.engine.ports import ExecutionRef, StopRequest, Uid
from stepwright.kube.depth import decoded
from stepwright.kube.sizes import least_bytes

Body = Mapping[str, Any]
"""The object as JSON, decoded."""

LARGEST_INPUT_BYTES: Final = 262_144

MARKS = ("stepwright.dev/", "velero.io/")
"""Prefixes of the labels and annotations that matter."""

STARTED = "stepwright.dev/started"
"""Annotation: the uid that the Execution had when it was started."""
VELERO = "velero.io/restore-name"
"""Label of everything that Velero restores."""
APPLIED = "kubectl.kubernetes.io/last-applied-configuration"
"""Annotation: what ``kubectl apply`` was given, with a status if that was an Execution read from a
cluster."""


class InvalidInput(ValueError):  # noqa: N818 - named as the condition's reason
    """The input of an execution cannot be used: the sentence says which field and why. ``stored`` is the lean
    Execution if its input was not even decoded."""

    def __init__(self, sentence: str, stored: Stored | None = None) -> None:
        super().__init__(sentence)
        self.stored = stored


@dataclass(frozen=True, slots=True)
class Pinned:
    """What an execution runs from its start to its end."""

    name: str
    uid: str
    revision: str

    def as_status(self) -> dict[str, str]:
        return {"name": self.name, "uid": self.uid, "revision": self.revision}


class RedriveRequest(NamedTuple):
    """The newest request for a redrive. ``at``: where the execution is to go on, if not where it failed."""

    id: str
    at: RedriveFrom | None = None


@dataclass(frozen=True, slots=True)
class Stored:
    """``status`` is all of it, as it is written there: others may have edited any of it. ``body`` is the object, with its input
    or without."""

    uid: Uid
    namespace: str
    name: str
    state_machine: str
    """Its name."""
    version: str
    """The resourceVersion."""
    generation: int
    stop: StopRequest | None
    bounds: tuple[MapBounds, ...]
    """Those that Map Runs, or the shard that this is, are to have from now on."""
    may_restart: bool
    """Whether somebody wants it again, though it came back from a backup."""
    redrive: RedriveRequest | None
    labels: Mapping[str, str]
    annotations: Mapping[str, str]
    seq: int
    """How often it was written by whoever carries it."""
    commit_id: str | None
    phase: Phase
    settled: bool
    observed_generation: int
    operator: str | None
    """The installation that has begun it."""
    status: Mapping[str, Any] = field(repr=False)
    body: Body = field(repr=False)

    @property
    def reference(self) -> ExecutionRef:
        return ExecutionRef(self.uid, self.namespace, self.name, self.state_machine)

    @property
    def pinned(self) -> Pinned | None:
        """What it runs; None before its first commit."""
        machine = self.status.get("stateMachine")
        return None if machine is None else Pinned(machine["name"], machine["uid"], machine["revision"])

    @property
    def redrive_from(self) -> RedriveFrom | None:
        """Where the newest request for a redrive has it go on, if not where it failed."""
        return None if self.redrive is None else self.redrive.at

    @property
    def is_shard(self) -> bool:
        """Whether it works on a part of a distributed Map, whose checkpoint its parent's operator writes."""
        return self.body["spec"].get("mapShard") is not None

    @property
    def has_ended(self) -> bool:
        return self.phase not in ("Pending", "Running")

    @property
    def has_begun(self) -> bool:
        return self.phase != "Pending" or self.pinned is not None

    @property
    def is_acknowledged(self) -> bool:
        """Whether the newest change of its spec has been looked at."""
        return self.observed_generation >= self.generation

    @property
    def conditions(self) -> list[dict[str, Any]]:
        return list(self.status.get("conditions") or ())

    @property
    def checkpoint(self) -> Mapping[str, str]:
        """Its parts, as JSON texts."""
        parts: Mapping[str, str] = self.status.get("checkpoint") or {}
        return parts

    @property
    def restored_by(self) -> str | None:
        """How an Execution that has not begun shows that it is a copy of one that had: it came back from a
        backup, whose tools leave the status out, or was applied as read from a cluster. None for one that was
        applied again from its source."""
        started = self.annotations.get(STARTED)
        if started is not None and started != self.uid:
            return f"it was started as the Execution with uid {started}"
        if VELERO in self.labels:
            return f"Velero restored it ({self.labels[VELERO]})"
        if APPLIED in self.annotations and _was_applied_with_status(self.annotations[APPLIED]):
            return "it was applied with the status of one that had begun"
        return None


def of(body: Body) -> Stored:
    metadata, spec, status = body["metadata"], body["spec"], body.get("status") or {}
    stop, redrive = spec.get("stop"), spec.get("redrive")
    return Stored(
        uid=Uid(metadata["uid"]),
        namespace=metadata["namespace"],
        name=metadata["name"],
        state_machine=spec["stateMachineRef"]["name"],
        version=metadata.get("resourceVersion") or "",
        generation=metadata.get("generation", 1),
        stop=None if stop is None else StopRequest(stop.get("error"), stop.get("cause")),
        bounds=map_bounds.of_spec(spec),
        may_restart=bool(spec.get("restart")),
        redrive=None if redrive is None else _redrive(redrive),
        labels=metadata.get("labels") or {},
        annotations=metadata.get("annotations") or {},
        seq=status.get("seq") or 0,
        commit_id=status.get("commitId"),
        phase=cast(Phase, status.get("phase") or "Pending"),
        settled=bool(status.get("settled")),
        observed_generation=status.get("observedGeneration") or 0,
        operator=status.get("operator"),
        status=status,
        body=body,
    )


def _redrive(asked: Mapping[str, Any]) -> RedriveRequest:
    state, text = asked.get("from"), asked.get("inputJson")
    at = None if state is None else RedriveFrom(state, None if text is None else JsonText(text))
    return RedriveRequest(asked["requestId"], at)


# --- From what the API server answers --------------------------------------------------------------------------------


def unfit(text: msgspec.Raw | bytes) -> str | None:
    """Why an Execution cannot run with its input, judged only by its text's length, without decoding. An
    input is untyped, so its schema cannot limit it, and decoded it may take twenty times its length."""
    size = least_bytes(decoded(_given, text).spec.input)
    return too_long("spec.input", size) if size > LARGEST_INPUT_BYTES else None


def lean(text: msgspec.Raw | bytes) -> Stored:
    """An Execution without its input, with only the labels and annotations in ``MARKS``."""
    body: dict[str, Any] = msgspec.to_builtins(decoded(_lean, text))
    metadata = body["metadata"]
    for kind in ("labels", "annotations"):
        given = metadata.pop(kind, None) or {}
        if marks := {name: value for name, value in given.items() if _is_mark(name, value)}:
            metadata[kind] = marks
    return of(body)


def as_needed(text: msgspec.Raw | bytes) -> Stored:
    """An Execution, with its input only if it has yet to begin: afterwards the checkpoint has what is needed
    of it. Raises InvalidInput if the input's length alone forbids it."""
    found = lean(text)
    if found.has_ended or found.checkpoint:
        return found
    problem = unfit(text)
    if problem is not None:
        raise InvalidInput(problem, found)
    return of(decoded(msgspec.json.decode, text))


def too_long(field: str, size: int) -> str:
    return f"{field} has {size:,} bytes, more than the {LARGEST_INPUT_BYTES:,} (256 KiB) that are allowed"


def _is_mark(name: str, value: str) -> bool:
    return name.startswith(MARKS) or (name == APPLIED and '"status"' in value)


def _was_applied_with_status(text: str) -> bool:
    try:
        return msgspec.json.decode(text, type=_Applied).status.seq > 0
    except (msgspec.DecodeError, RecursionError):
        return False


class _AppliedStatus(msgspec.Struct, frozen=True):
    seq: int = 0


class _Applied(msgspec.Struct):
    status: _AppliedStatus = _AppliedStatus()


class _GivenSpec(msgspec.Struct):
    input: msgspec.Raw = msgspec.Raw()


class _Given(msgspec.Struct):
    spec: _GivenSpec


class _LeanMetadata(msgspec.Struct, omit_defaults=True):
    name: str
    namespace: str
    uid: str
    resourceVersion: str = ""  # noqa: N815 - the fields' names on the wire
    generation: int = 1
    deletionTimestamp: str | None = None  # noqa: N815
    labels: dict[str, str] | None = None
    annotations: dict[str, str] | None = None


class _LeanSpec(msgspec.Struct, omit_defaults=True):
    stateMachineRef: dict[str, str]  # noqa: N815
    name: str | None = None
    parent: dict[str, Any] | None = None
    mapShard: dict[str, Any] | None = None  # noqa: N815
    mapRuns: list[dict[str, Any]] | None = None  # noqa: N815
    stop: dict[str, str] | None = None
    restart: bool = False
    redrive: dict[str, str] | None = None
    ttlSecondsAfterFinished: int | None = None  # noqa: N815


class _Lean(msgspec.Struct, omit_defaults=True):
    metadata: _LeanMetadata
    spec: _LeanSpec
    status: dict[str, Any] = {}


_given = msgspec.json.Decoder(_Given).decode
_lean = msgspec.json.Decoder(_Lean).decode
