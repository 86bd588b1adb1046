"""``k8s:scale``: how many replicas there are to be, by the subresource that says so for every kind."""

from __future__ import annotations

from stepwright.asl.json_types import Json
from stepwright.kube.api import MERGE_PATCH
from stepwright.tasks.kubernetes import answers
from stepwright.tasks.kubernetes.asking import Asked


async def make(asked: Asked) -> Json:
    path = await asked.path("scale")
    scaled = await asked.api.patch(path, {"spec": {"replicas": asked.given["replicas"]}}, MERGE_PATCH)
    return answers.of_object(scaled)
