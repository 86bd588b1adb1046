"""``k8s:delete``: an object, or all that a selector selects.

A repeat deletes only what was there when the task began: what has come since by that name is another object.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from stepwright.asl.json_types import Json
from stepwright.kube import timestamps
from stepwright.kube.api_errors import Conflict, NotFound
from stepwright.tasks.kubernetes.asking import Asked

CLOCKS_DIFFER_MILLIS: Final = 5_000
"""More than the operator's clock may differ from the API server's."""


async def make(asked: Asked) -> Json:
    options = _options(asked.given)
    if "labelSelector" in asked.given:
        collection = (await asked.kind()).path(asked.namespace)
        await asked.api.delete(collection, options, {"labelSelector": asked.given["labelSelector"]})
        return {}
    try:
        await asked.api.delete(await asked.path(), options)
    except NotFound:
        if not asked.given.get("missingIsFine"):
            raise
    return {}


async def find(asked: Asked) -> Json:
    """Completes what was begun, perhaps: whatever is not there any more was deleted."""
    if "labelSelector" in asked.given:
        return None
    path = await asked.path()
    try:
        metadata = (await asked.read(path))["metadata"]
        if "deletionTimestamp" not in metadata and not _is_newer(asked, metadata):
            options = {**_options(asked.given), "preconditions": {"uid": metadata["uid"]}}
            await asked.api.delete(path, options)
    except (NotFound, Conflict):
        pass
    return {}


def _is_newer(asked: Asked, metadata: Mapping[str, Any]) -> bool:
    """Whether it was created after the task was scheduled."""
    created = timestamps.millis(metadata["creationTimestamp"])
    return asked.scheduled is not None and created > asked.scheduled + CLOCKS_DIFFER_MILLIS


def _options(given: Mapping[str, Any]) -> dict[str, Json]:
    named = {name: given[name] for name in ("gracePeriodSeconds",) if name in given}
    return {"propagationPolicy": given.get("propagationPolicy", "Background"), **named}
