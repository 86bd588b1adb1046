"""``k8s:create``: an object that is not there yet.

Made once, whatever happens: its name is settled beforehand, and an annotation says which task has made it.
"""

from __future__ import annotations

from typing import Any

from stepwright.asl.json_types import Json
from stepwright.kube.api_errors import AlreadyExists
from stepwright.tasks.kubernetes import answers, defining
from stepwright.tasks.kubernetes.asking import Asked
from stepwright.tasks.kubernetes.defining import Defined


async def make(asked: Asked) -> Json:
    made = await create(asked, await defining.defined(asked))
    return answers.of_object(made, asked.given.get("select"))


async def find(asked: Asked) -> Json:
    found = await defining.made(asked, await defining.defined(asked))
    return None if found is None else answers.of_object(found, asked.given.get("select"))


async def create(asked: Asked, of: Defined) -> dict[str, Any]:
    try:
        made: dict[str, Any] = await asked.api.create(of.collection, of.manifest)
    except AlreadyExists:
        # An earlier request may have landed since nothing was found.
        found = await defining.made(asked, of)
        if found is None:
            raise
        return found
    return made
