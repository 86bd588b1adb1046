"""Connections of a process that serves its own user: the documents that a cluster would have, from files, and their Secrets
from the environment or from files beside these.

``secretKeyRef: {name: billing, key: api-key}`` is the variable ``STEPWRIGHT_SECRET_BILLING_API_KEY``, or else the file
``secrets/billing/api-key`` in the folder of the Connection's file, as a mounted Secret would have it.
"""

from __future__ import annotations

import hashlib
import os
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from stepwright.asl.json_types import Json
from stepwright.asl.text import jsontext
from stepwright.catalog.ports import ConnectionObject, NoObject
from stepwright.engine.ports import ExecutionRef
from stepwright.files import documents
from stepwright.files.documents import Unreadable
from stepwright.tasks import table
from stepwright.tasks.calls.connection_parts import BadConnection

_API_VERSION: Final = "stepwright.dev/v1"
_KIND: Final = "Connection"
_LARGEST_SECRET_BYTES: Final = 1024 * 1024


class BadFile(ValueError):  # noqa: N818 - it names a condition
    """Which file cannot be used, and why, as a whole sentence."""


@dataclass(frozen=True, slots=True)
class _Document:
    """Implements ``catalog.ports.ConnectionObject``."""

    identity: str
    spec: Mapping[str, Any]
    folder: Path

    async def secret(self, name: str, key: str) -> str:
        variable = variable_of(name, key)
        if (value := os.environ.get(variable)) is not None:
            return value
        path = self.folder / "secrets" / name / key
        try:
            if path.stat().st_size > _LARGEST_SECRET_BYTES:
                raise NoObject("InvalidConnectionState", f"{path} is too large for a secret.")
            return path.read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError) as error:
            cause = f"The key {key} of the Secret {name} is neither in the variable {variable} nor in the file {path}."
            raise NoObject("InvalidConnectionState", cause) from error

    async def token(self, audience: str) -> str:  # noqa: ARG002
        raise NoObject(
            "InvalidConnectionState", "There are no ServiceAccounts here; give a token by bearer instead."
        )


@dataclass(frozen=True, slots=True)
class OfFiles:
    """Implements ``catalog.ports.ConnectionObjects``: whoever acts, it is the one user, who may use them all."""

    known: Mapping[str, _Document] = field(default_factory=dict)

    async def find(self, ref: ExecutionRef, name: str) -> ConnectionObject:  # noqa: ARG002
        found = self.known.get(name)
        if found is None:
            given = (
                f"there are {', '.join(self.known)}" if self.known else "none is given (--connections FILE)"
            )
            raise NoObject("ResourceNotFound", f"There is no Connection {name!r}; {given}.")
        return found


def variable_of(name: str, key: str) -> str:
    """The environment variable in place of a Secret's key."""
    return "STEPWRIGHT_SECRET_" + re.sub(r"[^A-Z0-9]", "_", f"{name}_{key}".upper())


def read(files: Iterable[Path]) -> OfFiles:
    """The Connections of JSON or YAML files; documents of other kinds in them are left alone. Raises BadFile."""
    known: dict[str, _Document] = {}
    for file in files:
        for value in _values(file):
            if (
                not isinstance(value, dict)
                or value.get("kind") != _KIND
                or value.get("apiVersion") != _API_VERSION
            ):
                continue
            name, document = _document(file, value)
            if name in known:
                raise BadFile(f"{file}: there is a Connection {name!r} already.")
            known[name] = document
    return OfFiles(known)


def _values(file: Path) -> Iterable[Json]:
    try:
        text = file.read_text(encoding="utf-8")
        if documents.is_yaml(file.name, text):
            return [document.value for document in documents.of_yaml(text)]
        return [documents.of_json(text).value]
    except (OSError, UnicodeDecodeError) as error:
        raise BadFile(f"{file} cannot be read: {error}") from error
    except Unreadable as error:
        raise BadFile(f"{file}: {error}") from error


def _document(file: Path, value: dict[str, Json]) -> tuple[str, _Document]:
    # Imported here: most processes get no such files.
    from pydantic import ValidationError  # noqa: PLC0415

    from stepwright.cluster.resources.connection import Connection  # noqa: PLC0415

    try:
        checked = Connection.model_validate(value)
    except ValidationError as error:
        first = error.errors(include_url=False, include_context=False, include_input=False)[0]
        raise BadFile(f"{file}: /{'/'.join(map(str, first['loc']))}: {first['msg']}") from error
    spec = value["spec"]
    assert isinstance(spec, dict)
    name = checked.metadata.name
    try:
        table.check_connection(spec, loopback=True)
    except BadConnection as bad:
        raise BadFile(f"{file}: Connection {name!r}: {bad}") from bad
    if not name:
        raise BadFile(f"{file}: a Connection has no metadata.name.")
    identity = hashlib.sha256(jsontext.dump([name, spec]).encode()).hexdigest()
    return name, _Document(identity, spec, file.parent)
