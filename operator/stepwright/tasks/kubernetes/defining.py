"""The object that a task defines by a manifest, and how it is found again."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from stepwright.asl.failure.errors import RUNTIME
from stepwright.kube.api_errors import NotFound
from stepwright.tasks.calls.integration import CallFailed
from stepwright.tasks.kubernetes import manifests, marks
from stepwright.tasks.kubernetes.asking import Asked
from stepwright.tasks.kubernetes.discovery import Kind


@dataclass(frozen=True, slots=True)
class Defined:
    """``manifest`` as it is sent: with a name, a namespace, and the task's mark."""

    manifest: Mapping[str, Any]
    kind: Kind
    namespace: str

    @property
    def name(self) -> str:
        return str(self.manifest["metadata"]["name"])

    @property
    def collection(self) -> str:
        return self.kind.path(self.namespace)

    @property
    def path(self) -> str:
        return self.kind.path(self.namespace, self.name)


async def defined(asked: Asked) -> Defined:
    """Raises CallFailed, ApiError."""
    manifest = manifests.read(asked.given["manifest"])
    marks.put(manifest, asked.mark)
    kind = await asked.kind(manifest)
    namespace = _namespace(asked, manifest)
    if kind.namespaced:
        manifest["metadata"]["namespace"] = namespace
    if asked.given.get("owned"):
        if not kind.namespaced or namespace != asked.ref.namespace:
            raise CallFailed(
                RUNTIME,
                f"The execution cannot own the {kind.kind}, which is not in its namespace: leave owned out.",
            )
        marks.own(manifest, asked.ref)
    return Defined(manifest, kind, namespace)


async def made(asked: Asked, of: Defined) -> dict[str, Any] | None:
    """The object, if this task has made it. Raises ApiError."""
    try:
        found: dict[str, Any] = await asked.read(of.path)
    except NotFound:
        return None
    return found if marks.bears(found, asked.mark) else None


def identity(of: Defined, found: Mapping[str, Any]) -> dict[str, Any]:
    """By what the object is followed and stopped, whatever process does it."""
    return {
        "apiVersion": of.kind.api_version,
        "kind": of.kind.kind,
        "namespace": of.namespace if of.kind.namespaced else "",
        "name": of.name,
        "uid": found["metadata"]["uid"],
    }


def _namespace(asked: Asked, manifest: dict[str, Any]) -> str:
    """Raises CallFailed where the manifest and the parameter name different ones."""
    said, given = manifest["metadata"].get("namespace"), asked.given.get("namespace")
    if said and given and said != given:
        raise CallFailed(
            RUNTIME, f"The manifest is of namespace {said!r}, the parameter namespace says {given!r}."
        )
    return str(said or asked.namespace)
