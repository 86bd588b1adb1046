"""``k8s:create``: an object that is not there yet.

Made once, whatever happens: its name is settled beforehand, and an annotation says which task has made it.
"""

from __future__ import annotations

from typing import Any

from stepwright.asl.failure.errors import RUNTIME
from stepwright.asl.json_types import Json
from stepwright.kube.api_errors import AlreadyExists, NotFound
from stepwright.tasks.calls.integration import CallFailed
from stepwright.tasks.kubernetes import answers, manifests, marks
from stepwright.tasks.kubernetes.asking import Asked
from stepwright.tasks.kubernetes.discovery import Kind


async def make(asked: Asked) -> Json:
    manifest, kind = await _what(asked)
    try:
        made = await asked.api.create(kind.path(_namespace(asked, manifest)), manifest)
    except AlreadyExists:
        # An earlier request may have landed since nothing was found.
        found = await _there(asked, manifest, kind)
        if found is None:
            raise
        made = found
    return answers.of_object(made, asked.given.get("select"))


async def find(asked: Asked) -> Json:
    manifest, kind = await _what(asked)
    found = await _there(asked, manifest, kind)
    return None if found is None else answers.of_object(found, asked.given.get("select"))


async def _there(asked: Asked, manifest: dict[str, Any], kind: Kind) -> dict[str, Any] | None:
    """What this task has made."""
    try:
        found: dict[str, Any] = await asked.read(
            kind.path(_namespace(asked, manifest), manifest["metadata"]["name"])
        )
    except NotFound:
        return None
    return found if marks.bears(found, asked.mark) else None


async def _what(asked: Asked) -> tuple[dict[str, Any], Kind]:
    manifest = manifests.read(asked.given["manifest"])
    marks.put(manifest, asked.mark)
    kind = await asked.kind(manifest)
    namespace = _namespace(asked, manifest)
    if kind.namespaced:
        manifest["metadata"]["namespace"] = namespace
    if asked.given.get("owned"):
        if not kind.namespaced or namespace != asked.call.ref.namespace:
            raise CallFailed(
                RUNTIME,
                f"The execution cannot own the {kind.kind}, which is not in its namespace: leave owned out.",
            )
        marks.own(manifest, asked.call.ref)
    return manifest, kind


def _namespace(asked: Asked, manifest: dict[str, Any]) -> str:
    """Raises CallFailed where the manifest and the parameter name different ones."""
    said, given = manifest["metadata"].get("namespace"), asked.given.get("namespace")
    if said and given and said != given:
        raise CallFailed(
            RUNTIME, f"The manifest is of namespace {said!r}, the parameter namespace says {given!r}."
        )
    return str(said or asked.namespace)
