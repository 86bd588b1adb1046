"""``k8s:patch``: an object changed.

The patch leaves the task's mark on the object, by which a repeat sees that it is done. A JSON patch need not be harmless twice (it may
append to a list): it is made on condition that the object is the one in which the mark was not found, and leaves the marks of other
tasks that have patched it before.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from stepwright.asl.json_types import Json
from stepwright.kube.api import JSON_PATCH, MERGE_PATCH, STRATEGIC_MERGE_PATCH
from stepwright.kube.api_errors import Conflict
from stepwright.tasks.kubernetes import answers, marks
from stepwright.tasks.kubernetes.asking import Asked

MOST_CONFLICTS: Final = 10
"""How often somebody else may have changed the object in between."""

_TYPES: Final = {"merge": MERGE_PATCH, "strategic": STRATEGIC_MERGE_PATCH}
_MARKS_PATH: Final = "/metadata/annotations/" + marks.TASKS.replace("/", "~1")


async def make(asked: Asked) -> Json:
    given = asked.given
    type = given.get("type", "merge")
    path = await asked.path(given.get("subresource"))
    if type == "json":
        changed = await _operate(asked, path)
    else:
        marked = given["patch"] if "subresource" in given else _marked(given["patch"], asked.mark)
        changed = await asked.api.patch(path, marked, _TYPES[type])
    return answers.of_object(changed, given.get("select"))


async def find(asked: Asked) -> Json:
    """None too for a subresource, which bears no marks: a merge patch of it is made again."""
    if "subresource" in asked.given:
        return None
    found = await asked.read(await asked.path())
    made = marks.among if asked.given.get("type") == "json" else marks.bears
    return answers.of_object(found, asked.given.get("select")) if made(found, asked.mark) else None


async def _operate(asked: Asked, path: str) -> dict[str, Any]:
    for attempt in range(MOST_CONFLICTS):
        found: dict[str, Any] = await asked.read(path)
        if marks.among(found, asked.mark):
            return found
        metadata, tasks = found["metadata"], marks.before_others(found, asked.mark)
        operations: list[Json] = [
            # Also a condition: the API server changes nothing if the object has another version by then.
            {"op": "replace", "path": "/metadata/resourceVersion", "value": metadata["resourceVersion"]},
            {"op": "add", "path": _MARKS_PATH, "value": tasks}
            if metadata.get("annotations")
            else {"op": "add", "path": "/metadata/annotations", "value": {marks.TASKS: tasks}},
            *asked.given["patch"],
        ]
        try:
            changed: dict[str, Any] = await asked.api.patch(path, operations, JSON_PATCH)
        except Conflict:
            if attempt + 1 == MOST_CONFLICTS:
                raise
        else:
            return changed
    raise AssertionError("the last conflict is raised")


def _marked(patch: Mapping[str, Any], mark: str) -> Mapping[str, Any]:
    metadata = patch.get("metadata", {})
    annotations = metadata.get("annotations", {}) if isinstance(metadata, dict) else None
    if not isinstance(annotations, dict):
        return patch  # it takes all annotations away, or is wrong
    return {**patch, "metadata": {**metadata, "annotations": {**annotations, marks.TASK: mark}}}
