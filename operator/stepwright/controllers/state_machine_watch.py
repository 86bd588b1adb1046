"""StateMachines, as kopf reports them: without their definitions.

An untyped field of a megabyte takes twenty times that once it is decoded, and kopf decodes, copies and keeps
whole objects. So its input is reduced first (``kopf_depth``), and what is remembered here is smaller still;
the controller reads a definition when it has to be checked.
"""
# ruff: noqa: N815 - the fields' names on the wire

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import msgspec

from stepwright.cluster import summarised
from stepwright.kube.depth import decoded

Key = tuple[str, str]
"""Namespace and name."""


@dataclass(frozen=True, slots=True)
class Policy:
    """How long ended executions of a state machine stay, and how many: None if nothing is said."""

    ttl_seconds: int | None = None
    successful: int | None = None
    failed: int | None = None


NOTHING_SAID: Final = Policy()


class Metadata(summarised.Metadata, frozen=True, omit_defaults=True):
    deletionTimestamp: str | None = None
    finalizers: tuple[str, ...] | None = None


class Retention(msgspec.Struct, frozen=True, omit_defaults=True):
    ttlSecondsAfterFinished: int | None = None
    successfulExecutionsHistoryLimit: int | None = None
    failedExecutionsHistoryLimit: int | None = None


class Spec(msgspec.Struct, frozen=True, omit_defaults=True):
    retention: Retention | None = None


class Status(summarised.Status, frozen=True, omit_defaults=True):
    revision: str | None = None


class SeenMachine(msgspec.Struct, frozen=True):
    """A StateMachine without its definition, settings and diagnostics."""

    metadata: Metadata
    spec: Spec
    status: Status = Status()

    @property
    def key(self) -> Key:
        return self.metadata.namespace, self.metadata.name

    @property
    def is_being_deleted(self) -> bool:
        return self.metadata.deletionTimestamp is not None

    @property
    def policy(self) -> Policy:
        said = self.spec.retention
        if said is None:
            return NOTHING_SAID
        return Policy(
            said.ttlSecondsAfterFinished,
            said.successfulExecutionsHistoryLimit,
            said.failedExecutionsHistoryLimit,
        )


def seen(body: Mapping[str, Any]) -> SeenMachine:
    """A StateMachine as kopf passes it on. Raises msgspec.ValidationError."""
    return msgspec.convert(body, SeenMachine)


def read(text: bytes) -> SeenMachine:
    """Likewise, from the API server's answer. Raises msgspec.DecodeError."""
    return decoded(_decode, text)


_decode: Final = msgspec.json.Decoder(SeenMachine).decode
