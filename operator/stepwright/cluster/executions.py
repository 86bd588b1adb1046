"""Converts an Execution as it is stored into what the engine takes up."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import msgspec
from msgspec import structs

from stepwright.asl.checkpoint import checkpoint as checkpoints
from stepwright.asl.checkpoint.checkpoint import EncodedPart, Identity, PartId
from stepwright.asl.json_types import JsonText
from stepwright.asl.signals import Millis
from stepwright.asl.text import jsontext
from stepwright.cluster import arns
from stepwright.cluster.revisions import Revision
from stepwright.cluster.stored import LARGEST_INPUT_BYTES, InvalidInput, Stored, too_long
from stepwright.engine.ports import ExecutionRef, Loaded
from stepwright.kube import timestamps


def input_text(stored: Stored) -> JsonText:
    """The input as JSON text: ``inputJson`` exactly as written, else ``input``, else ``{}``. Raises InvalidInput."""
    spec = stored.body["spec"]
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
    check_json("spec.inputJson", text)
    return JsonText(text)


def check_json(field: str, text: str) -> None:
    """Whether it can be an input. Raises InvalidInput."""
    _check_size(field, text)
    try:
        jsontext.parse(text)
    except jsontext.TooDeep as error:
        raise _too_deep(field) from error
    except jsontext.InvalidJson as error:
        raise InvalidInput(f"{field} is not JSON: {error}") from error


def check_version(stored: Stored) -> None:
    """Raises NewerVersion if the checkpoint was written by a version that this one does not know."""
    for text in stored.checkpoint.values():
        try:
            part = msgspec.json.decode(text)
        except msgspec.DecodeError:
            return  # somebody has edited it, which is noticed elsewhere
        checkpoints.check_version(part)


def identity(stored: Stored) -> Identity:
    namespace, machine = stored.namespace, stored.state_machine
    name = stored.body["spec"].get("name") or stored.name
    return Identity(
        uid=stored.uid,
        execution_id=arns.execution(namespace, machine, name),
        name=name,
        role_arn="",
        state_machine_id=arns.state_machine(namespace, machine),
        state_machine_name=machine,
    )


def loaded(
    stored: Stored, revision: Revision, parts: Mapping[PartId, EncodedPart], *, ended: bool = False
) -> Loaded:
    """``parts`` are those of the checkpoint with all payloads in place. ``ended``: it has, and does not go on. Raises InvalidInput."""
    account = revision.settings.get("serviceAccountName")
    known = structs.replace(identity(stored), role_arn=arns.role(stored.namespace, account))
    return Loaded(
        ref=replace(
            ExecutionRef.of(known, stored.namespace, revision.settings),
            name=stored.name,  # the object's, which is not AWS's where a task has started it
        ),
        identity=known,
        machine=revision.machine,
        input=JsonText("{}") if parts or ended else input_text(stored),
        seq=stored.seq,
        parts=parts,
        ended=ended,
        settled=ended and stored.settled,
        stop=stored.stop,
        redrive_from=stored.redrive_from if stored.has_ended and not ended else None,
        bounds=stored.bounds,
        latest=_latest(stored),
    )


class _Timed(msgspec.Struct):
    timestamp: str


def _latest(stored: Stored) -> Millis:
    """When the newest event in the status was recorded."""
    history = stored.status.get("history") or ()
    if not history:
        return Millis(0)
    try:
        return timestamps.millis(msgspec.json.decode(history[-1], type=_Timed).timestamp)
    except ValueError:  # somebody has edited it, which is noticed elsewhere
        return Millis(0)


def _too_deep(field: str) -> InvalidInput:
    return InvalidInput(f"{field} nests deeper than the {jsontext.MAX_DEPTH} levels that are allowed")


def _check_size(field: str, text: str) -> None:
    size = jsontext.size_bytes(text)
    if size > LARGEST_INPUT_BYTES:
        raise InvalidInput(too_long(field, size))
