"""``k8s:get``: one object."""

from __future__ import annotations

from stepwright.asl.json_types import Json
from stepwright.tasks.kubernetes import answers
from stepwright.tasks.kubernetes.asking import Asked


async def make(asked: Asked) -> Json:
    given = asked.given
    path = await asked.path(given.get("subresource"))
    return answers.of_object(await asked.read(path), given.get("select"))
