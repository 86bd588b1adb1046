"""Converts an Execution as the API server stores it into what the engine takes up."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import msgspec
from msgspec.structs import replace

from stepwright.asl.checkpoint import checkpoint as checkpoints
from stepwright.asl.checkpoint.checkpoint import EncodedPart, Identity, PartId
from stepwright.asl.json_types import JsonText
from stepwright.asl.signals import Millis
from stepwright.asl.text import jsontext
from stepwright.cluster import arns
from stepwright.cluster.revisions import Revision
from stepwright.engine.ports import ExecutionRef, Loaded, StopRequest, Uid
from stepwright.kube import timestamps
from stepwright.kube.depth import decoded
from stepwright.kube.sizes import least_bytes

LARGEST_INPUT_BYTES = 262_144

MARKS = ("stepwright.dev/", "velero.io/")
"""Prefixes of the labels and annotations that matter."""

STARTED = "stepwright.dev/started"
"""Annotation: the uid that the Execution had when it was started."""
VELERO = "velero.io/restore-name"
"""Label of everything that Velero restores."""
APPLIED = "kubectl.kubernetes.io/last-applied-configuration"
"""Annotation: what ``kubectl apply`` was given, with a status if that was an Execution read from a
cluster."""

Body = Mapping[str, Any]


class InvalidInput(ValueError):  # noqa: N818 - named as the condition's reason
    """The input of an execution cannot be used: the sentence says which field and why. ``body`` is the lean
    Execution if its input was not even decoded."""

    def __init__(self, sentence: str, body: Body | None = None) -> None:
        super().__init__(sentence)
        self.body = body


@dataclass(frozen=True, slots=True)
class Pinned:
    """What an execution runs from its start to its end."""

    name: str
    uid: str
    revision: str

    def as_status(self) -> dict[str, str]:
        return {"name": self.name, "uid": self.uid, "revision": self.revision}


def uid_of(body: Body) -> Uid:
    return Uid(body["metadata"]["uid"])


def pinned(body: Body) -> Pinned | None:
    """What the execution is pinned to; None before its first commit."""
    machine = (body.get("status") or {}).get("stateMachine")
    return None if machine is None else Pinned(machine["name"], machine["uid"], machine["revision"])


def state_machine_name(body: Body) -> str:
    name: str = body["spec"]["stateMachineRef"]["name"]
    return name


def phase(body: Body) -> str:
    return (body.get("status") or {}).get("phase") or "Pending"


def seq(body: Body) -> int:
    """How often the operator has written the execution."""
    return (body.get("status") or {}).get("seq") or 0


def is_acknowledged(body: Body) -> bool:
    """Whether the newest change of its spec has been noticed."""
    observed = (body.get("status") or {}).get("observedGeneration") or 0
    return bool(observed >= body["metadata"].get("generation", 1))


def has_ended(body: Body) -> bool:
    return phase(body) not in ("Pending", "Running")


def is_settled(body: Body) -> bool:
    return bool((body.get("status") or {}).get("settled"))


def waiting_until(body: Body) -> Millis | None:
    """When the execution continues by itself, if it only waits."""
    text = (body.get("status") or {}).get("waitingUntil")
    return None if text is None else timestamps.millis(text)


def stop_request(body: Body) -> StopRequest | None:
    stop = body["spec"].get("stop")
    return None if stop is None else StopRequest(stop.get("error"), stop.get("cause"))


def reference(body: Body, settings: Mapping[str, Any] | None = None) -> ExecutionRef:
    metadata = body["metadata"]
    return ExecutionRef(
        uid=uid_of(body),
        namespace=metadata["namespace"],
        name=metadata["name"],
        state_machine=state_machine_name(body),
        settings=settings or {},
    )


def input_text(body: Body) -> JsonText:
    """The input as JSON text: ``inputJson`` exactly as written, else ``input``, else ``{}``. Raises InvalidInput."""
    spec = body["spec"]
    text = spec.get("inputJson")
    if text is None:
        try:
            text = jsontext.dump(spec.get("input", {}))
        except jsontext.TooDeep as error:
            raise _too_deep("spec.input") from error
        except jsontext.InvalidJson as error:
            raise InvalidInput(f"spec.input cannot be taken: {error.message}") from error
        _check_size("spec.input", text)
        return text
    if "input" in spec:
        raise InvalidInput("spec.input and spec.inputJson are both given: give one of them")
    _check_size("spec.inputJson", text)
    try:
        jsontext.parse(text)
    except jsontext.TooDeep as error:
        raise _too_deep("spec.inputJson") from error
    except jsontext.InvalidJson as error:
        raise InvalidInput(f"spec.inputJson is not JSON: {error}") from error
    return JsonText(text)


def check_version(body: Body) -> None:
    """Raises NewerVersion if the checkpoint was written by a version that this one does not know."""
    for text in ((body.get("status") or {}).get("checkpoint") or {}).values():
        try:
            part = msgspec.json.decode(text)
        except msgspec.DecodeError:
            return  # somebody has edited it, which is noticed elsewhere
        checkpoints.check_version(part)


def unfit(text: msgspec.Raw | bytes) -> str | None:
    """Why an Execution cannot run with its input, judged only by its text's length, without decoding. An
    input is untyped, so its schema cannot limit it, and decoded it may take twenty times its length."""
    size = least_bytes(decoded(_given, text).spec.input)
    return _too_long("spec.input", size) if size > LARGEST_INPUT_BYTES else None


def lean(text: msgspec.Raw | bytes) -> Body:
    """An Execution without its input, with only the labels and annotations in ``MARKS``."""
    body: dict[str, Any] = msgspec.to_builtins(decoded(_lean, text))
    metadata = body["metadata"]
    for kind in ("labels", "annotations"):
        given = metadata.pop(kind, None) or {}
        if marks := {name: value for name, value in given.items() if _is_mark(name, value)}:
            metadata[kind] = marks
    return body


def _is_mark(name: str, value: str) -> bool:
    return name.startswith(MARKS) or (name == APPLIED and '"status"' in value)


def restored_by(body: Body) -> str | None:
    """How an Execution that has not begun shows that it is a copy of one that had: it came back from a
    backup, whose tools leave the status out, or was applied as read from a cluster. None for one that was
    applied again from its source."""
    metadata = body["metadata"]
    annotations, labels = metadata.get("annotations") or {}, metadata.get("labels") or {}
    started = annotations.get(STARTED)
    if started is not None and started != metadata["uid"]:
        return f"it was started as the Execution with uid {started}"
    if VELERO in labels:
        return f"Velero restored it ({labels[VELERO]})"
    if APPLIED in annotations and _was_applied_with_status(annotations[APPLIED]):
        return "it was applied with the status of one that had begun"
    return None


def _was_applied_with_status(text: str) -> bool:
    try:
        return msgspec.json.decode(text, type=_Applied).status.seq > 0
    except (msgspec.DecodeError, RecursionError):
        return False


def may_restart(body: Body) -> bool:
    """Whether somebody wants it again."""
    return bool(body["spec"].get("restart"))


def as_needed(text: msgspec.Raw | bytes) -> Body:
    """An Execution, with its input only if it has yet to begin: afterwards the checkpoint has what is needed
    of it. Raises InvalidInput if the input's length alone forbids it."""
    body = lean(text)
    if has_ended(body) or (body.get("status") or {}).get("checkpoint"):
        return body
    problem = unfit(text)
    if problem is not None:
        raise InvalidInput(problem, body)
    whole: Body = decoded(msgspec.json.decode, text)
    return whole


def _too_deep(field: str) -> InvalidInput:
    return InvalidInput(f"{field} nests deeper than the {jsontext.MAX_DEPTH} levels that are allowed")


def _check_size(field: str, text: str) -> None:
    size = jsontext.size_bytes(text)
    if size > LARGEST_INPUT_BYTES:
        raise InvalidInput(_too_long(field, size))


def _too_long(field: str, size: int) -> str:
    return f"{field} has {size:,} bytes, more than the {LARGEST_INPUT_BYTES:,} (256 KiB) that are allowed"


def identity(body: Body) -> Identity:
    metadata = body["metadata"]
    namespace, name, machine = metadata["namespace"], metadata["name"], state_machine_name(body)
    return Identity(
        uid=metadata["uid"],
        execution_id=arns.execution(namespace, machine, name),
        name=name,
        role_arn="",
        state_machine_id=arns.state_machine(namespace, machine),
        state_machine_name=machine,
    )


def loaded(body: Body, revision: Revision, parts: Mapping[PartId, EncodedPart]) -> Loaded:
    """``parts`` are those of the checkpoint with all payloads in place. Raises InvalidInput."""
    account = revision.settings.get("serviceAccountName")
    ended = has_ended(body)
    namespace = body["metadata"]["namespace"]
    known = replace(identity(body), role_arn=arns.role(namespace, account))
    return Loaded(
        ref=ExecutionRef.of(known, namespace, revision.settings),
        identity=known,
        machine=revision.machine,
        input=JsonText("{}") if parts or ended else input_text(body),
        seq=seq(body),
        parts=parts,
        ended=ended,
        settled=is_settled(body),
        stop=stop_request(body),
        latest=_latest(body),
    )


class _Timed(msgspec.Struct):
    timestamp: str


def _latest(body: Body) -> Millis:
    """When the newest event in the status was recorded."""
    history = (body.get("status") or {}).get("history") or ()
    if not history:
        return Millis(0)
    try:
        return timestamps.millis(msgspec.json.decode(history[-1], type=_Timed).timestamp)
    except ValueError:  # somebody has edited it, which is noticed elsewhere
        return Millis(0)


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
    stop: dict[str, str] | None = None
    restart: bool = False
    ttlSecondsAfterFinished: int | None = None  # noqa: N815


class _Lean(msgspec.Struct, omit_defaults=True):
    metadata: _LeanMetadata
    spec: _LeanSpec
    status: dict[str, Any] = {}


_given = msgspec.json.Decoder(_Given).decode
_lean = msgspec.json.Decoder(_Lean).decode
